package sharedmailbox

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"haven"
	"haven/people/access"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharenotification"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Announcer hears, after the commit, of accounts whose members or rights changed: the mailbox, so that sessions
// that stand in it look again, and the person, so that the list of mailboxes is told anew. It must not block.
type Announcer interface {
	AccessChanged(accounts ...haven.AccountNo)
}

// SecondFactor says whether a person may act as an owner, as far as the second factor goes, and notes who was asked for one;
// secondfactor.Service does.
type SecondFactor interface {
	OwnerIn(tx *db.Tx, no haven.AccountNo) error
	AskedIn(tx *db.Tx, actor haven.Actor, who account.Account) error
}

// Options are what the service stands on.
type Options struct {
	DB        *db.DB
	Accounts  *account.Service
	Access    *access.Service
	Announcer Announcer // may be nil
	Factor    SecondFactor
	Reading   Reading
	Policy    policy.Policy
	Clock     clock.Clock
	Logger    *slog.Logger // nil: nothing is logged
}

// Service keeps shared mailboxes. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{o}
}

// Create makes a shared mailbox with its addresses and first owners. Whoever calls has decided that it may be
// made (registration, head office, operator). It is Invalid without an owner (sharedmailbox.no-owner), Conflict
// where an address is or was another's.
func (s *Service) Create(ctx context.Context, actor haven.Actor, spec Spec) (account.Account, error) {
	if err := s.Complete(actor, &spec); err != nil {
		return account.Account{}, err
	}
	if len(spec.Owners) == 0 {
		return account.Account{}, &errs.Error{Kind: errs.Invalid, Rule: "sharedmailbox.no-owner", Say: "Name at least one owner."}
	}
	no, err := s.o.Accounts.Reserve(ctx, haven.Shared)
	if err != nil {
		return account.Account{}, err
	}
	var a account.Account
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err = s.CreateIn(tx, actor, no, spec)
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	s.announce(spec.people()...)
	return a, nil
}

func (spec Spec) people() []haven.AccountNo {
	return append(append([]haven.AccountNo(nil), spec.Owners...), spec.Members...)
}

// Complete fills in what a spec leaves out, by Rules 2, and refuses as Invalid what can't be made: before CreateIn.
func (s *Service) Complete(actor haven.Actor, spec *Spec) error {
	if actor.Person.IsZero() && actor.Program == "" {
		return errNobody
	}
	if strings.ContainsFunc(spec.Name+spec.Place, account.NotShown) {
		return &errs.Error{Kind: errs.Invalid, Rule: "account.name", Say: "The name and place of a premises hold what can be shown only."}
	}
	if spec.Kind == 0 {
		spec.Kind = organisation.Pharmacy
	}
	if spec.ODS != "" {
		code, v := organisation.ParseCode(spec.Kind, string(spec.ODS))
		if !v.Allowed {
			return account.Refusal(errs.Invalid, v)
		}
		spec.ODS = code
	}
	if spec.Domain == "" {
		spec.Domain = s.o.Accounts.Domain()
	}
	if spec.Display == "" {
		spec.Display = DisplayName(spec.Kind, spec.ODS, spec.Name, spec.Place)
	}
	if spec.Address.IsNull() {
		local, v := LocalPart(spec.Kind, spec.Place, spec.Name, spec.ODS, s.o.Policy.Address)
		if !v.Allowed {
			return account.Refusal(errs.Invalid, v)
		}
		spec.Address = haven.Address{Local: local, Domain: spec.Domain}
	}
	if !s.o.Accounts.Hosts(spec.Address.Domain) {
		return &errs.Error{Kind: errs.Invalid, Rule: "address.domain", Say: fmt.Sprintf("%q is not one of this service's domains.", spec.Address.Domain)}
	}
	return nil
}

// CreateIn is Create in the caller's transaction, under a number that account's Reserve gave, for a spec that Complete made
// whole. The transaction has locked the names, or does so first of all; it announces after the commit. Without an owner the mailbox has
// to be blocked in the same transaction, until it has one.
func (s *Service) CreateIn(tx *db.Tx, actor haven.Actor, no haven.AccountNo, spec Spec) (account.Account, error) {
	if err := s.o.Accounts.LockNames(tx); err != nil {
		return account.Account{}, err
	}
	if err := account.Lock(tx, spec.people()...); err != nil {
		return account.Account{}, err
	}
	a, err := s.o.Accounts.Insert(tx, actor, account.Account{No: no, Kind: haven.Shared, State: account.Active, Display: spec.Display, Address: spec.Address})
	if err != nil {
		return account.Account{}, err
	}
	var org any
	if spec.Organisation != 0 {
		org = int64(spec.Organisation)
	}
	tx.Exec(sqlPut, int64(no), int64(spec.Kind), org, string(spec.ODS), spec.Name, spec.Place)
	if alias := AliasPart(spec.Kind, spec.ODS, s.o.Policy.Address); alias != "" {
		if err := s.o.Accounts.AddAliasIn(tx, actor, no, haven.Address{Local: alias, Domain: spec.Address.Domain}); err != nil {
			return account.Account{}, err
		}
	}
	return a, s.firstMembers(tx, actor, a, spec)
}

