package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
)

// maintainRows is how many rows one step of upkeep touches, so that mail never waits for it.
const maintainRows = 100

// Maintain ends what has lapsed: messages expunged longer ago than the policy's RestoreFor lose their row, and with it
// their reference to the body; their vanished UIDs are joined into runs that are kept for good; memories of sent
// letters go. It works in small steps and returns when nothing is left to do.
func (s *Service) Maintain(ctx context.Context) error {
	for {
		n, err := s.forgetStep(ctx)
		if err != nil {
			return err
		}
		if n < maintainRows {
			break
		}
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(`DELETE FROM sent WHERE until < $1`, micros(s.clock.Now()))
		return nil
	})
}

// lapsed is a vanished UID whose time has come.
type lapsed struct {
	an  haven.AccountNo
	mb  haven.MailboxNo
	uid haven.UID
	msg haven.MessageID
}

func (s *Service) forgetStep(ctx context.Context) (int, error) {
	before := micros(s.clock.Now().Add(-s.policy.RestoreFor))
	var due []lapsed
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		due = due[:0]
		return tx.Query(`SELECT an, mb, hi, msg FROM gone WHERE at < $1 AND msg <> 0 ORDER BY at LIMIT $2`, []any{before, int64(maintainRows)}, func(r db.Row) error {
			due = append(due, lapsed{haven.AccountNo(r.Int64(0)), haven.MailboxNo(r.Int64(1)), haven.UID(r.Int64(2)), haven.MessageID(r.Int64(3))})
			return nil
		})
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	accounts := map[haven.AccountNo][]lapsed{}
	for _, d := range due {
		accounts[d.an] = append(accounts[d.an], d)
	}
	for an, list := range accounts {
		if err := s.db.Write(ctx, func(tx *db.Tx) error { return s.forget(tx, an, list) }); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// forget ends messages of one account that no placement holds any more, and joins their vanished UIDs.
func (s *Service) forget(tx *db.Tx, an haven.AccountNo, list []lapsed) error {
	if _, err := takeSeq(tx, an, 0); err != nil {
		return err
	}
	var bodies []blob.ID
	for _, d := range list {
		left, err := siblings(tx, an, d.msg)
		if err != nil {
			return err
		}
		if len(left) == 0 && d.msg != 0 {
			err := tx.Query(`DELETE FROM message WHERE id = $1 AND an = $2 RETURNING body`, []any{int64(d.msg), int64(an)}, func(r db.Row) error {
				bodies = append(bodies, blob.ID(r.Int64(0)))
				return nil
			})
			if err != nil {
				return err
			}
		}
		if err := joinGone(tx, d); err != nil {
			return err
		}
	}
	bodies = slices.Compact(bodies)
	return s.release(tx, bodies)
}

// joinGone makes a vanished UID part of the run before it, so that what is kept for good is a row a run, not a row a message. The run
// carries its newest modseq: an older session is told of more than it missed, never of less.
func joinGone(tx *db.Tx, d lapsed) error {
	var lo, changed, own int64
	err := tx.Query(`SELECT lo, changed FROM gone WHERE an = $1 AND mb = $2 AND hi = $3 AND msg = 0`,
		[]any{int64(d.an), int64(d.mb), int64(d.uid) - 1}, func(r db.Row) error {
			lo, changed = r.Int64(0), r.Int64(1)
			return nil
		})
	if err != nil {
		return err
	}
	err = tx.Query(`UPDATE gone SET msg = 0 WHERE an = $1 AND mb = $2 AND hi = $3 RETURNING changed`,
		[]any{int64(d.an), int64(d.mb), int64(d.uid)}, func(r db.Row) error {
			own = r.Int64(0)
			return nil
		})
	if err != nil || lo == 0 {
		return err
	}
	tx.Exec(`DELETE FROM gone WHERE an = $1 AND mb = $2 AND hi = $3`, int64(d.an), int64(d.mb), int64(d.uid)-1)
	tx.Exec(`UPDATE gone SET lo = $4, changed = $5 WHERE an = $1 AND mb = $2 AND hi = $3`,
		int64(d.an), int64(d.mb), int64(d.uid), lo, max(own, changed))
	return nil
}

// release tells the bodies' keeper which bodies no message refers to any more.
func (s *Service) release(tx *db.Tx, bodies []blob.ID) error {
	var free []blob.ID
	for _, id := range bodies {
		used, err := Referenced(tx, id)
		if err != nil {
			return err
		}
		if !used {
			free = append(free, id)
		}
	}
	blob.Released(tx, s.clock.Now(), free...)
	return nil
}

// Referenced reports whether any message refers to a body: what the sweep asks, in its own transaction, before a body goes.
func Referenced(tx *db.Tx, id blob.ID) (used bool, err error) {
	err = tx.Query(`SELECT 1 FROM message WHERE body = $1 LIMIT 1`, []any{int64(id)}, func(db.Row) error {
		used = true
		return nil
	})
	return used, err
}
