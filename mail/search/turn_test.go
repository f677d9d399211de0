package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/errs"
)

// watched is a real store that tells what is read of it.
type watched struct {
	Store
	info   func()         // after what is sealed of a message was looked at
	bodies func(many int) // before bodies are read
}

func (w watched) Infos(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, fn func(int, *mailbox.Info) error) error {
	return w.Store.Infos(ctx, v, msgs, func(i int, info *mailbox.Info) error {
		err := fn(i, info)
		if w.info != nil {
			w.info()
		}
		return err
	})
}

func (w watched) Bodies(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, fn func(int, []byte) error) error {
	if w.bodies != nil {
		w.bodies(len(msgs))
	}
	return w.Store.Bodies(ctx, v, msgs, fn)
}

// manyParts is a letter of some 100 KB that has n parts.
func manyParts(field string, n int) string {
	return "Subject: parts\n" + field + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\n\n", n) + "--b--\n"
}

// TestManyParts: a search that must read letters keeps the structures of few of them at a time, and finds the same.
func TestManyParts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	const letters, parts = 24, 9_990
	want := []haven.UID{5, 6, 20}
	for n := range letters {
		field := ""
		if slices.Contains(want, haven.UID(n+1)) {
			field = "X-Nope: yes\n"
		}
		h.Deliver(no, manyParts(field, parts))
	}
	most, read := 0, 0
	h.search.store = watched{Store: h.Store, bodies: func(many int) { most, read = max(most, many), read+many }}
	if got := h.find(no, Header{"X-Nope", "yes"}).UIDs; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if most > 3 || read != letters {
		t.Errorf("%d letters read, %d at once", read, most)
	}
}

// TestTurns: while others have all turns, a search that reads letters or much of what is sealed waits before it opens
// anything, and little is found at once.
func TestTurns(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	for n := range readFew + 1 {
		h.Deliver(no, about(fmt.Sprint("word", n)))
	}
	opened := 0
	h.search.store = watched{Store: h.Store, info: func() { opened++ }}
	for range maxScans {
		h.search.scans <- struct{}{}
	}
	few := UIDs{{Lo: 1, Hi: readFew}}
	waits := map[string]func(ctx context.Context, v mailbox.Viewer) error{
		"a header of few": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Search(ctx, v, inbox, And{few, Header{"X-Nope", "yes"}})
			return err
		},
		"subjects of many": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Search(ctx, v, inbox, Subject("word"))
			return err
		},
		"the order of many": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Sort(ctx, v, inbox, All{}, []SortKey{{By: BySubject}})
			return err
		},
		"threads of many": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Thread(ctx, v, inbox, All{}, References)
			return err
		},
	}
	for name, search := range waits {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := search(ctx, mailboxtest.Own(no)); !errs.Is(err, errs.Transient) || opened > 0 {
			t.Errorf("%s: %d opened, error %v", name, opened, err)
		}
		cancel()
	}
	if got := h.find(no, And{few, Subject("word1")}).UIDs; len(got) != 11 { // 1, and 10 to 19
		t.Errorf("few: found %v", got)
	}
}

// TestSearchStops: a search that nobody waits for any more ends at the next message.
func TestSearchStops(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	for n := range 20 {
		h.Deliver(no, about(fmt.Sprint("word", n)))
	}
	searches := map[string]func(ctx context.Context, v mailbox.Viewer) error{
		"subjects": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Search(ctx, v, inbox, Subject("word"))
			return err
		},
		"headers": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Search(ctx, v, inbox, Header{"X-Nope", "yes"})
			return err
		},
		"sorting": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Sort(ctx, v, inbox, All{}, []SortKey{{By: BySubject}})
			return err
		},
		"threads": func(ctx context.Context, v mailbox.Viewer) error {
			_, err := h.search.Thread(ctx, v, inbox, All{}, References)
			return err
		},
	}
	for name, search := range searches {
		ctx, cancel := context.WithCancel(t.Context())
		opened := 0
		h.search.store = watched{Store: h.Store, info: func() { opened++; cancel() }}
		if err := search(ctx, mailboxtest.Own(no)); !errs.Is(err, errs.Transient) || opened > 2 {
			t.Errorf("%s: %d opened, error %v", name, opened, err)
		}
	}
}
