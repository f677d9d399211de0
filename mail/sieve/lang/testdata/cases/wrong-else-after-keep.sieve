# letter: plain
# from: bob@surgery.test
# want: wrong 2
if true { } keep;
else { stop; }
