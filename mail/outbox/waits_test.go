package outbox

import (
	"testing"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

func TestWaitsSince(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "S 421 4.3.2 closed for the holidays\nCLOSE")
		h := newHouse(t, engine, via(s)).start()
		of := func(no haven.AccountNo) func(*Item) { return func(it *Item) { it.Account = no } }
		h.post(testLetter, of(7), "bob@there.test")
		h.tried()
		h.pass(10 * time.Minute)
		h.post(testLetter, of(7), "bob@there.test")
		h.post(testLetter, of(8), "bob@there.test")
		for _, x := range []struct {
			what    string
			account haven.AccountNo
			before  time.Time
			want    time.Time
		}{
			{"the oldest", 7, h.clock.Now(), testStart},
			{"a minute is no lateness", 8, h.clock.Now().Add(-time.Minute), time.Time{}},
			{"another account's", 8, h.clock.Now(), testStart.Add(10 * time.Minute)},
			{"nothing was sent", 9, h.clock.Now(), time.Time{}},
		} {
			if got := h.since(x.account, x.before); !got.Equal(x.want) {
				t.Errorf("%s: %v, want %v", x.what, got, x.want)
			}
		}
		h.pass(4 * time.Hour)
		for !h.since(7, testStart.Add(time.Minute)).IsZero() { // the sender of another letter may be told before
			h.told()
		}
	})
}

func (h *house) since(account haven.AccountNo, before time.Time) (since time.Time) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *db.Tx) (err error) {
		since, err = WaitsSince(tx, account, before)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return since
}
