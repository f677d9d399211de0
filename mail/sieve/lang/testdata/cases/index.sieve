# letter: plain
# from: bob@surgery.test
# want: discard
require "index";
if allof (header :index 2 "x-many" "second one", header :index 1 :last "x-many" "third", not header :index 4 :contains "x-many" "", header :index 3 :last "x-many" "first",
 not header :index 1 "x-many" "third", address :index 1 "from" "bob+ward7@surgery.test") { discard; }