func (s *Service) firstMembers(tx *db.Tx, actor haven.Actor, a account.Account, spec Spec) error {
	var all []Membership
	for i, person := range spec.people() {
		rights := haven.Member
		if i < len(spec.Owners) {
			rights = haven.Owner
		}
		if current(all, person, s.o.Clock.Now()).Person.No != 0 {
			return errMember
		}
		after, err := s.granted(tx, haven.Actor{}, all, Grant{Person: person, Rights: rights}) // whoever makes the mailbox has decided who they are
		if err != nil {
			return err
		}
		if err := s.write(tx, actor, a, all, after); err != nil {
			return err
		}
		all = after
	}
	return nil
}

// AddMember lets a person into a mailbox. The actor is an owner, or the service itself. It is Conflict when the
// person is a member already, TooMany at the limits.
func (s *Service) AddMember(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, g Grant) error {
	return s.grant(ctx, actor, mailbox, g.Person, func(now Membership) (Grant, error) {
		if now.Person.No != 0 {
			return g, errMember
		}
		return g, nil
	})
}

// AddMemberIn is AddMember in the caller's transaction, which has locked the mailbox and the person, has decided that the
// person may come in, and announces it after the commit.
func (s *Service) AddMemberIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, g Grant) error {
	a, err := account.ByNoIn(tx, mailbox)
	if err != nil {
		return err
	}
	if a.Kind != haven.Shared {
		return access.ErrUnknown
	}
	before, err := members(tx, mailbox)
	if err != nil {
		return err
	}
	if current(before, g.Person, s.o.Clock.Now()).Person.No != 0 {
		return errMember
	}
	after, err := s.granted(tx, actor, before, g)
	if err != nil {
		return err
	}
	return s.write(tx, actor, a, before, after)
}

// MembersIn is Members for the service itself, in the caller's transaction.
func MembersIn(tx *db.Tx, mailbox haven.AccountNo) ([]Membership, error) { return members(tx, mailbox) }

// Announce tells sessions of accounts whose members changed in a transaction that has committed.
func (s *Service) Announce(accounts ...haven.AccountNo) { s.announce(accounts...) }

// ChangeMember gives a member other rights or another time. It is NotFound when the person is no member, Denied
// (sharedmailbox.last-owner) when no owner would be left.
func (s *Service) ChangeMember(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, c Change) error {
	return s.grant(ctx, actor, mailbox, c.Person, func(now Membership) (Grant, error) {
		if now.Person.No == 0 {
			return Grant{}, errNoMember
		}
		return c.of(now), nil
	})
}

// grant writes what decide makes of the person's membership, which is zero where there is none or it has ended.
func (s *Service) grant(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo, decide func(now Membership) (Grant, error)) error {
	return s.change(ctx, actor, mailbox, person, func(tx *db.Tx, a account.Account, before []Membership) error {
		if err := s.mayManage(tx, actor, mailbox, asOwner); err != nil {
			return err
		}
		g, err := decide(current(before, person, s.o.Clock.Now()))
		if err != nil {
			return err
		}
		after, err := s.granted(tx, actor, before, g)
		if err != nil {
			return err
		}
		return s.write(tx, actor, a, before, after)
	})
}

// current is a person's membership, unless it has ended.
func current(all []Membership, person haven.AccountNo, now time.Time) Membership {
	for _, m := range all {
		if m.Person.No == person && isCurrent(m, now) {
			return m
		}
	}
	return Membership{}
}

