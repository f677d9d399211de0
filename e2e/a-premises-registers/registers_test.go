package registers_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestPremisesRegisters(t *testing.T) {
	t.Parallel()
	h, cast := stage.Demo(t)
	h.Browse(t, "a-premises-registers", map[string]any{"scenes": []map[string]any{ // one for each run of the story
		{"search": "horsforth", "code": "FA670", "gphc": "1999670", "registered": "p•••@h•••", "mobile": "07700 900811", "colleague": cast.Person("Hugh O'Dowd"), "colleaguesMobile": "+447700900007"},
		{"search": "oatland leeds", "code": "FA240", "gphc": "1999240", "registered": "p•••@o•••", "mobile": "07700 900812", "colleague": cast.Person("Farid Nasser"), "colleaguesMobile": "+447700900005"},
		{"search": "FCC05", "code": "FCC05", "gphc": "1999005", "registered": "t•••@n•••", "mobile": "07700 900813", "colleague": cast.Person("Carys Morgan"), "colleaguesMobile": "+447700900002"},
	}})
}
