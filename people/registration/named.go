package registration

import (
	"context"
	"fmt"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// mostNamings is how many questions a person is shown at once.
const mostNamings = 100

// NamedFor lists the registrations that named a person who has an account, and that the person has not answered yet.
func (s *Service) NamedFor(ctx context.Context, person haven.AccountNo) (all []Naming, err error) {
	var owners []personRow
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, owners = nil, nil
		var orgs []organisation.ID
		if err := tx.Query(sqlNamedFor, []any{int64(person), int64(mostNamings)}, func(r db.Row) error {
			all = append(all, Naming{Ref: Ref(r.Text(0)), Place: int(r.Int64(1)), At: db.Moment(r.Int64(3))})
			orgs = append(orgs, organisation.ID(r.Int64(2)))
			return nil
		}); err != nil {
			return err
		}
		for i := range all {
			o, err := organisation.ByIDIn(tx, orgs[i])
			if err != nil {
				return err
			}
			all[i].Premises = shown(o, organisation.Contact{})
			owner, err := personIn(tx, all[i].Ref, 0)
			if err != nil {
				return err
			}
			if owners = append(owners, owner); owner.sealed == nil {
				a, err := account.ByNoIn(tx, owner.account)
				if err != nil {
					return err
				}
				all[i].By = a.Display
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Owner() {
			all[i].By = ""
		} else if owners[i].sealed != nil { // who has not answered either: as the applicant wrote it
			p, err := s.open(owners[i])
			if err != nil {
				return nil, err
			}
			all[i].By = p.Name()
		}
	}
	return all, nil
}

// Confirm is a person's "yes" to having been named, from inside the own account: the person becomes what the application
// said, owner or member, and holds a post there. With an owner's yes the mailbox opens. It is NotFound for what is no
// question to this person, or was answered.
func (s *Service) Confirm(ctx context.Context, actor haven.Actor, ref Ref, place int) error {
	var tell []haven.AccountNo
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		who, a, row, err := s.lockNamed(tx, actor, ref, place)
		if err != nil {
			return err
		}
		if a.frozen {
			return refusal(MayGoOn(a.state, true, s.now(), s.now(), 0))
		}
		if who.State == account.Leaver { // joined again (Rules 7)
			if err := s.o.Accounts.SetStateIn(tx, actor, who.No, account.Active, "registration.joined"); err != nil {
				return err
			}
		}
		if err := s.admit(tx, actor, a, who.No, place); err != nil {
			return err
		}
		if err := s.o.Places.AddPostIn(tx, actor, organisation.Post{Person: who.No, Organisation: a.org, Role: roleOf(place)}); err != nil && !errs.Is(err, errs.Conflict) {
			return err
		}
		s.settle(tx, actor, row, who, personConfirmed, "registration.confirmed")
		tx.Exec(sqlTaskDone, string(ref), int64(TaskOwner), int64(place), s.now().UnixMicro())
		tell = []haven.AccountNo{a.mailbox, who.No}
		return nil
	})
	if err == nil {
		s.o.Shared.Announce(tell...)
	}
	return err
}

// admit lets a person into the mailbox of an application, whose accounts the transaction has locked, and opens the mailbox
// to everybody once it has its owner.
func (s *Service) admit(tx *db.Tx, actor haven.Actor, a application, person haven.AccountNo, place int) error {
	g := sharedmailbox.Grant{Person: person, Rights: haven.Member}
	if place == 0 {
		g.Rights = haven.Owner
	}
	if err := s.o.Shared.AddMemberIn(tx, actor, a.mailbox, g); err != nil && !errs.Is(err, errs.Conflict) {
		return err
	}
	return s.unblock(tx, actor, a.mailbox, "registration.owner-confirmed")
}

// shut blocks a mailbox that a registration made, unless it is blocked already.
func (s *Service) shut(tx *db.Tx, actor haven.Actor, box account.Account, rule haven.Rule) error {
	if box.State != account.Active {
		return nil
	}
	tx.Exec(sqlShut, int64(box.No), int64(1))
	return s.o.Accounts.SetStateIn(tx, actor, box.No, account.Blocked, rule)
}

