# letter: plain
# from: bob@surgery.test
# want: file INBOX $b
require ["imap4flags", "variables"];
setflag "mine" ["$a", "$b"]; removeflag "mine" "$A"; 
if allof (hasflag "mine" "$B", not hasflag "mine" "$a", hasflag :contains ["mine"] "b") { keep :flags "${mine}"; }
