package texts

import (
	"context"
	"strconv"
	"sync"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Operators says whether somebody acts as an operator; operator.Service does.
type Operators interface {
	CheckIn(tx *db.Tx, actor haven.Actor) error
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB        *db.DB
	Operators Operators
	Clock     clock.Clock
	Policy    policy.Operator
}

// remembered is how long a text is shown that another process may have replaced.
const remembered = 10 * time.Second

// Service keeps the texts. It is safe for many goroutines.
type Service struct {
	o    Options
	mu   sync.Mutex
	know map[Name]known
}

type known struct {
	text Text
	at   time.Time
}

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o: o, know: map[Name]known{}} }

// errUnknown is the answer to a name that is no text's.
var errUnknown = errs.E(errs.NotFound, "There is no such text.")

// Current is the text that is shown, as it was some seconds ago at the most; NotFound for an unknown name.
func (s *Service) Current(ctx context.Context, n Name) (Text, error) {
	now := s.o.Clock.Now()
	s.mu.Lock()
	k, ok := s.know[n]
	s.mu.Unlock()
	if ok && now.Sub(k.at) < remembered {
		return k.text, nil
	}
	all, err := s.Versions(ctx, n, 1)
	if err != nil {
		return Text{}, err
	}
	s.remember(all[0], now)
	return all[0], nil
}

// Shown is Current for pages that have to be there whatever happens: where the database does not answer, it is the text that was shown last, or the
// one that ships.
func (s *Service) Shown(ctx context.Context, n Name) Text {
	t, err := s.Current(ctx, n)
	if err == nil {
		return t
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.know[n]; ok {
		return k.text
	}
	return Text{Name: n, Body: shipped[n].body}
}

func (s *Service) remember(t Text, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.know[t.Name] = known{t, now}
}

// Versions are the newest versions of a text, the newest first, and at the end the one that ships; NotFound for an unknown name.
func (s *Service) Versions(ctx context.Context, n Name, most int) (all []Text, err error) {
	ship, ok := shipped[n]
	if !ok {
		return nil, errUnknown
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = list(tx, sqlNewest, n, most)
		return err
	})
	if err == nil && len(all) < most {
		all = append(all, Text{Name: n, Body: ship.body})
	}
	return all, err
}

// Version is one version of a text; NotFound where there is none.
func (s *Service) Version(ctx context.Context, n Name, version int) (t Text, err error) {
	if ship, ok := shipped[n]; ok && version == 0 {
		return Text{Name: n, Body: ship.body}, nil
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := list(tx, sqlVersion, n, version)
		if err == nil && len(all) == 0 {
			return errUnknown
		}
		if err == nil {
			t = all[0]
		}
		return err
	})
	return t, err
}

func list(tx *db.Tx, sql string, n Name, arg int) (all []Text, err error) {
	err = tx.Query(sql, []any{string(n), int64(arg)}, func(r db.Row) error {
		t := Text{Name: n, Version: int(r.Int64(0)), At: time.UnixMicro(r.Int64(1)).UTC(), Body: r.Text(3)}
		copy(t.By[:], r.Bytes(2))
		all = append(all, t)
		return nil
	})
	return all, err
}

// Write makes a body the next version of a text, by an operator or the service itself, who read the version before it. It is Invalid, with the
// rule texts.*, where the body can't be taken, and Conflict where somebody else wrote meanwhile.
func (s *Service) Write(ctx context.Context, actor haven.Actor, n Name, body string, read int) (t Text, err error) {
	body = Clean(body)
	if v := CheckBody(n, body, s.o.Policy); !v.Allowed {
		return t, account.Refusal(errs.Invalid, v)
	}
	t = Text{Name: n, Version: read + 1, Body: body, At: s.o.Clock.Now(), By: actor.Person}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.o.Operators.CheckIn(tx, actor); err != nil {
			return err
		}
		newest, err := list(tx, sqlNewest, n, 1)
		if err != nil {
			return err
		}
		before := 0
		if len(newest) > 0 {
			before = newest[0].Version
		}
		put := int64(0)
		if before == read {
			put, err = tx.Change(sqlPut, string(n), int64(t.Version), t.At.UnixMicro(), t.By[:], body)
		}
		if err == nil && put == 0 {
			return &errs.Error{Kind: errs.Conflict, Rule: "texts.changed", Say: "Somebody wrote another version meanwhile. Look at it, and write yours again if it is still needed."}
		}
		audit.Record(tx, audit.Entry{At: t.At, Actor: actor, What: "texts.written", Rule: "texts.written", Note: string(n) + " version " + strconv.Itoa(t.Version)})
		return err
	})
	if err == nil {
		s.remember(t, t.At)
	}
	return t, err
}
