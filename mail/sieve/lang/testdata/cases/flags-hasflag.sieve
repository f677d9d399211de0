# letter: plain
# from: bob@surgery.test
# want: discard
require ["imap4flags", "relational", "comparator-i;ascii-numeric"];
if hasflag :contains "" { keep; }
setflag ["\\Seen", "$x"];
if allof (hasflag "\\seen", hasflag :contains "$", not hasflag :is "$", hasflag :matches "$?", hasflag :count "eq" :comparator "i;ascii-numeric" "2") { discard; }
