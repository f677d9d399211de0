package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

const (
	seenEvery  = time.Minute // how old the time of the last request may be: a request costs no write
	sweepStep  = 500
	programMax = 200 // octets of what a browser calls itself
)

// ErrEnded is the answer to a token that opens nothing, whatever the cause.
var ErrEnded = &errs.Error{Kind: errs.Private, Rule: "session.ended", Say: "You are not logged in. Log in to go on."}

// Announcer wakes what looks at an account, after a commit that ended or locked one of its sessions: a socket of that browser closes.
type Announcer interface {
	AccessChanged(accounts ...haven.AccountNo)
}

// Options are what the service stands on; every field but Announcer and Ended is needed.
type Options struct {
	DB        *db.DB
	Clock     clock.Clock
	Policy    policy.Session
	Announcer Announcer
	Ended     func(tx *db.Tx, id int64) // called in the transaction in which somebody ends a session; others are known by Holds. nil: nobody asks
}

// Service keeps the sessions. It is safe for many goroutines and runs none of its own.
type Service struct{ o Options }

// New makes the service over the table that Schema made.
func New(o Options) *Service { return &Service{o} }

// end runs fn, which ends or locks sessions of a person and says of whom (0: of nobody), and wakes what is open in them, here and, by the
// version of the account, in other processes.
func (s *Service) end(ctx context.Context, fn func(tx *db.Tx) (haven.AccountNo, error)) error {
	var whose haven.AccountNo
	err := s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if whose, err = fn(tx); err != nil || whose == 0 {
			return err
		}
		return account.Lock(tx, whose)
	})
	if err == nil && whose != 0 && s.o.Announcer != nil {
		s.o.Announcer.AccessChanged(whose)
	}
	return err
}

func (t Token) hash() []byte {
	h := sha256.Sum256([]byte(t))
	return h[:]
}

func newToken() Token {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return Token(base64.RawURLEncoding.EncodeToString(b[:]))
}

func newID() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return int64(binary.BigEndian.Uint64(b[:]) >> 1)
}

// Start is a log in that proved itself.
type Start struct {
	Person  account.Account
	Proof   account.Proof
	Shared  bool // a shared computer: what the log in page assumes (Rules 6)
	Pending bool // the second factor is asked for next
	Place   string
	Program string
}

// Open makes a session of a log in. Above the most that one person may have (policy.Session.Most), the oldest ends.
func (s *Service) Open(ctx context.Context, in Start) (Token, Session, error) {
	now, token := s.o.Clock.Now(), newToken()
	ses := Session{ID: newID(), Person: in.Person, Shared: in.Shared, Created: now, Seen: now, Proven: now, Place: in.Place,
		Program: cut(in.Program, programMax), Pending: in.Pending, ver: in.Proof.Version()}
	err := s.end(ctx, func(tx *db.Tx) (ended haven.AccountNo, err error) {
		tx.Exec(sqlInsert, token.hash(), ses.ID, int64(in.Person.No), ses.ver, ses.Shared, now.UnixMicro(), ses.Place, ses.Program, ses.Pending)
		n, _, err := s.endIn(tx, sqlOldest, int64(in.Person.No), int64(s.o.Policy.Most))
		if err != nil {
			return 0, err
		}
		if n > 0 {
			ended = in.Person.No
		}
		audit.Record(tx, audit.Entry{At: now, Actor: ses.Actor(), What: "session.opened", On: in.Person.ID, Rule: "session.log-in", Note: computer(in.Shared)})
		return ended, err
	})
	return token, ses, err
}

func computer(shared bool) string {
	if shared {
		return "shared computer"
	}
	return "own device"
}

// cut shortens a text to so many octets, at a character's end.
func cut(s string, most int) string {
	for i := range s {
		if i > most {
			return s[:i]
		}
	}
	return s
}

// Find is the session that a token opens, as of now; ErrEnded where it opens none. A request that finds it open counts as use; one
// that finds it locked does not, so that a page which asks again and again opens nothing.
func (s *Service) Find(ctx context.Context, t Token) (Session, error) {
	ses, err := s.Look(ctx, t)
	if now := s.o.Clock.Now(); err == nil && !ses.Locked && now.Sub(ses.Seen) >= seenEvery {
		err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(sqlSeen, t.hash(), now.UnixMicro())
			return nil
		})
	}
	return ses, err
}

