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

// Roles of the posts that a registration gives.
const (
	roleOwner = "Shared mailbox owner"
	roleStaff = "Staff"
)

func roleOf(place int) string {
	if place == 0 {
		return roleOwner
	}
	return roleStaff
}

// ready is somebody for whom an account can be made in a transaction.
type ready struct {
	no       haven.AccountNo
	new      account.NewPersonal
	contacts []account.SealedContact
	email    string
	mobile   string
	password string // "": none
	notMe    Token
}

// prepare does for a person what a transaction may not: it takes a number, makes its key, and seals and hashes. A number
// that is then not needed is lost, and harms nobody.
func (s *Service) prepare(ctx context.Context, p Person) (r ready, err error) {
	r = ready{email: p.Email, mobile: p.Mobile, notMe: newToken(), new: account.NewPersonal{First: p.First, Last: p.Last, Spelled: p.Spelled, State: account.Invited}}
	if r.no, err = s.o.Accounts.Reserve(ctx, haven.Personal); err != nil {
		return r, err
	}
	for _, c := range []struct {
		kind  account.ContactKind
		value string
	}{{account.PersonalEmail, p.Email}, {account.Mobile, p.Mobile}} {
		sealed, err := s.o.Contacts.Seal(ctx, r.no, c.kind, c.value)
		if err != nil {
			return r, err
		}
		r.contacts = append(r.contacts, sealed)
	}
	if s.o.Temporary == nil {
		return r, nil
	}
	if r.password, err = s.o.Temporary(); err != nil {
		return r, err
	}
	r.new.Temporary = true
	r.new.Hashed, err = s.o.Accounts.HashTemporary(ctx, r.password)
	return r, err
}

// make makes the account of somebody who is ready, with contacts and a post. The transaction has locked the names.
func (s *Service) make(tx *db.Tx, actor haven.Actor, r ready, org organisation.ID, role string) (account.Account, error) {
	a, err := s.o.Accounts.CreatePersonalIn(tx, actor, r.no, r.new)
	if err != nil {
		return a, err
	}
	for _, c := range r.contacts {
		if err := s.o.Contacts.PutIn(tx, actor, c); err != nil {
			return a, err
		}
	}
	return a, s.o.Places.AddPostIn(tx, actor, organisation.Post{Person: a.No, Organisation: org, Role: role})
}

// Submit makes what an application asks for, in one transaction: an account for each person who has none, and the premises'
// mailbox with its owner and members. Whoever is likely to have an account already is not made twice but asked in the own
// account (Confirm); until an owner who is asked says yes, the mailbox receives and opens to nobody. What it returns is the same whoever
// was named, and the same if it is called again. Of two applications for a premises the first wins; the other is Denied
// (registration.already).
func (s *Service) Submit(ctx context.Context, actor haven.Actor, ref Ref, t Token) (Done, error) {
	d, err := s.draft(ctx, ref, t)
	if err != nil {
		return Done{}, err
	}
	if d.State == Submitted {
		return Done{ref, Written}, nil
	}
	if _, faults := CheckPeople(d.People, s.o.Policy); len(faults) > 0 {
		return Done{}, account.Refusal(errs.Invalid, faults[0].Verdict)
	}
	if err := s.busy(actor); err != nil { // each call takes numbers and keys
		return Done{}, err
	}
	sub := submission{s: s, actor: actor, ref: ref, token: t, changed: d.changed, written: d.People, people: make([]ready, len(d.People)), notUs: newToken()}
	for i, p := range d.People {
		if sub.people[i], err = s.prepare(ctx, p); err != nil {
			return Done{}, err
		}
	}
	if sub.box, err = s.o.Accounts.Reserve(ctx, haven.Shared); err != nil {
		return Done{}, err
	}
	var v haven.Verdict
	if err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		v, err = sub.write(tx)
		return err
	}); err != nil {
		return Done{}, err
	}
	if !v.Allowed {
		return Done{}, refusal(v)
	}
	return Done{ref, Written}, nil
}

// submission is one call of Submit.
type submission struct {
	s       *Service
	actor   haven.Actor
	ref     Ref
	token   Token
	changed int64
	written []Person
	people  []ready
	box     haven.AccountNo
	notUs   Token
}

