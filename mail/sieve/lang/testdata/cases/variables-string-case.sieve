# letter: plain
# from: bob@surgery.test
# differs: Dovecot compares octets here, and RFC 5229 §5 has the same comparator as everywhere
# want: discard
require "variables"; set "a" "one"; if string "${a}" "ONE" { discard; }
