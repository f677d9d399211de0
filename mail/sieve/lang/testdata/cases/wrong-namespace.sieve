# letter: plain
# from: bob@surgery.test
# differs: Dovecot finds it when the script runs
# want: wrong 2
require ["variables", "fileinto"];
fileinto "${some.thing}";
