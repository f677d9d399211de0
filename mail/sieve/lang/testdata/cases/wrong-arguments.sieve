# letter: plain
# from: bob@surgery.test
# want: wrong 1
redirect "a@b.test" "c@d.test";
