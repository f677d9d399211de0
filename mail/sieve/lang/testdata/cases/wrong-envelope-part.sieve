# letter: plain
# from: bob@surgery.test
# want: wrong 2
require "envelope";
if envelope "nothing" "x" { stop; }
