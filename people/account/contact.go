package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// ContactSchema is the tables of how persons are reached outside the service, which come after Schema. A value is sealed
// under the account's key, so that it is gone with it; its hash, under a key of the service, finds equal ones.
var ContactSchema = db.Schema{Concept: "contact", Steps: []string{`
CREATE TABLE contact (
	no {int} NOT NULL REFERENCES person (no), kind {int} NOT NULL CHECK (kind IN (1, 2)), sealed {blob} NOT NULL, hash {blob} NOT NULL,
	made {int} NOT NULL, proven {int} NOT NULL, PRIMARY KEY (no, kind)) {norowid};
CREATE INDEX contact_hash ON contact (hash)`,
}}

const (
	sqlPutContact = `INSERT INTO contact (no, kind, sealed, hash, made, proven) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (no, kind) DO UPDATE SET sealed = excluded.sealed, hash = excluded.hash, made = excluded.made, proven = excluded.proven`
	sqlProveContact   = `UPDATE contact SET proven = $3 WHERE no = $1 AND kind = $2 AND proven = 0`
	sqlContacts       = `SELECT kind, sealed, made, proven FROM contact WHERE no = $1 ORDER BY kind`
	sqlContactsMade   = `SELECT kind, made FROM contact WHERE no = $1`
	sqlHolders        = `SELECT no FROM contact WHERE hash = $1 ORDER BY no LIMIT $2`
	sqlHasContact     = `SELECT no FROM contact WHERE no = $1 AND kind = $2 AND hash = $3`
	sqlProven         = `SELECT no FROM contact WHERE no = $1 AND kind = $2 AND proven > 0`
	sqlRemoveContact  = `DELETE FROM contact WHERE no = $1 AND kind = $2`
	sqlForgetContacts = `DELETE FROM contact WHERE no = $1`
)

// ContactKind is a way to reach a person outside the service.
type ContactKind uint8

const (
	PersonalEmail ContactKind = 1
	Mobile        ContactKind = 2
)

func (k ContactKind) String() string {
	switch k {
	case PersonalEmail:
		return "personal e-mail"
	case Mobile:
		return "mobile"
	}
	return fmt.Sprintf("contact %d", uint8(k))
}

// Contact is one way to reach a person. Its value is shown to the person alone, and to nobody else in any log or list.
type Contact struct {
	Kind   ContactKind
	Value  string    // an address, or a number in E.164
	Made   time.Time // when it was set
	Proven time.Time // when the person showed that it is the own; zero: not yet
}

// ParseMobile reads a mobile number of the United Kingdom as people type it, and gives it as E.164 has it: +447700900123
// (Rules 4). Numbers that only look like mobiles (personal numbers 070, pagers 076) are none.
func ParseMobile(s string) (string, haven.Verdict) {
	no := haven.Refuse("contact.mobile", "Write a UK mobile number, such as 07700 900123.")
	n := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()\u00a0", r) {
			return -1
		}
		return r
	}, strings.Replace(s, "(0)", "", 1))
	switch {
	case strings.HasPrefix(n, "+44"):
		n = n[3:]
	case strings.HasPrefix(n, "0044"):
		n = n[4:]
	case strings.HasPrefix(n, "0"):
		n = n[1:]
	default:
		return "", no
	}
	if len(n) != 10 || n[0] != '7' || strings.Trim(n, "0123456789") != "" {
		return "", no
	}
	if n[1] == '0' || n[1] == '6' && !strings.HasPrefix(n, "7624") { // 07624 are mobiles of the Isle of Man
		return "", no
	}
	return "+44" + n, haven.Allow("contact.mobile")
}

// Contacts keeps how persons are reached outside. It is safe for many goroutines.
type Contacts struct {
	db    *db.DB
	keys  *secret.Keys
	clock clock.Clock
	key   []byte // of the hashes
}

// OpenContacts makes the service over the tables of ContactSchema. The key of its hashes is the named secret
// contact.hash, which is made where there is none.
func OpenContacts(ctx context.Context, d *db.DB, keys *secret.Keys, c clock.Clock) (*Contacts, error) {
	key, err := keys.NamedKey(ctx, "contact.hash")
	return &Contacts{d, keys, c, key}, err
}

// SealedContact is a contact that is ready to be written.
type SealedContact struct {
	no     haven.AccountNo
	kind   ContactKind
	sealed []byte
	hash   []byte
}

// Seal makes a value ready to be written for a person, whose key is there already (Reserve): it asks the key store, which
// a transaction may not. The value was read by ParseMobile, or is an address.
func (c *Contacts) Seal(ctx context.Context, no haven.AccountNo, kind ContactKind, value string) (SealedContact, error) {
	keys, err := c.keys.Account(ctx, no)
	if err != nil {
		return SealedContact{}, err
	}
	sealed, err := keys.Seal(nil, []byte(value), bound(no, kind))
	return SealedContact{no, kind, sealed, c.hash(kind, value)}, err
}

// bound is what a sealed value is bound to: its table and row.
func bound(no haven.AccountNo, kind ContactKind) []byte {
	return binary.BigEndian.AppendUint64([]byte{'c', 'o', 'n', 't', 'a', 'c', 't', byte(kind)}, uint64(no))
}

