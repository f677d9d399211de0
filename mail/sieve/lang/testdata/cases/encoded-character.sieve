# letter: plain
# from: bob@surgery.test
# want: discard
require "encoded-character";
if allof (header :contains "subject" "${hex:5b}Rota${hex: 5D}", header :contains "subject" "${unicode: 52 65}peat", not header :contains "subject" "${hex:52 6}") { discard; }
