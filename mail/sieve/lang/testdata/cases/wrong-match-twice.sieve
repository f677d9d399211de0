# letter: plain
# from: bob@surgery.test
# want: wrong 1
if header :is :contains "subject" "x" { keep; }
