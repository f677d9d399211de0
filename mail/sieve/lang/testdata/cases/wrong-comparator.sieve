# letter: plain
# from: bob@surgery.test
# want: wrong 1
if header :comparator "i;none" "subject" "x" { keep; }
