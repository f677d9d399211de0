# letter: plain
# from: bob@surgery.test
# want: discard
require ["editheader"]; deleteheader "Received"; if exists "received" { discard; }