// unblock opens a mailbox that its registration shut, if it has an owner who can act. One that was blocked for another
// reason stays so.
func (s *Service) unblock(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, rule haven.Rule) error {
	ours := false
	if err := tx.Query(sqlIsShut, []any{int64(mailbox)}, func(db.Row) error { ours = true; return nil }); err != nil || !ours {
		return err
	}
	all, err := sharedmailbox.MembersIn(tx, mailbox)
	if err != nil || sharedmailbox.LiveOwners(all, s.now()) == 0 {
		return err
	}
	tx.Exec(sqlShut, int64(mailbox), int64(0))
	box, err := account.ByNoIn(tx, mailbox)
	if err != nil || box.State != account.Blocked {
		return err
	}
	return s.o.Accounts.SetStateIn(tx, actor, mailbox, account.Active, rule)
}

// lockNamed takes a person, a mailbox and an application for the transaction, and finds the question that the actor answers.
func (s *Service) lockNamed(tx *db.Tx, actor haven.Actor, ref Ref, place int) (who account.Account, a application, row personRow, err error) {
	if actor.Person.IsZero() {
		return who, a, row, errNotNamed
	}
	if who, err = account.ByIDIn(tx, actor.Person); err != nil {
		return who, a, row, err
	}
	if a, err = appIn(tx, ref); err != nil || a.mailbox == 0 {
		return who, a, row, errNotNamed
	}
	if err = account.Lock(tx, who.No, a.mailbox); err != nil {
		return who, a, row, err
	}
	if a, err = s.lockApp(tx, ref); err != nil {
		return who, a, row, err
	}
	if who, err = account.ByNoIn(tx, who.No); err != nil {
		return who, a, row, err
	}
	if row, err = personIn(tx, ref, place); err == nil && (row.state != personNamed || row.account != who.No) {
		err = errNotNamed
	}
	return who, a, row, err
}

// settle writes down what became of a question, after which nobody needs what the applicant wrote.
func (s *Service) settle(tx *db.Tx, actor haven.Actor, row personRow, who account.Account, state int64, what string) {
	tx.Exec(sqlSetPerson, string(row.ref), int64(row.place), int64(row.account), state)
	if state == personConfirmed {
		tx.Exec(sqlForgetWhat, string(row.ref), int64(row.place))
	}
	audit.Record(tx, audit.Entry{At: s.now(), Actor: actor, What: what, On: who.ID, Rule: "registration.named", Note: fmt.Sprintf("%s %d", row.ref, row.place)})
}

// Decline is a person's "not me", from inside the own account. Nothing is made; the desk gets a task, since the applicant may
// have meant somebody of the same name (Another).
func (s *Service) Decline(ctx context.Context, actor haven.Actor, ref Ref, place int) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		who, a, row, err := s.lockNamed(tx, actor, ref, place)
		if err != nil {
			return err
		}
		s.decline(tx, actor, a, row, who)
		return nil
	})
}

func (s *Service) decline(tx *db.Tx, actor haven.Actor, a application, row personRow, who account.Account) {
	s.settle(tx, actor, row, who, personNotMe, "registration.not-me")
	tx.Exec(sqlPutTask, string(row.ref), int64(TaskNotMe), int64(row.place), int64(a.org), s.now().UnixMicro())
}

// NotMe is the same by the link in the letter that told somebody of having been named. A new account that nobody has
// activated is blocked at once, which is never refused; one that is in use stays as it is, and the desk looks at it. The
// token serves once. It is NotFound for one that is unknown, was used or has expired.
func (s *Service) NotMe(ctx context.Context, actor haven.Actor, t Token) error {
	ref, place, err := s.tokenOf(ctx, t, tokenNotMe)
	if err != nil {
		return err
	}
	var row personRow
	if err := s.o.DB.Read(ctx, func(tx *db.Tx) error { row, err = personIn(tx, ref, place); return err }); err != nil {
		return err
	}
	if row.state == personMade {
		if err := s.blockInvited(ctx, actor, row.account); err != nil {
			return err
		}
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.lockApp(tx, ref)
		if err != nil {
			return err
		}
		if row, err = personIn(tx, ref, place); err != nil {
			return err
		}
		n, err := tx.Change(sqlDropToken, hashOf(t))
		if err != nil {
			return err
		}
		if n == 0 {
			return errLink
		}
		if row.state != personNamed && row.state != personMade {
			return nil // answered already
		}
		who, err := account.ByNoIn(tx, row.account)
		if err != nil {
			return err
		}
		s.decline(tx, actor, a, row, who)
		return nil
	})
}

