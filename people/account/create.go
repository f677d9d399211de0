package account

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// NewPersonal is a person for whom an account is made.
type NewPersonal struct {
	First, Last string        // as the person writes them
	Display     string        // "": First Last
	Domain      string        // "": the service's first
	Address     haven.Address // null: first.last@domain by Rules 2
	State       State         // 0: Invited
	Password    string        // "": none yet
	Temporary   bool          // Password has to be changed at the first log in
	Hashed      Hashed        // instead of Password: for seeding many made-up accounts

	// Spelled is the name in letters of which an address can be made, where First and Last have others: "Li Wei".
	Spelled string
}

// spelled is the name of which the address is made.
func (n NewPersonal) spelled() (first, last string) {
	if n.Spelled == "" {
		return n.First, n.Last
	}
	words := strings.Fields(n.Spelled)
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

// Hashed is a password that was checked and hashed; the zero value is none.
type Hashed struct{ h fmt.Stringer }

// CreatePersonal makes a person's account with its primary address: the next free namesake's, unless one is
// given. It is Invalid where a name can't be written in letters or the password may not be set, and Conflict
// (address.taken) where the given address is or was somebody's.
func (s *Service) CreatePersonal(ctx context.Context, actor haven.Actor, n NewPersonal) (Account, error) {
	if err := s.completePersonal(&n); err != nil {
		return Account{}, err
	}
	if n.Password != "" {
		names := PasswordFacts{Names: []string{n.First, n.Last}}
		h, err := s.hashChecked(ctx, n.Password, names)
		if err != nil {
			return Account{}, err
		}
		n.Hashed = Hashed{h}
	}
	no, err := s.Reserve(ctx, haven.Personal)
	if err != nil {
		return Account{}, err
	}
	var a Account
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err = s.createPersonal(tx, actor, no, n)
		return err
	})
	return a, err
}

func (s *Service) completePersonal(n *NewPersonal) error {
	n.First, n.Last = strings.Join(strings.Fields(n.First), " "), strings.Join(strings.Fields(n.Last), " ")
	n.Spelled = strings.Join(strings.Fields(n.Spelled), " ")
	if n.Display == "" {
		n.Display = strings.TrimSpace(n.First + " " + n.Last)
	}
	if err := checkDisplay(n.Display, s.o.Policy.Account.NameRunes*2+1); err != nil {
		return err
	}
	if n.State == 0 {
		n.State = Invited
	}
	if n.Domain == "" {
		n.Domain = s.Domain()
	}
	if n.Address.IsNull() {
		first, last := n.spelled()
		_, v := PersonalLocal(first, last, 1, s.o.Policy.Address.LocalOctets)
		n.Domain = strings.ToLower(n.Domain)
		return s.checkVerdictDomain(v, n.Domain)
	}
	n.Domain = n.Address.Domain
	return s.checkVerdictDomain(haven.Allow("address.given"), n.Domain)
}

func (s *Service) checkVerdictDomain(v haven.Verdict, domain string) error {
	if !v.Allowed {
		return Refusal(errs.Invalid, v)
	}
	if !s.Hosts(domain) {
		return &errs.Error{Kind: errs.Invalid, Rule: "address.domain", Say: fmt.Sprintf("%q is not one of this service's domains.", domain)}
	}
	return nil
}

// CreatePersonalIn is CreatePersonal in the caller's transaction, under a number that Reserve gave; a password comes as
// Hashed. The transaction has locked the names, or does so first of all.
func (s *Service) CreatePersonalIn(tx *db.Tx, actor haven.Actor, no haven.AccountNo, n NewPersonal) (Account, error) {
	if err := s.completePersonal(&n); err != nil {
		return Account{}, err
	}
	return s.createPersonal(tx, actor, no, n)
}

func (s *Service) createPersonal(tx *db.Tx, actor haven.Actor, no haven.AccountNo, n NewPersonal) (Account, error) {
	if err := s.LockNames(tx); err != nil {
		return Account{}, err
	}
	addr := n.Address
	if addr.IsNull() {
		var err error
		first, last := n.spelled()
		if addr, err = s.freeAddress(tx, first, last, n.Domain); err != nil {
			return Account{}, err
		}
	}
	a, err := s.Insert(tx, actor, Account{No: no, Kind: haven.Personal, State: n.State, Display: n.Display, Address: addr})
	if err != nil {
		return Account{}, err
	}
	tx.Exec(sqlPutPerson, int64(no), n.First, n.Last)
	if n.Hashed.h != nil {
		s.putSecret(tx, no, 1, n.Hashed.h, n.Temporary)
	}
	return a, nil
}

