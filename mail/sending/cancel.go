package sending

import (
	"context"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

var errNoSubmission = errs.E(errs.NotFound, "There is no such submission.")

// Cancel calls a letter back: nobody gets it, and its message stands in Drafts again where it was taken out of it. It is a *Refused (CannotUnsend) where it went
// already; one that is called back already stays so. Whoever may send from the mailbox may.
func (s *Service) Cancel(ctx context.Context, by By, id ID, on haven.AccountID) error {
	now := s.o.Clock.Now()
	return s.o.Mail.ChangeByItself(ctx, by.Viewer.Account, func(t *mailbox.Change) error {
		if err := maySend(t, by.Viewer); err != nil {
			return err
		}
		b, flags, err := find(t.Tx, by.Viewer.Account, id)
		if err != nil {
			return err
		}
		switch b.Undo {
		case Final:
			return &Refused{Why: CannotUnsend, Say: "The letter is on its way already."}
		case Canceled:
			return nil
		}
		t.Tx.Exec(sqlCancel, int64(by.Viewer.Account), int64(id), int64(t.Seq()), now.UnixMicro())
		audit.Record(t.Tx, audit.Entry{At: now, What: "sending.canceled", On: on, Rule: "sending.senders",
			Actor: haven.Actor{Person: by.Who.ID, As: on, Place: by.Viewer.Place, Program: by.Viewer.Program}})
		return t.Recall(b.Msg, flags&flagInSent != 0)
	})
}

// Destroy forgets a submission; one that still waits has to be called back first (RFC 8621 §7.5 leaves that to the service).
func (s *Service) Destroy(ctx context.Context, by By, id ID) error {
	return s.o.Mail.ChangeByItself(ctx, by.Viewer.Account, func(t *mailbox.Change) error {
		if err := maySend(t, by.Viewer); err != nil {
			return err
		}
		b, _, err := find(t.Tx, by.Viewer.Account, id)
		if err != nil {
			return err
		}
		if b.Undo == Pending {
			return errs.E(errs.Denied, "The letter still waits to be sent. Call it back first.")
		}
		if _, err := erase(t.Tx, by.Viewer.Account, id); err != nil {
			return err
		}
		forget(t.Tx, by.Viewer.Account, 0, id, b.Created, t.Seq(), s.o.Clock.Now())
		return nil
	})
}

func find(tx *db.Tx, account haven.AccountNo, id ID) (b Brief, flags int64, err error) {
	found := false
	err = tx.Query(sqlGet, []any{int64(account), int64(id)}, func(r db.Row) error {
		b, flags, found = scanBrief(r), r.Int64(9), true
		return nil
	})
	if err == nil && !found {
		err = errNoSubmission
	}
	return b, flags, err
}

// sweepRows is how many rows one step of upkeep touches.
const sweepRows = 100

// Sweep forgets what ended longer ago than the policy keeps it, and then that it was there.
func (s *Service) Sweep(ctx context.Context) error {
	for _, step := range []func(context.Context) (int, error){s.sweepEnded, s.sweepGone} {
		for n := sweepRows; n >= sweepRows; {
			var err error
			if n, err = step(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

type row struct {
	an, person haven.AccountNo
	id         ID
	seq        haven.Seq
}

func (s *Service) rows(ctx context.Context, sql string, scan func(db.Row) row) (all []row, err error) {
	before := s.o.Clock.Now().Add(-s.o.Policy.SubmissionsKept).UnixMicro()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = all[:0]
		return tx.Query(sql, []any{before, int64(sweepRows)}, func(r db.Row) error { all = append(all, scan(r)); return nil })
	})
	return all, err
}

func (s *Service) sweepEnded(ctx context.Context) (int, error) {
	all, err := s.rows(ctx, sqlEnded, func(r db.Row) row {
		return row{an: haven.AccountNo(r.Int64(0)), id: ID(r.Int64(1)), seq: haven.Seq(r.Int64(2))}
	})
	for _, d := range all {
		err := s.o.Mail.ChangeByItself(ctx, d.an, func(t *mailbox.Change) error {
			gone, err := erase(t.Tx, d.an, d.id)
			if gone {
				forget(t.Tx, d.an, 0, d.id, d.seq, t.Seq(), s.o.Clock.Now())
			}
			return err
		})
		if errs.Is(err, errs.NotFound) { // the account is gone
			err = s.o.DB.Write(ctx, func(tx *db.Tx) error { _, err := erase(tx, d.an, d.id); return err })
		}
		if err != nil {
			return 0, err
		}
	}
	return len(all), err
}

func (s *Service) sweepGone(ctx context.Context) (int, error) {
	all, err := s.rows(ctx, sqlGoneDue, func(r db.Row) row {
		return row{haven.AccountNo(r.Int64(0)), haven.AccountNo(r.Int64(1)), ID(r.Int64(2)), haven.Seq(r.Int64(3))}
	})
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return len(all), s.o.DB.Write(ctx, func(tx *db.Tx) error {
		for _, d := range all {
			tx.Exec(sqlSetHorizon, int64(d.an), int64(d.person), int64(d.seq))
			tx.Exec(sqlDropGone, int64(d.an), int64(d.person), int64(d.id))
		}
		return nil
	})
}
