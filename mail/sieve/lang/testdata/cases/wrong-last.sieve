# letter: plain
# from: bob@surgery.test
# want: wrong 2
require "index";
if header :last "subject" "x" { stop; }
