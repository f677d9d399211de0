# letter: plain
# from: bob@surgery.test
# want: discard
require ["variables"]; set "text" "x"; if string "${text}" "x" { discard; }
