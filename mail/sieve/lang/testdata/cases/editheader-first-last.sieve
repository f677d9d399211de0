# letter: plain
# from: bob@surgery.test
# want: discard
require ["editheader", "index"];
addheader "X-Many" "a"; addheader :last "X-Many" "z"; deleteheader :index 2 :last :is "X-Many" "third"; deleteheader :index 9 "X-Many";
if allof (header :index 1 "x-many" "a", header :index 1 :last "x-many" "z", header :index 2 :last "x-many" "second one") { discard; }
