package stops_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"haven/e2e/stage"
)

func TestServiceStopsUnderAPage(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	signs := t.TempDir()
	var runs []map[string]any
	var people []stage.Person
	receive := func(p stage.Person, subject string) {
		s.Receive("ward@hospital.test", stage.Letter("ward@hospital.test", p.Address, subject, subject+p.Address, "Hello."), p.Address)
	}
	for range 2 {
		aisha := s.Person("Aisha", "Rahman")
		receive(aisha, "First")
		receive(aisha, "Second")
		people = append(people, aisha)
		runs = append(runs, map[string]any{"aisha": aisha})
	}
	given := func(sign string) {
		stage.EventuallyWithin(t, 2*stage.Patience, sign, func() bool {
			_, err := os.Stat(filepath.Join(signs, sign))
			return err == nil
		})
	}
	var running sync.WaitGroup
	running.Go(func() {
		for run, aisha := range []stage.Person{people[0], people[1]} {
			n := string(rune('0' + run))
			given("stop-" + n)
			s.Kill()
			given("start-" + n)
			s.Start()
			receive(aisha, "Third")
		}
	})
	s.Browse(t, "the-service-stops-under-a-page", map[string]any{"runs": runs, "signs": signs, "quiet": "ERR_(CONNECTION|EMPTY|INCOMPLETE)"})
	running.Wait()
}
