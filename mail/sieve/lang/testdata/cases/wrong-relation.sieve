# letter: plain
# from: bob@surgery.test
# want: wrong 2
require "relational";
if header :count "many" "subject" "1" { stop; }