// write is the transaction. A verdict that refuses is written down, and no error.
func (u submission) write(tx *db.Tx) (haven.Verdict, error) {
	s, none := u.s, haven.Verdict{}
	if err := s.o.Accounts.LockNames(tx); err != nil {
		return none, err
	}
	a, err := s.lockApp(tx, u.ref)
	if err != nil {
		return none, hidden(err)
	}
	if a.state == Submitted && !a.frozen && a.holds(u.token) {
		return haven.Allow("registration.submit"), nil // another call was faster
	}
	if err := s.goOn(a, u.token); err != nil {
		return none, err
	}
	if a.changed != u.changed {
		return none, &errs.Error{Kind: errs.Conflict, Rule: "registration.changed", Say: "The answers were changed meanwhile. Look at them again before you send them."}
	}
	o, err := organisation.ByIDIn(tx, a.org)
	if err != nil {
		return none, err
	}
	e, _, contact, err := s.look(tx, o.Code)
	if err != nil {
		return none, err
	}
	if v := e.Verdict; !v.Allowed && !(a.approved && passes(v)) {
		if v.Rule == "registration.already" {
			tx.Exec(sqlState, string(u.ref), int64(Lost))
			tx.Exec(sqlDropPeople, string(u.ref))
			audit.Record(tx, audit.Entry{At: s.now(), Actor: u.actor, What: "registration.lost", Rule: v.Rule, Note: string(u.ref)})
		}
		return v, nil
	}
	return haven.Allow("registration.submit"), u.register(tx, o, contact)
}

// register makes accounts and mailbox, and writes down who is told.
func (u submission) register(tx *db.Tx, o organisation.Organisation, contact organisation.Contact) error {
	s, now := u.s, u.s.now()
	spec := sharedmailbox.Spec{Kind: o.Kind, Organisation: o.ID, ODS: o.Code, Name: o.Name, Place: o.Place}
	who, made, err := u.accounts(tx, o)
	if err != nil {
		return err
	}
	for i, a := range who {
		switch {
		case !made[i]:
		case i == 0:
			spec.Owners = append(spec.Owners, a.No)
		default:
			spec.Members = append(spec.Members, a.No)
		}
	}
	if err := s.o.Shared.Complete(u.actor, &spec); err != nil {
		return err
	}
	box, err := s.o.Shared.CreateIn(tx, u.actor, u.box, spec)
	if err != nil {
		return err
	}
	tx.Exec(sqlSubmit, string(u.ref), now.UnixMicro(), int64(box.No))
	tx.Exec(sqlForgetUnproven, string(u.ref))
	if !made[0] {
		if err := s.shut(tx, u.actor, box, "registration.owner-asked"); err != nil {
			return err
		}
		tx.Exec(sqlPutTask, string(u.ref), int64(TaskOwner), int64(0), int64(o.ID), now.UnixMicro())
	}
	tx.Exec(sqlMade, int64(o.ID), int64(len(spec.Owners)+len(spec.Members)))
	audit.Record(tx, audit.Entry{At: now, Actor: u.actor, What: "registration.submitted", On: box.ID, Rule: "registration.submit", Note: fmt.Sprintf("%s %s %d people", u.ref, o.Code, len(who))})
	until := now.Add(s.o.Policy.Registration.FreezeWithin)
	tx.Exec(sqlPutToken, hashOf(u.notUs), int64(tokenNotUs), string(u.ref), int64(0), until.UnixMicro())
	done := Completion{To: contact.Email, Premises: o, Ref: u.ref, Mailbox: box, NotUs: u.notUs, Until: until}
	if !done.To.IsNull() {
		if err := s.o.Notices.Completed(tx, done); err != nil {
			return err
		}
	}
	group, err := headOffice(tx, o)
	if err != nil {
		return err
	}
	for _, done.To = range group {
		if err := s.o.Notices.GroupCompleted(tx, done); err != nil {
			return err
		}
	}
	for i, a := range who {
		by := ""
		if i > 0 {
			by = u.written[0].Name() // as the applicant wrote it, whether the owner is new or not
		}
		if err := s.invite(tx, u.ref, i, u.people[i], a, made[i], o, by); err != nil {
			return err
		}
	}
	return nil
}

