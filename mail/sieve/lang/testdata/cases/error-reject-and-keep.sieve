# letter: plain
# from: bob@surgery.test
# want: error 2
require "reject";
keep; reject "no";
