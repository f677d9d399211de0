# letter: plain
# from: bob@surgery.test
# want: wrong 2
require "variables";
set "1a" "x";
