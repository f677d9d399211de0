package away_test

import (
	"slices"
	"testing"
	"time"

	"haven/e2e/stage"
)

func TestPharmacistGoesAway(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	var people, colleagues []stage.Person
	for range 3 { // one for each run of the story
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		people, colleagues = append(people, aisha), append(colleagues, ben)
		scenes = append(scenes, map[string]any{"person": aisha})
	}
	s.Browse(t, "a-pharmacist-goes-away", map[string]any{"scenes": scenes})

	aisha, ben := people[0], colleagues[0]
	inbox := func(p stage.Person) []string {
		c := s.IMAP(p, nil)
		defer func() { _ = c.Close() }()
		return stage.Subjects(t, c, "INBOX")
	}
	s.Submit(ben, ben.Address, stage.Letter(ben.Address, aisha.Address, "Stock", "1@pc", "Is there any left?"), aisha.Address)
	s.Submit(ben, ben.Address, stage.Letter(ben.Address, aisha.Address, "Stock again", "2@pc", "Are you there?"), aisha.Address)
	stage.Eventually(t, "an answer", func() bool { return slices.Contains(inbox(ben), "Automatic reply: Stock") })
	if got := inbox(aisha); len(got) != 2 {
		t.Errorf("Aisha has %q", got)
	}
	s.Submit(people[1], people[1].Address, stage.Letter(people[1].Address, aisha.Address, "Mine", "3@pc", "I am away too."), aisha.Address)
	stage.EventuallyWithin(t, 20*time.Second, "an answer", func() bool { return slices.Contains(inbox(people[1]), "Automatic reply: Mine") })
	if got := inbox(ben); len(got) != 1 {
		t.Errorf("Ben has %q", got)
	}
	if got := inbox(aisha); len(got) != 3 {
		t.Errorf("two who are away answer each other: %q", got)
	}
}
