# letter: plain
# from: bob@surgery.test
# want: file INBOX $Rota \\Flagged \\Seen
require ["imap4flags"];
setflag "\\Seen"; addflag ["\\Flagged $Rota", "\\seen"]; removeflag "\\Answered";
