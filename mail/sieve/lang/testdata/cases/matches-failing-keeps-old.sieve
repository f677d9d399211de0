# letter: plain
# from: bob@surgery.test
# want: file Rota
require ["variables", "fileinto"];
if header :matches "subject" "[*]*" { }
if header :matches "subject" "nothing*" { }
fileinto "${1}";
