# letter: plain
# from: bob@surgery.test
# want: file INBOX
if header :comparator "i;octet" :contains "Subject" "rota" { discard; }
