# letter: plain
# from: bob@surgery.test
# want: file Rota/prescription
require ["variables", "fileinto"];
if header :matches "subject" "[*] * * * *" { set "what" "${3}"; set "Box" "${1}"; }
if header :matches "subject" "[*] *  * *" { set "what" "${3}"; set "box" "${1}"; }
fileinto "${box}/${WHAT}";
