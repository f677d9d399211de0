package work_test

import (
	"testing"

	"haven/e2e/stage"
	"haven/face/jmap/jmapclient"
)

func TestTwoColleaguesShareTheWork(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		box := s.Pharmacy(code, aisha, ben)
		s.Receive("alerts@agency.example", stage.Letter("alerts@agency.example", box, "Recall of batch 7", code+"@agency.example", "Take it from the shelves."), box)
		within(s.JMAP(ben), 5*60*60)
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben, "box": box, "code": code})
	}
	s.Browse(t, "two-colleagues-share-the-work", map[string]any{"runs": runs, "smtp": s.Port("smtp")})
}

// within has the one letter of the shared mailbox done within so many seconds.
func within(p stage.JMAPProgram, seconds int) {
	for account, a := range p.Session.Accounts {
		if a.Personal {
			continue
		}
		var found struct{ IDs []string }
		p.Ask("WorkItem/query", jmapclient.Args{"accountId": account}, &found)
		p.Ask("WorkDeadline/set", jmapclient.Args{"accountId": account, "create": map[string]any{
			"d": map[string]any{"threadId": found.IDs[0], "rule": "alert", "withinSeconds": seconds, "counting": "allHours"}}}, &struct{}{})
		p.Ask("WorkItem/set", jmapclient.Args{"accountId": account, "update": map[string]any{found.IDs[0]: map[string]any{"category": "alert"}}}, &struct{}{})
	}
}
