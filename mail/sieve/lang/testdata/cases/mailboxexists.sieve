# letter: plain
# from: bob@surgery.test
# want: discard
require "mailbox"; if allof (mailboxexists "INBOX", not mailboxexists ["INBOX", "No such"]) { discard; }
