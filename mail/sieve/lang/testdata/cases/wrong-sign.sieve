# letter: plain
# from: bob@surgery.test
# want: wrong 1
keep @;