// Look is Find for what a browser does by itself, which is no use: a socket that stays open, a page that asks again. The session locks all the same.
func (s *Service) Look(ctx context.Context, t Token) (Session, error) {
	var ses Session
	var how Standing
	now := s.o.Clock.Now()
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ses, how = Session{}, Ended
		err := tx.Query(sqlFind, []any{t.hash()}, func(r db.Row) error {
			ses = scan(r)
			return nil
		})
		if err != nil || ses.ID == 0 {
			return err
		}
		how, err = s.complete(tx, &ses, now)
		return err
	})
	switch {
	case err != nil:
		return Session{}, err
	case how == Ended:
		return Session{}, ErrEnded
	}
	ses.Locked, ses.Until = how == Locked, Until(Facts{Shared: ses.Shared, Created: ses.Created, Seen: ses.Seen}, s.o.Policy)
	return ses, nil
}

// complete reads whose session it is, and says how it stands.
func (s *Service) complete(tx *db.Tx, ses *Session, now time.Time) (Standing, error) {
	a, err := account.ByNoIn(tx, ses.Person.No)
	if errs.Is(err, errs.NotFound) {
		return Ended, nil
	}
	if err != nil {
		return Ended, err
	}
	p, err := account.PasswordIn(tx, a.No)
	ses.Person, ses.Changes = a, p.Changes(now) || a.State == account.Invited
	how, _ := Stand(Facts{Shared: ses.Shared, Created: ses.Created, Seen: ses.Seen, State: a.State, Ver: ses.ver, Now: p.Ver}, s.o.Policy, now)
	return how, err
}

func scan(r db.Row) Session {
	at := func(i int) time.Time { return time.UnixMicro(r.Int64(i)).UTC() }
	return Session{ID: r.Int64(0), Person: account.Account{No: haven.AccountNo(r.Int64(1))}, ver: r.Int64(2), Shared: r.Bool(3),
		Created: at(4), Seen: at(5), Proven: at(6), Place: r.Text(7), Program: r.Text(8), Pending: r.Bool(9)}
}

// Prove unlocks a session after its person gave the password again, and begins the time in which grave changes don't ask for it.
// It is ErrEnded where the proof is another person's.
func (s *Service) Prove(ctx context.Context, t Token, p account.Proof, person haven.AccountNo) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlProve, t.hash(), now.UnixMicro(), p.Version(), int64(person))
		if err == nil && n == 0 {
			err = ErrEnded
		}
		return err
	})
}

// Unlock opens a locked session whose person a passkey has proven. The time in which grave changes don't ask for the password does not begin anew.
func (s *Service) Unlock(ctx context.Context, t Token, person haven.AccountNo) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlUnlock, t.hash(), now.UnixMicro(), int64(person))
		if err == nil && n == 0 {
			err = ErrEnded
		}
		return err
	})
}

// Lock locks a session at once, as if it had not been used for long. One that ended is no error.
func (s *Service) Lock(ctx context.Context, t Token, actor haven.Actor) error {
	now := s.o.Clock.Now()
	return s.end(ctx, func(tx *db.Tx) (whose haven.AccountNo, err error) {
		err = tx.Query(sqlLock, []any{t.hash()}, func(r db.Row) error { whose = haven.AccountNo(r.Int64(0)); return nil })
		if err == nil && whose != 0 {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "session.locked", On: actor.Person, Rule: "session.lock"})
		}
		return whose, err
	})
}

// Aged is whose session a token opened until it ended by age alone; ok is false where it ended otherwise, or stands. It opens nothing: it tells whom a
// half-filled form belongs to, for policy.Session.FormKept.
func (s *Service) Aged(ctx context.Context, t Token) (who account.Account, ok bool, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		var ses Session
		who, ok = account.Account{}, false
		err := tx.Query(sqlFind, []any{t.hash()}, func(r db.Row) error {
			ses = scan(r)
			return nil
		})
		if err != nil || ses.ID == 0 || ses.Pending || now.Sub(ses.Created) < s.o.Policy.MaxAge {
			return err
		}
		young := ses.Created
		ses.Created, ses.Seen = now, now // whatever else would end it
		how, err := s.complete(tx, &ses, now)
		who, ok = ses.Person, err == nil && how == Open && now.Sub(young) < s.o.Policy.MaxAge+s.o.Policy.FormKept
		return err
	})
	return who, ok, err
}

