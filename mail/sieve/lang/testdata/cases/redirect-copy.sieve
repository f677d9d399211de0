# letter: plain
# from: bob@surgery.test
# want: redirect carol@surgery.test
# want: file INBOX
require "copy"; redirect :copy "carol@surgery.test";
