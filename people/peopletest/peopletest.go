// Package peopletest makes a house with people in it for tests: accounts, shared mailboxes and organisations over a
// fresh database, with a clock that the test moves and passwords that cost nothing to check.
package peopletest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"haven"
	"haven/people/access"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/leaver"
	"haven/people/lockout"
	"haven/people/openinghours"
	"haven/people/operator"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/people/request"
	"haven/people/secondfactor"
	"haven/people/session"
	"haven/people/sharedmailbox"
	"haven/people/sharenotification"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Password is what everybody in the house has.
const Password = "violet kettle tramway"

// Domain is the house's own domain; it has OtherDomain too.
const (
	Domain      = "haven.example"
	OtherDomain = "branch.haven.example"
)

// Start is the moment at which every house begins.
var Start = time.Date(2017, 9, 4, 9, 0, 0, 0, time.UTC)

// temporaryKey is what temporary passwords are hashed with, in every house.
var temporaryKey = bytes.Repeat([]byte{7}, 32)

// Operator is the service itself, acting.
var Operator = haven.Actor{Program: "admin", Place: "192.0.2.9"}

// Schemas are the tables that people need, in order.
func Schemas() []db.Schema {
	return []db.Schema{audit.Schema, account.Schema, account.ContactSchema, organisation.Schema, sharenotification.Schema, sharedmailbox.Schema, openinghours.Schema, session.Schema, activation.Schema, secondfactor.Schema, lockout.Schema, profile.Schema, request.Schema, leaver.Schema, operator.Schema}
}

// House is one service's people.
type House struct {
	T            testing.TB
	DB           *db.DB
	Clock        *clock.Fake
	Policy       policy.Policy
	Logger       *slog.Logger // nil: nothing is logged
	Accounts     *account.Service
	Access       *access.Service
	Shared       *sharedmailbox.Service
	Places       *organisation.Service
	Sessions     *session.Service
	Activation   *activation.Service
	SecondFactor *secondfactor.Service
	Operators    *operator.Service // as in a demo: the role serves without a second factor
	Hours        *openinghours.Service
	Seals        *Seals
	Rooms        *Rooms
	Reading      *Reading
	Announced    *Announced
	Ownerless    int64 // mailboxes that a test leaves without an owner on purpose
}

// Each runs fn in a house of its own on each engine.
func Each(t *testing.T, fn func(t *testing.T, h *House), change ...func(*policy.Policy)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, New(t, d, change...)) }, Schemas()...)
}

// New makes a house over a database that has the tables. The policy is the default one, with account passwords
// allowed in mail programs and hashing made cheap; change changes it further.
func New(t testing.TB, d *db.DB, change ...func(*policy.Policy)) *House {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	p.Account.PasswordsInPrograms = true
	p.Password.Argon2KiB, p.Password.Argon2Pass = 8, 1
	for _, c := range change {
		c(&p)
	}
	h := &House{T: t, DB: d, Clock: clock.NewFake(Start), Policy: p, Rooms: &Rooms{}, Reading: NewReading(), Announced: &Announced{}, Seals: newSeals()}
	h.Open()
	t.Cleanup(h.check)
	return h
}

// check runs when the test ends: whatever it did, the tables are sound and every mailbox has its owner.
func (h *House) check() {
	faults, err := account.Check(context.Background(), h.DB)
	if err != nil {
		h.T.Errorf("check of accounts: %v", err)
	}
	found, err := sharedmailbox.Check(context.Background(), h.DB)
	if err != nil {
		h.T.Errorf("check of shared mailboxes: %v", err)
	}
	if faults = append(faults, found.Faults...); len(faults) > 0 || found.Ownerless > h.Ownerless {
		h.T.Errorf("%v, %d mailboxes without an owner, %d expected", faults, found.Ownerless, h.Ownerless)
	}
}

