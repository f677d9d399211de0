package organisation

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Service keeps organisations and posts. It is safe for many goroutines.
type Service struct {
	db        *db.DB
	clock     clock.Clock
	policy    policy.Organisation
	mailboxes Mailboxes
}

// New makes the service over the tables that Schema made, which come after account's. Without mailboxes no premises is
// found to have one.
func New(d *db.DB, c clock.Clock, p policy.Organisation, mailboxes Mailboxes) *Service {
	return &Service{db: d, clock: c, policy: p, mailboxes: mailboxes}
}

// ErrUnknown says that there is no such organisation.
var ErrUnknown = &errs.Error{Kind: errs.NotFound, Rule: "organisation.unknown", Say: "There is no organisation with this code."}

// ByCode finds an organisation by its ODS code in stored form (ParseCode); NotFound where there is none.
func (s *Service) ByCode(ctx context.Context, c Code) (Organisation, error) {
	return s.one(ctx, sqlByCode, string(c))
}

// ByID finds an organisation by its id.
func (s *Service) ByID(ctx context.Context, id ID) (Organisation, error) {
	return s.one(ctx, sqlByID, int64(id))
}

func (s *Service) one(ctx context.Context, sql string, arg any) (o Organisation, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		found := false
		err := tx.Query(sql, []any{arg}, func(r db.Row) error { o, found = scan(r), true; return nil })
		if err == nil && !found {
			return ErrUnknown
		}
		return err
	})
	return o, err
}

// Under lists the organisations of a head office after an id, at most that many.
func (s *Service) Under(ctx context.Context, parent Code, after ID, most int) (all []Organisation, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlUnder, []any{string(parent), int64(after), int64(most)}, func(r db.Row) error {
			all = append(all, scan(r))
			return nil
		})
	})
	return all, err
}

func scan(r db.Row) Organisation {
	o := Organisation{ID: ID(r.Int64(0)), Kind: Kind(r.Int64(1)), Code: Code(r.Text(2)), Name: r.Text(3), Place: r.Text(4),
		Postcode: r.Text(10), Telephone: r.Text(11), Status: Status(r.Int64(12)), SubType: int(r.Int64(13)),
		Opened: Date(r.Int64(14)), Closed: Date(r.Int64(15)), Parent: Code(r.Text(16)), Joined: Date(r.Int64(17)),
		Left: Date(r.Int64(18)), CareBoard: r.Text(19)}
	for i := range o.Lines {
		o.Lines[i] = r.Text(5 + i)
	}
	return o
}

// putArgs are the arguments of sqlPut and sqlImport.
func putArgs(o Organisation, now time.Time) []any {
	var code any
	if o.Code != "" {
		code = string(o.Code)
	}
	return []any{int64(o.ID), int64(o.Kind), code, o.Name, o.Place, o.Lines[0], o.Lines[1], o.Lines[2], o.Lines[3], o.Lines[4],
		o.Postcode, o.Telephone, int64(o.Status), int64(o.SubType), int64(o.Opened), int64(o.Closed), string(o.Parent),
		int64(o.Joined), int64(o.Left), o.CareBoard, now.UnixMicro()}
}

// takeIDs takes n ids for good and returns the first. It is the transaction's lock on the table.
func takeIDs(tx *db.Tx, n int) (first int64, err error) {
	err = tx.Query(sqlTakeIDs, []any{int64(n)}, func(r db.Row) error { first = r.Int64(0); return nil })
	return first, err
}