// hash is the same for the same value of a kind, in any case of letters.
func (c *Contacts) hash(kind ContactKind, value string) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write(append([]byte{byte(kind)}, strings.ToLower(value)...))
	return h.Sum(nil)
}

// PutIn writes a contact in the place of the person's other of the kind, not proven; the transaction has locked the person,
// or made it.
func (c *Contacts) PutIn(tx *db.Tx, actor haven.Actor, s SealedContact) error {
	a, err := ByNoIn(tx, s.no)
	if err != nil {
		return err
	}
	now := c.clock.Now()
	tx.Exec(sqlPutContact, int64(s.no), int64(s.kind), s.sealed, s.hash, now.UnixMicro(), int64(0))
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "account.contact-set", On: a.ID, Rule: "account.contact", Note: s.kind.String()})
	return nil
}

// ProveIn records that the person showed the contact to be the own; the first time counts.
func (c *Contacts) ProveIn(tx *db.Tx, no haven.AccountNo, kind ContactKind) {
	tx.Exec(sqlProveContact, int64(no), int64(kind), c.clock.Now().UnixMicro())
}

// HasIn reports whether a contact is the one that its person has, in any case of letters.
func (c *Contacts) HasIn(tx *db.Tx, s SealedContact) (has bool, err error) {
	err = tx.Query(sqlHasContact, []any{int64(s.no), int64(s.kind), s.hash}, func(db.Row) error { has = true; return nil })
	return has, err
}

// ProvenIn reports whether a person has a contact of a kind that was shown to be the own.
func ProvenIn(tx *db.Tx, no haven.AccountNo, kind ContactKind) (proven bool, err error) {
	err = tx.Query(sqlProven, []any{int64(no), int64(kind)}, func(db.Row) error { proven = true; return nil })
	return proven, err
}

// ContactsMadeIn is when a person's contacts were set, of each kind that there is.
func ContactsMadeIn(tx *db.Tx, no haven.AccountNo) (map[ContactKind]time.Time, error) {
	made := map[ContactKind]time.Time{}
	err := tx.Query(sqlContactsMade, []any{int64(no)}, func(r db.Row) error { made[ContactKind(r.Int64(0))] = db.Moment(r.Int64(1)); return nil })
	return made, err
}

// RemoveIn takes a person's contact away; the transaction has locked the person. It is NotFound where there is none.
func (c *Contacts) RemoveIn(tx *db.Tx, actor haven.Actor, who Account, kind ContactKind) error {
	n, err := tx.Change(sqlRemoveContact, int64(who.No), int64(kind))
	if err == nil && n == 0 {
		err = errs.E(errs.NotFound, "There is no %s to take away.", kind)
	}
	if err == nil {
		audit.Record(tx, audit.Entry{At: c.clock.Now(), Actor: actor, What: "account.contact-removed", On: who.ID, Rule: "account.contact", Note: kind.String()})
	}
	return err
}

// Of lists a person's contacts, the e-mail first. It is NotFound once the account's key was destroyed.
func (c *Contacts) Of(ctx context.Context, no haven.AccountNo) ([]Contact, error) {
	type row struct {
		Contact
		sealed []byte
	}
	var rows []row
	err := c.db.Read(ctx, func(tx *db.Tx) error {
		rows = nil
		return tx.Query(sqlContacts, []any{int64(no)}, func(r db.Row) error {
			rows = append(rows, row{Contact{Kind: ContactKind(r.Int64(0)), Made: time.UnixMicro(r.Int64(2)).UTC(), Proven: db.Moment(r.Int64(3))}, append([]byte(nil), r.Bytes(1)...)})
			return nil
		})
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	keys, err := c.keys.Account(ctx, no)
	if err != nil {
		return nil, err
	}
	all := make([]Contact, len(rows))
	for i, r := range rows {
		value, err := keys.Open(nil, r.sealed, bound(no, r.Kind))
		if err != nil {
			return nil, err
		}
		all[i] = r.Contact
		all[i].Value = string(value)
	}
	return all, nil
}

const mostHolders = 100

// HoldersIn finds the persons who have a contact of this value, at most a hundred.
func (c *Contacts) HoldersIn(tx *db.Tx, kind ContactKind, value string) (all []haven.AccountNo, err error) {
	err = tx.Query(sqlHolders, []any{c.hash(kind, value), int64(mostHolders)}, func(r db.Row) error {
		all = append(all, haven.AccountNo(r.Int64(0)))
		return nil
	})
	return all, err
}

// ForgetIn deletes a person's contacts, so that nothing is left that would find them: with the account's key.
func ForgetIn(tx *db.Tx, no haven.AccountNo) { tx.Exec(sqlForgetContacts, int64(no)) }

// NameIn is a person's name as it was written.
func NameIn(tx *db.Tx, no haven.AccountNo) (first, last string, err error) {
	err = ErrUnknown
	if e := tx.Query(sqlPerson, []any{int64(no)}, func(r db.Row) error { first, last, err = r.Text(0), r.Text(1), nil; return nil }); e != nil {
		err = e
	}
	return first, last, err
}
