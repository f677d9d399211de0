package registration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// visitor is somebody at the portal whom nobody knows; each test is at a network of its own.
var visitor = haven.Actor{Place: "192.0.2.77", Program: "portal"}

// desk is who settles tasks.
var desk = haven.Actor{Program: "desk"}

const number = "1034567" // of FX002

// notices is a table of what was to be sent: what a transaction that failed wrote is not there.
var notices = db.Schema{Concept: "test-notices", Steps: []string{`CREATE TABLE test_notice (n {int} PRIMARY KEY, body {text} NOT NULL)`}}

// letter is a notice.
type letter struct {
	Kind                    string
	registration.Attempt    `json:"attempt"`
	registration.Completion `json:"completion"`
	registration.Invitation `json:"invitation"`
	Approval                registration.ApprovalNotice
}

type post struct{ n atomic.Int64 }

func (p *post) put(tx *db.Tx, l letter) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	tx.Exec(`INSERT INTO test_notice (n, body) VALUES ($1, $2)`, p.n.Add(1), string(body))
	return nil
}

func (p *post) Passcode(tx *db.Tx, a registration.Attempt) error {
	return p.put(tx, letter{Kind: "passcode", Attempt: a})
}

func (p *post) Attempted(tx *db.Tx, a registration.Attempt) error {
	return p.put(tx, letter{Kind: "attempted", Attempt: a})
}

func (p *post) GroupAttempted(tx *db.Tx, a registration.Attempt) error {
	return p.put(tx, letter{Kind: "group attempted", Attempt: a})
}

func (p *post) GroupCompleted(tx *db.Tx, c registration.Completion) error {
	return p.put(tx, letter{Kind: "group completed", Completion: c})
}

func (p *post) Corrected(tx *db.Tx, who account.Account, kind account.ContactKind, old string) error {
	return p.put(tx, letter{Kind: "corrected " + kind.String() + " " + old})
}

func (p *post) approval(kind string, tx *db.Tx, n registration.ApprovalNotice) error {
	return p.put(tx, letter{Kind: kind, Approval: n})
}

func (p *post) ApprovalAsked(tx *db.Tx, n registration.ApprovalNotice) error {
	return p.approval("approval asked", tx, n)
}

func (p *post) ApprovalAttempted(tx *db.Tx, n registration.ApprovalNotice) error {
	return p.approval("approval attempted", tx, n)
}

func (p *post) Approved(tx *db.Tx, n registration.ApprovalNotice) error {
	return p.approval("approved", tx, n)
}

func (p *post) NotApproved(tx *db.Tx, n registration.ApprovalNotice) error {
	return p.approval("not approved", tx, n)
}

func (p *post) FurtherDecided(tx *db.Tx, owner account.Account, who string, mailbox account.Account, reason string) error {
	return p.put(tx, letter{Kind: "further decided: " + who + ": " + reason, Completion: registration.Completion{To: owner.Address, Mailbox: mailbox}})
}

func (p *post) Completed(tx *db.Tx, c registration.Completion) error {
	return p.put(tx, letter{Kind: "completed", Completion: c})
}

func (p *post) Named(tx *db.Tx, i registration.Invitation) error {
	return p.put(tx, letter{Kind: "named", Invitation: i})
}

// house is a house in which premises register.
type house struct {
	*peopletest.House
	t        *testing.T
	contacts *account.Contacts
	s        *registration.Service
	org      organisation.ID // of FX002
	visitor  haven.Actor
	read     int64   // letters
	unsent   bool    // nothing can be sent again
	drawn    string  // temporary password that is drawn next
	invites  inviter // first passwords that were sent again
}