// invite tells somebody who was named, with a way to say "not me".
func (s *Service) invite(tx *db.Tx, ref Ref, place int, r ready, a account.Account, isNew bool, o organisation.Organisation, by string) error {
	until := s.now().Add(s.o.Policy.Registration.FreezeWithin)
	tx.Exec(sqlPutToken, hashOf(r.notMe), int64(tokenNotMe), string(ref), int64(place), until.UnixMicro())
	i := Invitation{Account: a, New: isNew, Premises: o, By: by, Owner: place == 0, NotMe: r.notMe, Until: until}
	if isNew {
		i.Email, i.Mobile, i.Password = r.email, r.mobile, r.password
	}
	return s.o.Notices.Named(tx, i)
}

// accounts finds or makes the account of each person.
func (u submission) accounts(tx *db.Tx, o organisation.Organisation) (who []account.Account, made []bool, err error) {
	s, taken := u.s, map[haven.AccountNo]bool{}
	who, made = make([]account.Account, len(u.people)), make([]bool, len(u.people))
	for i, p := range u.written { // all are looked for before any is made, so that nobody is found to be another of them
		twin, rule, err := s.twin(tx, p, o.ID, taken)
		if err != nil {
			return nil, nil, err
		}
		if twin.No == 0 {
			made[i] = true
			continue
		}
		taken[twin.No], who[i] = true, twin
		tx.Exec(sqlSetPerson, string(u.ref), int64(i), int64(twin.No), int64(personNamed))
		audit.Record(tx, audit.Entry{At: s.now(), Actor: u.actor, What: "registration.twin", On: twin.ID, Rule: rule, Note: string(u.ref)})
	}
	for i, r := range u.people {
		if !made[i] {
			continue
		}
		if who[i], err = s.make(tx, u.actor, r, o.ID, roleOf(i)); err != nil {
			return nil, nil, err
		}
		tx.Exec(sqlSetPerson, string(u.ref), int64(i), int64(who[i].No), int64(personMade))
		tx.Exec(sqlForgetWhat, string(u.ref), int64(i))
	}
	return who, made, nil
}

// mostStaff is how many of those who hold a post at a premises are compared.
const mostStaff = 1000

// twin finds somebody who has an account and is likely to be the person (IsTwin), the likeliest first; zero where there is
// nobody. Accounts that others of the application were found to be are left out.
func (s *Service) twin(tx *db.Tx, p Person, org organisation.ID, taken map[haven.AccountNo]bool) (account.Account, haven.Rule, error) {
	var none account.Account
	found, order, err := s.candidates(tx, p, org)
	if err != nil {
		return none, "", err
	}
	for _, no := range order {
		a, err := account.ByNoIn(tx, no)
		if err != nil {
			return none, "", err
		}
		if taken[no] || a.Kind != haven.Personal || a.State == account.Deleted || a.State == account.Died {
			continue
		}
		c := found[no]
		if c.First, c.Last, err = account.NameIn(tx, no); err != nil {
			return none, "", err
		}
		if rule, is := IsTwin(p, *c); is {
			return a, rule, nil
		}
	}
	return none, "registration.no-twin", nil
}

// candidates are the accounts that have something in common with a person, in the order in which that counts.
func (s *Service) candidates(tx *db.Tx, p Person, org organisation.ID) (map[haven.AccountNo]*Candidate, []haven.AccountNo, error) {
	found, order := map[haven.AccountNo]*Candidate{}, []haven.AccountNo{}
	add := func(all []haven.AccountNo, mark func(*Candidate)) {
		for _, no := range all {
			if found[no] == nil {
				found[no] = &Candidate{}
				order = append(order, no)
			}
			mark(found[no])
		}
	}
	mail, err := haven.ParseAddress(p.Email)
	if err != nil {
		return nil, nil, err
	}
	own, err := s.o.Accounts.ResolveIn(tx, mail)
	if err == nil && own.Kind == haven.Personal {
		add([]haven.AccountNo{own.No}, func(c *Candidate) { c.Address = true })
	} else if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, nil, err
	}
	for _, by := range []struct {
		kind  account.ContactKind
		value string
	}{{account.PersonalEmail, p.Email}, {account.Mobile, p.Mobile}} {
		holders, err := s.o.Contacts.HoldersIn(tx, by.kind, by.value)
		if err != nil {
			return nil, nil, err
		}
		add(holders, func(c *Candidate) { c.Contact = true })
	}
	staff, err := s.o.Places.StaffIn(tx, org, mostStaff)
	if err != nil {
		return nil, nil, err
	}
	add(staff, func(c *Candidate) { c.Staff = true })
	return found, order, nil
}
