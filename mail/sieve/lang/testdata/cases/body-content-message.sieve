# letter: multipart
# from: bob@surgery.test
# want: discard
require "body"; if allof (body :content "message/rfc822" :contains "Inner letter", not body :content "message/rfc822" :contains "Inner text", body :content "multipart" :contains "prologue", body :content "multipart" :contains "epilogue") { discard; }
