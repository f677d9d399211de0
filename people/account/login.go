package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/limit"
)

// RuleRefused is the rule of a log in that did not prove itself.
const RuleRefused = "login.refused"

// refused is the one answer to a log in that did not prove itself: whether the user is unknown, the password wrong or the account locked to this place (Rules 6).
func (s *Service) refused() error {
	say := "The user name or the password is wrong."
	if p := s.o.Policy.Lockout; p.LockAfter > 0 {
		say += fmt.Sprintf(" After many wrong tries an account is closed for %d minutes to places that it does not know.", int(p.LockFor.Minutes()))
	}
	return &errs.Error{Kind: errs.Private, Rule: RuleRefused, Say: say}
}

// known is what one query finds for a user name: the zero value is nobody.
type known struct {
	account  Account
	ver      int64 // of the credential; 0: no password
	hash     string
	expires  time.Time
	must     bool
	failures Failures
	lastSeen time.Time // at this place
	app      *appLogin // the secret is an app password
}

// Authenticate says who signs in, and opens the account that the log in names (ARCHITECTURE §2).
//
// Errors: Private (login.refused) for whatever did not prove itself, in the same time whether the user exists;
// Denied where the secret was right and the account may not sign in here (password.expired, account.inactive …),
// with what to do; NotFound where the person may not know of the mailbox named; TooMany where the place is
// slowed; Transient where the service is too busy or its store unreachable, in which case nothing counts as a
// failure.
func (s *Service) Authenticate(ctx context.Context, l Login) (Session, error) {
	person, target, v := SplitUser(l.User, l.Authzid)
	if !v.Allowed {
		return Session{}, Refusal(errs.Private, v)
	}
	if len(l.Password) > 4*s.o.Policy.Password.MaxLength {
		return Session{}, s.refused()
	}
	place := placeOf(l)
	k, err := s.lookUp(ctx, person, place, l.Password)
	if err != nil {
		return Session{}, err
	}
	if l.Face == Web {
		k.app = nil // pages ask for the person, never for a program
	}
	if err := s.prove(ctx, l, person, place, k); err != nil {
		s.logRefusal(ctx, l, k, err)
		return Session{}, err
	}
	facts := LoginFacts{Kind: k.account.Kind, State: k.account.State, Face: l.Face, AppPassword: k.app != nil,
		Expires: k.expires, MustChange: k.must, Portal: s.o.Portal}
	if v := MayLogin(facts, s.Now()); !v.Allowed {
		err := Refusal(errs.Denied, v)
		s.logRefusal(ctx, l, k, err)
		return Session{}, err
	}
	return s.open(ctx, k, l.Face, person, target)
}

// logRefusal tells the operator by which rule somebody was not let in: ids and places, never what was typed.
func (s *Service) logRefusal(ctx context.Context, l Login, k known, err error) {
	rule, id := "", ""
	if e := (*errs.Error)(nil); errors.As(err, &e) {
		rule = e.Rule
	}
	if k.account.No != 0 {
		id = k.account.ID.String()
	}
	s.o.Logger.LogAttrs(ctx, slog.LevelInfo, "log in refused", slog.String("rule", rule), slog.String("kind", errs.KindOf(err).String()),
		slog.String("account", id), slog.String("place", l.Place), slog.Bool("app", k.app != nil))
}

// lookUp reads all that is known in one snapshot. An account that can't have a credential is nobody.
func (s *Service) lookUp(ctx context.Context, person haven.Address, place placeKey, secret string) (k known, err error) {
	now := s.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		k = known{}
		err := tx.Query(sqlLogin, []any{person.Key(), now.UnixMicro(), place[:]}, func(r db.Row) error {
			k = scanKnown(r)
			return nil
		})
		if err == nil {
			k.app, err = findApp(tx, k.account.No, secret) // for nobody too, and finds nothing: it takes as long
		}
		return err
	})
	if k.account.Kind == haven.Shared {
		k = known{}
	}
	k.failures.KnownPlace = !k.lastSeen.IsZero() && now.Sub(k.lastSeen) < s.o.Policy.Lockout.KnownFor
	return k, err
}

func scanKnown(r db.Row) known {
	const c = accountWidth
	k := known{account: scanAccount(r), ver: r.Int64(c), hash: r.Text(c + 1), must: r.Int64(c+3) != 0}
	k.expires, k.lastSeen = db.Moment(r.Int64(c+2)), db.Moment(r.Int64(c+5))
	k.failures.LockedUntil = db.Moment(r.Int64(c + 4))
	return k
}

