package request

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Notices tells people, in the transaction.
type Notices interface {
	RequestMade(tx *db.Tx, owner account.Account, r Request) error               // to each who can decide
	RequestDecided(tx *db.Tx, r Request) error                                   // to the person, as the account is now
	RequestSettled(tx *db.Tx, owner account.Account, r Request, by string) error // to each who could decide
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB       *db.DB
	Accounts *account.Service
	Profiles *profile.Service
	Places   *organisation.Service
	Shared   *sharedmailbox.Service
	Notices  Notices
	Policy   policy.Policy
	Clock    clock.Clock
}

// Service keeps the requests. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

var (
	errNone = &errs.Error{Kind: errs.NotFound, Rule: "request.none", Say: "There is no such request."}
	errOpen = &errs.Error{Kind: errs.Conflict, Rule: "request.open", Say: "You have asked for this already, and nobody has decided yet. Take the request back first if you want something else."}
	errSame = &errs.Error{Kind: errs.Invalid, Rule: "request.same", Say: "This is what you have now. Enter what it is to be."}
)

// Make asks for a change of the actor's own name or job title, and tells those who can decide. It is Invalid (account.name, address.letters,
// profile.job, request.same) for what can't be had, Conflict (request.open) while another one of the kind is open.
func (s *Service) Make(ctx context.Context, actor haven.Actor, w Wish) (r Request, err error) {
	me, err := s.o.Accounts.ByID(ctx, actor.Person)
	if err != nil {
		return r, err
	}
	have, err := s.o.Profiles.Of(ctx, me.No)
	if err != nil {
		return r, err
	}
	was, err := s.check(&w, have)
	if err != nil {
		return r, err
	}
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, me.No); err != nil {
			return err
		}
		open, err := requests(tx, sqlOpenOf, int64(me.No))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(open, func(r Request) bool { return r.Kind == w.Kind }) {
			return errOpen
		}
		r = Request{Person: me, Wish: w, Was: was, Made: now, State: Open}
		if err := tx.Query(sqlTakeID, nil, func(q db.Row) error { r.ID = q.Int64(0); return nil }); err != nil {
			return err
		}
		tx.Exec(sqlPut, r.ID, int64(me.No), int64(w.Kind), w.Name.First, w.Name.Last, w.Name.Spelled, w.Job, was, now.UnixMicro())
		s.record(tx, actor, r, "request.made", "request.made")
		owners, err := s.owners(tx, me.No)
		r.Desk = IsDesks(len(owners), now, s.o.Policy.Request, now)
		for _, o := range owners {
			if err == nil {
				err = s.o.Notices.RequestMade(tx, o, r)
			}
		}
		return err
	})
	return r, err
}

// check makes a wish whole, and says what the person has now.
func (s *Service) check(w *Wish, have profile.Profile) (was string, err error) {
	var v haven.Verdict
	switch w.Kind {
	case Name:
		w.Job, was = "", have.Person.Display
		w.Name, _, v = account.CheckName(w.Name, s.o.Policy)
	case Job:
		w.Name, was = account.NewName{}, have.Job
		w.Job, v = profile.ParseJob(w.Job, s.o.Policy.Contact)
	default:
		return "", errNone
	}
	if !v.Allowed {
		return "", account.Refusal(errs.Invalid, v)
	}
	if w.Says() == was && (w.Kind == Job || w.Name.First == have.First) {
		return "", errSame
	}
	return was, nil
}

// owners are those who can decide for a person: who own a mailbox at a place where the person holds a post, but for the person.
func (s *Service) owners(tx *db.Tx, person haven.AccountNo) ([]account.Account, error) {
	orgs, err := s.orgsOf(tx, person)
	if err != nil {
		return nil, err
	}
	all, err := s.o.Shared.OwnersIn(tx, orgs)
	return slices.DeleteFunc(all, func(a account.Account) bool { return a.No == person }), err
}

func (s *Service) orgsOf(tx *db.Tx, person haven.AccountNo) (orgs []organisation.ID, err error) {
	posts, err := s.o.Places.HeldIn(tx, person)
	for _, p := range posts {
		orgs = append(orgs, p.Organisation)
	}
	return orgs, err
}

// Of lists a person's newest requests, at most that many.
func (s *Service) Of(ctx context.Context, person haven.AccountNo, most int) (all []Request, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = s.filled(tx, sqlNewestOf, int64(person), int64(most))
		return err
	})
	return all, err
}

