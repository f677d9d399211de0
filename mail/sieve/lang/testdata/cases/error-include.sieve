# letter: plain
# from: bob@surgery.test
# differs: Dovecot says so when the script is read
# want: error 2
require "include";
include "none";