// Add makes an organisation that is in no list: a GP practice, a ward, a locum's own. It is Conflict when the
// code is there already.
func (s *Service) Add(ctx context.Context, actor haven.Actor, o Organisation) (Organisation, error) {
	if err := complete(&o); err != nil {
		return Organisation{}, err
	}
	now := s.clock.Now()
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := takeIDs(tx, 1)
		if err != nil {
			return err
		}
		o.ID = ID(first)
		if o.Code != "" {
			there := false
			if err := tx.Query(sqlByCode, []any{string(o.Code)}, func(db.Row) error { there = true; return nil }); err != nil {
				return err
			}
			if there {
				return &errs.Error{Kind: errs.Conflict, Rule: "organisation.code-taken", Say: "There is an organisation with this code already."}
			}
		}
		tx.Exec(sqlPut, putArgs(o, now)...)
		index(tx, o, true)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "organisation.added", Rule: "organisation.added", Note: fmt.Sprintf("%d %s %s", o.ID, o.Kind, o.Code)})
		return nil
	})
	if err != nil {
		return Organisation{}, err
	}
	return o, nil
}

func complete(o *Organisation) error {
	if _, ok := kindNames[o.Kind]; !ok {
		return errs.E(errs.Invalid, "There is no such kind of organisation.")
	}
	if o.Code != "" {
		code, v := ParseCode(o.Kind, string(o.Code))
		if !v.Allowed {
			return account.Refusal(errs.Invalid, v)
		}
		o.Code = code
	}
	o.Name, o.Place = strings.Join(strings.Fields(o.Name), " "), strings.Join(strings.Fields(o.Place), " ")
	if !isPlain(o.Name) || o.Name == "" || !isPlain(o.Place) || !isPlain(o.Telephone) || !isPlain(strings.Join(o.Lines[:], "")) {
		return errs.E(errs.Invalid, "An organisation has a name of at most %d octets, and nothing in it that can't be shown.", 2*longestField)
	}
	if o.Place == "" {
		o.Place = PlaceOf(o.Lines)
	}
	if o.Status == 0 {
		o.Status = Active
	}
	var ok bool
	if o.Postcode, ok = ParsePostcode(o.Postcode); !ok {
		return errs.E(errs.Invalid, "That is no postcode.")
	}
	return nil
}

func isPlain(s string) bool {
	return len(s) <= longestField*2 && utf8.ValidString(s) && !strings.ContainsFunc(s, account.NotShown)
}

// CorrectPlace sets the town by hand; imports leave it from then on (Rules 2: only name and place can be corrected).
func (s *Service) CorrectPlace(ctx context.Context, actor haven.Actor, id ID, place string) error {
	place = strings.Join(strings.Fields(place), " ")
	if place == "" || !isPlain(place) {
		return errs.E(errs.Invalid, "A place has between 1 and %d octets, all of which can be shown.", 2*longestField)
	}
	now := s.clock.Now()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := takeIDs(tx, 0); err != nil {
			return err
		}
		var o Organisation
		if err := tx.Query(sqlFixPlace, []any{int64(id), place, now.UnixMicro()}, func(r db.Row) error { o = scan(r); return nil }); err != nil {
			return err
		}
		if o.ID == 0 {
			return ErrUnknown
		}
		index(tx, o, false)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "organisation.place-corrected", Rule: "organisation.place", Note: fmt.Sprint(id)})
		return nil
	})
}

// AddPost gives a person a post. A post that the person holds already is Conflict. A zero From is now.
func (s *Service) AddPost(ctx context.Context, actor haven.Actor, p Post) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, p.Person); err != nil {
			return err
		}
		return s.AddPostIn(tx, actor, p)
	})
}

// AddPostIn is AddPost in the caller's transaction, which has locked the person.
func (s *Service) AddPostIn(tx *db.Tx, actor haven.Actor, p Post) error {
	p.Role = strings.Join(strings.Fields(p.Role), " ")
	now := s.clock.Now()
	if p.From.IsZero() {
		p.From = now
	}
	if p.Role == "" || len(p.Role) > longestField || !p.Until.IsZero() && !p.From.Before(p.Until) {
		return errs.E(errs.Invalid, "A post has a role, and ends after it begins.")
	}
	who, err := personOf(tx, p)
	if err != nil {
		return err
	}
	held := false
	if err := tx.Query(sqlHasPost, []any{int64(p.Person), int64(p.Organisation), p.Role, now.UnixMicro()}, func(db.Row) error { held = true; return nil }); err != nil {
		return err
	}
	if held {
		return &errs.Error{Kind: errs.Conflict, Rule: "post.held", Say: "The person holds this post already."}
	}
	tx.Exec(sqlPutPost, int64(p.Person), int64(p.Organisation), p.Role, p.From.UnixMicro(), db.Micros(p.Until))
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "post.added", On: who.ID, Rule: "post.added", Note: fmt.Sprint(p.Organisation)})
	return nil
}