// granted is the memberships with that one last, in place of the person's own, or why that may not be.
func (s *Service) granted(tx *db.Tx, actor haven.Actor, before []Membership, g Grant) ([]Membership, error) {
	now := s.o.Clock.Now()
	if g.From.IsZero() {
		g.From = now
	}
	who, err := account.ByNoIn(tx, g.Person)
	if err != nil {
		return nil, err
	}
	if v := MayJoin(who, g, now); !v.Allowed {
		return nil, account.Refusal(errs.Invalid, v)
	}
	if err := s.mayOwn(tx, actor, before, who, g.Rights); err != nil {
		return nil, err
	}
	after := make([]Membership, 0, len(before)+1)
	for _, m := range before {
		if m.Person.No != g.Person {
			after = append(after, m)
		}
	}
	after = append(after, Membership{Person: who, Rights: g.Rights, From: g.From, Until: g.Until})
	return after, refusalOf(MayChange(before, after, s.o.Policy.Shared, now))
}

// mayOwn refuses to make somebody an owner who has no proven mobile.
func (s *Service) mayOwn(tx *db.Tx, actor haven.Actor, before []Membership, who account.Account, rights haven.Rights) error {
	if !rights.Has(haven.Manage) {
		return nil
	}
	f := OwnerFacts{Name: who.Display, Owns: current(before, who.No, s.o.Clock.Now()).Owner(), Self: who.ID == actor.Person, Person: !actor.Person.IsZero()}
	var err error
	if f.Proven, err = account.ProvenIn(tx, who.No, account.Mobile); err != nil {
		return err
	}
	if v := MayOwn(f); !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	return nil
}

func refusalOf(v haven.Verdict) error {
	switch {
	case v.Allowed:
		return nil
	case v.Rule == "sharedmailbox.last-owner":
		return account.Refusal(errs.Denied, v)
	}
	return account.Refusal(errs.TooMany, v)
}

var (
	errMember   = &errs.Error{Kind: errs.Conflict, Rule: "sharedmailbox.member-already", Say: "This person is a member already."}
	errNoMember = &errs.Error{Kind: errs.NotFound, Rule: "sharedmailbox.no-member", Say: "This person is not a member of the mailbox."}
	errNobody   = &errs.Error{Kind: errs.Denied, Rule: "access.no-person", Say: "Nobody is signed in."}
)

// RemoveMember ends a person's access: an owner's doing, or the person's own leaving. It is Denied
// (sharedmailbox.last-owner) when no owner would be left.
func (s *Service) RemoveMember(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo) error {
	return s.remove(ctx, actor, mailbox, person, "sharedmailbox.removed", true)
}

// RemoveForSafety ends a person's access though it be the last owner's: a block, dismissal or compromise is never
// refused or delayed (Rules 3). A mailbox left without an owner is recorded as sharedmailbox.ownerless, which is
// an alarm. The actor is an owner, or the service itself on behalf of who may (head office, desk).
func (s *Service) RemoveForSafety(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo) error {
	return s.remove(ctx, actor, mailbox, person, "sharedmailbox.safety", false)
}

func (s *Service) remove(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo, rule haven.Rule, keepOwner bool) error {
	var left []account.Account
	how := asOwner
	if !keepOwner {
		how = forSafety
	}
	err := s.change(ctx, actor, mailbox, person, func(tx *db.Tx, a account.Account, before []Membership) error {
		var gone Membership
		after := make([]Membership, 0, len(before))
		for _, m := range before {
			if m.Person.No == person {
				gone = m
			} else {
				after = append(after, m)
			}
		}
		if gone.Person.ID != actor.Person || actor.Person.IsZero() {
			if err := s.mayManage(tx, actor, mailbox, how); err != nil {
				return err
			}
		}
		if gone.Person.No == 0 {
			return errNoMember
		}
		now := s.o.Clock.Now()
		left = nil
		if v := MayChange(before, after, s.o.Policy.Shared, now); !v.Allowed && keepOwner {
			return refusalOf(v)
		}
		if err := s.drop(tx, actor, a, gone, rule); err != nil {
			return err
		}
		if !keepOwner && LiveOwners(after, now) == 0 {
			s.record(tx, actor, a, gone, ownerless, rule)
			left = []account.Account{a}
		}
		return nil
	})
	if err == nil {
		s.alarm(ctx, addressesOf(left), rule)
	}
	return err
}

// ownerless is the audit record of a mailbox that a step for safety left without an owner. It is an alarm.
const ownerless = "sharedmailbox.ownerless"

// change locks the mailbox, the person and the actor, reads the memberships, and lets fn decide and write. After
// the commit those who look at either account are told.
func (s *Service) change(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo,
	fn func(tx *db.Tx, a account.Account, before []Membership) error) error {
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.enter(tx, actor, mailbox, person)
		if err != nil {
			return err
		}
		before, err := members(tx, mailbox)
		if err != nil {
			return err
		}
		return fn(tx, a, before)
	})
	if err == nil {
		s.announce(mailbox, person)
	}
	return err
}

