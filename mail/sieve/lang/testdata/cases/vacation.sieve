# letter: plain
# from: bob@surgery.test
# want: vacation 604800 I am away.
# want: file INBOX
require "vacation"; vacation "I am away.";