// StaffIn lists the persons who hold a post at an organisation now, at most that many.
func (s *Service) StaffIn(tx *db.Tx, org ID, most int) (all []haven.AccountNo, err error) {
	err = tx.Query(sqlStaffNow, []any{int64(org), s.clock.Now().UnixMicro(), int64(most)}, func(r db.Row) error {
		all = append(all, haven.AccountNo(r.Int64(0)))
		return nil
	})
	return all, err
}

func personOf(tx *db.Tx, p Post) (account.Account, error) {
	who, err := account.ByNoIn(tx, p.Person)
	if err != nil {
		return who, err
	}
	if who.Kind != haven.Personal {
		return who, errs.E(errs.Invalid, "Only a person holds a post.")
	}
	there := false
	err = tx.Query(sqlByID, []any{int64(p.Organisation)}, func(db.Row) error { there = true; return nil })
	if err == nil && !there {
		err = ErrUnknown
	}
	return who, err
}

// EndPost ends a post now. What follows from it (mailboxes, leaver) is the life cycle's.
func (s *Service) EndPost(ctx context.Context, actor haven.Actor, person haven.AccountNo, org ID, role string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, person); err != nil {
			return err
		}
		who, err := account.ByNoIn(tx, person)
		if err != nil {
			return err
		}
		return s.EndPostIn(tx, actor, who, org, role)
	})
}

// EndPostIn is EndPost in the caller's transaction, which has locked the person.
func (s *Service) EndPostIn(tx *db.Tx, actor haven.Actor, who account.Account, org ID, role string) error {
	now := s.clock.Now()
	n, err := tx.Change(sqlEndPost, int64(who.No), int64(org), role, now.UnixMicro())
	if err == nil && n == 0 {
		err = errs.E(errs.NotFound, "The person does not hold this post.")
	}
	if err == nil {
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "post.ended", On: who.ID, Rule: "post.ended", Note: fmt.Sprint(org)})
	}
	return err
}

// Posts lists a person's posts, those that ended too, oldest first.
func (s *Service) Posts(ctx context.Context, person haven.AccountNo) ([]Post, error) {
	return s.posts(ctx, sqlPosts, int64(person))
}

// Staff lists the posts at an organisation of the persons after a number, at most that many.
func (s *Service) Staff(ctx context.Context, org ID, after haven.AccountNo, most int) ([]Post, error) {
	return s.posts(ctx, sqlStaff, int64(org), int64(after), int64(most))
}

// HeldIn lists the posts that a person holds now, oldest first, in the caller's transaction.
func (s *Service) HeldIn(tx *db.Tx, person haven.AccountNo) (held []Post, err error) {
	all, err := postsIn(tx, sqlPosts, int64(person))
	for _, p := range all {
		if p.HeldAt(s.clock.Now()) {
			held = append(held, p)
		}
	}
	return held, err
}

func (s *Service) posts(ctx context.Context, sql string, args ...any) (all []Post, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = postsIn(tx, sql, args...)
		return err
	})
	return all, err
}

func postsIn(tx *db.Tx, sql string, args ...any) (all []Post, err error) {
	err = tx.Query(sql, args, func(r db.Row) error {
		p := Post{Person: haven.AccountNo(r.Int64(0)), Organisation: ID(r.Int64(1)), Role: r.Text(2), From: time.UnixMicro(r.Int64(3)).UTC()}
		if until := r.Int64(4); until != 0 {
			p.Until = time.UnixMicro(until).UTC()
		}
		all = append(all, p)
		return nil
	})
	return all, err
}
