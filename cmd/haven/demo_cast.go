package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/legal"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// demoPremises is a dozen rows of the national list of premises (April 2025, Open Government Licence). The people who
// work there in the demo are made up.
//
//go:embed demo_premises.csv
var demoPremises []byte

// demoContacts are made-up registered e-mails and GPhC numbers of those premises. Those without a mailbox can be registered.
//
//go:embed demo_contacts.csv
var demoContacts []byte

// demoCentral is a group that registers its premises itself.
var demoCentral = organisation.Central{Group: "P0MG", Contact: "Jonas Petty", Email: haven.MustAddress("registrations@aire-group.example")}

// demoPassword is everybody's, in a demo that nobody but this machine can reach.
const (
	demoPassword = "quiet-harbour-27"
	loadPassword = "steady-load-3141"
)

// demoOrganisations are those that are in no list.
var demoOrganisations = []organisation.Organisation{
	{Kind: organisation.HeadOffice, Code: "P08F", Name: "Northern Group Head Office", Place: "Nottingham"},
	{Kind: organisation.HeadOffice, Code: "P0MG", Name: "Aire Group Head Office", Place: "Manchester"},
	{Kind: organisation.GPPractice, Code: "B86999", Name: "Elder Lane Surgery", Place: "Leeds"},
	{Kind: organisation.Hospital, Code: "RZZ01", Name: "Ward 12 Moorside Infirmary", Place: "Leeds"},
	{Kind: organisation.CareHome, Code: "VZ999", Name: "Holly Bank Care Home", Place: "Leeds"},
	{Kind: organisation.LocalTeam, Code: "QZZ", Name: "Local Team North", Place: "Leeds"},
	{Kind: organisation.Desk, Code: "DSKP", Name: "Pharmacy Desk", Place: "Leeds"},
	{Kind: organisation.Desk, Code: "DSKN", Name: "National Service Desk", Place: "Leeds"},
}

// demoCast are the people: name, where they work, as what.
var demoCast = []struct {
	first, last string
	role        string
	at          []organisation.Code
}{
	{"Aisha", "Rahman", "pharmacist and owner", []organisation.Code{"FAQ06"}},
	{"Ben", "Whitlock", "pharmacist", []organisation.Code{"FAQ06", "FAX17"}},
	{"Carys", "Morgan", "dispenser", []organisation.Code{"FAQ06"}},
	{"Dev", "Anand", "manager and owner", []organisation.Code{"FAX17"}},
	{"Ella", "Osei", "manager and owner", []organisation.Code{"FC221", "FCE76"}},
	{"Farid", "Nasser", "pharmacist", []organisation.Code{"FC221"}},
	{"Grace", "Lindqvist", "manager and owner", []organisation.Code{"FA231"}},
	{"Hugh", "O'Dowd", "locum pharmacist", []organisation.Code{"FA231", "FAX17"}},
	{"Ines", "Calvo-Ruiz", "head office", []organisation.Code{"P08F"}},
	{"Jonas", "Petty", "head office", []organisation.Code{"P0MG"}},
	{"Kira", "Sandhu", "GP", []organisation.Code{"B86999"}},
	{"Liam", "Fenwick", "ward nurse", []organisation.Code{"RZZ01"}},
	{"Mei", "Tanaka", "care home manager", []organisation.Code{"VZ999"}},
	{"Noor", "Haddad", "commissioner", []organisation.Code{"QZZ"}},
	{"Owen", "Price", demoPostmaster, []organisation.Code{"DSKP"}},
	{"Petra", "Novak", "national desk", []organisation.Code{"DSKN"}},
	{"Ben", "Whitlock", "dispenser", []organisation.Code{"FC221"}},
	{"Tess", "Okafor", demoOperator, []organisation.Code{"DSKN"}},
}

// demoPostmaster is the role of who reads what is written to postmaster.
const demoPostmaster = "pharmacy desk and postmaster"

// demoOperator is the role of who runs the service.
const demoOperator = "operator"

