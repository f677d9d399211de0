package clock_test

import (
	"strings"
	"testing"

	"haven/e2e/stage"
)

func TestAPremisesKeepsItsClock(t *testing.T) {
	t.Parallel()
	s, cast := stage.Demo(t)
	s.NeedsWebClient(t)
	ben := cast.Person("Ben Whitlock")
	p := s.JMAP(ben)
	var runs []map[string]any
	for code, owner := range map[string]string{"FAQ06": "Aisha Rahman", "FAX17": "Dev Anand"} {
		box := ""
		for _, b := range cast.Shared {
			if strings.Contains(b.Address, code) {
				box = b.Address
			}
		}
		s.Receive("ward@hospital.example", stage.Letter("ward@hospital.example", box, "Discharge of Mrs Iris Holt", code+"@hospital.example", "Two tablets at night."), box)
		for id, a := range p.Session.Accounts {
			if strings.Contains(a.Name, code) {
				runs = append(runs, map[string]any{"owner": cast.Person(owner), "ben": ben, "account": id, "code": code})
			}
		}
	}
	s.Browse(t, "a-premises-keeps-its-clock", map[string]any{"runs": runs})
}
