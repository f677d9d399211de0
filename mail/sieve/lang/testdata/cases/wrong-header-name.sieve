# letter: plain
# from: bob@surgery.test
# differs: Dovecot lets it pass
# want: wrong 1
if header "a b" "x" { stop; }
