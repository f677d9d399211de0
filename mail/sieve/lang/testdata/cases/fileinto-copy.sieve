# letter: plain
# from: bob@surgery.test
# want: file Clinic
# want: file INBOX
require ["fileinto", "copy"]; fileinto :copy "Clinic";
