# letter: plain
# from: bob@surgery.test
# want: discard
if allof (true, not false, anyof (false, not allof (true, false))) { discard; }
