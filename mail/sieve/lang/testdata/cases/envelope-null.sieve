# letter: bounce
# from: 
# differs: sieve-test takes no empty sender
# want: discard
require "envelope";
if allof (envelope :is "from" "", envelope :localpart :is "from" "", envelope :domain :is "from" "") { discard; }
