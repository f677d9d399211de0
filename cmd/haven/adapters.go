package main

import (
	"context"
	"io"
	"slices"

	"haven"
	"haven/face/imap"
	"haven/face/managesieve"
	"haven/face/submission"
	"haven/mail/authn"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/mail/vacation"
	"haven/people/access"
	"haven/people/account"
	"haven/people/profile"
	"haven/people/sharedmailbox"
	"haven/platform/change"
	"haven/platform/db"
	"haven/platform/errs"
)

// The small interfaces that parts declare, answered by other parts. No decision is taken here.

// provisioner makes what a new account needs of keys and mail.
type provisioner struct{ h *house }

func (p provisioner) Prepare(ctx context.Context, no haven.AccountNo, _ haven.AccountKind) error {
	return p.h.keys.Create(ctx, no)
}

func (p provisioner) Provision(tx *db.Tx, no haven.AccountNo, kind haven.AccountKind) error {
	return p.h.mail.Provision(tx, no, kind)
}

// reading lets the mail store, which comes later, keep who has read what.
type reading struct{ h *house }

func (r reading) ReadsEachIn(tx *db.Tx, box haven.AccountNo) (bool, error) {
	return r.h.mail.ReadsEachIn(tx, box)
}

func (r reading) SetReadsEachIn(tx *db.Tx, box haven.AccountNo, on bool, people []haven.AccountNo) error {
	return r.h.mail.SetReadsEachIn(tx, box, on, people)
}

func (r reading) Settle(ctx context.Context, box haven.AccountNo) error {
	return r.h.mail.Settle(ctx, box)
}

// waker wakes the sessions that look at accounts.
type waker struct{ hub *change.Hub }

func (w waker) AccessChanged(accounts ...haven.AccountNo) {
	for _, no := range accounts {
		w.hub.Announce(no, 0)
	}
}

// announcer wakes the sessions that look at accounts whose access changed, and whoever looks what people hold to whom a mailbox closed.
type announcer struct{ h *house }

func (a announcer) AccessChanged(accounts ...haven.AccountNo) {
	waker{a.h.hub}.AccessChanged(accounts...)
	if a.h.work != nil { // it is made after those who announce
		a.h.work.AccessChanged()
	}
}

// versions is what change.Hub.Poll asks: the mail's numbers, of which filters and replies take theirs too, and who may open it.
type versions struct {
	*mailbox.Service
	accounts *account.Service
}

func (v versions) Versions(ctx context.Context, accounts []haven.AccountNo, each func(haven.AccountNo, int64)) error {
	return v.accounts.Versions(ctx, accounts, each)
}

// personal seals what is a person's own under the person's data key, so that it ends with the account.
type personal struct{ h *house }

func (p personal) Seal(ctx context.Context, no haven.AccountNo, plain []byte) ([]byte, error) {
	k, err := p.h.keys.Account(ctx, no)
	if err != nil {
		return nil, err
	}
	return k.Seal(nil, plain, []byte("person"))
}

func (p personal) Open(ctx context.Context, no haven.AccountNo, sealed []byte) ([]byte, error) {
	k, err := p.h.keys.Account(ctx, no)
	if err != nil {
		return nil, err
	}
	return k.Open(nil, sealed, []byte("person"))
}

// itself is as whom the service reads mail to index it. No account has that number, so nobody can sign in as it.
const itself haven.AccountNo = -1

func readsItself(no haven.AccountNo) mailbox.Viewer {
	return mailbox.Viewer{Person: itself, Account: no, Program: "search"}
}

// ourselves lets the service itself read, and asks people/access about everybody else.
type ourselves struct{ access *access.Service }

func (o ourselves) In(tx *db.Tx, person, acc haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	if person == itself {
		return haven.Read, haven.Verdict{Allowed: true, Rule: "access.service", Reason: "The service itself reads to index."}, nil
	}
	return o.access.In(tx, person, acc)
}

func (o ourselves) InByProgram(tx *db.Tx, person, acc haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	return o.access.InByProgram(tx, person, acc)
}

// receivers answers delivery whose mailbox an address is.
type receivers struct{ h *house }

func (d receivers) Resolve(ctx context.Context, a haven.Address) (delivery.Recipient, error) {
	r, err := d.resolve(ctx, a)
	if errs.Is(err, errs.NotFound) && a.Key() == d.h.postmaster().Key() {
		return d.resolve(ctx, d.h.keeper())
	}
	return r, err
}

func (d receivers) resolve(ctx context.Context, a haven.Address) (delivery.Recipient, error) {
	acc, err := d.h.accounts.Resolve(ctx, a)
	if err != nil {
		return delivery.Recipient{}, err
	}
	if v := account.MayReceive(acc.Kind, acc.State); !v.Allowed {
		return delivery.Recipient{}, account.Refusal(errs.NotFound, v)
	}
	return delivery.Recipient{Account: acc.No, Address: acc.Address, ID: acc.ID}, nil
}

