# letter: plain
# from: bob@surgery.test
# want: discard
require ["relational", "comparator-i;ascii-numeric"];
if allof (header :count "eq" :comparator "i;ascii-numeric" "x-many" "3", address :count "ge" :comparator "i;ascii-numeric" ["to", "cc"] "4",
  header :count "lt" :comparator "i;ascii-numeric" "x-many" "10", not header :count "ne" :comparator "i;ascii-numeric" "x-none" "0") { discard; }
