package kept_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"haven/e2e/stage"
)

func TestMailWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	signs := t.TempDir()
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ward := s.Person("Aisha", "Rahman"), s.Person("Liam", "Fenwick")
		shop := s.Pharmacy(code, aisha)
		ask := stage.Letter("ward@hospital.test", shop, "Methadone of Mr Birch", code+"@ward", "He comes at noon.")
		s.Receive("ward@hospital.test", strings.Replace(ask, "Subject:", "Reply-To: "+ward.Address+"\r\nSubject:", 1), shop)
		list := stage.Letter("ward@hospital.test", shop, "Clozapine list", code+"-list@ward", "<p>Twelve <b>patients</b>.</p>")
		s.Receive("ward@hospital.test", strings.Replace(list, "text/plain", "text/html", 1), shop)
		runs = append(runs, map[string]any{"aisha": aisha, "ward": ward, "shop": shop})
	}
	given := func(sign string) {
		stage.EventuallyWithin(t, 4*stage.Patience, sign, func() bool {
			_, err := os.Stat(filepath.Join(signs, sign))
			return err == nil
		})
	}
	var running sync.WaitGroup
	running.Go(func() {
		for _, n := range []string{"0", "1"} {
			given("stop-" + n)
			s.Kill()
			given("start-" + n)
			s.Start()
		}
	})
	s.Browse(t, "mail-without-a-connection", map[string]any{"runs": runs, "signs": signs, "quiet": "ERR_(CONNECTION|EMPTY|INCOMPLETE|FAILED)"})
	running.Wait()
}
