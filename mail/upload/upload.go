// Package upload keeps files that programs upload before they make anything of them (RFC 8620 §6.1): sealed, for the account that they were
// uploaded to, and for a while.
//
// An upload is a body under a key of its own, wrapped by the account's data key, and a row. Whoever may write in the account may read it
// there. What is made of it (a letter, a file) has a body of its own or refers to this one; the row lapses in either case.
package upload

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"io"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/blob"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Room answers whether an account has room for so many octets more; mail/mailbox does.
type Room interface {
	Room(ctx context.Context, account haven.AccountNo, octets int64) error
}

// Options are what the service stands on. Every field is needed.
type Options struct {
	DB     *db.DB
	Bodies *blob.Store
	Keys   *secret.Keys
	Access mailbox.Access
	Room   Room
	Policy policy.JMAP
	Clock  clock.Clock
}

// Service keeps uploads. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over the table that Schema made.
func New(o Options) *Service { return &Service{o} }

// Upload is what was kept.
type Upload struct {
	ID   string // "U" and 26 letters and digits; random
	Type string
	Size int64
}

// File is an upload open for reading.
type File struct {
	*blob.Body
	typ string
}

// Type is what it was said to be when it was uploaded.
func (f *File) Type() string { return f.typ }

// The errors by which a face tells what is wrong.
const (
	RuleSize = "upload.size"
	RuleMost = "upload.most"
)

var errNone = errs.E(errs.NotFound, "There is no such file. Uploads are kept for a while only.")

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func newID() [16]byte {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	return id
}

func nameOf(id [16]byte) string { return "U" + encoding.EncodeToString(id[:]) }

// parse reads what nameOf wrote.
func parse(name string) (id [16]byte, ok bool) {
	if len(name) != 27 || name[0] != 'U' {
		return id, false
	}
	b, err := encoding.DecodeString(name[1:])
	if err != nil || len(b) != len(id) || encoding.EncodeToString(b) != name[1:] {
		return id, false
	}
	return [16]byte(b), true
}

// IsID reports whether a blob id has the form of an upload's.
func IsID(name string) bool { _, ok := parse(name); return ok }

// Put keeps what r gives, to its end, for policy.JMAP.UploadKept. The viewer may write in the account. An error of r leaves nothing behind. It is
// Invalid (upload.size) for what is too large, TooMany (upload.most) where the person has very much waiting, OverQuota where the account is full.
func (s *Service) Put(ctx context.Context, v mailbox.Viewer, typ string, r io.Reader) (Upload, error) {
	if err := s.o.DB.Read(ctx, func(tx *db.Tx) error { return s.may(tx, v, 0) }); err != nil {
		return Upload{}, err
	}
	stored, err := s.store(ctx, r)
	if err != nil {
		return Upload{}, err
	}
	if err := s.o.Room.Room(ctx, v.Account, stored.Size); err != nil {
		return Upload{}, err // the body has no row, and is swept
	}
	keys, err := s.o.Keys.Account(ctx, v.Account)
	if err != nil {
		return Upload{}, err
	}
	row, err := s.seal(keys, stored.ID, stored.Key, typ)
	if err != nil {
		return Upload{}, err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.may(tx, v, stored.Size); err != nil {
			return err
		}
		blob.Insert(tx, stored)
		s.insert(tx, v, row, stored.Size)
		return nil
	})
	return Upload{nameOf(row.id), typ, stored.Size}, err
}

// store makes a body of what r gives, durable and without a row.
func (s *Service) store(ctx context.Context, r io.Reader) (blob.Stored, error) {
	w, err := s.o.Bodies.NewWriter(ctx)
	if err != nil {
		return blob.Stored{}, err
	}
	defer w.Abort()
	n, err := io.Copy(w, io.LimitReader(r, s.o.Policy.UploadOctets+1))
	if err != nil {
		return blob.Stored{}, err
	}
	if n > s.o.Policy.UploadOctets {
		return blob.Stored{}, &errs.Error{Kind: errs.Invalid, Rule: RuleSize, Say: "The file is larger than this service takes."}
	}
	return w.Commit(ctx)
}

// may refuses whoever may not write in the account, and a person who has very much waiting already. Uploads of one moment may pass the most
// together, by as many as policy.JMAP.Uploads lets go on at once.
func (s *Service) may(tx *db.Tx, v mailbox.Viewer, size int64) error {
	if err := s.writes(tx, v); err != nil {
		return err
	}
	var count, octets int64
	err := tx.Query(sqlHeld, []any{int64(v.Person), s.o.Clock.Now().UnixMicro()}, func(r db.Row) error { count, octets = r.Int64(0), r.Int64(1); return nil })
	if err != nil {
		return err
	}
	if count >= int64(s.o.Policy.UploadsPer) || octets+size > s.o.Policy.UploadsOctets {
		return &errs.Error{Kind: errs.TooMany, Rule: RuleMost, Say: "You have uploaded very much in the last hours. Use what is there, or go on tomorrow."}
	}
	return nil
}

