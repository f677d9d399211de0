# letter: plain
# from: bob@surgery.test
# want: discard
require ["spamtest", "relational", "comparator-i;ascii-numeric"];
if spamtest :value "eq" :comparator "i;ascii-numeric" "0" { discard; }
