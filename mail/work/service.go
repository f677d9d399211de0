package work

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/audit"
	"haven/platform/change"
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

// Person is an account as others see it.
type Person struct {
	ID     haven.AccountID
	Name   string
	Email  string
	Shared bool // a premises' mailbox
}

// People knows who is who, among the dead and the living; people/account is behind it.
type People interface {
	PersonIn(tx *db.Tx, no haven.AccountNo) (Person, error)
	NumberIn(tx *db.Tx, id haven.AccountID) (haven.AccountNo, error) // NotFound where there is none
	MembersIn(tx *db.Tx, mailbox haven.AccountNo) ([]haven.AccountNo, error)
}

// Hours says when the premises of a mailbox is open, and when a time is over that counts only the days on which it is; people/openinghours is behind it.
type Hours interface {
	WithinIn(tx *db.Tx, mailbox haven.AccountNo, from time.Time, d time.Duration) (time.Time, error)
	OpeningIn(tx *db.Tx, mailbox haven.AccountNo) (Opening, error)
}

// Notices tell the owners of a mailbox that what a person handled there is new again, since the person's access ended.
type Notices interface {
	Released(tx *db.Tx, mailbox, person haven.AccountNo, threads int) error
}

// Keys give an account's data key.
type Keys interface {
	Account(ctx context.Context, no haven.AccountNo) (*secret.AccountKeys, error)
}

// Options are what the service stands on; every field but Notices, Alarms and Logger is needed.
type Options struct {
	DB      *db.DB
	Mail    *mailbox.Service
	Access  Access
	People  People
	Hours   Hours
	Notices Notices
	Alarms  Alarms
	Keys    Keys
	Hub     *change.Hub
	Policy  policy.Work
	Clock   clock.Clock
	Logger  *slog.Logger
}

// Service keeps who handles what. It is safe for many goroutines.
type Service struct {
	o      Options
	boards boards
	here   presences
	wake   chan struct{} // somebody's access may have ended
	swept  time.Time     // when Run looked last for filings whose time has come
}

// New makes the service over tables that Schema made, and has the store tell it of what comes.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{o: o, boards: boards{most: o.Policy.BoardRows, at: map[haven.AccountNo]*board{}}, here: presences{at: map[haven.AccountNo]*room{}, left: map[haven.AccountNo]bool{}}, wake: make(chan struct{}, 1)}
	o.Mail.SetWork(s)
	return s
}

// Limits are the numbers that bound what can be asked.
func (s *Service) Limits() policy.Work { return s.o.Policy }

// Kind is a type of what is kept.
type Kind uint8

const (
	Items Kind = iota
	Notes
	Deadlines
	Filings
	Checked
)

// States are how far each kind had come.
type States struct {
	Seqs    [5]haven.Seq // by Kind
	Epoch   uint32
	Horizon haven.Seq
	Mail    haven.Seq // the messages'
}

func states(tx *db.Tx, account haven.AccountNo, mail mailbox.States) (st States, err error) {
	st = States{Epoch: mail.Epoch, Horizon: mail.Horizon, Mail: mail.Mail}
	err = tx.Query(sqlStates, []any{int64(account)}, func(r db.Row) error {
		for i, seq := range []int64{r.Int64(0), max(r.Int64(1), r.Int64(2)), r.Int64(3), max(r.Int64(4), r.Int64(5)), r.Int64(6)} {
			st.Seqs[i] = max(haven.Seq(seq), mail.Horizon)
		}
		return nil
	})
	return st, err
}

// Hold stands as long as a kind is in a state.
func Hold(account haven.AccountNo, kind Kind, at mailbox.State) *mailbox.Held {
	return mailbox.Hold(func(tx *db.Tx, mail mailbox.States) (bool, error) {
		st, err := states(tx, account, mail)
		return mailbox.State{Seq: st.Seqs[kind], Epoch: st.Epoch} == at, err
	})
}

// States are those of an account.
func (s *Service) States(ctx context.Context, v mailbox.Viewer) (st States, err error) {
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, mail mailbox.States) error {
		st, err = states(tx, v.Account, mail)
		return err
	})
	return st, err
}

// Delta is what changed of a kind after a point, in the order in which it did. An item's number is its thread's.
type Delta struct {
	Until                       mailbox.Point
	More                        bool
	Created, Updated, Destroyed []int64
}

// event is one thing that changed.
type event struct {
	id               int64
	created, changed haven.Seq
	gone             bool
}