// filled are requests with who asks, and whether it is the desk's turn.
func (s *Service) filled(tx *db.Tx, sql string, args ...any) ([]Request, error) {
	all, err := requests(tx, sql, args...)
	for i := range all {
		if err == nil {
			err = s.fill(tx, &all[i])
		}
	}
	return all, err
}

func (s *Service) fill(tx *db.Tx, r *Request) (err error) {
	if r.Person, err = account.ByNoIn(tx, r.Person.No); err != nil || r.State != Open {
		return err
	}
	owners, err := s.owners(tx, r.Person.No)
	r.Desk = IsDesks(len(owners), r.Made, s.o.Policy.Request, s.o.Clock.Now())
	return err
}

const mostAt = 200 // open requests of one place that are looked at

// For lists the open requests that somebody can decide, the oldest first.
func (s *Service) For(ctx context.Context, viewer haven.AccountNo) (all []Request, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = s.forIn(tx, viewer)
		return err
	})
	return all, err
}

func (s *Service) forIn(tx *db.Tx, viewer haven.AccountNo) (all []Request, err error) {
	orgs, err := s.o.Shared.OwnedIn(tx, viewer)
	if err != nil {
		return nil, err
	}
	for _, org := range orgs {
		some, err := requests(tx, sqlOpenAt, int64(org), s.o.Clock.Now().UnixMicro(), mostAt)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b Request) int { return cmp.Compare(a.ID, b.ID) })
	all = slices.CompactFunc(all, func(a, b Request) bool { return a.ID == b.ID })
	all = slices.DeleteFunc(all, func(r Request) bool { return r.Person.No == viewer })
	for i := range all {
		if err := s.fill(tx, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const mostLooked = 5000 // open requests among which the desk's are looked for

// ForDesk lists the oldest open requests that are the desk's to decide, at most that many. It looks past those that are the owners'.
func (s *Service) ForDesk(ctx context.Context, most int) (all []Request, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		var after int64
		for looked := 0; looked < mostLooked && len(all) < most; looked += most {
			some, err := s.filled(tx, sqlOpen, after, most)
			if err != nil || len(some) == 0 {
				return err
			}
			after = some[len(some)-1].ID
			all = append(all, slices.DeleteFunc(some, func(r Request) bool { return !r.Desk })...)
		}
		all = all[:min(len(all), most)]
		return nil
	})
	return all, err
}

// Withdraw takes the actor's own open request back; NotFound where it is not there or not open.
func (s *Service) Withdraw(ctx context.Context, actor haven.Actor, id int64) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		me, err := account.ByIDIn(tx, actor.Person)
		if err != nil {
			return err
		}
		if err := account.Lock(tx, me.No); err != nil {
			return err
		}
		r, err := requestIn(tx, id)
		if err == nil && (r.Person.No != me.No || r.State != Open) {
			err = errNone
		}
		if err != nil {
			return err
		}
		r.Person = me
		tx.Exec(sqlEnd, id, int64(Withdrawn), s.o.Clock.Now().UnixMicro(), "")
		s.record(tx, actor, r, "request.withdrawn", "request.withdrawn")
		return nil
	})
}

func requests(tx *db.Tx, sql string, args ...any) (all []Request, err error) {
	err = tx.Query(sql, args, func(q db.Row) error {
		all = append(all, scan(q))
		return nil
	})
	return all, err
}

// requestIn is a request by its id, with no more of the person than the number.
func requestIn(tx *db.Tx, id int64) (Request, error) {
	all, err := requests(tx, sqlGet, id)
	if err == nil && len(all) == 0 {
		err = errNone
	}
	if err != nil {
		return Request{}, err
	}
	return all[0], nil
}

func scan(q db.Row) Request {
	r := Request{ID: q.Int64(0), Person: account.Account{No: haven.AccountNo(q.Int64(1))}, Was: q.Text(7), Made: time.UnixMicro(q.Int64(8)).UTC(), State: State(q.Int64(9)), Reason: q.Text(11)}
	r.Wish = Wish{Kind: Kind(q.Int64(2)), Name: account.NewName{First: q.Text(3), Last: q.Text(4), Spelled: q.Text(5)}, Job: q.Text(6)}
	if at := q.Int64(10); at != 0 {
		r.Decided = time.UnixMicro(at).UTC()
	}
	return r
}

func (s *Service) record(tx *db.Tx, actor haven.Actor, r Request, what string, rule haven.Rule) {
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, On: r.Person.ID, Rule: rule, Note: strings.TrimSpace(r.Kind.String())})
}
