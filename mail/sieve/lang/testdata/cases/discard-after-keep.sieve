# letter: plain
# from: bob@surgery.test
# want: discard
# want: file INBOX
discard; keep;