// blockInvited blocks an account that was not activated yet; sharedmailbox sees to the mailbox that it may have owned.
func (s *Service) blockInvited(ctx context.Context, actor haven.Actor, no haven.AccountNo) error {
	a, err := s.o.Accounts.ByNo(ctx, no)
	if err != nil || a.State != account.Invited {
		return err
	}
	_, err = s.o.Shared.SetState(ctx, actor, no, account.Blocked, "registration.not-me")
	return err
}

var errLink = &errs.Error{Kind: errs.NotFound, Rule: "registration.link", Say: "This link has expired or was used already. The helpdesk can help you."}

// tokenOf is what a link is about; errLink where it serves no more.
func (s *Service) tokenOf(ctx context.Context, t Token, kind int) (ref Ref, place int, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ref = ""
		if err := tx.Query(sqlToken, []any{hashOf(t), int64(kind), s.now().UnixMicro()}, func(r db.Row) error {
			ref, place = Ref(r.Text(0)), int(r.Int64(1))
			return nil
		}); err != nil {
			return err
		}
		if ref == "" {
			return errLink
		}
		return nil
	})
	return ref, place, err
}

// Another is the desk's decision that an application named somebody who only looked like a person with an account: the
// account is made now, as it would have been, and opens what it was named for. It is NotFound for a person who was not
// taken for another, or who said yes.
func (s *Service) Another(ctx context.Context, actor haven.Actor, ref Ref, place int) (account.Account, error) {
	var row personRow
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) { row, err = personIn(tx, ref, place); return err })
	if err != nil {
		return account.Account{}, err
	}
	if row.state != personNamed && row.state != personNotMe || row.sealed == nil {
		return account.Account{}, errNotNamed
	}
	written, err := s.open(row)
	if err != nil {
		return account.Account{}, err
	}
	r, err := s.prepare(ctx, written)
	if err != nil {
		return account.Account{}, err
	}
	var made account.Account
	var box haven.AccountNo
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		made, box, err = s.another(tx, actor, ref, place, r)
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	s.o.Shared.Announce(box, made.No)
	return made, nil
}

func (s *Service) another(tx *db.Tx, actor haven.Actor, ref Ref, place int, r ready) (made account.Account, box haven.AccountNo, err error) {
	if err := s.o.Accounts.LockNames(tx); err != nil {
		return made, 0, err
	}
	a, err := appIn(tx, ref)
	if err != nil {
		return made, 0, err
	}
	if err := account.Lock(tx, a.mailbox); err != nil {
		return made, 0, err
	}
	if a, err = s.lockApp(tx, ref); err != nil {
		return made, 0, err
	}
	row, err := personIn(tx, ref, place)
	if err != nil {
		return made, 0, err
	}
	if row.state != personNamed && row.state != personNotMe || row.sealed == nil {
		return made, 0, errNotNamed
	}
	if a.frozen {
		return made, 0, refusal(MayGoOn(a.state, true, s.now(), s.now(), 0))
	}
	o, err := organisation.ByIDIn(tx, a.org)
	if err != nil {
		return made, 0, err
	}
	if made, err = s.make(tx, actor, r, a.org, roleOf(place)); err != nil {
		return made, 0, err
	}
	if err := s.admit(tx, actor, a, made.No, place); err != nil {
		return made, 0, err
	}
	row.account = made.No
	s.settle(tx, actor, row, made, personMade, "registration.another")
	tx.Exec(sqlForgetWhat, string(ref), int64(place))
	tx.Exec(sqlMade, int64(a.org), int64(1))
	for _, kind := range []TaskKind{TaskNotMe, TaskOwner} {
		tx.Exec(sqlTaskDone, string(ref), int64(kind), int64(place), s.now().UnixMicro())
	}
	return made, a.mailbox, s.invite(tx, ref, place, r, made, true, o, "")
}
