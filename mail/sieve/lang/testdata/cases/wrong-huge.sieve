# letter: plain
# from: bob@surgery.test
# want: wrong 1
if size :over 99999999999999999999 { stop; }
