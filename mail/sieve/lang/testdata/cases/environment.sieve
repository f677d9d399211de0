# letter: plain
# from: bob@surgery.test
# differs: its phase is pre where it is only tried
# want: discard
require "environment"; if allof (environment "location" "MDA", environment "phase" ["during", "post"], not environment :contains "vnd.none" "") { discard; }