// Passed opens a session whose person has shown the second factor.
func (s *Service) Passed(ctx context.Context, t Token, person haven.AccountNo) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlPass, t.hash(), int64(person))
		if err == nil && n == 0 {
			err = ErrEnded
		}
		return err
	})
}

// Close ends a session: log out. One that has ended already is no error.
func (s *Service) Close(ctx context.Context, t Token, actor haven.Actor) error {
	now := s.o.Clock.Now()
	return s.end(ctx, func(tx *db.Tx) (whose haven.AccountNo, err error) {
		if _, whose, err = s.endIn(tx, sqlEnd, t.hash()); err == nil && whose != 0 {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "session.closed", On: actor.Person, Rule: "session.log-out"})
		}
		return whose, err
	})
}

// endIn ends sessions by a statement that names them, and tells whoever has something that ends with them. They are of one person.
func (s *Service) endIn(tx *db.Tx, sql string, args ...any) (n int, whose haven.AccountNo, err error) {
	var ids []int64
	err = tx.Query(sql, args, func(r db.Row) error {
		ids, whose = append(ids, r.Int64(0)), haven.AccountNo(r.Int64(1))
		return nil
	})
	if err != nil || s.o.Ended == nil {
		return len(ids), whose, err
	}
	for _, id := range ids {
		s.o.Ended(tx, id)
	}
	return len(ids), whose, nil
}

// Holds is nil while a person's session shows that person's data, locked or not; ErrEnded once it ended, however, or while nothing is open in it but the page that
// asks for a second step or another password.
func (s *Service) Holds(ctx context.Context, id int64, person haven.AccountNo) error {
	var ses Session
	how, now := Ended, s.o.Clock.Now()
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ses, how = Session{}, Ended
		err := tx.Query(sqlByID, []any{id, int64(person)}, func(r db.Row) error {
			ses = scan(r)
			return nil
		})
		if err != nil || ses.ID == 0 {
			return err
		}
		how, err = s.complete(tx, &ses, now)
		return err
	})
	if err == nil && (how == Ended || ses.Pending || ses.Changes) {
		err = ErrEnded
	}
	return err
}

// Of lists a person's sessions that stand, the newest first.
func (s *Service) Of(ctx context.Context, person haven.AccountNo) (all []Session, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		var found []Session
		all = nil
		err := tx.Query(sqlOf, []any{int64(person), int64(s.o.Policy.Most)}, func(r db.Row) error {
			found = append(found, scan(r))
			return nil
		})
		for _, ses := range found {
			how, failed := s.complete(tx, &ses, now)
			if failed != nil {
				return failed
			}
			if ses.Locked = how == Locked; how != Ended {
				all = append(all, ses)
			}
		}
		return err
	})
	return all, err
}

// Revoke ends one of a person's sessions, by its id.
func (s *Service) Revoke(ctx context.Context, actor haven.Actor, person account.Account, id int64) error {
	return s.revoke(ctx, actor, person, sqlRevoke, id)
}

// RevokeOthers ends all of a person's sessions but the one that asks; an empty token spares none.
func (s *Service) RevokeOthers(ctx context.Context, actor haven.Actor, person account.Account, but Token) error {
	return s.revoke(ctx, actor, person, sqlOthers, but.hash())
}

func (s *Service) revoke(ctx context.Context, actor haven.Actor, person account.Account, sql string, which any) error {
	now := s.o.Clock.Now()
	return s.end(ctx, func(tx *db.Tx) (haven.AccountNo, error) {
		n, _, err := s.endIn(tx, sql, int64(person.No), which)
		if err != nil || n == 0 {
			return 0, err
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "session.revoked", On: person.ID, Rule: "session.revoke"})
		return person.No, nil
	})
}

// Sweep removes rows of sessions that ended by age, when no half-filled form can come from them any more.
func (s *Service) Sweep(ctx context.Context) error {
	before := s.o.Clock.Now().Add(-s.o.Policy.MaxAge - s.o.Policy.FormKept).UnixMicro()
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
