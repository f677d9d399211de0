package machines_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"haven/e2e/stage"
)

// newMachines are two processes with data folders of their own, and one database, one key store, one folder of bodies and one master key.
func newMachines(t *testing.T, settings ...stage.Setting) (a, b *stage.House) {
	t.Helper()
	home := t.TempDir()
	shared := stage.Setting{Table: "database", Lines: fmt.Sprintf("packs = %q\nmaster_key = %q", filepath.Join(home, "packs"), filepath.Join(home, "master.key"))}
	settings = append(settings, shared, stage.Postgres(stage.Server(t)))
	return stage.ServeIn(t, filepath.Join(home, "first"), settings...), stage.ServeIn(t, filepath.Join(home, "second"), settings...)
}

func TestTwoMachines(t *testing.T) {
	t.Parallel()
	first, second := newMachines(t)
	aisha, ben := first.Person("Aisha", "Rahman"), first.Person("Ben", "Whitlock")
	pharmacy := first.Pharmacy("FAA01", aisha, ben)
	inbox := stage.Shared(pharmacy, "")
	receive := func(h *stage.House, n int) {
		id := fmt.Sprintf("%d@outside.example", n)
		h.Receive("surgery@outside.example", stage.Letter("surgery@outside.example", pharmacy, fmt.Sprintf("Note %d", n), id, "Please dispense."), pharmacy)
	}

	here, there := first.Idle(aisha, inbox), second.Idle(ben, inbox)
	receive(first, 1)
	there.Within(time.Now(), "* 1 EXISTS")
	receive(second, 2)
	here.Within(time.Now(), "* 2 EXISTS")

	began := time.Now()
	first.Admin("member", "remove", pharmacy, ben.Address)
	there.Within(began, "* BYE")

	first.Kill()
	receive(second, 3)
	if got := stage.Subjects(t, second.IMAP(aisha, nil), inbox); !slices.Equal(got, []string{"Note 1", "Note 2", "Note 3"}) {
		t.Errorf("at the second machine lie %q", got)
	}
	first.Start()
	c := first.IMAP(aisha, nil)
	if got := stage.Subjects(t, c, inbox); !slices.Equal(got, []string{"Note 1", "Note 2", "Note 3"}) {
		t.Errorf("at the first machine lie %q", got)
	}
	if text := stage.Text(t, c, 3); !strings.Contains(text, "Please dispense.") {
		t.Errorf("what the second machine wrote reads %q at the first", text)
	}
}
