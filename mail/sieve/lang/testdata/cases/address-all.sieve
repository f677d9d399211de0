# letter: plain
# from: bob@surgery.test
# want: discard
if address :is "from" "bob+ward7@surgery.test" { discard; }
