package sorts_test

import (
	"slices"
	"testing"

	"haven/e2e/stage"
	"haven/face/jmap/jmapclient"
)

func TestMailboxSortsItself(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	var shops []string
	var owners []stage.Person
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		shops, owners = append(shops, s.Pharmacy(code, aisha, ben)), append(owners, aisha)
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben})
	}
	s.Browse(t, "a-mailbox-sorts-itself", map[string]any{"runs": runs})
	for i, shop := range shops {
		s.Receive("ward12@hospital.test", stage.Letter("ward12@hospital.test", shop, "Discharge note", shop+"1", "Two tablets."), shop)
		s.Receive("news@circulars.test", stage.Letter("news@circulars.test", shop, "Circular", shop+"2", "Read me."), shop)
		s.Receive("gp@surgery.test", stage.Letter("gp@surgery.test", shop, "Question", shop+"3", "Is it in stock?"), shop)
		c := s.IMAP(owners[i], nil)
		in := func(folder string) []string { return stage.Subjects(t, c, "Shared/"+shop+folder) }
		for folder, want := range map[string][]string{"/Archive": {"Discharge note"}, "/Junk": {"Circular"}, "": {"Question"}} {
			stage.Eventually(t, folder, func() bool { return slices.Equal(in(folder), want) })
		}
		_ = c.Close()
		if got := deadlines(s.JMAP(owners[i])); !slices.Equal(got, []string{"discharge"}) {
			t.Errorf("what has to be done by a time: %q", got)
		}
	}
}

// deadlines are the rules of those that run in the one shared mailbox of a person.
func deadlines(p stage.JMAPProgram) (rules []string) {
	for id, a := range p.Session.Accounts {
		if a.Personal {
			continue
		}
		var all struct{ List []struct{ Rule string } }
		p.Ask("WorkDeadline/get", jmapclient.Args{"accountId": id, "ids": nil}, &all)
		for _, d := range all.List {
			rules = append(rules, d.Rule)
		}
	}
	return rules
}
