# letter: plain
# from: bob@surgery.test
# want: file INBOX
require "imap4flags"; addflag "$x"; removeflag ["$X"];
