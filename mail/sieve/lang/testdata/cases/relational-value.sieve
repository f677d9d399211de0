# letter: plain
# from: bob@surgery.test
# want: discard
require ["relational", "comparator-i;ascii-numeric"];
if allof (header :value "gt" :comparator "i;ascii-numeric" "x-number" "41", header :value "le" :comparator "i;ascii-numeric" "x-number" "42",
 header :value "eq" :comparator "i;ascii-numeric" "x-number" "042", header :value "lt" "x-many" "g", header :value "gt" :comparator "i;ascii-numeric" "subject" "5") { discard; }
