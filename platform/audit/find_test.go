package audit

import (
	"fmt"
	"testing"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

func TestFind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, bob := newHouse(t, d), haven.AccountID{3}
		at := func(n int) time.Time { return time.Unix(int64(n), 0) }
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for i, e := range []Entry{
				{What: "session.opened", On: ann, Actor: haven.Actor{Person: ann}, Rule: "session.log-in"},
				{What: "sharedmailbox.member-granted", On: shop, Other: bob, Actor: haven.Actor{Person: ann}, Rule: "sharedmailbox.change"},
				{What: "session.opened", On: bob, Actor: haven.Actor{Person: bob}, Rule: "session.log-in"},
				{What: "delivery.submitted", Actor: haven.Actor{Person: bob, As: shop}, Rule: "submission.sender"},
				{What: "session.closed", On: ann, Actor: haven.Actor{Person: ann}, Rule: "session.log-out"},
			} {
				e.At, e.Note = at(i), fmt.Sprint(i)
				Record(tx, e)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			f    Filter
			want string // notes, the newest first
		}{
			{"everything", Filter{}, "43210"},
			{"concerning Ann", Filter{Concerns: ann}, "410"},
			{"concerning Bob, also as the other", Filter{Concerns: bob}, "321"},
			{"concerning the mailbox, also as whom", Filter{Concerns: shop}, "31"},
			{"by Ann", Filter{By: ann}, "410"},
			{"about log ins", Filter{What: "session."}, "420"},
			{"of one rule", Filter{Rule: "session.log-in"}, "20"},
			{"from a time on", Filter{Since: at(2)}, "432"},
			{"up to a time", Filter{Until: at(2)}, "10"},
			{"all of it", Filter{Concerns: ann, By: ann, What: "session.o", Rule: "session.log-in", Since: at(0), Until: at(1)}, "0"},
			{"what is a pattern elsewhere", Filter{What: "%"}, ""},
			{"nobody", Filter{By: haven.AccountID{9}}, ""},
		} {
			got, back := "", ""
			var before, after Place
			for { // in steps of two
				all, err := Newest(t.Context(), d, c.f, before, 2)
				if err != nil {
					t.Fatal(err)
				}
				if len(all) == 0 {
					break
				}
				for _, e := range all {
					got += e.Note
					before = e.Place
					if e.N == 0 || len(e.Hash) != 32 {
						t.Errorf("record %s is number %d with the hash %x", e.Note, e.N, e.Hash)
					}
				}
			}
			for {
				all, err := Oldest(t.Context(), d, c.f, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				if len(all) == 0 {
					break
				}
				for _, e := range all {
					back, after = e.Note+back, e.Place
				}
			}
			if got != c.want || back != c.want {
				t.Errorf("%s: %q and from the beginning %q, want %q", c.name, got, back, c.want)
			}
		}
	}, Schema)
}