// demoLegal is what an owner has written down of one premises, so that its letters end with it; at the others it is still to be done.
var demoLegal = struct {
	code organisation.Code
	legal.Particulars
}{"FAQ06", legal.Particulars{Kind: legal.Company, Name: "Beeston Hill Pharmacy (Demo) Ltd", Part: "England and Wales", Number: "01234567", Office: "1 Demonstration Road, Leeds LS11 0AA"}}

// demoMailboxes are the shared mailboxes, by place in demoCast: who owns and who is a member.
var demoMailboxes = []struct {
	code            organisation.Code
	owners, members []int
}{
	{"FAQ06", []int{0}, []int{1, 2}},
	{"FAX17", []int{3}, []int{1, 7}},
	{"FC221", []int{4}, []int{5, 16}},
	{"FCE76", []int{4}, []int{5}},
	{"FA231", []int{6}, []int{7}},
	{"B86999", []int{10}, nil},
	{"RZZ01", []int{11}, nil},
	{"VZ999", []int{12}, nil},
	{"QZZ", []int{13}, nil},
	{"DSKP", []int{14}, nil},
	{"DSKN", []int{15}, nil},
}

// seeding fills a demo's stores; what an earlier run made is found and kept.
type seeding struct {
	h     *house
	actor haven.Actor
	hash  account.Hashed
	std   stdio
	file  demoFile
	cast  []account.Account
	fresh bool // the first run: there is no mail yet
	said  time.Time
}

// progress says how far it is, once a second at most, and nothing in the first second.
func (s *seeding) progress(format string, args ...any) {
	if now := s.h.clock.Now(); now.Sub(s.said) >= time.Second {
		s.said = now
		fmt.Fprintf(s.std.out, "setting up: "+format+"\n", args...)
	}
}

func seedDemo(ctx context.Context, h *house, loadUsers int, std stdio) (*demoFile, error) {
	s := &seeding{h: h, actor: haven.Actor{Program: "demo"}, std: std, said: h.clock.Now()}
	for _, step := range []func(context.Context) error{s.past, s.organisations, s.people, s.mailboxes, s.reached, s.present, s.letters} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("the demo can't be set up: %w", err)
		}
	}
	if err := s.load(ctx, loadUsers); err != nil {
		return nil, fmt.Errorf("the load users can't be made: %w", err)
	}
	return &s.file, nil
}

func (s *seeding) organisations(ctx context.Context) error {
	if _, err := s.h.organisations.Apply(ctx, s.actor, bytes.NewReader(demoPremises), organisation.Options{}); err != nil {
		return err
	}
	if _, err := s.h.organisations.ApplyContacts(ctx, s.actor, bytes.NewReader(demoContacts), nil); err != nil {
		return err
	}
	if err := s.h.organisations.SetCentral(ctx, s.actor, demoCentral); err != nil {
		return err
	}
	for _, o := range append(slices.Clip(demoOrganisations), demoLocum) {
		o.Status = organisation.Active
		if _, err := s.h.organisations.Add(ctx, s.actor, o); err != nil && !errs.Is(err, errs.Conflict) {
			return err
		}
	}
	return nil
}

func (s *seeding) people(ctx context.Context) (err error) {
	if s.hash, err = s.h.accounts.HashPassword(ctx, demoPassword); err != nil {
		return err
	}
	number := map[string]int{}
	for _, p := range demoCast {
		number[p.first+p.last]++
		local, v := account.PersonalLocal(p.first, p.last, number[p.first+p.last], 64)
		if !v.Allowed {
			return fmt.Errorf("%s %s: %s", p.first, p.last, v.Reason)
		}
		acc, err := s.person(ctx, p.first, p.last, haven.Address{Local: local, Domain: demoDomain}, s.hash)
		if err != nil {
			return err
		}
		org := ""
		for _, code := range p.at {
			o, err := s.h.organisations.ByCode(ctx, code)
			if err != nil {
				return err
			}
			if org == "" {
				org = o.Name
			}
			if err := s.h.organisations.AddPost(ctx, s.actor, organisation.Post{Person: acc.No, Organisation: o.ID, Role: p.role}); err != nil && !errs.Is(err, errs.Conflict) {
				return err
			}
		}
		if p.role == demoPostmaster {
			if err := s.postmaster(ctx, acc.No); err != nil {
				return err
			}
		}
		if p.role == demoOperator {
			if err := s.operator(ctx, acc.No); err != nil {
				return err
			}
		}
		s.progress("%d of %d people", len(s.cast), len(demoCast))
		s.cast = append(s.cast, acc)
		s.file.People = append(s.file.People, demoPerson{acc.Address.String(), acc.Display, demoPassword, org, p.role})
	}
	return nil
}