// each runs fn in a house of its own on each engine: FX002 and FX003 are registered by themselves, FX004 lacks an e-mail, FX005 a number too.
func each(t *testing.T, fn func(t *testing.T, h *house), change ...func(*policy.Policy)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{House: peopletest.New(t, d, change...), t: t, visitor: visitor, drawn: "walnut kettle tramway 27"}
		keys := h.Keyed()
		var err error
		if h.contacts, err = account.OpenContacts(t.Context(), d, keys, h.Clock); err != nil {
			t.Fatal(err)
		}
		act := activation.New(activation.Options{DB: d, Accounts: h.Accounts, Clock: h.Clock, Policy: h.Policy, Inviter: &h.invites, Contacts: h.contacts})
		if h.s, err = registration.Open(t.Context(), registration.Options{DB: d, Keys: keys, Accounts: h.Accounts, Contacts: h.contacts, Shared: h.Shared,
			Places: h.Places, Notices: &post{}, Clock: h.Clock, Policy: h.Policy, Temporary: func() (string, error) { return h.drawn, nil },
			MayInviteNow: act.MayInviteNow, Invite: func(ctx context.Context, actor haven.Actor, no haven.AccountNo, username bool) error {
				if h.unsent {
					return errs.E(errs.Transient, "Try again.")
				}
				if username {
					return act.Invite(ctx, actor, no, activation.Both)
				}
				return act.Invite(ctx, actor, no, activation.PasswordOnly)
			}}); err != nil {
			t.Fatal(err)
		}
		h.premises()
		fn(t, h)
		h.noSecrets()
	}, append(peopletest.Schemas(), registration.Schema, notices)...)
}

func (h *house) premises() {
	h.t.Helper()
	for _, code := range []organisation.Code{"FX002", "FX003", "FX004"} {
		o, err := h.Places.Add(h.t.Context(), peopletest.Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: code, Name: "ROWAN PHARMACY", Place: "LEEDS", Postcode: "LS1 1AA", Parent: "P001"})
		if err != nil {
			h.t.Fatal(err)
		}
		if code == "FX002" {
			h.org = o.ID
		}
	}
	if _, err := h.Places.Add(h.t.Context(), peopletest.Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: "FX005", Name: "LONE PHARMACY", Place: "LEEDS", Postcode: "LS1 1AA", Telephone: "0113 4960005"}); err != nil {
		h.t.Fatal(err)
	}
	file := "ODS code,e-mail,GPhC number,source,date\nFX002,shop@rowan.example," + number + ",list,2017-09-01\nFX003,shop@rowan.example,1034568,list,2017-09-01\nFX004,,1034569,list,2017-09-01"
	if rep, err := h.Places.ApplyContacts(h.t.Context(), peopletest.Operator, strings.NewReader(file), nil); err != nil || rep.Refused > 0 {
		h.t.Fatalf("%+v, %v", rep, err)
	}
}

