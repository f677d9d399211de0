package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// maintainRows is how many rows one step of upkeep touches, so that mail never waits for it.
const maintainRows = 100

// Maintain ends what has lapsed: messages expunged longer ago than the policy's RestoreFor lose their row, and with it
// their reference to the body; their vanished UIDs are joined into runs that are kept for good; memories of sent
// letters go; marks of people in mailboxes that read as one again are joined. What was filed to a record stays until its time has come (Change.Keep). It works in small steps and returns when nothing is left to do.
func (s *Service) Maintain(ctx context.Context) error {
	for _, step := range []func(context.Context) (int, error){s.forgetting(), s.forgetFoldersStep, s.forgetSentStep, s.settleStep} {
		for n := maintainRows; n >= maintainRows; {
			var err error
			if n, err = step(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetSentStep ends memories of sent letters whose time has come.
func (s *Service) forgetSentStep(ctx context.Context) (n int, err error) {
	now := micros(s.clock.Now())
	type name struct{ person, h int64 }
	var due []name
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due = due[:0]
		return tx.Query(sqlSentDue, []any{now, int64(maintainRows)}, func(r db.Row) error {
			due = append(due, name{r.Int64(0), r.Int64(1)})
			return nil
		})
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	return len(due), s.db.Write(ctx, func(tx *db.Tx) error {
		for _, d := range due {
			tx.Exec(sqlForgetSent, d.person, d.h, now)
		}
		return nil
	})
}

// forgetFoldersStep ends memories of deleted folders: whoever saw the account before that can't be told of them any more.
func (s *Service) forgetFoldersStep(ctx context.Context) (int, error) {
	type gone struct{ an, mb, changed int64 }
	var due []gone
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		due = due[:0]
		return tx.Query(sqlFoldersDue, []any{micros(s.clock.Now().Add(-s.policy.RestoreFor)), int64(maintainRows)}, func(r db.Row) error {
			due = append(due, gone{r.Int64(0), r.Int64(1), r.Int64(2)})
			return nil
		})
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	return len(due), s.db.Write(ctx, func(tx *db.Tx) error {
		for _, d := range due {
			tx.Exec(sqlPastHorizon, d.an, d.changed)
			tx.Exec(sqlForgetFolder, d.an, d.mb)
		}
		return nil
	})
}

// lapsed is a vanished UID whose time has come.
type lapsed struct {
	an  haven.AccountNo
	mb  haven.MailboxNo
	uid haven.UID
	msg haven.MessageID
	seq haven.Seq // when it vanished
}

// forgetting are the steps of one run, each from where the one before came to: what is kept beyond its time is gone over once.
func (s *Service) forgetting() func(ctx context.Context) (int, error) {
	var from int64
	return func(ctx context.Context) (n int, err error) {
		n, from, err = s.forgetStep(ctx, from)
		return n, err
	}
}

func (s *Service) forgetStep(ctx context.Context, from int64) (n int, last int64, err error) {
	before := micros(s.clock.Now().Add(-s.policy.RestoreFor))
	var due []lapsed
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due = due[:0]
		return tx.Query(sqlLapsed, []any{before, int64(maintainRows), micros(s.clock.Now()), from}, func(r db.Row) error {
			last = r.Int64(5)
			due = append(due, lapsed{haven.AccountNo(r.Int64(0)), haven.MailboxNo(r.Int64(1)), haven.UID(r.Int64(2)), haven.MessageID(r.Int64(3)), haven.Seq(r.Int64(4))})
			return nil
		})
	})
	if err != nil || len(due) == 0 {
		return 0, from, err
	}
	accounts := map[haven.AccountNo][]lapsed{}
	for _, d := range due {
		accounts[d.an] = append(accounts[d.an], d)
	}
	for an, list := range accounts {
		if err := s.db.Write(ctx, func(tx *db.Tx) error { return s.forget(tx, an, list, before) }); err != nil {
			return 0, from, err
		}
	}
	return len(due), last, nil
}

// forget ends messages of one account that no placement holds any more and that left their last one long enough ago, and
// joins their vanished UIDs.
func (s *Service) forget(tx *db.Tx, an haven.AccountNo, list []lapsed, before int64) error {
	if _, err := takeSeq(tx, an, 0); err != nil && !errs.Is(err, errs.NotFound) { // what an account left behind is ended all the same
		return err
	}
	var bodies []blob.ID
	var horizon haven.Seq
	for _, d := range list {
		horizon = max(horizon, d.seq)
		held, err := heldSince(tx, d, before)
		if err != nil {
			return err
		}
		if !held {
			tx.Exec(sqlForgetMarks, int64(an), int64(d.msg))
			tx.Exec(sqlLetGo, int64(an), int64(d.msg))
			err := tx.Query(sqlDeleteMessage, []any{int64(d.msg), int64(an)}, func(r db.Row) error {
				bodies = append(bodies, blob.ID(r.Int64(0)))
				return nil
			})
			if err != nil {
				return err
			}
		}
		if err := s.forgetUID(tx, d); err != nil {
			return err
		}
	}
	tx.Exec(sqlPastHorizon, int64(an), int64(horizon))
	return s.release(tx, bodies)
}

// heldSince reports whether a message is in some folder, or was until later than before: one that was moved and then
// expunged is restorable from when it was expunged.
func heldSince(tx *db.Tx, d lapsed, before int64) (held bool, err error) {
	left, err := siblings(tx, d.an, d.msg)
	if err != nil || len(left) > 0 {
		return true, err
	}
	err = tx.Query(sqlGoneLater, []any{int64(d.an), int64(d.msg), before}, func(db.Row) error {
		held = true
		return nil
	})
	return held, err
}

// forgetUID makes a vanished UID a run, which names no message; in a folder that was deleted nothing of it is kept.
func (s *Service) forgetUID(tx *db.Tx, d lapsed) error {
	_, err := folderNo(tx, d.an, d.mb)
	if errs.Is(err, errs.NotFound) {
		tx.Exec(sqlDeleteGone, int64(d.an), int64(d.mb), int64(d.uid))
		return nil
	}
	if err != nil {
		return err
	}
	tx.Exec(`UPDATE gone SET msg = 0 WHERE an = $1 AND mb = $2 AND hi = $3`, int64(d.an), int64(d.mb), int64(d.uid))
	return joinGone(tx, d.an, d.mb, d.uid)
}

// goneRun is a row of gone that names no message.
type goneRun struct{ lo, hi, changed int64 }

// joinGone makes a run of vanished UIDs one with the runs that touch it, so that what is kept for good is a row a run, not
// a row a message. The run carries its newest modseq: an older session is told of more than it missed, never of less.
func joinGone(tx *db.Tx, an haven.AccountNo, mb haven.MailboxNo, uid haven.UID) error {
	var runs []goneRun
	err := tx.Query(sqlGoneAround, []any{int64(an), int64(mb), int64(uid) - 1}, func(r db.Row) error {
		if r.Int64(3) == 0 {
			runs = append(runs, goneRun{r.Int64(0), r.Int64(1), r.Int64(2)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	own := slices.IndexFunc(runs, func(r goneRun) bool { return r.hi == int64(uid) })
	if own < 0 {
		return nil
	}
	all := runs[own]
	for _, r := range runs {
		if r.hi == all.lo-1 || r.lo == all.hi+1 {
			tx.Exec(sqlDeleteGone, int64(an), int64(mb), r.hi)
			all = goneRun{min(all.lo, r.lo), max(all.hi, r.hi), max(all.changed, r.changed)}
		}
	}
	if all != runs[own] {
		tx.Exec(sqlDeleteGone, int64(an), int64(mb), runs[own].hi)
		tx.Exec(sqlInsertRun, int64(an), int64(mb), all.hi, all.lo, all.changed)
	}
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
	err = tx.Query(sqlReferenced, []any{int64(id)}, func(db.Row) error {
		used = true
		return nil
	})
	return used, err
}
