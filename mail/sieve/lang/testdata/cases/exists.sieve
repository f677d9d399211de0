# letter: plain
# from: bob@surgery.test
# want: discard
if allof (exists ["from", "DATE"], not exists ["from", "x-none"]) { discard; }