// CreateApplication makes a program's account. It has no password; app passwords serve it.
func (s *Service) CreateApplication(ctx context.Context, actor haven.Actor, name string, addr haven.Address) (Account, error) {
	if err := checkDisplay(name, s.o.Policy.Account.NameRunes*2); err != nil {
		return Account{}, err
	}
	if err := s.checkVerdictDomain(haven.Allow("address.given"), addr.Domain); err != nil {
		return Account{}, err
	}
	no, err := s.Reserve(ctx, haven.Application)
	if err != nil {
		return Account{}, err
	}
	var a Account
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.LockNames(tx); err != nil {
			return err
		}
		a, err = s.Insert(tx, actor, Account{No: no, Kind: haven.Application, State: Active, Display: name, Address: addr})
		return err
	})
	return a, err
}

// Restored makes new accounts get numbers above last in a store that was read back from a back-up: the highest that the key store
// knows, which may be newer. A number has one key in its life (secret.Keys.Create).
func Restored(tx *db.Tx, last haven.AccountNo) {
	tx.Exec(`UPDATE account_next SET next = $1 WHERE one = 1 AND next < $1`, int64(last)+1)
}

// Reserve takes the next account number for good and prepares what must be there before the account (its key).
// A number whose account then fails to come is lost, and never used again.
func (s *Service) Reserve(ctx context.Context, kind haven.AccountKind) (no haven.AccountNo, err error) {
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlTakeNo, nil, func(r db.Row) error { no = haven.AccountNo(r.Int64(0)); return nil })
	})
	if err != nil {
		return 0, err
	}
	return no, s.o.Provisioner.Prepare(ctx, no, kind)
}

// LockNames makes the transaction the only one that gives addresses out. It comes before Insert and PutAddress.
func (s *Service) LockNames(tx *db.Tx) error {
	return tx.Query(sqlLockNames, nil, func(db.Row) error { return nil })
}

// Insert makes an account under a number that Reserve gave, with its primary address, and has it provisioned.
// The caller has locked the names and checked the fields. It is Conflict when the address is or was another's.
func (s *Service) Insert(tx *db.Tx, actor haven.Actor, a Account) (Account, error) {
	if err := checkDisplay(a.Display, longestDisplay); err != nil {
		return Account{}, err
	}
	now := s.Now()
	a.ID, a.Created, a.AccessVer = haven.NewAccountID(), now.UTC().Truncate(time.Microsecond), newVersion()
	tx.Exec(sqlInsert, int64(a.No), a.ID[:], int64(a.Kind), int64(a.State), now.UnixMicro(), a.Display, a.AccessVer)
	Changed(tx, a.No)
	if err := s.putAddress(tx, a.No, a.Address, rolePrimary); err != nil {
		return Account{}, err
	}
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "account.created", On: a.ID, Rule: "account.created", Note: a.Kind.String() + " " + a.State.String()})
	return a, s.o.Provisioner.Provision(tx, a.No, a.Kind)
}

// longestDisplay is in characters; a premises' name and place go into one display name.
const longestDisplay = 400

// newVersion is an access version that was never used before.
func newVersion() int64 {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return int64(binary.BigEndian.Uint64(b[:]) >> 1)
}

func checkDisplay(name string, most int) error {
	if name == "" || utf8.RuneCountInString(name) > most || !utf8.ValidString(name) || strings.ContainsFunc(name, NotShown) {
		return &errs.Error{Kind: errs.Invalid, Rule: "account.name", Say: fmt.Sprintf("A name has between 1 and %d characters that can be shown.", most)}
	}
	return nil
}

// NotShown holds for what has no place in a name that others see: controls, which would break a header apart, and
// the marks that turn the direction of text.
func NotShown(r rune) bool {
	return r < 0x20 || 0x7f <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 || r == 0x2028 || r == 0x2029
}

// Refusal is a verdict as an error of a kind.
func Refusal(k errs.Kind, v haven.Verdict) error {
	return &errs.Error{Kind: k, Rule: string(v.Rule), Say: v.Reason}
}
