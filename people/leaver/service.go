package leaver

import (
	"context"
	"fmt"
	"slices"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Notices tells people, in the transaction.
type Notices interface {
	// Left tells a person, at an address, that the posts at a place have ended; by is "" where the person did it.
	Left(tx *db.Tx, to string, l Leaving, by string) error
	// HasLeft tells an owner at the place.
	HasLeft(tx *db.Tx, owner account.Account, l Leaving) error
	// Succeeds tells somebody who is the owner of a mailbox from now on.
	Succeeds(tx *db.Tx, who, mailbox account.Account, l Leaving) error
	// Disputed opens a call in which a person says that the end of a post was wrong.
	Disputed(tx *db.Tx, actor haven.Actor, who account.Account, place organisation.Organisation, reason string) error
	// SaysWrong tells an owner at the place that somebody says so.
	SaysWrong(tx *db.Tx, owner, who account.Account, place organisation.Organisation) error
}

// Contacts tells how a person is reached.
type Contacts interface {
	Of(ctx context.Context, no haven.AccountNo) ([]account.Contact, error)
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB       *db.DB
	Accounts *account.Service
	Contacts Contacts
	Places   *organisation.Service
	Shared   *sharedmailbox.Service
	Notices  Notices
	Policy   policy.Policy
	Clock    clock.Clock
}

// Service ends posts. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over the table that Schema made.
func New(o Options) *Service { return &Service{o} }

var (
	errNone      = &errs.Error{Kind: errs.NotFound, Rule: "leaver.no-post", Say: "There is no such post, or it has ended."}
	errSuccessor = &errs.Error{Kind: errs.Invalid, Rule: "leaver.successor", Say: "Choose the new owner among those who have access to the mailbox now."}
)

// Plan says what it means that a person leaves a place: to the person, to an owner there, and to the service itself. It is NotFound for others, and
// where the person holds no post there.
func (s *Service) Plan(ctx context.Context, actor haven.Actor, person haven.AccountNo, at organisation.ID) (l Leaving, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		l, err = s.plan(tx, actor, person, at)
		return err
	})
	return l, err
}

func (s *Service) plan(tx *db.Tx, actor haven.Actor, person haven.AccountNo, at organisation.ID) (l Leaving, err error) {
	if err = s.may(tx, actor, person, at); err != nil {
		return l, err
	}
	if l.Person, err = account.ByNoIn(tx, person); err != nil {
		return l, err
	}
	posts, err := s.o.Places.HeldIn(tx, person)
	if err != nil {
		return l, err
	}
	for _, p := range posts {
		if p.Organisation == at {
			l.Roles = append(l.Roles, p.Role)
		}
	}
	if len(l.Roles) == 0 {
		return l, errNone
	}
	if l.Place, err = organisation.ByIDIn(tx, at); err != nil {
		return l, err
	}
	if l.Mailboxes, err = s.leftIn(tx, person, at); err != nil {
		return l, err
	}
	elsewhere, err := s.elsewhere(tx, person, l.Mailboxes)
	if l.Last = IsLeaver(l.Person.State, len(posts)-len(l.Roles), elsewhere); l.Last {
		l.Deleted = s.o.Clock.Now().Add(s.o.Policy.LifeCycle.LeaverDeleted)
	}
	return l, err
}

// may lets the person through, an owner at the place, and the service itself, which has to give its name.
func (s *Service) may(tx *db.Tx, actor haven.Actor, person haven.AccountNo, at organisation.ID) error {
	if actor.Person.IsZero() && actor.Program != "" {
		return nil
	}
	by, err := account.ByIDIn(tx, actor.Person)
	if err != nil || by.No == person {
		return err
	}
	orgs, err := s.o.Shared.OwnedIn(tx, by.No)
	if err == nil && !slices.Contains(orgs, at) {
		return errNone
	}
	if err != nil {
		return err
	}
	return s.o.Shared.FactorIn(tx, by.No)
}

// leftIn are the mailboxes of a place that a person loses.
func (s *Service) leftIn(tx *db.Tx, person haven.AccountNo, at organisation.ID) (all []Left, err error) {
	boxes, err := sharedmailbox.OfIn(tx, at)
	if err != nil {
		return nil, err
	}
	now := s.o.Clock.Now()
	for _, no := range boxes {
		members, err := sharedmailbox.MembersIn(tx, no)
		if err != nil {
			return nil, err
		}
		mine := slices.IndexFunc(members, func(m sharedmailbox.Membership) bool { return m.Person.No == person })
		if mine < 0 {
			continue
		}
		stay := slices.Delete(slices.Clone(members), mine, mine+1)
		l := Left{Few: IsFew(live(members, now), live(stay, now), s.o.Policy.Shared)}
		if l.Mailbox, err = account.ByNoIn(tx, no); err != nil {
			return nil, err
		}
		l.Sole = l.Mailbox.State == account.Active && sharedmailbox.LiveOwners(members, now) > 0 && sharedmailbox.LiveOwners(stay, now) < s.o.Policy.Shared.MinOwners
		for _, m := range stay {
			if sharedmailbox.MaySucceed(m, now) {
				l.Candidates = append(l.Candidates, m.Person)
			}
		}
		all = append(all, l)
	}
	return all, nil
}

func live(all []sharedmailbox.Membership, now time.Time) (n int) {
	for _, m := range all {
		if isLive(m, now) {
			n++
		}
	}
	return n
}