// letters are those that were sent since they were asked for.
func (h *house) letters() (all []letter) {
	h.t.Helper()
	err := h.DB.Read(h.t.Context(), func(tx *db.Tx) error {
		all = nil
		return tx.Query(`SELECT body, n FROM test_notice WHERE n > $1 ORDER BY n`, []any{h.read}, func(r db.Row) error {
			var l letter
			all = append(all, l)
			h.read = r.Int64(1)
			return json.Unmarshal([]byte(r.Text(0)), &all[len(all)-1])
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// one is the only letter of a kind since the last look.
func (h *house) one(kind string) letter {
	h.t.Helper()
	var found []letter
	for _, l := range h.letters() {
		if l.Kind == kind {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		h.t.Fatalf("%d letters %s", len(found), kind)
	}
	return found[0]
}

// noSecrets looks for what may not lie open, in all tables that registration and audit write.
func (h *house) noSecrets() {
	for _, q := range []string{`SELECT note FROM audit`, `SELECT COALESCE(CAST(sealed AS TEXT), '') FROM registration_person`, `SELECT COALESCE(CAST(passcode AS TEXT), '') FROM registration`, `SELECT COALESCE(CAST(sealed AS TEXT), '') FROM registration_unproven`} {
		if h.DB.Engine() == "postgres" {
			q = strings.NewReplacer("CAST(sealed AS TEXT)", "encode(sealed, 'escape')", "CAST(passcode AS TEXT)", "encode(passcode, 'escape')").Replace(q)
		}
		err := h.DB.Read(context.Background(), func(tx *db.Tx) error {
			return tx.Query(q, nil, func(r db.Row) error {
				for _, secret := range []string{"home.example", "7700", "rowan.example", "Ann", "kettle"} {
					if strings.Contains(r.Text(0), secret) {
						h.t.Errorf("%q lies open: %.100s", secret, r.Text(0))
					}
				}
				return nil
			})
		})
		if err != nil {
			h.t.Error(err)
		}
	}
}

// proven begins an application for a premises and proves it.
func (h *house) proven(code, gphc string) (registration.Ref, registration.Token) {
	h.t.Helper()
	pass, err := h.s.Ask(h.t.Context(), h.visitor, code, gphc)
	if err != nil {
		h.t.Fatal(err)
	}
	token, err := h.s.Prove(h.t.Context(), h.visitor, string(pass.Ref), h.one("passcode").Passcode)
	if err != nil {
		h.t.Fatal(err)
	}
	return pass.Ref, token
}

// filled is an application that is ready to be sent.
func (h *house) filled(people ...registration.Person) (registration.Ref, registration.Token) {
	h.t.Helper()
	ref, token := h.proven("FX002", number)
	if err := h.s.SetPeople(h.t.Context(), h.visitor, ref, token, people); err != nil {
		h.t.Fatal(err)
	}
	return ref, token
}

// sent is one that was sent, with the letters that went out.
func (h *house) sent(people ...registration.Person) (registration.Ref, []letter) {
	h.t.Helper()
	ref, token := h.filled(people...)
	h.letters()
	done, err := h.s.Submit(h.t.Context(), h.visitor, ref, token)
	if err != nil || done != (registration.Done{Ref: ref, Says: registration.Written}) {
		h.t.Fatalf("%+v, %v", done, err)
	}
	return ref, h.letters()
}

func person(first, last string, n int) registration.Person {
	return registration.Person{First: first, Last: last, Email: fmt.Sprintf("%s%d@home.example", strings.ToLower(first), n), Mobile: fmt.Sprintf("07700 9001%02d", n)}
}

// known makes a person who has an account, with the contacts of p.
func (h *house) known(p registration.Person) account.Account {
	h.t.Helper()
	a := h.Person(p.First, p.Last)
	mobile, _ := account.ParseMobile(p.Mobile)
	for kind, value := range map[account.ContactKind]string{account.PersonalEmail: p.Email, account.Mobile: mobile} {
		s, err := h.contacts.Seal(h.t.Context(), a.No, kind, value)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := h.DB.Write(h.t.Context(), func(tx *db.Tx) error { return h.contacts.PutIn(tx, peopletest.Operator, s) }); err != nil {
			h.t.Fatal(err)
		}
	}
	return a
}

// box is the mailbox of FX002.
func (h *house) box() account.Account {
	h.t.Helper()
	all, err := h.Shared.Of(h.t.Context(), h.org)
	if err != nil || len(all) != 1 {
		h.t.Fatalf("mailboxes %v, %v", all, err)
	}
	a, err := h.Accounts.ByNo(h.t.Context(), all[0])
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// members are who has access to the mailbox of FX002, and how.
func (h *house) members() string {
	h.t.Helper()
	all, err := h.Shared.Members(h.t.Context(), 0, h.box().No)
	if err != nil {
		h.t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range all {
		role := "member"
		if m.Rights == haven.Owner {
			role = "owner"
		}
		fmt.Fprintf(&b, "%s %s %s, ", m.Person.Address.Local, m.Person.State, role)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func (h *house) rights(who account.Account) haven.Rights {
	h.t.Helper()
	r, _, err := h.Access.Rights(h.t.Context(), who.No, h.box().No)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// count counts audit records of a kind.
func (h *house) count(what string) (n int) {
	h.t.Helper()
	err := h.DB.Read(h.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM audit WHERE what = $1`, []any{what}, func(r db.Row) error { n = int(r.Int64(0)); return nil })
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// want checks an error by its rule; "" wants none.
func want(t *testing.T, what string, err error, rule string) {
	t.Helper()
	var e *errs.Error
	switch {
	case rule == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case rule != "" && (!errors.As(err, &e) || e.Rule != rule || e.Say == ""):
		t.Errorf("%s: %v, want %s", what, err, rule)
	}
}
