package sieve

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// row is a script as it is kept.
type row struct {
	Script
	no int64
}

func scriptID(no int64) string { return "s" + strconv.FormatInt(no, 36) }

// box is one account's scripts in the middle of a transaction.
type box struct {
	s         *Service
	tx        *db.Tx
	v         Viewer
	keys      *secret.AccountKeys
	state     int64
	next      int64
	active    int64
	forgotten int64
	rows      []row
}

func sealName(what string, an haven.AccountNo, no int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte("sieve."+what), uint64(an)), uint64(no))
}

// look reads how the account's scripts stand.
func (b *box) look() error {
	return b.tx.Query(sqlState, []any{int64(b.v.Account)}, func(r db.Row) error {
		b.state, b.active, b.forgotten = r.Int64(0), r.Int64(1), r.Int64(2)
		return nil
	})
}

func (b *box) load() error {
	b.rows = nil
	return b.tx.Query(sqlScripts, []any{int64(b.v.Account)}, func(r db.Row) error {
		no := r.Int64(0)
		name, err := b.keys.Open(nil, r.Bytes(4), sealName("name", b.v.Account, no))
		b.rows = append(b.rows, row{no: no, Script: Script{ID: scriptID(no), Name: string(name), Active: no == b.active, Octets: int(r.Int64(3)),
			Created: r.Int64(1), Changed: r.Int64(2)}})
		return err
	})
}

// find is where in the rows a script is; -1 where it is not.
func (b *box) find(ref Ref) int {
	return slices.IndexFunc(b.rows, func(r row) bool {
		if ref.ID != "" {
			return r.ID == ref.ID
		}
		return r.Name == ref.Name
	})
}

func (b *box) at(ref Ref) (row, error) {
	if i := b.find(ref); i >= 0 {
		return b.rows[i], nil
	}
	return row{}, refuse(errs.NotFound, RuleGone, "There is no such script.")
}

func (b *box) text(no int64) (text string, err error) {
	var sealed []byte
	err = b.tx.Query(sqlText, []any{int64(b.v.Account), no}, func(r db.Row) error {
		sealed = append(sealed, r.Bytes(0)...)
		return nil
	})
	if err != nil {
		return "", err
	}
	plain, err := b.keys.Open(nil, sealed, sealName("text", b.v.Account, no))
	return string(plain), err
}

// room says whether the script at i of the rows, or another one where i is -1, may have so many octets.
func (b *box) room(i, octets int) error {
	others := len(b.rows)
	if i >= 0 {
		others = 0 // it replaces one
	}
	return fits(others, octets, b.s.o.Policy)
}

func (b *box) insert(name, text string) (Script, error) {
	no := b.next
	b.next++
	sealed, err := b.keys.Seal(nil, []byte(text), sealName("text", b.v.Account, no))
	if err != nil {
		return Script{}, err
	}
	sealedName, err := b.keys.Seal(nil, []byte(name), sealName("name", b.v.Account, no))
	if err != nil {
		return Script{}, err
	}
	b.tx.Exec(sqlPut, int64(b.v.Account), no, b.state, int64(len(text)), sealedName, sealed)
	return Script{ID: scriptID(no), Name: name, Octets: len(text), Created: b.state, Changed: b.state}, nil
}

func (b *box) replace(r *row, text string) error {
	sealed, err := b.keys.Seal(nil, []byte(text), sealName("text", b.v.Account, r.no))
	if err != nil {
		return err
	}
	b.tx.Exec(sqlReplace, int64(b.v.Account), r.no, b.state, int64(len(text)), sealed)
	r.Octets, r.Changed = len(text), b.state
	return nil
}

func (b *box) rename(r *row, to string) error {
	if i := b.find(ByName(to)); i >= 0 && b.rows[i].no != r.no {
		return errTaken()
	}
	sealed, err := b.keys.Seal(nil, []byte(to), sealName("name", b.v.Account, r.no))
	if err != nil {
		return err
	}
	b.tx.Exec(sqlRename, int64(b.v.Account), r.no, b.state, sealed)
	r.Name, r.Changed = to, b.state
	return nil
}

// wrote records that a script says something else now.
func (b *box) wrote(actor haven.Actor, one Script) {
	b.record(actor, "sieve.put", fmt.Sprintf("script %s, %d octets", one.ID, one.Octets))
}

// record writes down who changed which script; neither its name nor what it says.
func (b *box) record(actor haven.Actor, what, note string) {
	audit.Record(b.tx, audit.Entry{At: b.s.o.Clock.Now(), Actor: actor, What: what, On: b.v.ID, Rule: "sieve.owners", Note: note})
}