// elsewhere counts the mailboxes but those in which a person has access without an end.
func (s *Service) elsewhere(tx *db.Tx, person haven.AccountNo, but []Left) (n int, err error) {
	endless, err := sharedmailbox.EndlessIn(tx, person)
	for _, no := range endless {
		if !slices.ContainsFunc(but, func(l Left) bool { return l.Mailbox.No == no }) {
			n++
		}
	}
	return n, err
}

// End ends a person's posts at a place, and with them its mailboxes: by the person, by an owner there, or by the service itself. Successors become
// owners in the same step. It is NotFound as Plan is, and Invalid (leaver.successor, leaver.continuity) where an answer lacks; then nothing is done.
func (s *Service) End(ctx context.Context, actor haven.Actor, person haven.AccountNo, at organisation.ID, a Answer) (l Leaving, err error) {
	contacts, err := s.o.Contacts.Of(ctx, person)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return l, err
	}
	var touched []haven.AccountNo
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if touched, err = s.lock(tx, actor, person, at, a); err != nil {
			return err
		}
		if l, err = s.plan(tx, actor, person, at); err != nil {
			return err
		}
		v := MayLeave(factsOf(l, a), a.Reason)
		if !v.Allowed {
			return account.Refusal(errs.Invalid, v)
		}
		if err := s.end(tx, actor, l, a, v.Rule); err != nil {
			return err
		}
		return s.tell(tx, actor, l, a, contacts)
	})
	if err == nil {
		s.o.Shared.Announce(touched...)
	}
	return l, err
}

// lock locks the mailboxes of a place, the person, the successors and who acts.
func (s *Service) lock(tx *db.Tx, actor haven.Actor, person haven.AccountNo, at organisation.ID, a Answer) ([]haven.AccountNo, error) {
	locks, err := sharedmailbox.OfIn(tx, at)
	if err != nil {
		return nil, err
	}
	locks = append(locks, person)
	for _, no := range a.Successors {
		locks = append(locks, no)
	}
	if !actor.Person.IsZero() {
		by, err := account.ByIDIn(tx, actor.Person)
		if err != nil {
			return nil, err
		}
		locks = append(locks, by.No)
	}
	return locks, account.Lock(tx, locks...)
}

func factsOf(l Leaving, a Answer) (all []MailboxFacts) {
	for _, b := range l.Mailboxes {
		all = append(all, MailboxFacts{Sole: b.Sole, Successor: b.successor(a).No != 0, Few: b.Few})
	}
	return all
}

// successor is who was named for a mailbox, if that can be.
func (l Left) successor(a Answer) account.Account {
	for _, c := range l.Candidates {
		if c.No == a.Successors[l.Mailbox.No] {
			return c
		}
	}
	return account.Account{}
}

func (s *Service) end(tx *db.Tx, actor haven.Actor, l Leaving, a Answer, rule haven.Rule) error {
	for _, role := range l.Roles {
		if err := s.o.Places.EndPostIn(tx, actor, l.Person, l.Place.ID, role); err != nil {
			return err
		}
	}
	for _, b := range l.Mailboxes {
		to := b.successor(a).No
		if named := a.Successors[b.Mailbox.No]; named != to {
			return errSuccessor
		}
		if err := s.o.Shared.PassOnIn(tx, actor, b.Mailbox, l.Person, to, rule); err != nil {
			return err
		}
	}
	note := fmt.Sprint(l.Place.ID)
	if a.Reason != "" && slices.ContainsFunc(l.Mailboxes, func(b Left) bool { return b.Few }) {
		note += " few: " + string(a.Reason)
	}
	now := s.o.Clock.Now()
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "leaver.left", On: l.Person.ID, Rule: rule, Note: note})
	if actor.Person != l.Person.ID {
		tx.Exec(sqlEnded, int64(l.Person.No), int64(l.Place.ID), db.Micros(now))
	}
	if !l.Last {
		return nil
	}
	return s.o.Accounts.SetStateIn(tx, actor, l.Person.No, account.Leaver, "leaver.last-post")
}

// tell tells the person, at the own address and outside, the owners who stay, and the successors.
func (s *Service) tell(tx *db.Tx, actor haven.Actor, l Leaving, a Answer, contacts []account.Contact) error {
	by := ""
	if actor.Person != l.Person.ID {
		by = "The helpdesk"
		if !actor.Person.IsZero() {
			who, err := account.ByIDIn(tx, actor.Person)
			if err != nil {
				return err
			}
			by = who.Display
		}
	}
	to := []string{l.Person.Address.String()}
	for _, c := range contacts {
		if c.Kind == account.PersonalEmail {
			to = append(to, c.Value)
		}
	}
	for _, address := range to {
		if err := s.o.Notices.Left(tx, address, l, by); err != nil {
			return err
		}
	}
	owners, err := s.o.Shared.OwnersIn(tx, []organisation.ID{l.Place.ID})
	if err != nil {
		return err
	}
	for _, o := range owners {
		if o.ID == actor.Person {
			continue
		}
		if err := s.o.Notices.HasLeft(tx, o, l); err != nil {
			return err
		}
	}
	for _, b := range l.Mailboxes {
		if who := b.successor(a); who.No != 0 {
			if err := s.o.Notices.Succeeds(tx, who, b.Mailbox, l); err != nil {
				return err
			}
		}
	}
	return nil
}
