# letter: plain
# from: bob@surgery.test
# want: wrong 2
require ["encoded-character", "fileinto"];
fileinto "${unicode:D800}";
