# letter: plain
# from: bob@surgery.test
# want: file A x
# want: file INBOX \\Seen
require ["imap4flags", "fileinto", "copy"];
addflag "\\Seen"; fileinto :copy :flags "x" "A";
