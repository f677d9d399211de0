# letter: plain
# from: bob@surgery.test
# want: discard
require ["date", "relational"]; if allof (currentdate :value "ge" "year" "2020", currentdate :zone "+0100" "zone" "+0100", not currentdate "weekday" "7") { discard; }
