package vacation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Access says what a person may do with an account; people/access is behind it.
type Access interface {
	In(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error)
}

// Owners says whether a person does now what only owners of a shared mailbox do, a second factor and all; where it ends a harm, also without one.
// people/sharedmailbox is behind it. It locks what it looks at, so it is asked before anything is written.
type Owners interface {
	OwnIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, forSafety bool) error
}

// Accounts knows who answers; people/account is behind it. NotFound, or not allowed: the account sends nothing any more.
type Accounts interface {
	Answering(ctx context.Context, no haven.AccountNo) (Account, error)
}

// Keys give an account's data key.
type Keys interface {
	Account(ctx context.Context, no haven.AccountNo) (*secret.AccountKeys, error)
}

// Sealer seals what waits; secret.Sealer does.
type Sealer interface {
	Seal(dst, plain, ad []byte) ([]byte, error)
	Open(dst, sealed, ad []byte) ([]byte, error)
}

// Sender files an answer in a mailbox of ours or queues it, from nobody (RFC 3834 §3.3), and does what also does in the same commit. NotFound: there is no such
// mailbox here any more.
type Sender interface {
	Answer(ctx context.Context, a Answer, also func(*db.Tx) error) error
}

// Options are what the service stands on; every field but Changed and Logger is needed.
type Options struct {
	DB       *db.DB
	Access   Access
	Owners   Owners
	Accounts Accounts
	Keys     Keys
	Sealer   Sealer
	Changed  func(tx *db.Tx, account haven.AccountNo) (wake func(), err error) // notes that something of an account changed (mailbox.Service.Changed)
	Policy   policy.Vacation
	Clock    clock.Clock
	Logger   *slog.Logger
}

// Service keeps automatic replies and writes them. It is safe for many goroutines.
type Service struct {
	o    Options
	wake chan struct{}
}

// New makes the service over tables that Schema made.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func(*db.Tx, haven.AccountNo) (func(), error) { return func() {}, nil }
	}
	return &Service{o: o, wake: make(chan struct{}, 1)}
}

// Of is the reply of an account, for whoever manages it: the person, or an owner of the shared mailbox.
func (s *Service) Of(ctx context.Context, person, account haven.AccountNo) (r Reply, err error) {
	var sealed []byte
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.manages(tx, person, account); err != nil {
			return err
		}
		r, sealed, err = get(tx, account)
		return err
	})
	if err != nil || sealed == nil {
		return r, err
	}
	return s.open(ctx, account, r, sealed)
}

// manages is nil for whoever may say what an account answers.
func (s *Service) manages(tx *db.Tx, person, account haven.AccountNo) error {
	rights, v, err := s.o.Access.In(tx, person, account)
	switch {
	case err != nil:
		return err
	case rights == 0:
		return &errs.Error{Kind: errs.NotFound, Rule: string(v.Rule), Say: "There is no such mailbox."}
	case !rights.Has(haven.Manage):
		return &errs.Error{Kind: errs.Denied, Rule: "vacation.owners", Say: "Only an owner of the mailbox says what it answers. Ask one of them."}
	}
	return nil
}

// Whose is an account whose reply is set, and who sets it.
type Whose struct {
	Person, Account haven.AccountNo
	ID              haven.AccountID // of the account, for the audit log

	Since *int64 // the Reply.Version that the new one was made from; nil: it stands whatever there was
}

// RuleChanged is the rule of an error where somebody else has set the reply since it was read.
const RuleChanged = "vacation.changed"

var errChanged = &errs.Error{Kind: errs.Conflict, Rule: RuleChanged, Say: "Somebody else has changed the automatic reply. Look at it again before you change it."}

// Set gives an account a reply. Whoever has had the one before gets the new one too, and whoever waits for the account is woken. Invalid, with the rule, where it can't be turned on so; Conflict
// (RuleChanged) where it is no longer what w.Since says; Denied (factor.required) for an owner of a shared mailbox who has no second factor and needs one, but for turning it off, which keeps the mailbox's text.
func (s *Service) Set(ctx context.Context, actor haven.Actor, w Whose, r Reply) error {
	now := s.o.Clock.Now()
	if v := r.MayBe(now); !v.Allowed {
		return &errs.Error{Kind: errs.Invalid, Rule: string(v.Rule), Say: v.Reason}
	}
	plain, err := json.Marshal(said{r.Subject, r.Inside, r.Outside})
	if err != nil {
		return err
	}
	keys, err := s.o.Keys.Account(ctx, w.Account)
	if err != nil {
		return err
	}
	sealed, err := keys.Seal(nil, plain, []byte("vacation"))
	if err != nil {
		return err
	}
	var wake func()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.manages(tx, w.Person, w.Account); err != nil {
			return err
		}
		if w.Account != w.Person {
			if err := s.o.Owners.OwnIn(tx, actor, w.Account, !r.On); err != nil {
				return err
			}
		}
		if wake, err = s.o.Changed(tx, w.Account); err != nil { // which locks the account
			return err
		}
		was, kept, err := get(tx, w.Account)
		if err != nil {
			return err
		}
		if w.Since != nil && *w.Since != was.Version {
			return errChanged
		}
		if w.Account != w.Person && !r.On && len(kept) > 0 { // who turns it off for safety writes nothing that another would turn on
			sealed = kept
		}
		ver := was.Version + 1
		tx.Exec(sqlPut, int64(w.Account), boolOf(r.On), db.Micros(r.From), db.Micros(r.Until), ver, sealed)
		tx.Exec(sqlForget, int64(w.Account), ver)
		note := "off"
		if r.On {
			note = "on"
			if !r.Until.IsZero() {
				note += " until " + r.Until.UTC().Format(time.RFC3339)
			}
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vacation.set", On: w.ID, Rule: "vacation.reply", Note: note})
		return nil
	})
	if err == nil {
		wake()
	}
	return err
}

