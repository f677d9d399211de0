# letter: plain
# from: bob@surgery.test
# want: discard
require ["date", "relational"];
if allof (date :originalzone "date" "hour" "09", date :zone "+0000" "date" "hour" "08", date :zone "-0500" :is "date" "iso8601" "2026-11-27T03:00:00-05:00",
 date :originalzone "date" "weekday" "5", date :originalzone "date" "julian" "61371", date :originalzone "date" "std11" "Fri, 27 Nov 2026 09:00:00 +0100",
 date :value "ge" :originalzone "date" "date" "2026-11-27", date :originalzone "date" "zone" "+0100", date :originalzone "date" "time" "09:00:00") { discard; }
