package notify

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Sealer seals what a notice says; secret.Sealer does, with a key a day.
type Sealer interface {
	Seal(dst, plain, ad []byte) ([]byte, error)
	Open(dst, sealed, ad []byte) ([]byte, error)
}

// Gateway hands notices on. Its errors are Transient where another try may help, with RuleKey where it takes nothing from us at all until an operator
// mends the key, and otherwise say why it never will.
type Gateway interface {
	// Send hands a notice on, and returns the name by which State asks for it; "" where nothing more is to be known. ref is the
	// notice's own name, the same at each try.
	Send(ctx context.Context, ch Channel, c Content, ref string) (name string, err error)
	// State asks what became of a notice.
	State(ctx context.Context, name string) (State, string, error)
}

// Options are what the service stands on. Every field but the gateways and Logger is needed.
type Options struct {
	DB     *db.DB
	Sealer Sealer
	Clock  clock.Clock
	Policy policy.Notify
	Logger *slog.Logger

	Texts, Emails Gateway // nil: such notices are kept, for the outbox
	ShowSecrets   bool    // the outbox shows codes and passwords: a demo, on this machine alone
}

// Service sends notices. It is safe for many goroutines.
type Service struct {
	o     Options
	lanes map[Channel]*lane
}

// New makes the service over the table that Schema made.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{o: o, lanes: map[Channel]*lane{}}
	for _, l := range []*lane{{channel: Text, gateway: o.Texts}, {channel: Email, gateway: o.Emails}} {
		l.nudge = make(chan struct{}, 1)
		s.lanes[l.channel] = l
	}
	return s
}

// Send writes a notice in the caller's transaction: it goes out if that commits. Nudge afterwards has it go at once. One that holds a secret and
// does not say until when that opens something is Internal, like one whose values are not the template's.
func (s *Service) Send(tx *db.Tx, m Message) (id int64, err error) {
	t, ok := templateOf(m.Template)
	if !ok {
		return 0, errs.Wrap(errs.Internal, fmt.Errorf("notify: there is no template %q", m.Template), "")
	}
	c := Content{To: m.To}
	if c.Subject, err = fill(t.Subject, m.Values); err == nil {
		c.Body, err = fill(t.Body, m.Values)
	}
	if err == nil && len(t.Secret) > 0 && m.Until.IsZero() {
		err = errors.New("notify: nobody said until when its secret opens something")
	}
	if err != nil {
		return 0, errs.Wrap(errs.Internal, fmt.Errorf("template %s: %w", t.Name, err), "")
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	id = newID()
	sealed, err := s.o.Sealer.Seal(nil, plain, nameOf(id))
	if err != nil {
		return 0, err
	}
	state := Waiting
	if s.lanes[t.Channel].gateway == nil {
		state = Kept
	}
	now := s.o.Clock.Now()
	tx.Exec(sqlPut, id, now.UnixMicro(), lapses(m.Until, now, s.o.Policy).UnixMicro(), int64(state), int64(t.Channel), t.Name, Mask(m.To), sealed, m.About[:])
	return id, nil
}

func newID() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return int64(binary.BigEndian.Uint64(b[:]) >> 1)
}

// nameOf is what a notice's content is bound to.
func nameOf(id int64) []byte { return binary.BigEndian.AppendUint64([]byte("notice"), uint64(id)) }

// Nudge has the workers look at once, after the commit of what was sent.
func (s *Service) Nudge() {
	for _, l := range s.lanes {
		select {
		case l.nudge <- struct{}{}:
		default:
		}
	}
}

// reasonOf is what may be written down of an error: the gateway's own words, which hold no content.
func reasonOf(err error) string {
	e := (*errs.Error)(nil)
	if errors.As(err, &e) && e.Say != "" {
		return e.Say
	}
	return "the gateway does not answer"
}

func (s *Service) content(id int64, sealed []byte) (c Content, err error) {
	plain, err := s.o.Sealer.Open(nil, sealed, nameOf(id))
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	return c, err
}

