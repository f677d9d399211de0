package sending

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// What the outbox tells is written down in its transaction, which holds the queue's rows and must not wait for an account's; Run puts it into the submissions a
// moment later.

// Note is outbox.Fates.
func (s *Service) Note(tx *db.Tx, letter outbox.ID, told []outbox.Told) error {
	var at *row
	err := tx.Query(sqlQueued, []any{int64(letter)}, func(r db.Row) error {
		at = &row{an: haven.AccountNo(r.Int64(0)), id: ID(r.Int64(1))}
		return nil
	})
	if err != nil || at == nil {
		return err
	}
	status := make(map[string]Status, len(told))
	for _, t := range told {
		status[t.To.String()] = statusOf(t)
	}
	plain, err := json.Marshal(status)
	if err != nil {
		return err
	}
	id := newID()
	sealed, err := s.o.Sealer.Seal(nil, plain, fateName(id))
	if err != nil {
		return err
	}
	tx.Exec(sqlInsertFate, int64(id), s.o.Clock.Now().UnixMicro(), int64(at.an), int64(at.id), sealed)
	return nil
}

func fateName(id ID) []byte { return binary.BigEndian.AppendUint64([]byte("fate"), uint64(id)) }

// Told is outbox.Config.Notify: it wakes Run.
func (s *Service) Told(outbox.Event) { s.Wake() }

// ToldSince is when the oldest note that is not read yet was written; zero: there is none.
func (s *Service) ToldSince(ctx context.Context) (at time.Time, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlOldestFate, nil, func(r db.Row) error {
			if !r.Null(0) {
				at = db.Moment(r.Int64(0))
			}
			return nil
		})
	})
	return at, err
}

type fate struct {
	id     ID
	at     int64
	of     row
	status map[string]Status
}

// learn puts what the outbox told into the submissions. What can't be put there now waits for the next time, and holds up no other.
func (s *Service) learn(ctx context.Context) error {
	var waits error
	for last := (fate{}); ; {
		all, err := s.fates(ctx, last)
		if err != nil || len(all) == 0 {
			return errors.Join(waits, err)
		}
		for _, f := range all {
			if err := s.learnOne(ctx, f); err != nil {
				waits = fmt.Errorf("what the outbox told of submission %s: %w", SubmissionID(f.of.id), err)
			}
		}
		last = all[len(all)-1]
	}
}

// fates are some of those that come after one.
func (s *Service) fates(ctx context.Context, after fate) (all []fate, err error) {
	var sealed [][]byte
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, sealed = all[:0], sealed[:0]
		return tx.Query(sqlFates, []any{after.at, int64(after.id), int64(stepRows)}, func(r db.Row) error {
			all = append(all, fate{id: ID(r.Int64(0)), at: r.Int64(4), of: row{an: haven.AccountNo(r.Int64(1)), id: ID(r.Int64(2))}})
			sealed = append(sealed, append([]byte(nil), r.Bytes(3)...))
			return nil
		})
	})
	for i := range all {
		plain, err := s.o.Sealer.Open(nil, sealed[i], fateName(all[i].id))
		if err == nil {
			err = json.Unmarshal(plain, &all[i].status)
		}
		if err != nil { // nobody can read it any more
			s.o.Logger.Error("sending: what the outbox told can't be read", "error", err)
		}
	}
	return all, err
}

func (s *Service) learnOne(ctx context.Context, f fate) error {
	keys, err := s.keys(ctx, f.of.an)
	if errs.Is(err, errs.NotFound) { // the account is gone
		return s.o.DB.Write(ctx, func(tx *db.Tx) error { tx.Exec(sqlDropFate, int64(f.id)); return nil })
	}
	if err != nil {
		return err
	}
	return s.o.Mail.ChangeByItself(ctx, f.of.an, func(t *mailbox.Change) error {
		n, err := t.Tx.Change(sqlDropFate, int64(f.id))
		if err != nil || n == 0 { // another process was first
			return err
		}
		return s.apply(t, keys, f)
	})
}

// apply writes what is known of recipients now into their submission, where it is still there.
func (s *Service) apply(t *mailbox.Change, keys *secret.AccountKeys, f fate) error {
	var sealed []byte
	err := t.Tx.Query(sqlSealed, []any{int64(f.of.an), int64(f.of.id)}, func(r db.Row) error {
		sealed = append(sealed, r.Bytes(0)...)
		return nil
	})
	if err != nil || sealed == nil || f.status == nil {
		return err
	}
	name := submissionName(f.of.an, f.of.id)
	var what said
	if err := unseal(keys, name, sealed, &what); err != nil {
		return err
	}
	if !what.learn(f.status) {
		return nil
	}
	if sealed, err = seal(keys, name, what); err != nil {
		return err
	}
	t.Tx.Exec(sqlReseal, int64(f.of.an), int64(f.of.id), sealed, int64(t.Seq()))
	return nil
}

// learn takes over what is new; false: nothing is.
func (w *said) learn(status map[string]Status) (changed bool) {
	for _, p := range w.Envelope.To {
		st, told := status[p.Email]
		if a, err := haven.ParseAddress(p.Email); !told && err == nil {
			st, told = status[a.String()]
		}
		if told && w.Status[p.Email] != st {
			if w.Status == nil {
				w.Status = map[string]Status{}
			}
			w.Status[p.Email], changed = st, true
		}
	}
	return changed
}
