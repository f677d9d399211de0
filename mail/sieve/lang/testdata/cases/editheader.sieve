# letter: plain
# from: bob@surgery.test
# want: discard
require "editheader";
addheader "X-New" "one"; addheader :last "X-Many" "last"; deleteheader :index 1 "X-Many"; deleteheader :contains "X-Number" "PIECES"; deleteheader "X-None";
if allof (header :is "x-new" "one", header :is "x-many" "last", not header :is "x-many" "first", not exists "x-number", header :is "x-many" "second one") { discard; }
