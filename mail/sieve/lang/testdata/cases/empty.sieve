# letter: plain
# from: bob@surgery.test
# want: file INBOX

