# letter: plain
# from: bob@surgery.test
# want: discard
if header :contains "SUBJECT" "rota] REPEAT" { discard; }