// Changes are what changed of a kind after a point, at most so many (0: all). It has the rule mailbox.RuleStateLost where that is not known
// any more, or where one commit alone brings more than most.
func (s *Service) Changes(ctx context.Context, v mailbox.Viewer, kind Kind, from mailbox.Point, most int) (d Delta, err error) {
	limit := int64(1) << 40
	if most > 0 {
		limit = int64(most) + 1
	}
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, mail mailbox.States) error {
		st, err := states(tx, v.Account, mail)
		if err == nil {
			err = mail.Remembers(from)
		}
		if err == nil && from.Seq > st.Seqs[kind] {
			err = errState
		}
		if err != nil {
			return err
		}
		var all []event
		err = tx.Query(changedSince[kind], []any{int64(v.Account), int64(from.Seq), limit}, func(r db.Row) error {
			all = append(all, event{r.Int64(0), haven.Seq(r.Int64(1)), haven.Seq(r.Int64(2)), r.Int64(3) == 1})
			return nil
		})
		if err == nil {
			d, err = deltaOf(all, from, mailbox.State{Seq: st.Seqs[kind], Epoch: st.Epoch}, most)
		}
		return err
	})
	return d, err
}

var errState = &errs.Error{Kind: errs.Invalid, Rule: mailbox.RuleStateLost, Say: "What changed since then is not known. Read it anew."}

// deltaOf sorts events, which hold one more than most where there are more.
func deltaOf(all []event, from mailbox.Point, now mailbox.State, most int) (Delta, error) {
	d := Delta{Until: mailbox.Point{State: now, Origin: now.Seq}}
	if most > 0 && len(all) > most {
		cut := all[most].changed // what shares a number goes together
		all = all[:slices.IndexFunc(all, func(e event) bool { return e.changed == cut })]
		if len(all) == 0 {
			return Delta{}, errState
		}
		d.More, d.Until = true, mailbox.Point{State: mailbox.State{Seq: all[len(all)-1].changed, Epoch: now.Epoch}, Origin: from.Origin}
	}
	for _, e := range all {
		switch {
		case e.gone && e.created > from.Seq: // it came and went
		case e.gone:
			d.Destroyed = append(d.Destroyed, e.id)
		case e.created > from.Origin:
			d.Created = append(d.Created, e.id)
		default:
			d.Updated = append(d.Updated, e.id)
		}
	}
	return d, nil
}

// Persons are people by number; who is not known is left out.
func (s *Service) Persons(ctx context.Context, nos []haven.AccountNo) (map[haven.AccountNo]Person, error) {
	out := map[haven.AccountNo]Person{}
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		clear(out)
		for _, no := range nos {
			if _, ok := out[no]; ok || no == 0 {
				continue
			}
			p, err := s.o.People.PersonIn(tx, no)
			if err == nil {
				out[no] = p
			} else if !errs.Is(err, errs.NotFound) {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Number is a person's number; 0 where there is none.
func (s *Service) Number(ctx context.Context, id haven.AccountID) (no haven.AccountNo, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		no, err = s.o.People.NumberIn(tx, id)
		if errs.Is(err, errs.NotFound) {
			no, err = 0, nil
		}
		return err
	})
	return no, err
}

// nameIn is how a person is called in a sentence.
func (s *Service) nameIn(tx *db.Tx, no haven.AccountNo) (string, error) {
	p, err := s.o.People.PersonIn(tx, no)
	if errs.Is(err, errs.NotFound) || err == nil && p.Name == "" {
		return "A colleague", nil
	}
	return p.Name, err
}

// opens reports whether a person may open a mailbox now.
func (s *Service) opens(tx *db.Tx, person, account haven.AccountNo) (bool, error) {
	if person == 0 {
		return false, nil
	}
	r, _, err := s.o.Access.In(tx, person, account)
	return r.Has(haven.Read), err
}

func refusal(v haven.Verdict) error {
	if v.Allowed {
		return nil
	}
	kind := errs.Denied
	switch v.Rule {
	case RuleCategory, RuleNote, RuleDeadline, RuleNoAccess, RulePatient, RuleReference, RuleFormat, RuleFileDraft, RuleReport:
		kind = errs.Invalid
	case RuleNotes, RuleDeadlines, RulePresences, RuleFilings:
		kind = errs.TooMany
	}
	return &errs.Error{Kind: kind, Rule: string(v.Rule), Say: v.Reason}
}

// record writes what somebody did into the audit log; person 0 is the service itself.
func (s *Service) record(tx *db.Tx, v mailbox.Viewer, what string, rule haven.Rule, note string) error {
	on, err := s.o.People.PersonIn(tx, v.Account)
	if err != nil {
		return err
	}
	actor := haven.Actor{As: on.ID, Place: v.Place, Program: v.Program}
	if v.Person != 0 {
		by, err := s.o.People.PersonIn(tx, v.Person)
		if err != nil {
			return err
		}
		actor.Person = by.ID
	}
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, On: on.ID, Rule: rule, Note: note})
	return nil
}

// boards are the states of accounts' threads that were looked at lately.
type boards struct {
	mu   sync.Mutex
	most int // rows
	at   map[haven.AccountNo]*board
}
