# letter: plain
# from: bob@surgery.test
# want: wrong 1
require "nothing.at.all";
