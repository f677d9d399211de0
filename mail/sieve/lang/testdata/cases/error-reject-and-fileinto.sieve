# letter: plain
# from: bob@surgery.test
# differs: Dovecot names the line of the reject
# want: error 3
require ["reject", "fileinto"];
reject "no";
fileinto "A";
