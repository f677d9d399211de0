# letter: plain
# from: bob@surgery.test
# want: discard
if allof (not header :matches "subject" "*\\?*", header :matches "x-priority" "? (normal)", not header :matches "subject" "[Rota]") { discard; }
