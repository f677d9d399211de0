package account

import (
	"context"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// open makes the session: the person's own account, or the shared mailbox that the log in or its app password
// names, where the person may open it.
func (s *Service) open(ctx context.Context, k known, f Face, person, target haven.Address) (ses Session, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ses = Session{Person: k.account, Target: k.account, Expires: k.expires, Proof: k.proof(f)}
		ses.Changes = k.must || k.account.State == Invited || !k.expires.IsZero() && !s.Now().Before(k.expires)
		if err := s.chooseTarget(tx, &ses, k, person, target); err != nil {
			return err
		}
		ses.Rights, ses.Verdict, err = s.rightsBy(f)(tx, ses.Person.No, ses.Target.No)
		switch {
		case err != nil:
			return err
		case ses.Verdict.Rule == RuleShut:
			return &errs.Error{Kind: errs.Denied, Rule: RuleShut, Say: "This mailbox does not open to mail programs. " + atPortal(s.o.Portal, "Read it at %s.", "Read it on the pages.")}
		case ses.Rights == 0 && !ses.Shared() && f == Program && ses.Verdict.Rule == RuleVouched:
			return &errs.Error{Kind: errs.Denied, Rule: RuleVouched, Say: "Somebody vouched for you: until you have confirmed it, your account opens the mailboxes of that owner alone. " + atPortal(s.o.Portal, "See %s.", "The helpdesk can tell you more.")}
		case ses.Rights == 0 && ses.Shared():
			return errNoTarget
		}
		return nil
	})
	if err != nil {
		return Session{}, err
	}
	return ses, nil
}

// rightsBy asks for who comes by a face.
func (s *Service) rightsBy(f Face) func(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	if f == Program {
		return s.o.Access.InByProgram
	}
	return s.o.Access.In
}

var errNoTarget = &errs.Error{Kind: errs.NotFound, Rule: "login.target", Say: "There is no such mailbox that you may open."}

func (s *Service) chooseTarget(tx *db.Tx, ses *Session, k known, person, target haven.Address) (err error) {
	named := target.Key() != person.Key()
	if named {
		ses.Target, err = s.ResolveIn(tx, target)
		if errs.Is(err, errs.NotFound) {
			return errNoTarget
		}
		if err != nil {
			return err
		}
	}
	if k.app == nil || k.app.target == ses.Target.No {
		return nil
	}
	if named {
		return errNoTarget // an app password opens the one mailbox that it was made for (Rules 6)
	}
	ses.Target, err = ByNoIn(tx, k.app.target)
	return err
}

// ErrSender is the answer to who may not send from an address, whether or not there is such an address.
var ErrSender = senderRefusal()

func senderRefusal() error {
	_, v := MayUse(0, false)
	return Refusal(errs.Denied, v)
}

// Use is how a person may use an address to send from.
type Use struct {
	Account  Account // whose address it is
	OnBehalf bool    // Sender: has to name the person (Rules 3)
}

// MayUse says how a person may send from an address, on the pages or with a mail program: one of the own, or of a shared mailbox. It is ErrSender
// where the person may not.
func (s *Service) MayUse(ctx context.Context, person haven.AccountNo, addr haven.Address, f Face) (u Use, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		u = Use{}
		former := false
		err := tx.Query(sqlSender, []any{addr.Key(), s.Now().UnixMicro()}, func(r db.Row) error {
			u.Account, former = scanAccount(r), r.Int64(accountWidth) == roleFormer
			return nil
		})
		if err != nil {
			return err
		}
		rights, _, err := s.rightsBy(f)(tx, person, u.Account.No)
		if err != nil {
			return err
		}
		var v haven.Verdict
		if u.OnBehalf, v = MayUse(rights, former); !v.Allowed {
			return ErrSender
		}
		return nil
	})
	if err != nil {
		return Use{}, err
	}
	return u, nil
}
