# letter: plain
# from: bob@surgery.test
# want: wrong 1
if exists ["a" "b"] { stop; }
