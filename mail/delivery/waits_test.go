package delivery_test

import (
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/platform/db"
)

func waitsSince(t *testing.T, p *deliverytest.Place, account haven.AccountNo, before time.Time) (since time.Time) {
	t.Helper()
	err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		since, err = delivery.WaitsSince(tx, account, before)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return since
}

func TestWaitsSince(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		p, boxes := crowdPlace(t, engine)
		came := p.Store.Clock.Now()
		if err := receive(t, p, "bob@surgery.test", plain, crowdAddresses(5)...); err != nil {
			t.Fatal(err)
		}
		p.Store.Clock.Advance(4 * time.Minute)
		now := p.Store.Clock.Now()
		if got := waitsSince(t, p, boxes[0], now); !got.Equal(came) {
			t.Errorf("it waits since %v, want %v", got, came)
		}
		for what, got := range map[string]time.Time{"no recipient": waitsSince(t, p, boxes[6], now), "not for so long": waitsSince(t, p, boxes[0], came.Add(-time.Second))} {
			if !got.IsZero() {
				t.Errorf("%s: late since %v", what, got)
			}
		}
		if err := p.Expand(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := waitsSince(t, p, boxes[0], now); !got.IsZero() {
			t.Errorf("filed, and late since %v", got)
		}
	})
}
