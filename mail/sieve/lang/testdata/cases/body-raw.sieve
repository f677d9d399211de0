# letter: multipart
# from: bob@surgery.test
# want: discard
require "body"; if allof (body :raw :contains "=F6ln", body :raw :contains "epilogue", not body :raw :contains "Subject: Gr") { discard; }
