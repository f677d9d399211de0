# letter: plain
# from: bob@surgery.test
# want: wrong 1
if size 5 { stop; }
