# letter: plain
# from: bob@surgery.test
# want: discard
if address :is "cc" "dave@surgery.test" { discard; }
