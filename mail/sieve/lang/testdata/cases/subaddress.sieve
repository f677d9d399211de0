# letter: plain
# from: bob@surgery.test
# want: discard
require "subaddress";
if allof (address :user "from" "bob", address :detail "from" "ward7", not address :detail :contains "to" "") { discard; }