// prove decides whether the secret is right, and keeps the books of failures and places.
func (s *Service) prove(ctx context.Context, l Login, user haven.Address, place placeKey, k known) error {
	if k.app != nil {
		return s.inPassing(ctx, s.useApp(ctx, k.app))
	}
	if l.Face == Program && !s.o.Policy.Account.PasswordsInPrograms {
		return &errs.Error{Kind: errs.Private, Rule: "login.app-password",
			Say: "Mail programs sign in with a password of their own. " + atPortal(s.o.Portal, "Make one at %s.", "Ask the helpdesk for one.")}
	}
	now := s.Now()
	key := s.memory.of(k.account.No, k.ver, user.Key(), l.Password)
	good, remembered := s.memory.recall(key, now)
	if remembered && !good {
		return s.refused()
	}
	shut := Locked(k.failures, now)
	if remembered && !shut {
		return s.inPassing(ctx, s.seePlace(ctx, k, place))
	}
	if shut {
		key = s.memory.whileShut(key, k.failures.LockedUntil)
		if _, again := s.memory.recall(key, now); again {
			return s.refused() // as quick as for nobody, whose wrong secrets are remembered too
		}
	}
	good, err := s.compute(ctx, l, place, k, key, shut)
	if err != nil {
		return err
	}
	if !good {
		return s.failed(ctx, l, place, user, k.account)
	}
	return s.inPassing(ctx, s.seePlace(ctx, k, place))
}

// inPassing is the error of a note that a good log in leaves (last use, known place, newer hash). Where the note can't
// be written, since the disk is full or the database takes no writes, the person comes in all the same: reading must go on.
func (s *Service) inPassing(ctx context.Context, err error) error {
	if ctx.Err() == nil && errs.Is(err, errs.Transient) {
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "a log in could not be noted", slog.String("cause", err.Error()))
		return nil
	}
	return err
}

// compute spends the time of one argon2id computation in the queue, also for nobody and for a locked account.
func (s *Service) compute(ctx context.Context, l Login, place placeKey, k known, key secretKey, shut bool) (bool, error) {
	network := NetworkOf(l.Place)
	if wait := s.slow(place, network); wait > 0 {
		return false, &errs.Error{Kind: errs.TooMany, Rule: "lockout.slow",
			Say: fmt.Sprintf("Too many failed tries from here. Try again in %d seconds.", int(wait/time.Second)+1)}
	}
	if err := s.queue.enter(ctx, network); err != nil {
		return false, err
	}
	defer s.queue.leave()
	if good, remembered := s.memory.recall(key, s.Now()); remembered {
		return good, nil // another connection of the same program was here first
	}
	if shut {
		s.nobody.matches(l.Password)
		s.memory.learn(key, false, s.Now())
		return false, nil
	}
	good := s.matches(l.Password, k.hash)
	s.memory.learn(key, good, s.Now())
	if h, ok := parseHash(k.hash); good && ok && !h.fits(s.o.Policy.Password) {
		return true, s.inPassing(ctx, s.rehash(ctx, k, hashNew(l.Password, s.o.Policy.Password)))
	}
	return good, nil
}

// slow is how long a place, or the network that it is in, has to wait for its next try: a program may call itself
// something else each time, and so the network counts too.
func (s *Service) slow(place placeKey, network string) time.Duration {
	p := s.o.Policy.Lockout
	switch {
	case p.SlowAfter > 0 && s.places.Count(string(place[:])) >= p.SlowAfter:
		return s.slowed.Take(string(place[:]), 1)
	case p.SlowNetwork > 0 && s.places.Count(network) >= p.SlowNetwork:
		return s.slowed.Take(network, 1)
	}
	return 0
}

// rehash keeps the same password under the parameters of today's policy.
func (s *Service) rehash(ctx context.Context, k known, h hashed) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlRehash, int64(k.account.No), k.ver, h.String())
		return nil
	})
}

// failed counts a failure for the place and the account, and locks the account where the policy says so. Where there is
// no such account it writes as much: else the time would tell who exists.
func (s *Service) failed(ctx context.Context, l Login, place placeKey, user haven.Address, a Account) error {
	p, now := s.o.Policy.Lockout, s.Now()
	s.places.Add(string(place[:]), 1)
	s.places.Add(NetworkOf(l.Place), 1)
	s.failing.add(a.No, string(place[:]), NetworkOf(l.Place))
	if p.LockAfter <= 0 {
		return s.refused()
	}
	count, row := sqlFailure, int64(a.No)
	if a.No == 0 {
		count, row = sqlNobodyFailure, nobodyRow(user)
	}
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		failures := 0
		err := tx.Query(count, []any{row, now.UnixMicro(), now.Add(-p.Window).UnixMicro()}, func(r db.Row) error {
			failures = int(r.Int64(0))
			return nil
		})
		if err != nil || a.No == 0 {
			return err
		}
		return s.lock(tx, l, a, AfterFailure(failures, p, now))
	})
	if err != nil {
		return err
	}
	return s.refused()
}

// nobodyRows bounds what guessed names leave behind.
const nobodyRows = 1024

// nobodyRow is where a failure of a name that nobody has is written.
func nobodyRow(user haven.Address) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(user.Key())) // never fails
	return int64(h.Sum32() % nobodyRows)
}