// writes refuses whoever may not write in the account; who may not know of it finds nothing.
func (s *Service) writes(tx *db.Tx, v mailbox.Viewer) error {
	look := s.o.Access.In
	if v.ByProgram {
		look = s.o.Access.InByProgram
	}
	rights, verdict, err := look(tx, v.Person, v.Account)
	switch {
	case err != nil:
		return err
	case rights == 0:
		return errNone
	case !rights.Has(haven.Write):
		return &errs.Error{Kind: errs.Denied, Rule: string(verdict.Rule), Say: "You may read this mailbox, not change it. Ask one of its owners for the right to write."}
	}
	return nil
}

// sealed is a row of an upload, made for one account.
type sealed struct {
	id      [16]byte
	body    blob.ID
	wrapped []byte
	typ     []byte
}

func typeName(id [16]byte) []byte { return append([]byte("upload"), id[:]...) }

func (s *Service) seal(keys *secret.AccountKeys, body blob.ID, key blob.Key, typ string) (row sealed, err error) {
	row = sealed{id: newID(), body: body}
	if row.wrapped, err = keys.WrapBody(nil, (*[32]byte)(&key), int64(body)); err != nil {
		return row, err
	}
	row.typ, err = keys.Seal(nil, []byte(typ), typeName(row.id))
	return row, err
}

func (s *Service) insert(tx *db.Tx, v mailbox.Viewer, row sealed, size int64) {
	until := s.o.Clock.Now().Add(s.o.Policy.UploadKept)
	tx.Exec(sqlInsert, row.id[:], int64(v.Account), int64(v.Person), int64(row.body), row.wrapped, row.typ, size, until.UnixMicro())
}

// opened is an upload whose key was unwrapped.
type opened struct {
	body blob.ID
	loc  blob.Loc
	key  blob.Key
	typ  string
	size int64
}

// look finds an upload that the viewer may read: NotFound for any other.
func (s *Service) look(ctx context.Context, v mailbox.Viewer, name string) (o opened, err error) {
	id, ok := parse(name)
	if !ok {
		return o, errNone
	}
	var wrapped, typ []byte
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		wrapped, typ = nil, nil
		if err := s.writes(tx, v); err != nil {
			return err
		}
		err := tx.Query(sqlGet, []any{id[:], int64(v.Account), s.o.Clock.Now().UnixMicro()}, func(r db.Row) error {
			o.body, o.size = blob.ID(r.Int64(0)), r.Int64(3)
			wrapped, typ = append([]byte{}, r.Bytes(1)...), append([]byte{}, r.Bytes(2)...)
			return nil
		})
		if err != nil {
			return err
		}
		if wrapped == nil {
			return errNone
		}
		o.loc, err = blob.Lookup(tx, o.body)
		return err
	})
	if errs.Is(err, errs.Denied) {
		err = errNone // who may not write has no uploads there
	}
	if err != nil {
		return o, err
	}
	keys, err := s.o.Keys.Account(ctx, v.Account)
	if err != nil {
		return o, err
	}
	key, err := keys.UnwrapBody(wrapped, int64(o.body))
	if err != nil {
		return o, err
	}
	plain, err := keys.Open(nil, typ, typeName(id))
	o.key, o.typ = key, string(plain)
	return o, err
}

// Open opens an upload; NotFound where there is none, it has lapsed, or the viewer may not write in the account.
func (s *Service) Open(ctx context.Context, v mailbox.Viewer, name string) (*File, error) {
	o, err := s.look(ctx, v, name)
	if err != nil {
		return nil, err
	}
	f := &File{typ: o.typ}
	err = blob.Follow(ctx, s.o.DB, o.body, o.loc, func(loc blob.Loc) (err error) {
		f.Body, err = s.o.Bodies.Open(loc, o.body, o.key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Copy makes an upload of one account one of another, in which the person may write too, on the same body. Errors are those of Open and Put.
func (s *Service) Copy(ctx context.Context, from, to mailbox.Viewer, name string) (Upload, error) {
	o, err := s.look(ctx, from, name)
	if err != nil {
		return Upload{}, err
	}
	if err := s.o.Room.Room(ctx, to.Account, o.size); err != nil {
		return Upload{}, err
	}
	keys, err := s.o.Keys.Account(ctx, to.Account)
	if err != nil {
		return Upload{}, err
	}
	row, err := s.seal(keys, o.body, o.key, o.typ)
	if err != nil {
		return Upload{}, err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.may(tx, to, o.size); err != nil {
			return err
		}
		s.insert(tx, to, row, o.size)
		return blob.Retained(tx, o.body)
	})
	return Upload{nameOf(row.id), o.typ, o.size}, err
}

// sweepStep is how many uploads go in one transaction.
const sweepStep = 200

// Sweep takes away uploads whose time is over; their bodies go with the next sweep of bodies.
func (s *Service) Sweep(ctx context.Context) error {
	for n := sweepStep; n == sweepStep; {
		err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
			now := s.o.Clock.Now()
			var bodies []blob.ID
			err := tx.Query(sqlLapsed, []any{now.UnixMicro(), int64(sweepStep)}, func(r db.Row) error {
				bodies = append(bodies, blob.ID(r.Int64(0)))
				return nil
			})
			if n = len(bodies); err == nil && n > 0 {
				blob.Released(tx, now, bodies...)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
