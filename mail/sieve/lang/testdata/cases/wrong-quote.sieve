# letter: plain
# from: bob@surgery.test
# differs: Dovecot names the line in which the script ends
# want: wrong 1
redirect "abc