// lock locks the account until then; a zero time leaves it as it is.
func (s *Service) lock(tx *db.Tx, l Login, a Account, until time.Time) error {
	if until.IsZero() {
		return nil
	}
	now := s.Now()
	n, err := tx.Change(sqlLockUntil, int64(a.No), until.UnixMicro(), now.UnixMicro())
	if err == nil && n > 0 {
		audit.Record(tx, audit.Entry{At: now, Actor: haven.Actor{Place: l.Place, Program: l.Program}, What: "account.locked", On: a.ID, Rule: "lockout.lock"})
		if s.o.Locked != nil {
			s.o.Locked(tx, Lockdown{Account: a, At: now, Until: until, Place: l.Place, Program: l.Program, Face: l.Face})
		}
	}
	return err
}

// Lockdown is an account that was locked just now, and from where somebody tried in vain.
type Lockdown struct {
	Account   Account
	At, Until time.Time
	Place     string // network address
	Program   string // as it calls itself
	Face      Face
}

// LockedUntilIn is until when an account is locked for places that it does not know; zero: it is not.
func LockedUntilIn(tx *db.Tx, no haven.AccountNo, now time.Time) (until time.Time, err error) {
	err = tx.Query(sqlLocked, []any{int64(no)}, func(r db.Row) error { until = db.Moment(r.Int64(0)); return nil })
	if !now.Before(until) {
		until = time.Time{}
	}
	return until, err
}

// KnowPlaceIn makes a place one where the person has logged in before, so that no lock shuts it (Rules 6): its person has shown otherwise who is there.
func (s *Service) KnowPlaceIn(tx *db.Tx, no haven.AccountNo, l Login) {
	s.see(tx, no, placeOf(l), s.Now())
}

func (s *Service) see(tx *db.Tx, no haven.AccountNo, place placeKey, now time.Time) {
	tx.Exec(sqlSeePlace, int64(no), place[:], now.UnixMicro())
	tx.Exec(sqlDropPlaces, int64(no), int64(s.o.Policy.Lockout.KnownPlaces))
}

// ForgetFailures has a place no longer slowed by the tries that failed there.
func (s *Service) ForgetFailures(l Login) {
	place := placeOf(l)
	s.places.Forget(string(place[:]))
}

// Unlock ends a lock at once: a texted code, the desk or an owner's word does so (Rules 6). The places from which somebody
// tried in vain are no longer slowed either. It returns until when the account was locked; zero: it was not.
func (s *Service) Unlock(ctx context.Context, actor haven.Actor, no haven.AccountNo) (until time.Time, err error) {
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		until, err = s.UnlockIn(tx, actor, no)
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	s.Unlocked(no)
	if !s.Now().Before(until) {
		until = time.Time{}
	}
	return until, nil
}

// UnlockIn is Unlock within a transaction, whose caller calls Unlocked once it is committed. It returns until when the account was locked last; zero: it
// never was.
func (s *Service) UnlockIn(tx *db.Tx, actor haven.Actor, no haven.AccountNo) (until time.Time, err error) {
	locked := false
	if err := tx.Query(sqlUnlock, []any{int64(no)}, func(r db.Row) error { until, locked = db.Moment(r.Int64(0)), true; return nil }); err != nil || !locked {
		return until, err
	}
	a, err := ByNoIn(tx, no)
	if err == nil {
		audit.Record(tx, audit.Entry{At: s.Now(), Actor: actor, What: "account.unlocked", On: a.ID, Rule: "lockout.unlock"})
	}
	return until, err
}

// Unlocked has the places from which somebody tried in vain to sign in as a person no longer slowed.
func (s *Service) Unlocked(no haven.AccountNo) {
	for _, place := range s.failing.take(no) {
		s.places.Forget(place)
	}
}

// failing remembers from where somebody tried in vain to sign in as whom, so that an unlocking can forget it.
type failing struct {
	recent *limit.Recent[haven.AccountNo, []string]
}

// mostFailing is how many places are remembered of one account; the oldest go.
const mostFailing = 32

func (f failing) add(no haven.AccountNo, places ...string) {
	if no == 0 {
		return
	}
	f.recent.Update(no, func(before []string) []string {
		all := append([]string(nil), places...)
		for _, p := range before {
			if !slices.Contains(all, p) && len(all) < mostFailing {
				all = append(all, p)
			}
		}
		return all
	})
}

func (f failing) take(no haven.AccountNo) []string {
	places, _ := f.recent.Get(no)
	f.recent.Forget(no)
	return places
}

// placeKey stands for a place: the network address and the program together (Rules 6). It is a hash, since
// places are remembered and nobody has to read them.
type placeKey [16]byte

func placeOf(l Login) placeKey {
	sum := sha256.Sum256([]byte(NetworkOf(l.Place) + "\x00" + l.Program))
	return placeKey(sum[:16])
}

// seePlace remembers that the person signed in from here, with one write a day and place.
func (s *Service) seePlace(ctx context.Context, k known, place placeKey) error {
	now := s.Now()
	if now.Sub(k.lastSeen) < 24*time.Hour {
		return nil
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		s.see(tx, k.account.No, place, now)
		return nil
	})
}
