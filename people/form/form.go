// Package form keeps what somebody typed into a page that could not be sent: the session had locked or ended, or the password was asked for again.
//
// A form belongs to one person and one page. It is sealed under the person's own key, given back to that person alone (Rules 6), and gone after
// policy.Session.FormKept. What is secret on a page never comes here: the face names the fields that may.
package form

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"haven"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Bounds of what is kept of one person.
const (
	maxForms  = 20       // the oldest goes
	maxOctets = 64 << 10 // of one form
	maxPage   = 500      // octets of a page's path
	sweepStep = 500
)

// Keys seals what is a person's under the person's own data key.
type Keys interface {
	Seal(ctx context.Context, no haven.AccountNo, plain []byte) ([]byte, error)
	Open(ctx context.Context, no haven.AccountNo, sealed []byte) ([]byte, error)
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB     *db.DB
	Keys   Keys
	Clock  clock.Clock
	Policy policy.Session
}

// Service keeps half-filled forms. It is safe for many goroutines and runs none of its own.
type Service struct{ o Options }

// New makes the service over the table that Schema made.
func New(o Options) *Service { return &Service{o} }

// Kept is what somebody typed into a page, and when.
type Kept struct {
	Values url.Values
	At     time.Time
}

// Keep keeps what a person typed into a page, in place of what was kept of it before. Nothing is kept of a form without values or one that is too
// large: that is no error, as the person is busy with something else.
func (s *Service) Keep(ctx context.Context, who haven.AccountNo, page string, values url.Values) error {
	if len(values) == 0 || len(page) > maxPage {
		return nil
	}
	plain, err := json.Marshal(values)
	if err != nil || len(plain) > maxOctets {
		return err
	}
	sealed, err := s.o.Keys.Seal(ctx, who, plain)
	if err != nil {
		return err
	}
	at := db.Micros(s.o.Clock.Now())
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlKeep, int64(who), page, at, sealed)
		tx.Exec(sqlOldest, int64(who), int64(maxForms))
		return nil
	})
}

// Of is what a person typed into a page and did not send; without values where nothing is kept any more.
func (s *Service) Of(ctx context.Context, who haven.AccountNo, page string) (k Kept, err error) {
	var sealed []byte
	since := db.Micros(s.o.Clock.Now().Add(-s.o.Policy.FormKept))
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlOf, []any{int64(who), page, since}, func(r db.Row) error {
			k.At, sealed = db.Moment(r.Int64(0)), r.Bytes(1)
			return nil
		})
	})
	if err != nil || sealed == nil {
		return Kept{}, err
	}
	plain, err := s.o.Keys.Open(ctx, who, sealed)
	if err != nil {
		return Kept{}, err
	}
	if err := json.Unmarshal(plain, &k.Values); err != nil {
		return Kept{}, errs.Wrap(errs.Internal, err, "")
	}
	return k, nil
}

// Drop forgets what a person typed into a page: it was sent, or is not wanted. Nothing kept is no error.
func (s *Service) Drop(ctx context.Context, who haven.AccountNo, page string) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlDrop, int64(who), page)
		return nil
	})
}

// Sweep removes what was kept for longer than the policy has it.
func (s *Service) Sweep(ctx context.Context) error {
	before := db.Micros(s.o.Clock.Now().Add(-s.o.Policy.FormKept))
	for n := int64(sweepStep); n == sweepStep; {
		err := s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Change(sqlAged, before, int64(sweepStep))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
