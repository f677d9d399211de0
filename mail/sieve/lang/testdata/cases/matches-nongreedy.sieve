# letter: plain
# from: bob@surgery.test
# want: file Re/peat  prescription 42 for Tuesday
require ["variables", "fileinto"];
if header :matches "subject" "*Re*" { fileinto "Re/${2}"; }
