# letter: plain
# from: bob@surgery.test
# want: file B
require "fileinto";
if header :is "subject" "x" { fileinto "A"; }
elsif size :over 10 { fileinto "B"; }
elsif true { fileinto "C"; }
else { fileinto "D"; }
