package organisation

import (
	"context"
	"fmt"
	"strings"

	"haven/people/account"
	"haven/platform/db"
	"haven/platform/errs"
)

// Mailboxes says which of some organisations have a shared mailbox; package sharedmailbox is the one that does.
type Mailboxes func(tx *db.Tx, orgs []ID) (map[ID]bool, error)

// Found is what a search for premises found: the first of them, those that are open before the others.
type Found struct {
	Hits []Hit
	More bool // there are others; more words would tell them apart
}

// Hit is one premises that was found.
type Hit struct {
	ID       ID
	Code     Code
	Name     string
	Place    string
	Postcode string
	Status   Status
	Closed   Date
	Mailbox  bool // it has a shared mailbox already
}

// State is the premises' state in words: open, closed on 2025-04-01, suspended.
func (h Hit) State() string {
	switch {
	case h.Status == Active:
		return "open"
	case h.Status == Closed && h.Closed != 0:
		return "closed on " + h.Closed.String()
	case h.Status == Closed:
		return "closed"
	}
	return "suspended"
}

// Find looks for premises by what somebody typed: an ODS code, a postcode or its first part, or words of the name and
// the town, of which the beginnings suffice (ParseSearch). It gives at most limit, and never more than the policy has.
// It is Invalid (premises.find) for a text that would list premises rather than find one.
func (s *Service) Find(ctx context.Context, text string, limit int) (f Found, err error) {
	q, v := ParseSearch(text)
	if !v.Allowed {
		return Found{}, account.Refusal(errs.Invalid, v)
	}
	if limit <= 0 || limit > s.policy.FindResults {
		limit = s.policy.FindResults
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		f = Found{}
		sql, args, err := q.statement(tx, limit+1)
		if err != nil {
			return err
		}
		var ids []ID
		if err := tx.Query(sql, args, func(r db.Row) error {
			h := scanHit(r)
			f.Hits, ids = append(f.Hits, h), append(ids, h.ID)
			return nil
		}); err != nil {
			return err
		}
		if f.More = len(ids) > limit; f.More {
			f.Hits, ids = f.Hits[:limit], ids[:limit]
		}
		return s.mark(tx, f.Hits, ids)
	})
	return f, err
}

func (s *Service) mark(tx *db.Tx, hits []Hit, ids []ID) error {
	if s.mailboxes == nil || len(ids) == 0 {
		return nil
	}
	has, err := s.mailboxes(tx, ids)
	for i := range hits {
		hits[i].Mailbox = has[hits[i].ID]
	}
	return err
}

func scanHit(r db.Row) Hit {
	return Hit{ID: ID(r.Int64(0)), Code: Code(r.Text(1)), Name: r.Text(2), Place: r.Text(3), Postcode: r.Text(4), Status: Status(r.Int64(5)), Closed: Date(r.Int64(6))}
}

// Numbers that bound the work of one search by words. Both are far above what somebody looks through.
const (
	countedWords   = 3000 // entries of a word that are counted to find the rarest
	candidateWords = 200  // premises that are sorted; of more, some
)

// statement is the query for a search. Words are looked up in the index by the rarest of them.
func (q Search) statement(tx *db.Tx, limit int) (string, []any, error) {
	switch {
	case q.Code != "":
		return sqlFindCode, []any{string(q.Code), int64(limit)}, nil
	case q.Postcode != "":
		return sqlFindPostcode, []any{q.Postcode, q.Postcode + "~", int64(limit)}, nil
	}
	rarest, least := 0, int64(countedWords+1)
	err := tx.QueryEach(sqlCountWord, len(q.Words), func(i int) []any { return []any{q.Words[i].From, q.Words[i].To, int64(countedWords)} },
		func(i int, r db.Row) error {
			if n := r.Int64(0); n < least {
				rarest, least = i, n
			}
			return nil
		})
	if err != nil {
		return "", nil, err
	}
	args := []any{q.Words[rarest].From, q.Words[rarest].To, int64(candidateWords), int64(limit)}
	var others strings.Builder
	for i, w := range q.Words {
		if i != rarest {
			fmt.Fprintf(&others, sqlFindAlso, len(args)+1, len(args)+2)
			args = append(args, w.From, w.To)
		}
	}
	return fmt.Sprintf(sqlFindWords, others.String()), args, nil
}

// Index makes premises findable that were written before there was an index of words; it does nothing where all are.
// Call it once at the start.
func (s *Service) Index(ctx context.Context) error {
	for {
		n := 0
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			if _, err := takeIDs(tx, 0); err != nil {
				return err
			}
			var all []Organisation
			if err := tx.Query(sqlUnindexed, []any{int64(s.policy.StepRows)}, func(r db.Row) error { all = append(all, scan(r)); return nil }); err != nil {
				return err
			}
			for _, o := range all {
				index(tx, o, false)
				tx.Exec(sqlIndexed, int64(o.ID))
			}
			n = len(all)
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// index writes the words of a premises, in place of those before unless it is new, and puts those who work there on the list of who changed
// (account.Changed): others find them by its name too. The transaction has locked the table (takeIDs).
func index(tx *db.Tx, o Organisation, isNew bool) {
	if !isNew {
		tx.Exec(sqlDropWords, int64(o.ID))
		tx.Exec(sqlStaffChanged, int64(o.ID))
	}
	if o.Kind != Pharmacy {
		return
	}
	for _, w := range premisesWords(o) {
		tx.Exec(sqlPutWord, w, int64(o.ID))
	}
}
