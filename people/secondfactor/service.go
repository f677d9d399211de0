package secondfactor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
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
	Policy policy.Policy
	Issuer string        // the service's name, as apps and devices show it
	Portal func() string // the pages' own address, at which passkeys are good

	// Owns reports whether a person owns an active mailbox; sharedmailbox.OwnsIn does.
	Owns func(tx *db.Tx, no haven.AccountNo) (bool, error)
}

// Service keeps the second factors. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

var (
	errWrong = &errs.Error{Kind: errs.Private, Rule: "second-factor.wrong", Say: "This code is not right. Wait for the next one, and look that your phone shows the right time."}
	errSlow  = &errs.Error{Kind: errs.TooMany, Rule: "second-factor.slow", Say: "Too many wrong codes. Wait a few minutes, then try the next one that your app shows."}
	errOn    = &errs.Error{Kind: errs.Conflict, Rule: "second-factor.on", Say: "A second step is set up already. Take it away first."}
	errNone  = &errs.Error{Kind: errs.NotFound, Rule: "second-factor.none", Say: "There is no second step to take away."}
)

// factor is a row.
type factor struct {
	sealed    []byte
	confirmed time.Time // zero: being set up
	last      int64
	failed    int64
	failedAt  time.Time
}

func read(tx *db.Tx, no haven.AccountNo) (f factor, err error) {
	err = tx.Query(sqlFactor, []any{int64(no)}, func(r db.Row) error {
		f = factor{sealed: append([]byte(nil), r.Bytes(0)...), last: r.Int64(2), failed: r.Int64(3)}
		if at := r.Int64(1); at != 0 {
			f.confirmed = time.UnixMicro(at).UTC()
		}
		f.failedAt = time.UnixMicro(r.Int64(4))
		return nil
	})
	return f, err
}

// Of is what there is of a person's second factor.
func (s *Service) Of(ctx context.Context, no haven.AccountNo) (st Standing, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		st, err = standing(tx, no)
		return err
	})
	return st, err
}

var keyText = base32.StdEncoding.WithPadding(base32.NoPadding)

// Begin makes a key for a person's app. A key that was begun and never confirmed is replaced; one in use is Conflict.
func (s *Service) Begin(ctx context.Context, who account.Account) (Setup, error) {
	secret := make([]byte, 20) // RFC 4226 §4: as long as HMAC-SHA-1's output
	_, _ = rand.Read(secret)   // never fails (crypto/rand)
	sealed, err := s.o.Keys.Seal(ctx, who.No, secret)
	if err != nil {
		return Setup{}, err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		if err := s.free(tx, who.No); err != nil {
			return err
		}
		n, err := tx.Change(sqlPut, int64(who.No), sealed)
		if err == nil && n == 0 {
			err = errOn
		}
		return err
	})
	return s.setup(who, secret), err
}

// Begun is the key that Begin made last, to be shown again; NotFound where none is being set up.
func (s *Service) Begun(ctx context.Context, who account.Account) (Setup, error) {
	f, secret, err := s.key(ctx, who.No)
	if err != nil {
		return Setup{}, err
	}
	if secret == nil || !f.confirmed.IsZero() {
		return Setup{}, errNone
	}
	return s.setup(who, secret), nil
}

// key opens a person's key; nil where there is none.
func (s *Service) key(ctx context.Context, no haven.AccountNo) (f factor, secret []byte, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		f, err = read(tx, no)
		return err
	})
	if err != nil || len(f.sealed) == 0 {
		return f, nil, err
	}
	secret, err = s.o.Keys.Open(ctx, no, f.sealed)
	return f, secret, err
}

