# letter: multipart
# from: bob@surgery.test
# want: discard
if header :is "subject" "Grüße aus Köln" { discard; }
