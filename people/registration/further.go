package registration

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// asker and wanted are the places of an application for one more account: the owner who asks, and the person.
const (
	asker  = 0
	wanted = 1
)

// reasonRunes bounds why an account is needed, and why it is refused.
const reasonRunes = 1000

// Wanted is a request for one more account, as the local team sees it.
type Wanted struct {
	Person   Person
	By       string // the owner who asks
	Reason   string
	Premises Premises
}

// writtenFurther is what is sealed of a request.
type writtenFurther struct {
	Person
	Reason string
}

// Further asks for an account for a colleague at a mailbox, by one of its owners. While the premises has had fewer accounts than each gets (Rules 4) it is done at
// once, and made is true; else the local team decides. Whoever has an account is asked in it, and the answer is the same. It is Invalid where an answer can't be taken.
func (s *Service) Further(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, p Person, reason string) (made bool, err error) {
	people, faults := CheckPeople([]Person{p}, s.o.Policy)
	if len(faults) > 0 {
		return false, account.Refusal(errs.Invalid, faults[0].Verdict)
	}
	reason = strings.TrimSpace(reason)
	if utf8.RuneCountInString(reason) > reasonRunes {
		return false, account.Refusal(errs.Invalid, MayFurther(FurtherFacts{}, 1))
	}
	var random [refLetters]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	f := further{s: s, actor: actor, mailbox: mailbox, ref: makeRef(random)}
	plain, err := json.Marshal(writtenFurther{people[0], reason})
	if err != nil {
		return false, err
	}
	if f.sealed, err = s.sealer.Seal(nil, plain, boundTo(f.ref, wanted)); err != nil {
		return false, err
	}
	if f.ready, err = s.prepare(ctx, people[0]); err != nil {
		return false, err
	}
	var tell []haven.AccountNo
	var v haven.Verdict
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		v, tell, err = f.ask(tx, people[0], reason != "")
		return err
	})
	if err == nil && !v.Allowed {
		err = account.Refusal(errs.Invalid, v)
	}
	if err != nil {
		return false, err
	}
	s.o.Shared.Announce(tell...)
	return v.Rule == "registration.further-made", nil
}

// further is one request, with what a transaction may not do for it.
type further struct {
	s       *Service
	actor   haven.Actor
	mailbox haven.AccountNo
	ref     Ref
	sealed  []byte
	ready   ready
}

// ask writes the request down, and makes the account where nobody has to decide.
func (f further) ask(tx *db.Tx, p Person, reason bool) (v haven.Verdict, tell []haven.AccountNo, err error) {
	s, now := f.s, f.s.now()
	if err := s.o.Accounts.LockNames(tx); err != nil {
		return v, nil, err
	}
	box, err := s.o.Shared.ManageIn(tx, f.actor, f.mailbox)
	if err != nil {
		return v, nil, err
	}
	owner, err := account.ByIDIn(tx, f.actor.Person)
	if err != nil {
		return v, nil, err
	}
	org, err := sharedmailbox.OrganisationIn(tx, f.mailbox)
	if err != nil {
		return v, nil, err
	}
	if err := s.lockPremises(tx, org); err != nil {
		return v, nil, err
	}
	facts := FurtherFacts{Reason: reason}
	if facts.Left, err = s.left(tx, org); err != nil {
		return v, nil, err
	}
	if err := tx.Query(sqlOpenFurther, []any{int64(org), int64(TaskFurther)}, func(r db.Row) error { facts.Open = int(r.Int64(0)); return nil }); err != nil {
		return v, nil, err
	}
	if v = MayFurther(facts, s.o.Policy.Registration.Further); !v.Allowed {
		return v, nil, nil
	}
	tx.Exec(sqlPutFurther, string(f.ref), int64(org), now.UnixMicro(), int64(f.mailbox))
	tx.Exec(sqlPutPerson, string(f.ref), int64(asker), nil, now.UnixMicro())
	tx.Exec(sqlSetPerson, string(f.ref), int64(asker), int64(owner.No), int64(personMade))
	tx.Exec(sqlPutPerson, string(f.ref), int64(wanted), f.sealed, now.UnixMicro())
	audit.Record(tx, audit.Entry{At: now, Actor: f.actor, What: "registration.further", On: box.ID, Rule: v.Rule, Note: string(f.ref)})
	if v.Rule == "registration.further-asked" {
		tx.Exec(sqlPutTask, string(f.ref), int64(TaskFurther), int64(wanted), int64(org), now.UnixMicro())
		return v, nil, nil
	}
	tell, err = f.grant(tx, p, org, owner)
	return v, tell, err
}

// grant makes the account, or asks who has one already. The transaction has locked names and premises.
func (f further) grant(tx *db.Tx, p Person, org organisation.ID, owner account.Account) (tell []haven.AccountNo, err error) {
	s := f.s
	o, err := organisation.ByIDIn(tx, org)
	if err != nil {
		return nil, err
	}
	twin, rule, err := s.twin(tx, p, org, nil)
	if err != nil {
		return nil, err
	}
	if twin.No != 0 {
		tx.Exec(sqlSetPerson, string(f.ref), int64(wanted), int64(twin.No), int64(personNamed))
		audit.Record(tx, audit.Entry{At: s.now(), Actor: f.actor, What: "registration.twin", On: twin.ID, Rule: rule, Note: string(f.ref)})
		return nil, s.invite(tx, f.ref, wanted, f.ready, twin, false, o, owner.Display)
	}
	made, err := s.make(tx, f.actor, f.ready, org, roleOf(wanted))
	if err != nil {
		return nil, err
	}
	if err := s.o.Shared.AddMemberIn(tx, f.actor, f.mailbox, sharedmailbox.Grant{Person: made.No, Rights: haven.Member}); err != nil {
		return nil, err
	}
	tx.Exec(sqlSetPerson, string(f.ref), int64(wanted), int64(made.No), int64(personMade))
	tx.Exec(sqlForgetWhat, string(f.ref), int64(wanted))
	tx.Exec(sqlMade, int64(org), int64(1))
	return []haven.AccountNo{f.mailbox, made.No}, s.invite(tx, f.ref, wanted, f.ready, made, true, o, owner.Display)
}

