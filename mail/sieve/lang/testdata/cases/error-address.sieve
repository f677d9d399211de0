# letter: plain
# from: bob@surgery.test
# differs: Dovecot names no line
# want: error 3
require "variables";
set "a" "nobody";
redirect "${a}";
