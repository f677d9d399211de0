# letter: plain
# from: bob@surgery.test
# want: discard
if header :is ["X-None", "x-many"] ["none", "Third"] { discard; }
