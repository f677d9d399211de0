// Package audit writes down every change of people, access and policy, in the transaction that makes the change,
// and chains the records so that none can be altered, added or taken away unseen (ARCHITECTURE §5).
//
// A record is written unchained, since a chain would make every transaction wait for every other. Sealer.Seal,
// called every second, numbers what is not yet sealed, chains it with SHA-256 and signs the new head. A copy of
// the head that stands elsewhere (the log) shows a cut tail.
//
// Records hold ids, rule names and plain values; a person's name, number or secret has no place in them.
package audit

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
	"unicode"

	"haven"
	"haven/platform/db"
)

// Entry is what a use case says about what it did.
type Entry struct {
	At    time.Time
	Actor haven.Actor     // who, as whom, from where
	What  string          // "sharedmailbox.member-added": concept, dot, what happened
	On    haven.AccountID // the account that it happened to; zero: Actor.As
	Other haven.AccountID // another account concerned, such as the member
	Rule  haven.Rule      // the rule that decided
	Note  string          // plain values: rights, states, counts, codes
}

// Record writes e in tx. It is durable when tx is, and gone with it.
func Record(tx *db.Tx, e Entry) {
	if e.On.IsZero() {
		e.On = e.Actor.As
	}
	at, nonce := e.At.UnixMicro(), newNonce()
	tx.Exec(sqlRecord, at, nonce, e.Actor.Person[:], e.Actor.As[:], e.On[:], e.Other[:],
		plain(e.What), plain(string(e.Rule)), plain(e.Note), plain(e.Actor.Place), plain(e.Actor.Program))
	tx.Exec(sqlTodo, at, nonce)
}

// newNonce tells records of one microsecond apart, across all processes.
func newNonce() int64 {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return int64(binary.BigEndian.Uint64(b[:]) >> 1)
}

const longest = 400 // octets of one text of a record

// plain makes a text that a stranger may have chosen (a program's name) fit to be stored and shown.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "")
	}
	return s
}

// Sealed is a record as it is read back. N is its place in the chain, 0 while it has none.
type Sealed struct {
	Entry
	N int64
}

// About lists the newest records in which an account is concerned, as who did it or to whom it was done, newest
// first, at most that many.
func About(ctx context.Context, d *db.DB, id haven.AccountID, most int) ([]Sealed, error) {
	var all []Sealed
	err := d.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlAbout, []any{id[:], int64(most)}, func(r db.Row) error {
			all = append(all, scanSealed(r))
			return nil
		})
	})
	return all, err
}

func scanSealed(r db.Row) Sealed {
	var s Sealed
	s.At = time.UnixMicro(r.Int64(0)).UTC()
	copy(s.Actor.Person[:], r.Bytes(2))
	copy(s.Actor.As[:], r.Bytes(3))
	copy(s.On[:], r.Bytes(4))
	copy(s.Other[:], r.Bytes(5))
	s.What, s.Rule, s.Note = r.Text(6), haven.Rule(r.Text(7)), r.Text(8)
	s.Actor.Place, s.Actor.Program = r.Text(9), r.Text(10)
	s.N = r.Int64(11)
	return s
}
