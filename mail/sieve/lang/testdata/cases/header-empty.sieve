# letter: plain
# from: bob@surgery.test
# want: discard
if allof (header :is "x-empty" "", header :contains "x-empty" "", not header :contains "x-none" "") { discard; }
