package wrong_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"haven/e2e/stage"
)

func TestWritingGoesWrong(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages, stage.Setting{Table: "policy.sending", Lines: "message_octets = 200_000"}, stage.Setting{Table: "policy.mailbox", Lines: "quota = 450_000"})
	s.NeedsWebClient(t)
	signs := t.TempDir()
	var runs []map[string]any
	var ends []func()
	for run, code := range []string{"FAA01", "FAA02"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		shop := s.Pharmacy(code, aisha, ben)
		receive := func(subject, to, text string) {
			s.Receive("ward@hospital.test", stage.Letter("ward@hospital.test", to, subject, subject+code, text), to)
		}
		receive("Dosette boxes", shop, "Which days?")
		receive("Holiday hours", shop, "When are you open?")
		for _, n := range []string{"one", "two"} {
			receive("Scan "+n, aisha.Address, strings.Repeat(strings.Repeat("x", 76)+"\r\n", 2_200))
		}
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben, "shop": shop})
		ends = append(ends, func() {
			stage.EventuallyWithin(t, 4*stage.Patience, "Ben's access is to end", func() bool {
				_, err := os.Stat(filepath.Join(signs, "end-"+strconv.Itoa(run)))
				return err == nil
			})
			s.Admin("member", "remove", shop, ben.Address)
		})
	}
	var ending sync.WaitGroup
	for _, end := range ends {
		ending.Go(end)
	}
	s.Browse(t, "writing-goes-wrong", map[string]any{"runs": runs, "signs": signs})
	ending.Wait()
}
