package linklist

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Schema is the lists. They are what a head office tells all its people; nothing of them is sealed.
var Schema = db.Schema{Concept: "linklist", Steps: []string{`
CREATE TABLE link_entry (
	org {text} NOT NULL, host {text} NOT NULL, below {int} NOT NULL, verdict {int} NOT NULL, reason {text} NOT NULL, at {int} NOT NULL,
	PRIMARY KEY (org, host, below)) {norowid};
`}}

const (
	sqlList  = `SELECT host, below, verdict, reason, at FROM link_entry WHERE org = $1 ORDER BY host, below`
	sqlCount = `SELECT COUNT(*) FROM link_entry WHERE org = $1 AND NOT (host = $2 AND below = $3)`
	sqlPut   = `INSERT INTO link_entry (org, host, below, verdict, reason, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (org, host, below) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason, at = excluded.at`
	sqlDrop = `DELETE FROM link_entry WHERE org = $1 AND host = $2 AND below = $3`
)

// Options are what the service stands on; every field is needed.
type Options struct {
	DB     *db.DB
	Places *organisation.Service
	Policy policy.Organisation
	Clock  clock.Clock
}

// Service keeps the lists. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over the table that Schema made.
func New(o Options) *Service { return &Service{o} }

// List is the list of a group.
func (s *Service) List(ctx context.Context, group organisation.Code) (all []Entry, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = listIn(tx, group)
		return err
	})
	return all, err
}

func listIn(tx *db.Tx, group organisation.Code) (all []Entry, err error) {
	err = tx.Query(sqlList, []any{string(group)}, func(r db.Row) error {
		all = append(all, Entry{Group: group, Pattern: Pattern{r.Text(0), r.Int64(1) == 1}, Verdict: Verdict(r.Int64(2)), Reason: r.Text(3), At: db.Moment(r.Int64(4))})
		return nil
	})
	if err != nil || len(all) == 0 {
		return all, err
	}
	o, err := organisation.ByCodeIn(tx, group)
	if errs.Is(err, errs.NotFound) { // a head office is known by its premises alone, at times
		o, err = organisation.Organisation{Name: string(group)}, nil
	}
	for i := range all {
		all[i].By = sharedmailbox.Capitals(o.Name)
	}
	return all, err
}

// Of are the lists that hold for a mailbox: of a shared one that of its premises, of a person's those of all places where the person has a post.
func (s *Service) Of(ctx context.Context, no haven.AccountNo) (all []Entry, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		groups, err := s.groupsIn(tx, no)
		for _, g := range groups {
			if err != nil {
				return err
			}
			var list []Entry
			list, err = listIn(tx, g)
			all = append(all, list...)
		}
		return err
	})
	return all, err
}

func (s *Service) groupsIn(tx *db.Tx, no haven.AccountNo) (groups []organisation.Code, err error) {
	a, err := account.ByNoIn(tx, no)
	if err != nil {
		return nil, err
	}
	var orgs []organisation.ID
	if a.Kind == haven.Shared {
		var org organisation.ID
		org, err = sharedmailbox.OrganisationIn(tx, no)
		orgs = append(orgs, org)
	} else {
		var posts []organisation.Post
		posts, err = s.o.Places.HeldIn(tx, no)
		for _, p := range posts {
			orgs = append(orgs, p.Organisation)
		}
	}
	for _, id := range orgs {
		if err != nil {
			return nil, err
		}
		if id == 0 {
			continue
		}
		var o organisation.Organisation
		o, err = organisation.ByIDIn(tx, id)
		if g := groupOf(o); g != "" && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	return groups, err
}

// groupOf is whose list holds at an organisation: its head office's, else its own.
func groupOf(o organisation.Organisation) organisation.Code {
	if o.Parent != "" {
		return o.Parent
	}
	return o.Code
}

// Set puts an entry into its group's list, in the place of one of the same pattern. It is NotFound where there is no such group, Invalid by MayEnter and of a premises
// that has a head office, whose list holds there, and TooMany beyond the policy's number. Who may is the caller's to ask: operators do it for head offices.
func (s *Service) Set(ctx context.Context, actor haven.Actor, e Entry) error {
	e.Reason = strings.Join(strings.Fields(e.Reason), " ")
	if v := MayEnter(e.Verdict, e.Reason, s.o.Policy.LinkRunes); !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		err := holdsIn(tx, e.Group)
		have := 0
		if err == nil {
			err = tx.Query(sqlCount, []any{string(e.Group), e.Pattern.Host, below(e.Pattern)}, func(r db.Row) error { have = int(r.Int64(0)); return nil })
		}
		if err != nil {
			return err
		}
		if have >= s.o.Policy.Links {
			return &errs.Error{Kind: errs.TooMany, Rule: string(RuleFull), Say: fmt.Sprintf("A list has at most %d places. Take one out first.", s.o.Policy.Links)}
		}
		tx.Exec(sqlPut, string(e.Group), e.Pattern.Host, below(e.Pattern), int64(e.Verdict), e.Reason, db.Micros(now))
		s.record(tx, actor, "linklist.set", fmt.Sprintf("%s %s %s: %s", e.Group, e.Pattern, e.Verdict, e.Reason))
		return nil
	})
}

// holdsIn is an error where no list of a group holds anywhere.
func holdsIn(tx *db.Tx, group organisation.Code) error {
	known, err := organisation.IsGroupIn(tx, group)
	if err == nil && !known {
		err = organisation.ErrUnknown
	}
	if err != nil {
		return err
	}
	o, err := organisation.ByCodeIn(tx, group)
	if errs.Is(err, errs.NotFound) { // a head office is known by its premises alone, at times
		return nil
	}
	if err == nil && o.Parent != "" {
		err = &errs.Error{Kind: errs.Invalid, Rule: string(RuleEntry), Say: fmt.Sprintf("The list of %s holds there. Name that.", o.Parent)}
	}
	return err
}

// Remove takes a place out of a group's list. It is NotFound where it is not in it.
func (s *Service) Remove(ctx context.Context, actor haven.Actor, group organisation.Code, p Pattern) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlDrop, string(group), p.Host, below(p))
		if err == nil && n == 0 {
			err = errs.E(errs.NotFound, "The list has no such place.")
		}
		if err == nil {
			s.record(tx, actor, "linklist.removed", fmt.Sprintf("%s %s", group, p))
		}
		return err
	})
}

func (s *Service) record(tx *db.Tx, actor haven.Actor, what, note string) {
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, Rule: RuleEntry, Note: note})
}

func below(p Pattern) int64 {
	if p.Below {
		return 1
	}
	return 0
}
