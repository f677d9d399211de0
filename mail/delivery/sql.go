package delivery

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/audit"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// Schema is the tables of this concept. held is the originals of letters out of which a file was removed: per account,
// the body's key wrapped by the account's data key, so that nobody but the recipient can be given it back. What was
// removed is named in the letter that took its place. crowd and crowd_rcpt: see crowd.go.
var Schema = db.Schema{Concept: "delivery", Steps: []string{
	`CREATE TABLE held (an {int} NOT NULL, body {int} NOT NULL, wrapped {blob} NOT NULL, size {int} NOT NULL,
		until {int} NOT NULL, PRIMARY KEY (an, body)) {norowid}`,
	`CREATE INDEX held_body ON held (body)`,
	`CREATE INDEX held_until ON held (until)`,
	`CREATE TABLE crowd (id {int} PRIMARY KEY, at {int} NOT NULL, body {int} NOT NULL, key {blob} NOT NULL, size {int} NOT NULL,
		sender {text} NOT NULL, envid {text} NOT NULL, junk {int} NOT NULL, fields {text} NOT NULL, trace {text} NOT NULL)`,
	`CREATE INDEX crowd_body ON crowd (body)`,
	`CREATE TABLE crowd_rcpt (id {int} NOT NULL, an {int} NOT NULL, addr {text} NOT NULL, notify {int} NOT NULL,
		orcpt {text} NOT NULL, due {int} NOT NULL, PRIMARY KEY (id, an)) {norowid}`,
	`CREATE INDEX crowd_due ON crowd_rcpt (due)`,
	`CREATE TABLE told_lacking (person {int} NOT NULL, an {int} NOT NULL, why {int} NOT NULL, at {int} NOT NULL, PRIMARY KEY (person, an, why)) {norowid}`,
	`CREATE INDEX crowd_account ON crowd_rcpt (an)`,
}}

const (
	sqlHold          = `INSERT INTO held (an, body, wrapped, size, until) VALUES ($1, $2, $3, $4, $5)`
	sqlHeldKey       = `SELECT wrapped FROM held WHERE an = $1 AND body = $2`
	sqlCrowdBodyless = `SELECT c.id, c.body FROM crowd c WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.id = c.body)`
	sqlHeldBodyless  = `SELECT h.an, h.body FROM held h WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.id = h.body)`
	sqlCrowdOldest   = `SELECT MIN(at) FROM crowd`

	sqlToldLacking = `SELECT 1 FROM told_lacking WHERE person = $1 AND an = $2 AND why = $3 AND at > $4`
	sqlTellLacking = `INSERT INTO told_lacking (person, an, why, at) VALUES ($1, $2, $3, $4) ON CONFLICT (person, an, why) DO UPDATE SET at = excluded.at`

	sqlReferenced = `SELECT 1 FROM held WHERE body = $1 UNION ALL SELECT 1 FROM crowd WHERE body = $1 LIMIT 1`
	sqlLapsed     = `SELECT an, body FROM held WHERE until <= $1 ORDER BY until LIMIT $2`
	sqlUnhold     = `DELETE FROM held WHERE an = $1 AND body = $2`
	sqlHeld       = `SELECT body, size, until FROM held WHERE an = $1 ORDER BY until`

	sqlCrowd       = `INSERT INTO crowd (id, at, body, key, size, sender, envid, junk, fields, trace) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlCrowdRcpt   = `INSERT INTO crowd_rcpt (id, an, addr, notify, orcpt, due) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlCrowdDue    = `SELECT id FROM crowd_rcpt WHERE due <= $1 ORDER BY due, id LIMIT 1`
	sqlCrowdGet    = `SELECT at, body, key, sender, envid, junk, fields, trace FROM crowd WHERE id = $1`
	sqlCrowdStep   = `SELECT an, addr, notify, orcpt FROM crowd_rcpt WHERE id = $1 AND due <= $2 ORDER BY an LIMIT $3`
	sqlCrowdStrike = `DELETE FROM crowd_rcpt WHERE id = $1 AND an = $2`
	sqlCrowdEnd    = `DELETE FROM crowd WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM crowd_rcpt WHERE id = $1)`
	sqlCrowdWaits  = `SELECT COALESCE(MIN(at), 0) FROM crowd WHERE id IN (SELECT id FROM crowd_rcpt WHERE an = $1) AND at <= $2`
	sqlCrowdLater  = `UPDATE crowd_rcpt SET due = $3 WHERE id = $1 AND an = $2`
)