// enter locks a mailbox, the actor and other people, and reads the mailbox; NotFound where there is none.
func (s *Service) enter(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, people ...haven.AccountNo) (account.Account, error) {
	locks := append([]haven.AccountNo{mailbox}, people...)
	if !actor.Person.IsZero() {
		who, err := account.ByIDIn(tx, actor.Person) // an id's number never changes
		if err != nil {
			return account.Account{}, err
		}
		locks = append(locks, who.No)
	}
	if err := account.Lock(tx, locks...); err != nil {
		return account.Account{}, err
	}
	a, err := account.ByNoIn(tx, mailbox)
	if err == nil && a.Kind != haven.Shared {
		err = access.ErrUnknown
	}
	return a, err
}

// ManageIn begins what only an owner of a mailbox may do, or the service itself under its name: the mailbox, the actor and these people are
// locked from then on. It is NotFound for whoever may not know of the mailbox, Denied for its other members.
func (s *Service) ManageIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, people ...haven.AccountNo) (account.Account, error) {
	a, err := s.enter(tx, actor, mailbox, people...)
	if err != nil {
		return a, err
	}
	return a, s.mayManage(tx, actor, mailbox, asOwner)
}

// ManageForSafetyIn is ManageIn for what ends a harm, which is never refused for want of a second factor (Rules 3).
func (s *Service) ManageForSafetyIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo) (account.Account, error) {
	a, err := s.enter(tx, actor, mailbox)
	if err != nil {
		return a, err
	}
	return a, s.mayManage(tx, actor, mailbox, forSafety)
}

// mayManage lets an owner through, and the service itself, which has to give its name.
func (s *Service) mayManage(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, how way) error {
	if actor.Person.IsZero() {
		if actor.Program == "" {
			return errNobody
		}
		return nil
	}
	who, err := account.ByIDIn(tx, actor.Person)
	if err != nil {
		return err
	}
	if err := s.o.Access.CheckFreshIn(tx, who.No, mailbox, haven.Manage); err != nil || how == forSafety {
		return err
	}
	if err := s.o.Factor.AskedIn(tx, actor, who); err != nil {
		return err
	}
	return s.o.Factor.OwnerIn(tx, who.No)
}

// way is how somebody acts as an owner. What is done for safety is never refused or delayed (Rules 3), for want of a second factor neither.
type way uint8

const (
	asOwner way = iota
	forSafety
)

// FactorIn is nil where a person may act as an owner, as far as the second factor goes (Rules 6): for what owners do elsewhere than at a mailbox.
func (s *Service) FactorIn(tx *db.Tx, person haven.AccountNo) error {
	return s.o.Factor.OwnerIn(tx, person)
}

// write writes the last of the memberships that granted gave, and tells its person.
func (s *Service) write(tx *db.Tx, actor haven.Actor, a account.Account, before, after []Membership) error {
	m := after[len(after)-1]
	until := int64(0)
	if !m.Until.IsZero() {
		until = m.Until.UnixMicro()
	}
	tx.Exec(sqlPutMember, int64(a.No), int64(m.Person.No), int64(m.Rights), m.From.UnixMicro(), until, actor.Person[:], s.o.Clock.Now().UnixMicro())
	s.record(tx, actor, a, m, "sharedmailbox.member-granted", "sharedmailbox.change")
	return s.tell(tx, actor, a, current(before, m.Person.No, s.o.Clock.Now()), m)
}

// drop takes a membership away, and tells its person.
func (s *Service) drop(tx *db.Tx, actor haven.Actor, a account.Account, gone Membership, rule haven.Rule) error {
	tx.Exec(sqlDropMember, int64(a.No), int64(gone.Person.No))
	s.record(tx, actor, a, gone, "sharedmailbox.member-removed", rule)
	return s.tell(tx, actor, a, gone, Membership{Person: gone.Person})
}

// tell has a person told where the rights of now are others than before.
func (s *Service) tell(tx *db.Tx, actor haven.Actor, a account.Account, before, after Membership) error {
	now := s.o.Clock.Now()
	return sharenotification.Record(tx, sharenotification.Change{Person: after.Person.No, Mailbox: a, By: actor.Person, Old: rightsAt(before, now),
		New: rightsAt(after, now), At: now}, s.o.Policy.Shared)
}

