# letter: plain
# from: bob@surgery.test
# want: vacation 7200 Away
# want: file INBOX
require "vacation-seconds"; require "vacation"; vacation :seconds 7200 "Away";