// WantedBy is a request that waits, for who decides about it; NotFound where none does.
func (s *Service) WantedBy(ctx context.Context, ref Ref) (w Wanted, err error) {
	var row personRow
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		a, by, waiting, err := s.waitingFurther(tx, ref)
		if err != nil {
			return err
		}
		row, w.By = waiting, by.Display
		o, err := organisation.ByIDIn(tx, a.org)
		w.Premises = shown(o, organisation.Contact{})
		return err
	})
	if err != nil {
		return w, err
	}
	written, err := s.openFurther(row)
	w.Person, w.Reason = written.Person, written.Reason
	return w, err
}

var errNotWanted = &errs.Error{Kind: errs.NotFound, Rule: "registration.further-none", Say: "There is no such request, or it was decided already."}

func (s *Service) waitingFurther(tx *db.Tx, ref Ref) (a application, by account.Account, row personRow, err error) {
	if a, err = appIn(tx, ref); err != nil {
		return a, by, row, errNotWanted
	}
	open := false
	if err = tx.Query(sqlIsOpen, []any{string(ref), int64(TaskFurther), int64(wanted)}, func(db.Row) error { open = true; return nil }); err != nil {
		return a, by, row, err
	}
	if !open {
		return a, by, row, errNotWanted
	}
	first, err := personIn(tx, ref, asker)
	if err != nil {
		return a, by, row, err
	}
	if by, err = account.ByNoIn(tx, first.account); err != nil {
		return a, by, row, err
	}
	row, err = personIn(tx, ref, wanted)
	return a, by, row, err
}

func (s *Service) openFurther(row personRow) (w writtenFurther, err error) {
	plain, err := s.sealer.Open(nil, row.sealed, boundTo(row.ref, row.place))
	if err != nil {
		return w, err
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &w); err != nil {
		return w, errs.Wrap(errs.Internal, err, "")
	}
	return w, nil
}

// Grant is the local team's yes to a request: the account is made as a registration makes it, and opens the mailbox; who has one already is asked in it. The owner
// who asked is told. It is NotFound where nothing waits.
func (s *Service) Grant(ctx context.Context, actor haven.Actor, ref Ref) error {
	w, row, err := s.readWanted(ctx, ref)
	if err != nil {
		return err
	}
	f := further{s: s, actor: actor, ref: ref}
	if f.ready, err = s.prepare(ctx, w.Person); err != nil {
		return err
	}
	var tell []haven.AccountNo
	err = s.decide(ctx, actor, ref, row, "registration.further-granted", "", w, func(tx *db.Tx, a application, by account.Account) error {
		f.mailbox = a.mailbox
		tell, err = f.grant(tx, w.Person, a.org, by)
		return err
	})
	if err == nil {
		s.o.Shared.Announce(tell...)
	}
	return err
}

// Refuse is the local team's no, with a reason that the owner reads. It is Invalid without one, and NotFound where nothing waits.
func (s *Service) Refuse(ctx context.Context, actor haven.Actor, ref Ref, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > reasonRunes {
		return &errs.Error{Kind: errs.Invalid, Rule: "registration.refuse-reason", Say: fmt.Sprintf("Say why, in at most %d characters. The owner who asked reads it.", reasonRunes)}
	}
	w, row, err := s.readWanted(ctx, ref)
	if err != nil {
		return err
	}
	return s.decide(ctx, actor, ref, row, "registration.further-refused", reason, w, func(tx *db.Tx, _ application, _ account.Account) error {
		tx.Exec(sqlForgetWhat, string(ref), int64(wanted))
		return nil
	})
}

func (s *Service) readWanted(ctx context.Context, ref Ref) (w writtenFurther, row personRow, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		_, _, row, err = s.waitingFurther(tx, ref)
		return err
	})
	if err != nil {
		return w, row, err
	}
	w, err = s.openFurther(row)
	return w, row, err
}

// decide closes a request that still waits as it was read, and tells the owner who asked.
func (s *Service) decide(ctx context.Context, actor haven.Actor, ref Ref, read personRow, rule haven.Rule, reason string, w writtenFurther, do func(*db.Tx, application, account.Account) error) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.o.Accounts.LockNames(tx); err != nil {
			return err
		}
		a, err := appIn(tx, ref)
		if err != nil {
			return errNotWanted
		}
		if err := account.Lock(tx, a.mailbox); err != nil {
			return err
		}
		if _, err := s.lockApp(tx, ref); err != nil {
			return err
		}
		a, by, row, err := s.waitingFurther(tx, ref)
		if err != nil {
			return err
		}
		if !bytes.Equal(row.sealed, read.sealed) {
			return errNotWanted
		}
		if a.frozen {
			return refusal(MayGoOn(a.state, true, s.now(), s.now(), 0))
		}
		if err := do(tx, a, by); err != nil {
			return err
		}
		box, err := account.ByNoIn(tx, a.mailbox)
		if err != nil {
			return err
		}
		tx.Exec(sqlTaskDone, string(ref), int64(TaskFurther), int64(wanted), s.now().UnixMicro())
		audit.Record(tx, audit.Entry{At: s.now(), Actor: actor, What: string(rule), On: box.ID, Rule: rule, Note: string(ref)})
		return s.o.Notices.FurtherDecided(tx, by, w.Name(), box, reason)
	})
}
