# letter: plain
# from: bob@surgery.test
# want: discard
require ["variables", "relational", "comparator-i;ascii-numeric"];
set "a" "one"; set "b" "";
if allof (string "${a}" "one", string :matches "${a}-x" "*-?", string :is "${1}${2}" "onex", string :count "eq" :comparator "i;ascii-numeric" ["${a}", "${b}"] "1") { discard; }
