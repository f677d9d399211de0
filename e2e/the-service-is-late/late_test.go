package late_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"haven/e2e/stage"
)

func TestTheServiceIsLate(t *testing.T) {
	t.Parallel()
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := shut.Addr().String()
	if err := shut.Close(); err != nil { // nobody answers there
		t.Fatal(err)
	}
	s := stage.Serve(t, stage.Pages, stage.Setting{Table: "outbox", Lines: fmt.Sprintf("routes = [\"surgery.example=%s\"]", to)}, stage.Setting{Table: "policy.jmap", Lines: `late_after = "1s"`})
	s.NeedsWebClient(t)
	signs := t.TempDir()
	var runs []map[string]any
	var letters []string
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha := s.Person("Aisha", "Rahman")
		shop := s.Pharmacy(code, aisha)
		s.Receive("lee@surgery.example", stage.Letter("lee@surgery.example", shop, "Which strength", code+"@surgery", "Which do you have?"), shop)
		s.Submit(aisha, shop, stage.Letter(shop, "lee@surgery.example", "Re: Which strength", code+"-re@shop", "Both."), "lee@surgery.example")
		runs = append(runs, map[string]any{"aisha": aisha, "code": code})
		letters = append(letters, shop)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for run, shop := range letters {
			stage.EventuallyWithin(t, 3*stage.Patience, "the page was looked at", func() bool {
				_, err := os.Stat(filepath.Join(signs, fmt.Sprintf("seen-%d", run)))
				return err == nil
			})
			s.Admin("queue", "drop", "--from", shop)
		}
	})
	s.Browse(t, "the-service-is-late", map[string]any{"runs": runs, "signs": signs})
	running.Wait()
}