// said is what is sealed of a reply.
type said struct{ Subject, Inside, Outside string }

func get(tx *db.Tx, account haven.AccountNo) (r Reply, sealed []byte, err error) {
	err = tx.Query(sqlGet, []any{int64(account)}, func(row db.Row) error {
		r = Reply{On: row.Int64(0) != 0, From: db.Moment(row.Int64(1)), Until: db.Moment(row.Int64(2)), Version: row.Int64(3)}
		sealed = append([]byte(nil), row.Bytes(4)...)
		return nil
	})
	return r, sealed, err
}

func (s *Service) open(ctx context.Context, account haven.AccountNo, r Reply, sealed []byte) (Reply, error) {
	keys, err := s.o.Keys.Account(ctx, account)
	if err != nil {
		return r, err
	}
	plain, err := keys.Open(nil, sealed, []byte("vacation"))
	if err != nil {
		return r, err
	}
	var what said
	err = json.Unmarshal(plain, &what)
	r.Subject, r.Inside, r.Outside = what.Subject, what.Inside, what.Outside
	return r, err
}

// owed is what is sealed of an answer that is owed.
type owed struct {
	To                 string
	Subject, MessageID string
	Inside             bool
	Script             *Scripted `json:",omitempty"`
}

// The most that is kept of a letter to answer it.
const (
	keptSubject = 1000 // octets
	keptID      = 998
)

// Owe notes in tx that the sender of a letter may be owed an answer by these mailboxes: by their reply where it stands, else by their filter. It costs one question where
// nobody is away.
func (s *Service) Owe(tx *db.Tx, l Letter, to []To) error {
	if !MayAnswer(l).Allowed {
		return nil
	}
	away, err := s.away(tx, l, to)
	if err != nil || len(away) == 0 {
		return err
	}
	id := l.Header.Get("Message-ID")
	if len(id) > keptID {
		id = ""
	}
	now := s.o.Clock.Now().UnixMicro()
	for _, t := range away {
		plain, err := json.Marshal(owed{l.From.String(), clip(l.Header.Get("Subject"), keptSubject), id, l.Inside, t.Script})
		if err != nil {
			return err
		}
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails (crypto/rand)
		id := int64(binary.BigEndian.Uint64(b[:]) >> 1)
		sealed, err := s.o.Sealer.Seal(nil, plain, owedName(id))
		if err != nil {
			return err
		}
		tx.Exec(sqlOwe, id, int64(t.Account), now, now, sealed)
	}
	return nil
}

// away are those of the mailboxes that answer, each once; with Script where it is the filter that does.
func (s *Service) away(tx *db.Tx, l Letter, to []To) (all []To, err error) {
	named := make(map[haven.AccountNo]bool, len(to))
	numbers := make([]haven.AccountNo, 0, len(to))
	for _, t := range to {
		if !named[t.Account] && Names(l.Header, t) {
			named[t.Account] = true
			numbers = append(numbers, t.Account)
		}
	}
	enabled := map[haven.AccountNo]Reply{}
	err = db.QueryAmong(tx, sqlStand, numbers, func(r db.Row) error {
		enabled[haven.AccountNo(r.Int64(0))] = Reply{On: true, From: db.Moment(r.Int64(1)), Until: db.Moment(r.Int64(2))}
		return nil
	})
	now := s.o.Clock.Now()
	for _, t := range to {
		_, on := enabled[t.Account]
		switch page := enabled[t.Account]; {
		case !named[t.Account]:
			continue
		case page.Stands(now), on && t.Script == nil: // whether it still stands is asked once more when it is written
			t.Script = nil
		case t.Script == nil:
			continue
		default:
			short := t.Script.clipped()
			t.Script = &short
		}
		named[t.Account] = false
		all = append(all, t)
	}
	return all, err
}

func clip(s string, octets int) string {
	if len(s) > octets {
		s = s[:octets]
	}
	return s
}

func owedName(id int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("vacation"), uint64(id))
}

// Wake lets Run know, after the commit, that something may be owed.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// WaitingSince is when the oldest answer came to be owed that still is; zero: none is.
func (s *Service) WaitingSince(ctx context.Context) (at time.Time, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlOldest, nil, func(r db.Row) error {
			if !r.Null(0) {
				at = db.Moment(r.Int64(0))
			}
			return nil
		})
	})
	return at, err
}

// senderHash stands for a sender among those whom an account has told.
func senderHash(account haven.AccountNo, a haven.Address) []byte {
	h := sha256.New()
	_ = binary.Write(h, binary.BigEndian, int64(account)) // never fails: a hash takes everything
	h.Write([]byte(a.Key()))
	return h.Sum(nil)
}

// answerID is the same for the same answer, however often it is tried.
func answerID(id int64) string {
	sum := sha256.Sum256(owedName(id))
	return "vacation." + hex.EncodeToString(sum[:10])
}

func boolOf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
