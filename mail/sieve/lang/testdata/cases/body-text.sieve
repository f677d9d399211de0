# letter: multipart
# from: bob@surgery.test
# want: discard
require "body"; if allof (body :text :contains "Köln says hello, half a line long", body :contains "bold claim", not body :contains "secret bytes") { discard; }
