# letter: plain
# from: bob@surgery.test
# differs: Dovecot lets it pass
# want: wrong 2
require "date";
if date "date" "century" "x" { stop; }
