# letter: plain
# from: bob@surgery.test
# want: file INBOX
require "include"; return; discard;