func (d receivers) Serves(_ context.Context, domain string) (bool, error) {
	return d.h.accounts.Hosts(domain), nil
}

// footers answers delivery what letters from a mailbox end with by law: those of people say nothing of a business.
type footers struct{ h *house }

func (f footers) FooterOf(ctx context.Context, no haven.AccountNo) (lines []string, complete bool, err error) {
	a, err := f.h.accounts.ByNo(ctx, no)
	if err != nil || a.Kind != haven.Shared {
		return nil, true, err
	}
	return f.h.legal.FooterOf(ctx, no)
}

// owners answers vacation and the filters whether somebody acts as an owner of a shared mailbox now.
type owners struct{ h *house }

func (o owners) OwnIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, forSafety bool) (err error) {
	if forSafety {
		_, err = o.h.shared.ManageForSafetyIn(tx, actor, mailbox)
	} else {
		_, err = o.h.shared.ManageIn(tx, actor, mailbox)
	}
	return err
}

// insiders answers handover who belongs to a premises: those who do, and the service's own addresses, with which nobody corresponds in its name.
type insiders struct{ h *house }

func (i insiders) Inside(ctx context.Context, mailbox haven.AccountNo, all []haven.Address) (map[string]bool, error) {
	in, err := i.h.leavers.Inside(ctx, mailbox, all)
	if err != nil {
		return nil, err
	}
	for _, own := range []haven.Address{i.h.postmaster(), i.h.keeper(), letters(i).from()} {
		in[own.Key()] = true
	}
	return in, nil
}

// away answers vacation as whom an account answers.
type away struct{ h *house }

func (w away) Answering(ctx context.Context, no haven.AccountNo) (vacation.Account, error) {
	a, err := w.h.accounts.ByNo(ctx, no)
	if err != nil {
		return vacation.Account{}, err
	}
	if v := account.MayAnswer(a.State); !v.Allowed {
		return vacation.Account{}, account.Refusal(errs.Denied, v)
	}
	return vacation.Account{No: a.No, Address: a.Address, Name: a.Display}, nil
}

// senders answers delivery as whom a person may send.
type senders struct{ h *house }

func (s senders) MayUse(ctx context.Context, who delivery.Submitter, a haven.Address) (delivery.Use, error) {
	face := account.Web
	if who.ByProgram {
		face = account.Program
	}
	u, err := s.h.accounts.MayUse(ctx, who.Person, a, face)
	return delivery.Use{Account: u.Account.No, ID: u.Account.ID, OnBehalf: u.OnBehalf}, err
}

// programs proves who signs in to submit.
type programs struct{ h *house }

func (p programs) Authenticate(ctx context.Context, l submission.Login) (delivery.Submitter, error) {
	s, err := p.h.accounts.Authenticate(ctx, account.Login{User: l.User, Authzid: l.As, Password: l.Password, Place: l.Place, Program: "submission " + l.Program})
	if err != nil {
		return delivery.Submitter{}, err
	}
	who, proof := submitter(s), s.Proof
	who.Holds = func(ctx context.Context) error { return p.h.accounts.Holds(ctx, proof) }
	return who, nil
}

// submitter is a session in the words of delivery: one in a shared mailbox is good for that mailbox alone.
func submitter(s account.Session) delivery.Submitter {
	who := delivery.Submitter{Person: s.Person.No, ID: s.Person.ID, Address: s.Person.Address, Name: s.Person.Display, ByProgram: true}
	if s.Shared() {
		who.Only = s.Target.No
	}
	return who
}

// readers proves who signs in to read, and lists what they may open.
type readers struct{ h *house }

func (r readers) Authenticate(ctx context.Context, l imap.Login) (imap.Session, error) {
	s, err := r.h.accounts.Authenticate(ctx, account.Login{User: l.User, Authzid: l.AuthzID, Password: l.Password, Place: l.Place, Program: "imap " + l.Program})
	if err != nil {
		return imap.Session{}, err
	}
	proof := s.Proof
	return imap.Session{Person: s.Person.No, Account: s.Target.No, AccountID: s.Target.ID, Address: s.Target.Address.String(),
		Holds: func(ctx context.Context) error { return r.h.accounts.Holds(ctx, proof) }}, nil
}

func (r readers) Shared(ctx context.Context, person haven.AccountNo) ([]imap.SharedBox, error) {
	boxes, err := r.h.shared.For(ctx, person)
	out := make([]imap.SharedBox, 0, len(boxes))
	for _, b := range boxes {
		if !b.Shut {
			out = append(out, imap.SharedBox{Account: b.Account.No, AccountID: b.Account.ID, Address: b.Account.Address.String(), Rights: b.Rights})
		}
	}
	return out, err
}

