package links_test

import (
	"strings"
	"testing"

	"haven/e2e/stage"
)

const letter = `<p>Fill in <a href="https://forms.example/f?id=1">the form</a>, look at <a href="https://www.portal.example/">the portal</a>, or at <a href="https://elsewhere.example/a/long/way?to=it">our page</a>.</p>`

func TestHeadOfficeKeepsItsLinks(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, g := range []struct{ code, form, portal string }{{"FAA01", "block", "allow"}, {"FAA02", "allow", "warn"}} {
		aisha := s.Person("Aisha", "Rahman")
		box := s.Pharmacy(g.code, aisha)
		for host, verdict := range map[string]string{"forms.example": g.form, "*.portal.example": g.portal} {
			s.Admin("link", "set", g.code, host, verdict, "--reason", "It copied the log in of NHS staff.")
		}
		if out := s.Admin("link", "test", g.code, "www.portal.example"); !strings.HasPrefix(out, g.portal+", by *.portal.example") {
			t.Errorf("the list of %s says %s", g.code, out)
		}
		plain := stage.Letter("news@outside.example", box, "Three links", g.code+"@outside.example", letter)
		s.Receive("news@outside.example", strings.Replace(plain, "text/plain", "text/html", 1), box)
		s.Receive("news@outside.example", stage.Letter("news@outside.example", box, "Plain links", g.code+".plain@outside.example", "See https://forms.example/f?id=1 please."), box)
		runs = append(runs, map[string]any{"aisha": aisha, "form": g.form, "portal": g.portal})
	}
	s.Browse(t, "a-head-office-keeps-its-links", map[string]any{"runs": runs})
}
