# letter: plain
# from: bob@surgery.test
# want: file Hello-4-*x\*-hELLO
require ["variables", "fileinto"];
set :lower :upperfirst "a" "HELLO"; set :length "b" "wärm"; set :quotewildcard "c" "x*"; set :upper :lowerfirst "d" "hello";
fileinto "${a}-${b}-*${c}-${d}";
