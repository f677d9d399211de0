# letter: plain
# from: bob@surgery.test
# want: discard
require "envelope";
if allof (envelope "from" "bob@surgery.test", envelope :domain :is "to" "pharmacy.test", envelope :localpart "from" ["x", "bob"]) { discard; }