// Open makes the services anew over the same database, as a restart does.
func (h *House) Open() {
	h.Access = access.New(h.DB, h.Clock.Now)
	h.Accounts = account.New(account.Options{TemporaryKey: temporaryKey, DB: h.DB, Access: h.Access, Provisioner: h.Rooms, Announcer: h.Announced, Policy: h.Policy,
		Clock: h.Clock, Domains: []string{Domain, OtherDomain}, Portal: "https://portal.haven.example", Logger: h.Logger, Names: sharedmailbox.Names, Locked: lockout.Note})
	h.SecondFactor = secondfactor.New(secondfactor.Options{DB: h.DB, Keys: h.Seals, Clock: h.Clock, Policy: h.Policy, Issuer: "Haven",
		Portal: func() string { return "https://portal.haven.example" }, Owns: sharedmailbox.OwnsIn})
	h.Shared = sharedmailbox.New(sharedmailbox.Options{DB: h.DB, Accounts: h.Accounts, Access: h.Access, Announcer: h.Announced, Factor: h.SecondFactor, Reading: h.Reading, Policy: h.Policy, Clock: h.Clock})
	h.Sessions = session.New(session.Options{DB: h.DB, Clock: h.Clock, Policy: h.Policy.Session, Announcer: h.Announced})
	h.Operators = operator.New(operator.Options{DB: h.DB, Clock: h.Clock, Policy: h.Policy.Operator, Demo: true})
	h.Activation = activation.New(activation.Options{DB: h.DB, Accounts: h.Accounts, Clock: h.Clock, Policy: h.Policy, Operators: h.Operators})
	h.Hours = openinghours.New(openinghours.Options{DB: h.DB, Shared: h.Shared, Policy: h.Policy.Organisation, Clock: h.Clock})
	h.Places = organisation.New(h.DB, h.Clock, h.Policy.Organisation, sharedmailbox.Have)
}

// Keyed opens a key store beside the house: every account made from now on has its key, as in a service.
func (h *House) Keyed() *secret.Keys {
	h.T.Helper()
	d := dbtest.Open(h.T, h.DB.Engine(), secret.Schema)
	keys, err := secret.Open(context.Background(), d, secret.NewFileKMS(filepath.Join(h.T.TempDir(), "master.key"), nil), secret.Options{Now: h.Clock.Now})
	if err != nil {
		h.T.Fatal(err)
	}
	h.T.Cleanup(keys.Close)
	h.Rooms.Keys = keys
	return keys
}

// Person makes an active person with Password.
func (h *House) Person(first, last string) account.Account {
	h.T.Helper()
	a, err := h.Accounts.CreatePersonal(context.Background(), Operator, account.NewPersonal{First: first, Last: last, State: account.Active, Password: Password})
	if err != nil {
		h.T.Fatalf("%s %s: %v", first, last, err)
	}
	return a
}

// Pharmacy makes a shared mailbox with these owners.
func (h *House) Pharmacy(code organisation.Code, owners ...account.Account) account.Account {
	h.T.Helper()
	spec := sharedmailbox.Spec{ODS: code, Name: "ROWAN PHARMACY", Place: "LEEDS"}
	for _, o := range owners {
		spec.Owners = append(spec.Owners, o.No)
	}
	a, err := h.Shared.Create(context.Background(), Operator, spec)
	if err != nil {
		h.T.Fatalf("%s: %v", code, err)
	}
	return a
}

// Premises makes a pharmacy with a mailbox, at which these people are owners and hold a post.
func (h *House) Premises(code organisation.Code, owners ...account.Account) (organisation.Organisation, account.Account) {
	h.T.Helper()
	ctx := context.Background()
	o, err := h.Places.Add(ctx, Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: code, Name: "ROWAN PHARMACY", Place: "LEEDS", Status: organisation.Active})
	if err != nil {
		h.T.Fatalf("%s: %v", code, err)
	}
	spec := sharedmailbox.Spec{Organisation: o.ID, ODS: code, Name: o.Name, Place: o.Place}
	for _, who := range owners {
		spec.Owners = append(spec.Owners, who.No)
		h.Post(o, who, "pharmacist")
	}
	a, err := h.Shared.Create(ctx, Operator, spec)
	if err != nil {
		h.T.Fatalf("%s: %v", code, err)
	}
	return o, a
}

// Post gives a person a post at an organisation.
func (h *House) Post(at organisation.Organisation, who account.Account, role string) {
	h.T.Helper()
	if err := h.Places.AddPost(context.Background(), Operator, organisation.Post{Person: who.No, Organisation: at.ID, Role: role}); err != nil {
		h.T.Fatalf("%s at %s: %v", who.Address, at.Code, err)
	}
}

// Member adds a person with the default rights of a member.
func (h *House) Member(mailbox, person account.Account) {
	h.T.Helper()
	if err := h.Shared.AddMember(context.Background(), Operator, mailbox.No, sharedmailbox.Grant{Person: person.No, Rights: haven.Member}); err != nil {
		h.T.Fatalf("%s into %s: %v", person.Address, mailbox.Address, err)
	}
}

