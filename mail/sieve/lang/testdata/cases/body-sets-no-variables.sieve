# letter: plain
# from: bob@surgery.test
# want: file x
require ["body", "variables", "fileinto"];
if body :matches "*urgent*" { fileinto "x${1}"; }