func (s *Service) setup(who account.Account, secret []byte) Setup {
	text := keyText.EncodeToString(secret)
	var groups []string
	for i := 0; i < len(text); i += 4 {
		groups = append(groups, text[i:min(i+4, len(text))])
	}
	q := url.Values{"secret": {text}, "issuer": {s.o.Issuer}, "digits": {fmt.Sprint(digits)}, "period": {fmt.Sprint(int(period / time.Second))}, "algorithm": {"SHA1"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + s.o.Issuer + ":" + who.Address.String(), RawQuery: q.Encode()}
	return Setup{Key: strings.Join(groups, " "), URL: u.String()}
}

// Confirm turns the second factor on that is being set up, with a code of it, and returns the recovery codes this once.
func (s *Service) Confirm(ctx context.Context, actor haven.Actor, who account.Account, text string) (recovery []string, err error) {
	f, secret, err := s.key(ctx, who.No)
	if err != nil {
		return nil, err
	}
	if secret == nil || !f.confirmed.IsZero() {
		return nil, errOn
	}
	step, ok := s.match(secret, Clean(text), 0)
	if !ok {
		return nil, errWrong
	}
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		if err := s.free(tx, who.No); err != nil {
			return err
		}
		n, err := tx.Change(sqlConfirm, int64(who.No), now.UnixMicro(), step)
		if err != nil {
			return err
		}
		if n == 0 {
			return errOn
		}
		recovery = putCodes(tx, who.No)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "second-factor.set-up", On: who.ID, Rule: "second-factor.set-up"})
		return nil
	})
	return recovery, err
}

// HoldsRecoveryIn reports whether a text is one of a person's recovery codes that was not used yet. Who asks counts the tries.
func HoldsRecoveryIn(tx *db.Tx, no haven.AccountNo, text string) (holds bool, err error) {
	err = tx.Query(sqlHoldsCode, []any{int64(no), codeHash(no, Clean(text))}, func(db.Row) error { holds = true; return nil })
	return holds, err
}

// SpendRecoveryIn uses a recovery code up, in the transaction in which HoldsRecoveryIn found it.
func SpendRecoveryIn(tx *db.Tx, actor haven.Actor, who account.Account, text string, now time.Time) error {
	_, err := spend(tx, actor, who, Clean(text), now)
	return err
}

func spend(tx *db.Tx, actor haven.Actor, who account.Account, clean string, now time.Time) (good bool, err error) {
	n, err := tx.Change(sqlSpend, int64(who.No), codeHash(who.No, clean))
	if err == nil && n > 0 {
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "second-factor.recovery-used", On: who.ID, Rule: "second-factor.recovery"})
	}
	return n > 0, err
}

// putCodes makes recovery codes in place of all there are: 50 random bits each.
func putCodes(tx *db.Tx, no haven.AccountNo) (codes []string) {
	tx.Exec(sqlNoCodes, int64(no))
	for range recoveries {
		b := make([]byte, 7)
		_, _ = rand.Read(b)
		text := strings.ToLower(keyText.EncodeToString(b))[:10]
		tx.Exec(sqlPutCode, int64(no), codeHash(no, text))
		codes = append(codes, text[:5]+"-"+text[5:])
	}
	return codes
}

// codeHash is fast on purpose: a code is random, and tries are counted.
func codeHash(no haven.AccountNo, clean string) []byte {
	h := sha256.Sum256(fmt.Appendf(nil, "recovery\x00%d\x00%s", no, clean))
	return h[:]
}

// match finds the step whose code was given.
func (s *Service) match(secret []byte, clean string, last int64) (step int64, ok bool) {
	if !IsCode(clean) {
		return 0, false
	}
	key := keyText.EncodeToString(secret)
	for _, n := range Steps(s.o.Clock.Now(), last) {
		want, err := hotp.GenerateCodeCustom(key, uint64(n), hotp.ValidateOpts{Digits: otp.Digits(digits), Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(clean)) == 1 {
			return n, true
		}
	}
	return 0, false
}

// Check takes a code at a log in, or where grave changes ask again: Private (second-factor.wrong) where it is none, TooMany after
// so many wrong ones as lock an account (Rules 6). A code serves once, and so does a recovery code.
func (s *Service) Check(ctx context.Context, actor haven.Actor, who account.Account, text string) (Kind, error) {
	_, secret, err := s.key(ctx, who.No)
	if err != nil {
		return None, err
	}
	kind, clean := None, Clean(text)
	err = s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		kind, err = s.checkIn(tx, actor, who, clean, secret)
		return err
	})
	if err == nil && kind == None {
		err = errWrong
	}
	return kind, err
}