// Mobile gives a person a mobile that is proven, as an owner has; the one that is there, or one of the person's own.
func (h *House) Mobile(who account.Account) {
	h.T.Helper()
	ctx, number := context.Background(), fmt.Sprintf("+4477009%05d", who.No)
	var sealed account.SealedContact
	var contacts *account.Contacts
	var err error
	if h.Rooms.Keys != nil { // it can be read, and is found like any other
		if contacts, err = account.OpenContacts(ctx, h.DB, h.Rooms.Keys, h.Clock); err == nil {
			sealed, err = contacts.Seal(ctx, who.No, account.Mobile, number)
		}
	}
	if err == nil {
		err = h.DB.Write(ctx, func(tx *db.Tx) error {
			if err := account.Lock(tx, who.No); err != nil {
				return err
			}
			at := h.Clock.Now().UnixMicro()
			n, err := tx.Change(`UPDATE contact SET proven = $2 WHERE no = $1 AND kind = 2`, int64(who.No), at)
			switch {
			case err != nil || n > 0:
				return err
			case contacts == nil:
				tx.Exec(`INSERT INTO contact (no, kind, sealed, hash, made, proven) VALUES ($1, 2, $2, $2, $3, $3)`, int64(who.No), []byte(number), at)
				return nil
			}
			err = contacts.PutIn(tx, Operator, sealed)
			contacts.ProveIn(tx, who.No, account.Mobile)
			return err
		})
	}
	if err != nil {
		h.T.Fatalf("the mobile of %s: %v", who.Address, err)
	}
}

// SecondStep sets up a person's second factor, and returns the key of its codes.
func (h *House) SecondStep(who account.Account) (key string) {
	h.T.Helper()
	ctx := context.Background()
	setup, err := h.SecondFactor.Begin(ctx, who)
	if err != nil {
		h.T.Fatal(err)
	}
	key = strings.ReplaceAll(setup.Key, " ", "")
	code, err := totp.GenerateCode(key, h.Clock.Now())
	if err == nil {
		_, err = h.SecondFactor.Confirm(ctx, As(who), who, code)
	}
	if err != nil {
		h.T.Fatal(err)
	}
	return key
}

// As is a person as an actor.
func As(a account.Account) haven.Actor {
	return haven.Actor{Person: a.ID, Place: "192.0.2.1", Program: "test"}
}

// Rooms stands in for the mail store: it remembers for whom it was asked to make room.
type Rooms struct {
	mu       sync.Mutex
	Fault    error        // what Provision answers
	Keys     *secret.Keys // nil: no account has a key
	prepared []haven.AccountNo
}

// Prepare remembers the account, and makes its key where there is a key store.
func (r *Rooms) Prepare(ctx context.Context, no haven.AccountNo, _ haven.AccountKind) error {
	if r.Keys != nil {
		if err := r.Keys.Create(ctx, no); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prepared = append(r.prepared, no)
	return nil
}

// Provision fails for an account that was not prepared.
func (r *Rooms) Provision(_ *db.Tx, no haven.AccountNo, _ haven.AccountKind) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Fault == nil && !slices.Contains(r.prepared, no) {
		panic("an account was made without its key")
	}
	return r.Fault
}

// Announced remembers what was announced.
type Announced struct {
	mu  sync.Mutex
	all []haven.AccountNo
}

// AccessChanged remembers the accounts.
func (a *Announced) AccessChanged(accounts ...haven.AccountNo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, accounts...)
}

// Take returns what was announced since the last Take.
func (a *Announced) Take() []haven.AccountNo {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.all
	a.all = nil
	return all
}

// Seals seals what is a person's own, under a key of the house.
type Seals struct{ box cipher.AEAD }

func newSeals() *Seals {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // never: the key has the length
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return &Seals{box}
}

// Seal seals for one person.
func (s *Seals) Seal(_ context.Context, no haven.AccountNo, plain []byte) ([]byte, error) {
	return s.box.Seal(nil, nil, plain, binary.BigEndian.AppendUint64(nil, uint64(no))), nil
}

// Open opens what Seal sealed for the same person.
func (s *Seals) Open(_ context.Context, no haven.AccountNo, sealed []byte) ([]byte, error) {
	return s.box.Open(nil, nil, sealed, binary.BigEndian.AppendUint64(nil, uint64(no)))
}
