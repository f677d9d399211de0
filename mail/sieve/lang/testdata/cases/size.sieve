# letter: plain
# from: bob@surgery.test
# want: discard
if allof (size :over 100, not size :over 100K, size :under 1M) { discard; }
