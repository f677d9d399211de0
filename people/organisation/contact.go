package organisation

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Contact is how a premises is reached outside, and by which number its regulator knows it (Rules 1): what an applicant
// has to prove (Rules 4). Pages show the e-mail Masked.
type Contact struct {
	Email  haven.Address // null: none is registered
	GPhC   string        // "": none
	Source string        // who said so
	Stated Date          // as of when
	Since  time.Time     // when these values came here
	Was    *Contact      // the values before, with their source and date; nil: there were none
}

// Known reports whether there is anything at all.
func (c Contact) Known() bool { return !c.Email.IsNull() || c.GPhC != "" }

// ContactOf is the registered e-mail and GPhC number of a premises; zero where nothing is known.
func (s *Service) ContactOf(ctx context.Context, id ID) (c Contact, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		c, err = ContactIn(tx, id)
		return err
	})
	return c, err
}

// ContactIn is ContactOf in the caller's transaction.
func ContactIn(tx *db.Tx, id ID) (c Contact, err error) {
	err = tx.Query(sqlContact, []any{int64(id)}, func(r db.Row) error { c = scanContact(r); return nil })
	return c, err
}

// ByCodeIn is ByCode in the caller's transaction.
func ByCodeIn(tx *db.Tx, c Code) (o Organisation, err error) {
	err = ErrUnknown
	if e := tx.Query(sqlByCode, []any{string(c)}, func(r db.Row) error { o, err = scan(r), nil; return nil }); e != nil {
		err = e
	}
	return o, err
}

func scanContact(r db.Row) Contact {
	c := Contact{Email: addressOf(r.Text(0)), GPhC: r.Text(1), Source: r.Text(2), Stated: Date(r.Int64(3)), Since: time.UnixMicro(r.Int64(4)).UTC()}
	if was := (Contact{Email: addressOf(r.Text(5)), GPhC: r.Text(6), Source: r.Text(7), Stated: Date(r.Int64(8))}); was.Known() {
		c.Was = &was
	}
	return c
}

// addressOf reads an address as it was written here; null for none.
func addressOf(s string) haven.Address {
	a, err := haven.ParseAddress(s)
	if err != nil {
		return haven.Address{}
	}
	return a
}

// Central is a group that registers its premises itself: an applicant is led to this contact (Rules 4).
type Central struct {
	Group   Code // head office
	Contact string
	Email   haven.Address
}

// CentralIn finds the group that registers a premises centrally, in the caller's transaction; ok is false where the
// premises may register itself, since its group does not, or a desk released it.
func CentralIn(tx *db.Tx, o Organisation) (c Central, ok bool, err error) {
	if o.Parent == "" {
		return Central{}, false, nil
	}
	err = tx.Query(sqlCentral, []any{string(o.Parent), int64(o.ID)}, func(r db.Row) error {
		c, ok = Central{Group: o.Parent, Contact: r.Text(0), Email: addressOf(r.Text(1))}, true
		return nil
	})
	return c, ok, err
}

// ContactOfGroupIn is whom to ask at a head office about registrations, in the caller's transaction; null where it has named nobody.
func ContactOfGroupIn(tx *db.Tx, group Code) (a haven.Address, err error) {
	err = tx.Query(sqlGroupContact, []any{string(group)}, func(r db.Row) error { a = addressOf(r.Text(0)); return nil })
	return a, err
}

// CentralOf is CentralIn over a snapshot of its own.
func (s *Service) CentralOf(ctx context.Context, o Organisation) (c Central, ok bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		c, ok, err = CentralIn(tx, o)
		return err
	})
	return c, ok, err
}

// SetCentral says that a head office registers its premises itself, and whom to ask there; it may be said again with
// another contact. It is NotFound where nothing belongs to such a head office. Releases that a desk gave stay.
func (s *Service) SetCentral(ctx context.Context, actor haven.Actor, c Central) error {
	if err := completeCentral(&c); err != nil {
		return err
	}
	return s.central(ctx, actor, "organisation.central", string(c.Group), func(tx *db.Tx, now int64) error {
		if some, err := IsGroupIn(tx, c.Group); err != nil || !some {
			return cmp.Or(err, error(ErrUnknown))
		}
		n, err := tx.Change(sqlPutCentral, string(c.Group), c.Contact, c.Email.String(), now)
		if err == nil && n == 0 {
			err = errSame
		}
		return err
	})
}

// IsGroupIn reports whether an organisation has that code, or one belongs to a head office with it.
func IsGroupIn(tx *db.Tx, group Code) (is bool, err error) {
	err = tx.Query(sqlIsGroup, []any{string(group)}, func(db.Row) error { is = true; return nil })
	return is, err
}

func completeCentral(c *Central) error {
	code, v := ParseCode(HeadOffice, string(c.Group))
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	c.Group, c.Contact = code, strings.Join(strings.Fields(c.Contact), " ")
	if c.Contact == "" || !isPlain(c.Contact) {
		return errs.E(errs.Invalid, "Say whom to ask at the head office: a name of at most %d octets.", 2*longestField)
	}
	if c.Email, v = ParseEmail(c.Email.String()); !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	return nil
}

// EndCentral lets the premises of a head office register themselves again. It is NotFound where they may.
func (s *Service) EndCentral(ctx context.Context, actor haven.Actor, group Code) error {
	return s.central(ctx, actor, "organisation.central-ended", string(group), func(tx *db.Tx, _ int64) error {
		n, err := tx.Change(sqlEndCentral, string(group))
		if err == nil && n == 0 {
			err = errs.E(errs.NotFound, "This group does not register its premises centrally.")
		}
		return err
	})
}

// Release lets one premises register itself though its group registers centrally: the desk's doing (Rules 4).
func (s *Service) Release(ctx context.Context, actor haven.Actor, code Code) error {
	return s.central(ctx, actor, "organisation.released", string(code), func(tx *db.Tx, now int64) error {
		o, err := ByCodeIn(tx, code)
		if err != nil {
			return err
		}
		n, err := tx.Change(sqlRelease, int64(o.ID), now)
		if err == nil && n == 0 {
			err = errSame
		}
		return err
	})
}

// errSame ends a transaction that would change nothing, so that nothing is recorded.
var errSame = errors.New("as it is")

// central runs a change of who registers centrally, one after the other, and records it.
func (s *Service) central(ctx context.Context, actor haven.Actor, what, code string, fn func(tx *db.Tx, now int64) error) error {
	now := s.clock.Now()
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := takeIDs(tx, 0); err != nil {
			return err
		}
		if err := fn(tx, now.UnixMicro()); err != nil {
			return err
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: what, Rule: "organisation.central", Note: code})
		return nil
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// ByIDIn is ByID in the caller's transaction.
func ByIDIn(tx *db.Tx, id ID) (o Organisation, err error) {
	err = ErrUnknown
	if e := tx.Query(sqlByID, []any{int64(id)}, func(r db.Row) error { o, err = scan(r), nil; return nil }); e != nil {
		err = e
	}
	return o, err
}
