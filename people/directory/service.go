package directory

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/limit"
	"haven/platform/policy"
)

// Profiles reads a person's telephone numbers and what of them others see; profile.Service does.
type Profiles interface {
	Of(ctx context.Context, no haven.AccountNo) (profile.Profile, error)
}

// Options are what the service stands on.
type Options struct {
	DB       *db.DB
	Profiles Profiles // needed by Card alone
	Policy   policy.Directory
	Clock    clock.Clock
	Logger   *slog.Logger // nil: nothing is logged
}

// watched is how many people's last search is remembered. Who is forgotten begins another search.
const watched = 100_000

// Service is the directory. It is safe for many goroutines.
type Service struct {
	o      Options
	typing *limit.Recent[haven.AccountNo, asked]
	limits atomic.Int64
}

// Limits counts the people who reached the day's limit, each day, since the start. It is an alarm.
func (s *Service) Limits() int64 { return s.limits.Load() }

// New makes the service over tables that Schema made.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o, typing: limit.NewRecent[haven.AccountNo, asked](watched)}
}

// ErrUnknown is the answer for whoever can't be found, and for who is not there.
var ErrUnknown = &errs.Error{Kind: errs.NotFound, Rule: "directory.unknown", Say: "Nobody is here. The person may have left, or the mailbox may be closed. Search the directory again."}

// Search finds people and mailboxes for a person by what was typed (ParseSearch). It is Invalid (directory.words) for what is too short, Denied for who
// may not search (MaySearch), TooMany (directory.limit) for who searched too often today.
func (s *Service) Search(ctx context.Context, actor haven.Actor, text string) (Found, error) {
	words, v := ParseSearch(text, s.o.Policy)
	if !v.Allowed {
		return Found{}, account.Refusal(errs.Invalid, v)
	}
	who, err := s.admit(ctx, actor)
	if err != nil {
		return Found{}, err
	}
	if err := s.count(ctx, actor, who, strings.ToLower(strings.Join(strings.Fields(text), " "))); err != nil {
		return Found{}, err
	}
	return s.look(ctx, who.No, words)
}

// Find is Search for the service itself, who is nobody's colleague and is not counted.
func (s *Service) Find(ctx context.Context, text string) (Found, error) {
	words, v := ParseSearch(text, s.o.Policy)
	if !v.Allowed {
		return Found{}, account.Refusal(errs.Invalid, v)
	}
	return s.look(ctx, 0, words)
}

// May is nil for a person who may search, and Denied with the reason for others.
func (s *Service) May(ctx context.Context, actor haven.Actor) error {
	_, err := s.admit(ctx, actor)
	return err
}

// admit is who searches, where that is somebody who may.
func (s *Service) admit(ctx context.Context, actor haven.Actor) (who account.Account, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if who, err = account.ByIDIn(tx, actor.Person); err != nil {
			return err
		}
		if v := MaySearch(who); !v.Allowed {
			return account.Refusal(errs.Denied, v)
		}
		return nil
	})
	return who, err
}

// count counts a search, unless it goes on with the one before. The first that is refused alarms.
func (s *Service) count(ctx context.Context, actor haven.Actor, who account.Account, text string) error {
	now, goesOn := s.o.Clock.Now(), false
	s.typing.Update(who.No, func(before asked) asked {
		goesOn = isTyping(before, text, s.o.Policy, now)
		if goesOn {
			return asked{text, now, before.requests + 1}
		}
		return asked{text, now, 1}
	})
	if goesOn {
		return nil
	}
	nth, v := 0, haven.Verdict{}
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		day := int64(organisation.DateOf(now))
		if err := tx.Query(sqlUse, []any{int64(who.No), day}, func(r db.Row) error { nth = int(r.Int64(0)); return nil }); err != nil {
			return err
		}
		if nth == 1 {
			tx.Exec(sqlOldUse, int64(who.No), day)
		}
		if v = MayGoOn(nth, s.o.Policy); nth == s.o.Policy.SearchesADay+1 {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "directory.limit-reached", On: who.ID, Rule: v.Rule})
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case v.Allowed:
		return nil
	case nth == s.o.Policy.SearchesADay+1:
		s.limits.Add(1)
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "somebody has searched the directory more often than anybody may in a day",
			slog.String("alarm", "directory.limit"), slog.String("person", who.ID.String()), slog.String("rule", string(v.Rule)))
	}
	s.typing.Forget(who.No) // what is typed on is no part of a search that was made
	return account.Refusal(errs.TooMany, v)
}

// Card is one entry, with what only its card shows, for a person who may search. It is NotFound for who can't be found.
func (s *Service) Card(ctx context.Context, actor haven.Actor, id haven.AccountID) (Entry, error) {
	who, err := s.admit(ctx, actor)
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		a, err := account.ByIDIn(tx, id)
		if errs.Is(err, errs.NotFound) || err == nil && !Findable(a) {
			return ErrUnknown
		}
		if err != nil {
			return err
		}
		all, err := factsOf(tx, []haven.AccountNo{a.No, who.No})
		if err == nil {
			now := s.o.Clock.Now()
			e = show(*all[a.No], ownPlaces(all[who.No], now), now)
		}
		return err
	})
	if err != nil || e.Account.Kind != haven.Personal {
		return e, err
	}
	p, err := s.o.Profiles.Of(ctx, e.Account.No)
	return card(e, p), err
}

// ownPlaces are the organisations where somebody holds a post now; nobody has none.
func ownPlaces(f *facts, now time.Time) map[organisation.ID]bool {
	own := map[organisation.ID]bool{}
	if f != nil {
		for _, p := range f.held(now) {
			own[p.ID] = true
		}
	}
	return own
}