func scan(r db.Row) Notice {
	n := Notice{ID: r.Int64(0), At: time.UnixMicro(r.Int64(1)).UTC(), Channel: Channel(r.Int64(2)), Template: r.Text(3), To: r.Text(4), State: State(r.Int64(5)), Reason: r.Text(6)}
	copy(n.About[:], r.Bytes(7))
	n.What = n.Template // of one that an older version wrote
	if t, ok := templateOf(n.Template); ok {
		n.What = t.What
	}
	if n.State == Waiting {
		n.Tries, n.Next = r.Int64(8), time.UnixMicro(r.Int64(9)).UTC()
	}
	return n
}

// List is the notices before a moment, the newest first: nothing of what they say.
func (s *Service) List(ctx context.Context, before time.Time, most int) (all []Notice, err error) {
	return s.list(ctx, sqlList, before.UnixMicro(), most)
}

// About is the newest notices that concern an account.
func (s *Service) About(ctx context.Context, id haven.AccountID, most int) (all []Notice, err error) {
	return s.list(ctx, sqlAbout, id[:], most)
}

func (s *Service) list(ctx context.Context, sql string, by any, most int) (all []Notice, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sql, []any{by, int64(most)}, func(r db.Row) error {
			all = append(all, scan(r))
			return nil
		})
	})
	return all, err
}

// Open is what a notice says, for the operator's outbox; each opening is in the audit log, under the account that it concerns. Codes, passwords and links are masked, outside a demo.
// It is NotFound once the content was dropped.
func (s *Service) Open(ctx context.Context, actor haven.Actor, id int64) (c Content, err error) {
	var sealed []byte
	var template string
	var about haven.AccountID
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		sealed = nil
		err := tx.Query(sqlOpen, []any{id}, func(r db.Row) error {
			sealed, template = append([]byte(nil), r.Bytes(0)...), r.Text(1)
			copy(about[:], r.Bytes(2))
			return nil
		})
		if err == nil && len(sealed) == 0 {
			return errs.E(errs.NotFound, "There is no such notice any more.")
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "notify.opened", On: about, Rule: "notify.outbox", Note: template})
		return err
	})
	if err != nil {
		return Content{}, err
	}
	if c, err = s.content(id, sealed); err != nil {
		return Content{}, errs.E(errs.NotFound, "There is no such notice any more.")
	}
	if t, ok := templateOf(template); !s.o.ShowSecrets && (!ok || len(t.Secret) > 0) {
		c.Body = "This notice holds a code, a password or a link, which only its receiver reads."
	}
	return c, nil
}

// forgetAtOnce is how many notices are emptied, or dropped, in one transaction.
const forgetAtOnce = 500

// Forget drops what notices say that are older than the policy keeps it, and later that there was one; in steps, so that nobody waits for long. It tells since
// when the oldest that is left was sealed; zero: there is none. The keys of days before that can go.
func (s *Service) Forget(ctx context.Context) (oldest time.Time, err error) {
	now := s.o.Clock.Now()
	if err := s.inSteps(ctx, sqlForget, now.Add(-s.o.Policy.KeepContent)); err != nil {
		return oldest, err
	}
	if err := s.inSteps(ctx, sqlDrop, now.Add(-s.o.Policy.KeepRecord)); err != nil {
		return oldest, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		oldest = time.Time{}
		return tx.Query(sqlOldest, nil, func(r db.Row) error {
			oldest = time.UnixMicro(r.Int64(0)).UTC()
			return nil
		})
	})
	return oldest, err
}

// inSteps repeats a statement on notices before a moment until it changes fewer than it may.
func (s *Service) inSteps(ctx context.Context, statement string, before time.Time) error {
	for {
		var n int64
		err := s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Change(statement, before.UnixMicro(), int64(forgetAtOnce))
			return err
		})
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}
