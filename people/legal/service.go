package legal

import (
	"context"
	"encoding/json"

	"haven"
	"haven/people/account"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Options are what the service stands on; every field is needed.
type Options struct {
	DB     *db.DB
	Shared *sharedmailbox.Service
	Clock  clock.Clock
	Policy policy.Organisation
}

// Service keeps the legal particulars. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over the table that Schema made.
func New(o Options) *Service { return &Service{o} }

// Of is what the owners of a mailbox have written down; complete is false where that is nothing yet. Who asks has been let in to the mailbox.
func (s *Service) Of(ctx context.Context, mailbox haven.AccountNo) (p Particulars, complete bool, err error) {
	text := ""
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlOf, []any{int64(mailbox)}, func(r db.Row) error { text = r.Text(0); return nil })
	})
	if err != nil || text == "" {
		return p, false, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, false, errs.Wrap(errs.Internal, err, "")
	}
	return p, len(Check(p, s.o.Policy)) == 0, nil
}

// FooterOf is what letters from a mailbox end with, a line each; it is not complete where nobody has written down yet what they are to say.
func (s *Service) FooterOf(ctx context.Context, mailbox haven.AccountNo) (lines []string, complete bool, err error) {
	p, complete, err := s.Of(ctx, mailbox)
	if err == nil && complete {
		lines = Footer(p)
	}
	return lines, complete, err
}

// Set writes down the particulars of who runs the premises of a mailbox. The actor is an owner of it. It is Invalid, by the first fault's rule, where Check finds
// one.
func (s *Service) Set(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, p Particulars) error {
	p = Tidy(p)
	if faults := Check(p, s.o.Policy); len(faults) > 0 {
		return account.Refusal(errs.Invalid, faults[0].Verdict)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.o.Shared.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		now := s.o.Clock.Now()
		tx.Exec(sqlSet, int64(mailbox), db.Micros(now), string(text))
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "legal.set", On: a.ID, Rule: "legal.complete", Note: string(p.Kind)})
		return nil
	})
}
