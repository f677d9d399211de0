# letter: plain
# from: bob@surgery.test
# want: reject first\r\n.dot\r\nlast\r\n
require "reject";
reject text: # a remark
first
..dot
last
.
;
