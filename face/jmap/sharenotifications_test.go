package jmap

import (
	"context"
	"slices"
	"testing"

	"haven"
	"haven/people/sharenotification"
)

// busyShares has one more notification come right after each question.
type busyShares struct {
	all []sharenotification.Notification
}

func (b *busyShares) come() {
	b.all = append(b.all, sharenotification.Notification{Seq: int64(len(b.all) + 1), New: haven.Read})
}

func (b *busyShares) Of(context.Context, haven.AccountNo) ([]sharenotification.Notification, int64, error) {
	defer b.come()
	return slices.Clone(b.all), int64(len(b.all)), nil
}

func (b *busyShares) State(context.Context, haven.AccountNo) (int64, error) {
	defer b.come()
	return int64(len(b.all)), nil
}

func (b *busyShares) Since(_ context.Context, _ haven.AccountNo, from int64, _ int) (ch sharenotification.Changes, err error) {
	defer b.come()
	for _, n := range b.all[from:] {
		ch.Made = append(ch.Made, n.Seq)
	}
	ch.State = int64(len(b.all))
	return ch, nil
}

func (*busyShares) Dismiss(context.Context, haven.AccountNo, int64) error { return nil }

// A list that somebody adds to meanwhile has the state that it is of: what came between is told by the next question, and is in none before.
func TestRFC9670_3_7_QueryChangesWhileMoreCome(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	d, _ := m.in(t, anna)
	shared := &busyShares{}
	shared.come()
	d.srv.o.Shares = shared
	c := d.call(t, "ShareNotification/queryChanges", `{}`)
	v := c.viewer(d.session.Person)
	st, err := c.states(v)
	if err != nil {
		t.Fatal(err)
	}
	shared.come()
	got, err := shares{}.QueryChanges(c, v, asking{}, shareState(1, st))
	if err != nil {
		t.Fatal(err)
	}
	if _, added := got.cut(""); got.State != shareState(int64(got.IDs.Len()), st) || len(added) != 1 || added[0] != (addedItem{"S2", 1}) {
		t.Errorf("%d in the list, at %s, added %v", got.IDs.Len(), got.State, added)
	}
}
