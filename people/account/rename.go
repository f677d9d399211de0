package account

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// NewName is the name that a person is to have, and how it is spelled in the letters of an address where it has others.
type NewName struct{ First, Last, Spelled string }

// Display is the name as others see it.
func (n NewName) Display() string { return strings.TrimSpace(n.First + " " + n.Last) }

// CheckName says whether a person can have a name, and gives it without needless spaces. field is the one at fault: first, last or spelled.
func CheckName(n NewName, p policy.Policy) (_ NewName, field string, v haven.Verdict) {
	for _, f := range []struct {
		name string
		is   *string
		most int
	}{{"first", &n.First, p.Account.NameRunes}, {"last", &n.Last, p.Account.NameRunes}, {"spelled", &n.Spelled, 2 * p.Account.NameRunes}} {
		*f.is = strings.Join(strings.Fields(*f.is), " ")
		if utf8.RuneCountInString(*f.is) > f.most || !utf8.ValidString(*f.is) || strings.ContainsFunc(*f.is, NotShown) {
			return n, f.name, haven.Refuse("account.name", fmt.Sprintf("A name has at most %d characters, all of which can be shown.", f.most))
		}
	}
	if n.First == "" && n.Last == "" {
		return n, "first", haven.Refuse("account.name", "Enter your name. A single name is enough.")
	}
	first, last := n.First, n.Last
	if n.Spelled != "" {
		first, last = "", n.Spelled
	}
	if _, v := PersonalLocal(first, last, 1, p.Address.LocalOctets); !v.Allowed {
		return n, "spelled", v
	}
	return n, "", haven.Allow("account.name")
}

// RenamePersonIn gives a person a name and the address that goes with it: one that the person had before under that name, or the next free one. The old
// address stays as one of a former name. The caller's transaction has locked the names first of all, then the person, and announces the account
// after the commit.
func (s *Service) RenamePersonIn(tx *db.Tx, actor haven.Actor, no haven.AccountNo, n NewName) (Account, error) {
	n, _, v := CheckName(n, s.o.Policy)
	if !v.Allowed {
		return Account{}, Refusal(errs.Invalid, v)
	}
	a, err := ByNoIn(tx, no)
	if err != nil {
		return a, err
	}
	first, last := NewPersonal{First: n.First, Last: n.Last, Spelled: n.Spelled}.spelled()
	addr, err := s.addressFor(tx, a, first, last)
	if err != nil {
		return a, err
	}
	tx.Exec(sqlSetName, int64(no), n.First, n.Last)
	if err := s.renameIn(tx, actor, a, n.Display(), addr); err != nil {
		return a, err
	}
	return ByNoIn(tx, no)
}

// addressFor is the address that a person gets with a name: the one that the person has or had under it, or the next namesake's.
func (s *Service) addressFor(tx *db.Tx, a Account, first, last string) (addr haven.Address, err error) {
	base, _ := PersonalLocal(first, last, 1, s.o.Policy.Address.LocalOctets)
	fits := func(local string) bool {
		number, ok := strings.CutPrefix(strings.ToLower(local), base)
		return ok && strings.Trim(number, "0123456789") == ""
	}
	err = tx.Query(sqlAddresses, []any{int64(a.No)}, func(r db.Row) error {
		if role := r.Int64(2); addr.IsNull() && role != roleAlias && fits(r.Text(0)) && s.Hosts(r.Text(1)) {
			addr = haven.Address{Local: r.Text(0), Domain: r.Text(1)}
		}
		return nil
	})
	if err != nil || !addr.IsNull() {
		return addr, err
	}
	return s.freeAddress(tx, first, last, a.Address.Domain)
}

// Rename gives an account a new primary address; the old one stays as an address of a former name, which works
// and is shown to few (Rules 2).
func (s *Service) Rename(ctx context.Context, actor haven.Actor, no haven.AccountNo, display string, addr haven.Address) error {
	if err := checkDisplay(display, s.o.Policy.Account.NameRunes*2+1); err != nil {
		return err
	}
	if err := s.checkVerdictDomain(haven.Allow("address.renamed"), addr.Domain); err != nil {
		return err
	}
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.LockNames(tx); err != nil {
			return err
		}
		a, err := ByNoIn(tx, no)
		if err != nil {
			return err
		}
		return s.renameIn(tx, actor, a, display, addr)
	})
	if err == nil {
		s.announce(no)
	}
	return err
}

func (s *Service) renameIn(tx *db.Tx, actor haven.Actor, a Account, display string, addr haven.Address) error {
	Changed(tx, a.No)
	tx.Exec(sqlSetDisplay, int64(a.No), display)
	if a.Address.Key() != addr.Key() {
		tx.Exec(sqlDemote, int64(a.No), int64(roleFormer))
		if err := s.putAddress(tx, a.No, addr, rolePrimary); err != nil {
			return err
		}
	}
	audit.Record(tx, audit.Entry{At: s.Now(), Actor: actor, What: "account.renamed", On: a.ID, Rule: "address.renamed"})
	return nil
}
