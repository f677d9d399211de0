# letter: plain
# from: bob@surgery.test
# differs: Dovecot 2.3 takes no notice of :last in the test date
# want: discard
require ["date", "index"];
if allof (date :index 1 :originalzone "received" "time" "09:01:02", date :index 1 :last :originalzone "received" "hour" "08", not date :index 3 :originalzone "received" "hour" "08") { discard; }
