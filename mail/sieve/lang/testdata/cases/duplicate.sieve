# letter: plain
# from: bob@surgery.test
# want: file INBOX
require "duplicate"; if duplicate { discard; } if duplicate :uniqueid "" { discard; }
