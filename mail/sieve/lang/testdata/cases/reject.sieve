# letter: plain
# from: bob@surgery.test
# want: reject We do not take this.
require "reject"; reject "We do not take this.";