// Referenced reports whether a body is an original that is held, or waits to be filed with a crowd: what the sweep asks before a body goes.
func Referenced(tx *db.Tx, id blob.ID) (used bool, err error) {
	err = tx.Query(sqlReferenced, []any{int64(id)}, func(db.Row) error {
		used = true
		return nil
	})
	return used, err
}

// Bodyless calls found with each letter for a crowd, and each original held, whose body has no row, for a check.
func Bodyless(tx *db.Tx, found func(what string, body blob.ID)) error {
	for _, q := range []struct{ sql, what string }{{sqlCrowdBodyless, "letter %d for a crowd"}, {sqlHeldBodyless, "an original held for account %d"}} {
		err := tx.Query(q.sql, nil, func(r db.Row) error {
			found(fmt.Sprintf(q.what, r.Int64(0)), blob.ID(r.Int64(1)))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// WaitingSince is when the oldest letter that waits for a crowd came; zero: there is none.
func WaitingSince(tx *db.Tx) (at time.Time, err error) {
	err = tx.Query(sqlCrowdOldest, nil, func(r db.Row) error {
		if !r.Null(0) {
			at = time.UnixMicro(r.Int64(0))
		}
		return nil
	})
	return at, err
}

// Held is an original that is kept for an account.
type Held struct {
	Body  blob.ID
	Size  int64
	Until time.Time
}

// HeldFor lists the originals kept for an account, those that lapse first first.
func HeldFor(tx *db.Tx, account haven.AccountNo) (out []Held, err error) {
	err = tx.Query(sqlHeld, []any{int64(account)}, func(r db.Row) error {
		out = append(out, Held{blob.ID(r.Int64(0)), r.Int64(1), time.UnixMicro(r.Int64(2))})
		return nil
	})
	return out, err
}

// Release puts an original back into its account's Inbox, for a desk that was asked to: the desk, which is actor, names it
// and never sees it. on is the account's id, for the audit log. NotFound: there is no such original, or it was let go.
func (s *Service) Release(ctx context.Context, actor haven.Actor, account haven.AccountNo, on haven.AccountID, id blob.ID) error {
	var wrapped []byte
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		wrapped = nil
		return tx.Query(sqlHeldKey, []any{int64(account), int64(id)}, func(r db.Row) error {
			wrapped = append(wrapped, r.Bytes(0)...)
			return nil
		})
	})
	switch {
	case err != nil:
		return err
	case wrapped == nil:
		return errNotHeld
	}
	keys, err := s.o.Keys.Account(ctx, account)
	if err != nil {
		return err
	}
	key, err := keys.UnwrapBody(wrapped, int64(id))
	if err != nil {
		return err
	}
	letter, err := s.reread(ctx, id, blob.Key(key))
	if err != nil {
		return err
	}
	filing := mailbox.Filing{Account: account, Letter: letter, Role: mailbox.Inbox, Trace: []byte(fieldVerdict + ": " + string(RuleReleased) + "\r\n")}
	_, err = s.o.Store.File(ctx, []mailbox.Filing{filing}, func(tx *db.Tx) error {
		n, err := tx.Change(sqlUnhold, int64(account), int64(id))
		if err == nil && n == 0 {
			return errNotHeld // somebody released it a moment ago
		}
		now := s.o.Clock.Now()
		blob.Released(tx, now, id)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "delivery.released", On: on, Rule: RuleReleased, Note: "original " + strconv.FormatInt(int64(id), 10)})
		return err
	})
	return err
}

var errNotHeld = errs.E(errs.NotFound, "There is no such original any more.")

// lapseStep is how many originals one transaction lets go.
const lapseStep = 200

// LetGo drops the originals whose time is over (Rules 10: 30 days). A job calls it now and then.
func (s *Service) LetGo(ctx context.Context, d *db.DB) error {
	for {
		n := 0
		err := d.Write(ctx, func(tx *db.Tx) error {
			n = 0
			now := s.o.Clock.Now()
			var accounts []int64
			var bodies []blob.ID
			err := tx.Query(sqlLapsed, []any{now.UnixMicro(), int64(lapseStep)}, func(r db.Row) error {
				accounts, bodies = append(accounts, r.Int64(0)), append(bodies, blob.ID(r.Int64(1)))
				return nil
			})
			if err != nil {
				return err
			}
			for i := range accounts {
				tx.Exec(sqlUnhold, accounts[i], int64(bodies[i]))
			}
			blob.Released(tx, now, bodies...)
			n = len(accounts)
			return nil
		})
		if err != nil || n < lapseStep {
			return err
		}
	}
}
