# letter: plain
# from: bob@surgery.test
# want: discard
# a comment
/* a longer
   one */ discard /* in between */ ; # the end