// postmaster gives a person postmaster's address, unless an earlier run or an operator gave it to somebody.
func (s *seeding) postmaster(ctx context.Context, no haven.AccountNo) error {
	_, err := s.h.accounts.Resolve(ctx, s.h.postmaster())
	if !errs.Is(err, errs.NotFound) {
		return err
	}
	return s.h.accounts.AddAlias(ctx, s.actor, no, s.h.postmaster())
}

// operator gives a person the role, unless an earlier run gave it to somebody.
func (s *seeding) operator(ctx context.Context, no haven.AccountNo) error {
	up, err := s.h.operators.SetUp(ctx)
	if err != nil || up {
		return err
	}
	_, err = s.h.operators.Add(ctx, s.actor, no)
	return err
}

// reached sets how the people are reached outside, at addresses and numbers that are nobody's (RFC 2606 §3; Ofcom keeps 07700 900000 to
// 900999 for stories).
func (s *seeding) reached(ctx context.Context) error {
	for i, acc := range s.cast {
		if err := s.reachedAt(ctx, acc, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeding) reachedAt(ctx context.Context, acc account.Account, i int) error {
	have, err := s.h.contacts.Of(ctx, acc.No)
	if err != nil || len(have) > 0 {
		return err
	}
	return s.h.setContacts(ctx, s.actor, acc, s.outside(acc, i), acc.State == account.Active) // who has activated has shown both to be the own
}

func (s *seeding) outside(acc account.Account, i int) map[account.ContactKind]string {
	return map[account.ContactKind]string{account.PersonalEmail: acc.Address.Local + "@home.example", account.Mobile: fmt.Sprintf("+447700900%03d", i)}
}

// invited makes somebody who has the username by e-mail and the temporary password by text, and has not activated the account.
func (s *seeding) invited(ctx context.Context) error {
	p, address := demoAwkward[rosa], s.awkwardAddress(rosa)
	if _, err := s.h.accounts.Resolve(ctx, address); !errs.Is(err, errs.NotFound) {
		return err
	}
	acc, err := s.h.accounts.CreatePersonal(ctx, s.actor, account.NewPersonal{First: p.first, Last: p.last, Address: address, State: account.Invited})
	if err != nil {
		return err
	}
	if err := s.reachedAt(ctx, acc, len(demoCast)+rosa); err != nil {
		return err
	}
	box, err := s.h.organisations.ByCode(ctx, p.at)
	if err != nil {
		return err
	}
	boxes, err := s.h.shared.Of(ctx, box.ID)
	if err != nil || len(boxes) == 0 {
		return err
	}
	if err := s.h.shared.AddMember(ctx, s.actor, boxes[0], sharedmailbox.Grant{Person: acc.No, Rights: haven.Member}); err != nil {
		return err
	}
	return s.h.activation.Invite(ctx, s.actor, acc.No, activation.Both)
}

// person finds an account of an earlier run, or makes it.
func (s *seeding) person(ctx context.Context, first, last string, a haven.Address, hash account.Hashed) (account.Account, error) {
	acc, err := s.h.accounts.Resolve(ctx, a)
	if !errs.Is(err, errs.NotFound) {
		return acc, err
	}
	return s.h.accounts.CreatePersonal(ctx, s.actor, account.NewPersonal{First: first, Last: last, Address: a, State: account.Active, Hashed: hash})
}

// particulars writes down what letters from a mailbox end with, once.
func (s *seeding) particulars(ctx context.Context, box haven.AccountNo) error {
	_, complete, err := s.h.legal.Of(ctx, box)
	if err != nil || complete {
		return err
	}
	return s.h.legal.Set(ctx, s.actor, box, demoLegal.Particulars)
}

func (s *seeding) mailboxes(ctx context.Context) error {
	for _, m := range demoMailboxes {
		o, err := s.h.organisations.ByCode(ctx, m.code)
		if err != nil {
			return err
		}
		box, err := s.mailboxOf(ctx, o, s.numbers(m.owners), s.numbers(m.members))
		if err != nil {
			return err
		}
		addrs, err := s.h.accounts.Addresses(ctx, box.No, false)
		if err != nil {
			return err
		}
		if m.code == demoLegal.code {
			if err := s.particulars(ctx, box.No); err != nil {
				return err
			}
		}
		s.progress("%d of %d mailboxes", len(s.file.Shared), len(demoMailboxes))
		d := demoShared{Address: box.Address.String(), Aliases: []string{}, Organisation: o.Name, Owners: s.names(m.owners), Members: s.names(m.members)}
		for _, a := range addrs {
			if a != box.Address {
				d.Aliases = append(d.Aliases, a.String())
			}
		}
		s.file.Shared = append(s.file.Shared, d)
	}
	return nil
}

func (s *seeding) mailboxOf(ctx context.Context, o organisation.Organisation, owners, members []haven.AccountNo) (account.Account, error) {
	have, err := s.h.shared.Of(ctx, o.ID)
	if err != nil {
		return account.Account{}, err
	}
	if len(have) > 0 {
		return s.h.accounts.ByNo(ctx, have[0])
	}
	s.fresh = true
	return s.h.shared.Create(ctx, s.actor, sharedmailbox.Spec{Kind: o.Kind, Organisation: o.ID, ODS: o.Code, Name: o.Name, Place: o.Place,
		Domain: demoDomain, Owners: owners, Members: members})
}

func (s *seeding) numbers(places []int) (out []haven.AccountNo) {
	for _, i := range places {
		out = append(out, s.cast[i].No)
	}
	return out
}

func (s *seeding) names(places []int) []string {
	out := []string{}
	for _, i := range places {
		out = append(out, s.cast[i].Address.String())
	}
	return out
}

// letters puts some mail into the first mailboxes, at the first run.
func (s *seeding) letters(ctx context.Context) error {
	if !s.fresh {
		return nil
	}
	ward, surgery := s.file.Shared[6].Address, s.file.Shared[5].Address
	for i, l := range []struct{ name, from, subject, text string }{
		{"Ward 12 (Moorside Infirmary)", ward, "Discharge note, patient DEMO-0001", "Discharged today. Two tablets at night, review in four weeks."},
		{"Elder Lane Surgery", surgery, "Prescription query", "Could you tell us whether the liquid form is in stock?"},
		{"Ward 12 (Moorside Infirmary)", ward, "Discharge note, patient DEMO-0002", "Discharged this morning. No change of medicines."},
	} {
		for _, m := range s.file.Shared[:3] {
			to, err := s.h.accounts.Resolve(ctx, haven.MustAddress(m.Address))
			if err != nil {
				return err
			}
			text := fmt.Sprintf("From: \"%s\" <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <demo-%d-%d@%s>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
				l.name, l.from, m.Address, l.subject, s.h.clock.Now().Format("Mon, 02 Jan 2006 15:04:05 -0700"), i, to.No, demoDomain, l.text)
			if err := s.file1(ctx, to.No, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *seeding) file1(ctx context.Context, to haven.AccountNo, text string) error {
	w, err := s.h.mail.NewLetter(ctx)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		w.Abort()
		return err
	}
	letter, err := w.Finish(ctx)
	if err != nil {
		return err
	}
	_, err = s.h.mail.File(ctx, []mailbox.Filing{{Account: to, Letter: letter}}, nil)
	return err
}

func (s *seeding) load(ctx context.Context, n int) error {
	s.file.LoadUsers = demoLoad{Pattern: "user%d@" + benchDomain, Count: n, Password: loadPassword}
	if n == 0 {
		return nil
	}
	hash, err := s.h.accounts.HashPassword(ctx, loadPassword)
	if err != nil {
		return err
	}
	for i := 1; i <= n; i++ {
		if _, err := s.person(ctx, "Load", "User", haven.Address{Local: fmt.Sprintf("user%d", i), Domain: benchDomain}, hash); err != nil {
			return err
		}
		s.progress("%d of %d load users", i, n)
	}
	return nil
}
