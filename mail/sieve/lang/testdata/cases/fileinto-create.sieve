# letter: plain
# from: bob@surgery.test
# want: file New create
require ["fileinto", "mailbox"]; fileinto :create "New";