// filterKeepers proves who signs in to keep filters.
type filterKeepers struct{ h *house }

func (k filterKeepers) Authenticate(ctx context.Context, l managesieve.Login) (managesieve.Session, error) {
	s, err := k.h.accounts.Authenticate(ctx, account.Login{User: l.User, Authzid: l.AuthzID, Password: l.Password, Place: l.Place, Program: "managesieve"})
	if err != nil {
		return managesieve.Session{}, err
	}
	proof := s.Proof
	return managesieve.Session{Person: s.Person.No, PersonID: s.Person.ID, Account: s.Target.No, AccountID: s.Target.ID, Address: s.Target.Address.String(),
		Holds: func(ctx context.Context) error { return k.h.accounts.Holds(ctx, proof) }}, nil
}

// lists shows and changes a shared mailbox's members over IMAP's ACL.
type lists struct{ h *house }

func (l lists) Members(ctx context.Context, person, acc haven.AccountNo) ([]imap.Member, error) {
	if err := l.h.access.Check(ctx, person, acc, haven.Manage); err != nil {
		return nil, err
	}
	members, err := l.current(ctx, acc)
	out := make([]imap.Member, len(members))
	for i, m := range members {
		out[i] = imap.Member{Address: m.Person.Address.String(), Rights: m.Rights}
	}
	return out, err
}

// current are the memberships that have not ended: IMAP knows of no dates, and would show an ended one as access.
func (l lists) current(ctx context.Context, acc haven.AccountNo) ([]sharedmailbox.Membership, error) {
	members, err := l.h.shared.Members(ctx, 0, acc)
	now := l.h.clock.Now()
	return slices.DeleteFunc(members, func(m sharedmailbox.Membership) bool { return !m.Until.IsZero() && !now.Before(m.Until) }), err
}

func (l lists) SetMember(ctx context.Context, person, acc haven.AccountNo, address string, of func(now haven.Rights) haven.Rights) error {
	if err := l.h.access.Check(ctx, person, acc, haven.Manage); err != nil {
		return err
	}
	a, err := haven.ParseAddress(address)
	if err != nil {
		return errs.E(errs.Invalid, "%s", err)
	}
	member, err := l.h.accounts.Resolve(ctx, a)
	if err != nil {
		return err
	}
	by, err := l.h.accounts.ByNo(ctx, person)
	if err != nil {
		return err
	}
	members, err := l.current(ctx, acc)
	if err != nil {
		return err
	}
	now := haven.Rights(0)
	if i := slices.IndexFunc(members, func(m sharedmailbox.Membership) bool { return m.Person.No == member.No }); i >= 0 {
		now = members[i].Rights
	}
	return setMember(ctx, l.h.shared, haven.Actor{Person: by.ID, Program: "imap"}, acc, member.No, of(now))
}

// setMember adds, changes or removes, whichever the rights mean. IMAP knows of no dates: those that there are stay.
func setMember(ctx context.Context, s *sharedmailbox.Service, actor haven.Actor, box, person haven.AccountNo, rights haven.Rights) error {
	if rights == 0 {
		return s.RemoveMember(ctx, actor, box, person)
	}
	err := s.ChangeMember(ctx, actor, box, sharedmailbox.Change{Person: person, Rights: rights})
	if errs.Is(err, errs.NotFound) {
		return s.AddMember(ctx, actor, box, sharedmailbox.Grant{Person: person, Rights: rights})
	}
	return err
}

// domainSigner signs what leaves under one of our domains, and nothing else.
type domainSigner struct{ h *house }

func (d domainSigner) Sign(ctx context.Context, domain string, letter io.Reader) ([]byte, error) {
	if !d.h.accounts.Hosts(domain) {
		return nil, nil
	}
	return d.h.signer.Sign(ctx, domain, letter)
}

// notices files the outbox's notices to our own people, as delivery does.
type notices struct{ h *house }

func (n notices) File(ctx context.Context, to haven.Address, notice []byte, also func(*db.Tx) error) error {
	return n.h.delivery.File(ctx, to, notice, also)
}

// hosts is a resolver in the words of the outbox.
type hosts struct{ authn.Resolver }

func (h hosts) LookupHost(ctx context.Context, host string) ([]string, error) {
	addrs, err := h.LookupIPAddr(ctx, host)
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.String()
	}
	return out, err
}

// profiles answers the directory how a person is reached; they are wired after it.
type profiles struct{ h *house }

func (p profiles) Of(ctx context.Context, no haven.AccountNo) (profile.Profile, error) {
	return p.h.profiles.Of(ctx, no)
}
