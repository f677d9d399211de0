package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// Change is a writing transaction of one account for a concept beside the store: the account is locked, and is announced once all is durable.
type Change struct {
	Tx      *db.Tx
	Account haven.AccountNo
	s       *Service
	lock    *lock
}

// Seq is the next number of the account's sequence. Up to changeNumbers are given once; those after share the last.
func (c *Change) Seq() haven.Seq { return c.lock.take() }

const changeNumbers = 64

// Change runs fn in one commit after the viewer's rights were asked. Where fn takes no number, nobody is woken.
func (s *Service) Change(ctx context.Context, v Viewer, want haven.Rights, fn func(c *Change) error) error {
	return s.write(ctx, v, want, changeNumbers, func(tx *db.Tx, l *lock) error {
		return fn(&Change{Tx: tx, Account: v.Account, s: s, lock: l})
	})
}

// ChangeByItself is Change for what the service does without anybody asking.
func (s *Service) ChangeByItself(ctx context.Context, account haven.AccountNo, fn func(c *Change) error) error {
	return s.writeEach(ctx, map[haven.AccountNo]int{account: changeNumbers}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
		return fn(&Change{Tx: tx, Account: account, s: s, lock: locks[account]})
	})
}

// Look runs fn in a snapshot in which the viewer may read, with the account's states.
func (s *Service) Look(ctx context.Context, v Viewer, fn func(tx *db.Tx, st States) error) error {
	return s.read(ctx, v, func(tx *db.Tx) error {
		st, err := states(tx, v)
		if err != nil {
			return err
		}
		return fn(tx, st)
	})
}

// Remembers is nil where all that happened after a point is known; else it has the rule RuleStateLost.
func (st States) Remembers(p Point) error {
	if p.Epoch != st.Epoch || p.Seq < st.Horizon || p.Origin > p.Seq {
		return errStateLost
	}
	return nil
}

// Admit gives the rights of the viewer who asked for the change, at least Read: NotFound for whoever may not know of the account. What the viewer holds (Viewer.Held) has
// to be so.
func (c *Change) Admit(v Viewer) (haven.Rights, error) { return c.s.admit(c.Tx, v, haven.Read, c.lock) }

// Find is a message's thread, and whether it is in Sent. NotFound: there is none in sight.
func (c *Change) Find(msg haven.MessageID) (thread haven.MessageID, inSent bool, err error) {
	seen, err := c.sighted(msg)
	if err != nil {
		return 0, false, err
	}
	return seen[0].Thread, slices.ContainsFunc(seen, func(p spot) bool { return p.mb == provisioned(Sent) }), nil
}

// sighted are the places of a message in which it is in sight, at least one.
func (c *Change) sighted(msg haven.MessageID) ([]spot, error) {
	places, err := c.editor().places(msg)
	seen := inSight(places)
	if err == nil && len(seen) == 0 {
		err = errNoMessage
	}
	return seen, err
}

// editor changes messages in this transaction, as nobody.
func (c *Change) editor() *editor {
	return &editor{s: c.s, tx: c.Tx, v: Viewer{Account: c.Account}, lock: c.lock}
}

// Changed takes a number of an account for something that is kept beside its mail, by which other processes hear that this is another one. wake tells those who
// wait in this process; it is for after the commit.
func (s *Service) Changed(tx *db.Tx, account haven.AccountNo) (wake func(), err error) {
	seq, err := Number(tx, account)
	return func() { s.hub.Announce(account, seq) }, err
}

// Number takes a number of an account that this transaction has locked already, as File does: what a filing does also can note by it when it happened.
func Number(tx *db.Tx, account haven.AccountNo) (haven.Seq, error) {
	l, err := takeSeq(tx, account, 1)
	if err != nil {
		return 0, err
	}
	return l.take(), nil
}
