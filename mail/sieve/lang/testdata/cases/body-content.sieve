# letter: multipart
# from: bob@surgery.test
# want: discard
require "body"; if allof (body :content "text/html" :contains "<b>claim", body :content "text" :contains "Köln", body :content "" :contains "secret bytes",
  not body :content "text/plain" :contains "claim", not body :content "text/" :contains "hello") { discard; }
