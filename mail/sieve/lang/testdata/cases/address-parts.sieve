# letter: plain
# from: bob@surgery.test
# want: discard
if allof (address :localpart :is "from" "BOB+WARD7", address :domain :is "from" "surgery.TEST", address :domain ["to"] "pharmacy.test",
  not address :all :contains "from" "Dr") { discard; }
