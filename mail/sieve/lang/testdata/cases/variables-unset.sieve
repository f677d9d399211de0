# letter: plain
# from: bob@surgery.test
# want: file x-${a-${}
require ["variables", "fileinto"]; fileinto "x${none}-${a-${}${9}";
