package account

import (
	"context"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
)

// RuleShut is the rule by which a mail program is turned away from a mailbox that opens on the pages alone.
const RuleShut = "programs.shut"

// SetPrograms opens a mailbox, a person's own or a shared one, to mail programs, or shuts it to them; every mailbox begins open. Shut, it opens on the pages alone:
// app passwords for it log in no more, sessions that look at it end, and nothing is sent as it but from the pages. The caller has made sure that it is an
// operator who acts.
func (s *Service) SetPrograms(ctx context.Context, actor haven.Actor, no haven.AccountNo, open bool) error {
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := Lock(tx, no); err != nil {
			return err
		}
		a, err := ByNoIn(tx, no)
		if err != nil {
			return err
		}
		n, err := tx.Change(sqlSetPrograms, int64(no), !open)
		if err != nil || n == 0 {
			return err
		}
		what := "account.programs-shut"
		if open {
			what = "account.programs-opened"
		}
		audit.Record(tx, audit.Entry{At: s.Now(), Actor: actor, What: what, On: a.ID, Rule: "programs.set"})
		return nil
	})
	if err == nil {
		s.announce(no)
	}
	return err
}

// Programs reports whether mail programs may open a mailbox.
func (s *Service) Programs(ctx context.Context, no haven.AccountNo) (open bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		found := false
		err := tx.Query(sqlPrograms, []any{int64(no)}, func(r db.Row) error { found, open = true, !r.Bool(0); return nil })
		if err == nil && !found {
			err = ErrUnknown
		}
		return err
	})
	return open, err
}
