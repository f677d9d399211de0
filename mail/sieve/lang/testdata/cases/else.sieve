# letter: plain
# from: bob@surgery.test
# want: file D
require "fileinto";
if header :is "subject" "x" { fileinto "A"; } elsif size :under 10 { fileinto "B"; } else { fileinto "D"; }