// checkIn counts what was wrong in the transaction that looks, so that many tries at once are as many.
func (s *Service) checkIn(tx *db.Tx, actor haven.Actor, who account.Account, clean string, secret []byte) (Kind, error) {
	f, err := read(tx, who.No)
	if err != nil {
		return None, err
	}
	if st, err := standing(tx, who.No); err != nil || !st.On {
		return None, err
	}
	p, now := s.o.Policy.Lockout, s.o.Clock.Now()
	recent := now.Sub(f.failedAt) < p.Window
	if p.SlowAfter > 0 && f.failed >= int64(p.SlowAfter) && recent {
		return None, errSlow
	}
	if step, ok := s.match(secret, clean, f.last); ok && !f.confirmed.IsZero() {
		tx.Exec(sqlUsed, int64(who.No), step)
		return Code, nil
	}
	if !IsCode(clean) && clean != "" {
		good, err := spend(tx, actor, who, clean, now)
		if err != nil {
			return None, err
		}
		if good {
			return Recovery, nil
		}
	}
	failed := f.failed + 1
	if !recent {
		failed = 1
	}
	tx.Exec(sqlFailed, int64(who.No), failed, now.UnixMicro())
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "second-factor.refused", On: who.ID, Rule: "second-factor.wrong"})
	return None, nil
}

// Renew makes ten recovery codes in place of those there are.
func (s *Service) Renew(ctx context.Context, actor haven.Actor, who account.Account) (codes []string, err error) {
	return codes, s.change(ctx, actor, who, "second-factor.codes-renewed", func(tx *db.Tx) error {
		st, err := standing(tx, who.No)
		if err == nil && !st.On {
			err = errNone
		}
		if err == nil {
			err = s.free(tx, who.No)
		}
		codes = putCodes(tx, who.No)
		return err
	})
}

// Remove takes the app of a person's second factor away; where no passkey is left either, its recovery codes and the browsers that were trusted go too.
func (s *Service) Remove(ctx context.Context, actor haven.Actor, who account.Account) error {
	return s.change(ctx, actor, who, "second-factor.removed", func(tx *db.Tx) error {
		if err := s.free(tx, who.No); err != nil {
			return err
		}
		n, err := tx.Change(sqlNoApp, int64(who.No))
		if err == nil && n == 0 {
			err = errNone
		}
		if err != nil {
			return err
		}
		return tidy(tx, who.No, s.o.Clock.Now())
	})
}

// free refuses whoever was vouched for: a second factor that is set up then would confirm the vouching.
func (s *Service) free(tx *db.Tx, no haven.AccountNo) error {
	return account.FreeIn(tx, no, s.o.Clock.Now())
}

func (s *Service) change(ctx context.Context, actor haven.Actor, who account.Account, what string, fn func(tx *db.Tx) error) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: what, On: who.ID, Rule: haven.Rule(what)})
		return nil
	})
}

func (t Trust) hash() []byte {
	h := sha256.Sum256([]byte(t))
	return h[:]
}

// TrustPlace makes a browser a trusted one for a person: one person, one browser, 30 days (Rules 6).
func (s *Service) TrustPlace(ctx context.Context, actor haven.Actor, who account.Account, program string) (Trust, error) {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	t := Trust(base64.RawURLEncoding.EncodeToString(b))
	return t, s.change(ctx, actor, who, "second-factor.place-trusted", func(tx *db.Tx) error {
		now := s.o.Clock.Now()
		tx.Exec(sqlLapsed, int64(who.No), now.UnixMicro())
		tx.Exec(sqlTrust, t.hash(), int64(who.No), now.Add(s.o.Policy.Session.TrustedPlace).UnixMicro(), program)
		return nil
	})
}

// Trusts reports whether a browser is trusted for a person.
func (s *Service) Trusts(ctx context.Context, no haven.AccountNo, t Trust) (trusted bool, err error) {
	if t == "" {
		return false, nil
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		trusted = false
		return tx.Query(sqlTrusted, []any{t.hash(), int64(no), s.o.Clock.Now().UnixMicro()}, func(db.Row) error {
			trusted = true
			return nil
		})
	})
	return trusted, err
}

// DistrustAll has every browser asked for the second step again, after a phone or computer was lost.
func (s *Service) DistrustAll(ctx context.Context, actor haven.Actor, who account.Account) error {
	return s.change(ctx, actor, who, "second-factor.places-distrusted", func(tx *db.Tx) error {
		tx.Exec(sqlDistrust, int64(who.No))
		return nil
	})
}
