# letter: plain
# from: bob@surgery.test
# want: wrong 3
if true {
keep;
