# letter: plain
# from: bob@surgery.test
# want: discard
if allof (header :matches "subject" "[[]rota*" , true) { keep; } if header :matches "subject" "[Rota]*4? for*" { discard; }
