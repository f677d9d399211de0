# letter: plain
# from: bob@surgery.test
# want: error 2
require "vacation";
vacation "a"; vacation "b";
