# letter: plain
# from: bob@surgery.test
# want: vacation 259200 I am away.
# want: file INBOX
require "vacation"; vacation :days 3 :subject "Away" :addresses ["shop@pharmacy.test"] :from "alice@pharmacy.test" :handle "h" "I am away.";
