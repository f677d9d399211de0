# letter: plain
# from: bob@surgery.test
# want: wrong 2
keep;
require "fileinto";
