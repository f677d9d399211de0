# letter: plain
# from: bob@surgery.test
# differs: Dovecot 2.3 does not know it
# want: reject We do not take this.\r\n
require "ereject"; ereject text:
We do not take this.
.
;
