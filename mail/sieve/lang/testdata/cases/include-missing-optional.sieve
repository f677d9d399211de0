# letter: plain
# from: bob@surgery.test
# want: file INBOX
require "include"; include :personal :optional "none";
