# letter: plain
# from: bob@surgery.test
# want: redirect carol@surgery.test
redirect "carol@surgery.test"; redirect "carol@surgery.test";