func (s *Service) record(tx *db.Tx, actor haven.Actor, a account.Account, m Membership, what string, rule haven.Rule) {
	note := m.Rights.String()
	if !m.Until.IsZero() {
		note += " until " + m.Until.UTC().Format(time.RFC3339)
	}
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, On: a.ID, Other: m.Person.ID, Rule: rule, Note: note})
}

func (s *Service) announce(accounts ...haven.AccountNo) {
	if s.o.Announcer != nil {
		s.o.Announcer.AccessChanged(accounts...)
	}
}

// Members lists who has access to a mailbox, those whose access ended or is to begin too. The viewer holds some
// right there; a zero viewer is the service itself.
func (s *Service) Members(ctx context.Context, viewer, mailbox haven.AccountNo) (all []Membership, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if viewer != 0 {
			if err := s.o.Access.CheckIn(tx, viewer, mailbox, haven.Read); err != nil {
				return err
			}
		}
		all, err = members(tx, mailbox)
		return err
	})
	return all, err
}

func members(tx *db.Tx, mailbox haven.AccountNo) (all []Membership, err error) {
	err = tx.Query(sqlMembers, []any{int64(mailbox)}, func(r db.Row) error {
		m := Membership{Rights: haven.Rights(r.Int64(1)), From: time.UnixMicro(r.Int64(2)).UTC()}
		m.Person = account.Account{No: haven.AccountNo(r.Int64(0)), Kind: haven.AccountKind(r.Int64(6)), State: account.State(r.Int64(7)),
			Display: r.Text(8), Address: haven.Address{Local: r.Text(9), Domain: r.Text(10)}}
		copy(m.GrantedBy[:], r.Bytes(4))
		copy(m.Person.ID[:], r.Bytes(5))
		if until := r.Int64(3); until != 0 {
			m.Until = time.UnixMicro(until).UTC()
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

// For lists the shared mailboxes that a person may open now, in order of number.
func (s *Service) For(ctx context.Context, person haven.AccountNo) (all []Opened, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = s.ForIn(tx, person)
		return err
	})
	return all, err
}

// ForIn is For in the caller's transaction.
func (s *Service) ForIn(tx *db.Tx, person haven.AccountNo) (all []Opened, err error) {
	now := s.o.Clock.Now()
	err = tx.Query(sqlFor, []any{int64(person), int64(s.o.Policy.Connection.OpenMailboxes), now.UnixMicro()}, func(r db.Row) error {
		o := scanOpened(r, now)
		if o.Rights != 0 {
			all = append(all, o)
		}
		return nil
	})
	return all, err
}

func scanOpened(r db.Row, now time.Time) Opened {
	a := account.Account{No: haven.AccountNo(r.Int64(0)), Kind: haven.Shared, State: account.State(r.Int64(2)), Display: r.Text(3),
		AccessVer: r.Int64(4), Created: time.UnixMicro(r.Int64(5)).UTC(), Address: haven.Address{Local: r.Text(6), Domain: r.Text(7)}}
	copy(a.ID[:], r.Bytes(1))
	f := access.Facts{PersonKind: haven.AccountKind(r.Int64(11)), PersonState: account.State(r.Int64(12)),
		AccountKind: haven.Shared, AccountState: a.State, Member: true, Rights: haven.Rights(r.Int64(8)), From: time.UnixMicro(r.Int64(9)),
		Vouched: account.ScanVouched(r, 14), Voucher: access.ScanVoucher(r, 16)}
	if until := r.Int64(10); until != 0 {
		f.Until = time.UnixMicro(until)
	}
	d := access.Decide(f, now)
	return Opened{a, d.Rights, d.Verdict, f.Until, r.Bool(13)}
}

// Of lists the mailboxes of an organisation.
func (s *Service) Of(ctx context.Context, org organisation.ID) (all []haven.AccountNo, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = OfIn(tx, org)
		return err
	})
	return all, err
}

// Have says which of some organisations have a mailbox that was not deleted: what organisation.New asks.
func Have(tx *db.Tx, orgs []organisation.ID) (map[organisation.ID]bool, error) {
	has := make(map[organisation.ID]bool)
	err := db.QueryAmong(tx, sqlHave, orgs, func(r db.Row) error {
		has[organisation.ID(r.Int64(0))] = true
		return nil
	})
	return has, err
}

// Names lists the names of the premises whose mailboxes a person is a member of: what account.Options.Names asks.
func Names(tx *db.Tx, person haven.AccountNo) (all []string, err error) {
	err = tx.Query(sqlNames, []any{int64(person)}, func(r db.Row) error {
		all = append(all, r.Text(0))
		return nil
	})
	return all, err
}
