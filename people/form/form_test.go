package form_test

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"haven/people/form"
	"haven/people/peopletest"
	"haven/platform/db"
)

func serviceOf(t *testing.T, h *peopletest.House) *form.Service {
	t.Helper()
	if err := h.DB.Migrate(t.Context(), append(peopletest.Schemas(), form.Schema)...); err != nil {
		t.Fatal(err)
	}
	return form.New(form.Options{DB: h.DB, Keys: h.Seals, Clock: h.Clock, Policy: h.Policy.Session})
}

func TestKeep(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s, aisha, ben := serviceOf(t, h), h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		typed := url.Values{"about": {"Repeat prescriptions\n– and “notes” 💊"}, "tick": {"a", "b"}}
		keep := func(page string, v url.Values) {
			t.Helper()
			if err := s.Keep(t.Context(), aisha.No, page, v); err != nil {
				t.Fatal(err)
			}
		}
		want := func(page string, v url.Values) {
			t.Helper()
			k, err := s.Of(t.Context(), aisha.No, page)
			if err != nil || !reflect.DeepEqual(k.Values, v) {
				t.Fatalf("%s: %v, %v; want %v", page, k.Values, err, v)
			}
		}
		keep("/mailbox/1/about", url.Values{"about": {"before"}})
		keep("/mailbox/1/about", typed)
		want("/mailbox/1/about", typed)
		want("/mailbox/2/about", nil)
		if k, err := s.Of(t.Context(), ben.No, "/mailbox/1/about"); err != nil || k.Values != nil {
			t.Fatalf("another person is given %v, %v", k, err)
		}
		if holds(t, h, "Repeat") {
			t.Error("what was typed can be read in the table")
		}
		if err := s.Drop(t.Context(), aisha.No, "/mailbox/1/about"); err != nil {
			t.Fatal(err)
		}
		want("/mailbox/1/about", nil)

		keep("/empty", url.Values{})
		want("/empty", nil)
		keep("/large", url.Values{"x": {strings.Repeat("x", 64<<10)}})
		want("/large", nil)
		keep("/"+strings.Repeat("p", 500), typed)
		want("/"+strings.Repeat("p", 500), nil)

		for i := range 21 { // the oldest goes
			keep(fmt.Sprint("/page/", i), typed)
			h.Clock.Advance(time.Second)
		}
		want("/page/0", nil)
		want("/page/1", typed)
		h.Clock.Advance(h.Policy.Session.FormKept - 10*time.Second)
		want("/page/1", nil)
		want("/page/20", typed)
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		want("/page/20", typed)
		h.Clock.Advance(10 * time.Second)
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, h); n != 0 {
			t.Errorf("%d forms are left", n)
		}
	})
}

func count(t *testing.T, h *peopletest.House) (n int64) {
	t.Helper()
	err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM half_filled`, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func holds(t *testing.T, h *peopletest.House, text string) (found bool) {
	t.Helper()
	err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT sealed FROM half_filled`, nil, func(r db.Row) error {
			found = found || strings.Contains(string(r.Bytes(0)), text)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
