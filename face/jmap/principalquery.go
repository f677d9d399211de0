package jmap

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/people/directory"
)

// principalSearches is how many searches of the directory one query makes at most; each counts as one of its person's day.
const principalSearches = 5

// Query is Principal/query (RFC 9670 §2.4). It is a search of the directory, which shows nobody everybody: a filter has to say a name, an address,
// a text, or which accounts.
func (principals) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	if q.Filter == nil {
		return found{}, errListsAll
	}
	l := principalLooking{c: c, actor: c.actor(c.accountID(v))}
	match, source, err := l.compile(q.Filter)
	if err != nil {
		return found{}, err
	}
	by, err := principalSort(q.Sort)
	if err != nil {
		return found{}, err
	}
	if source == nil {
		return found{}, errListsAll
	}
	all, err := source()
	if err != nil {
		return found{}, err
	}
	all = slices.DeleteFunc(all, func(e directory.Entry) bool { return !match(e) })
	slices.SortStableFunc(all, by) // what is alike stays in the order of the search
	ids := idsOf(all, func(e directory.Entry) string { return principalID(e.Account.ID) })
	f := found{IDs: names(ids), State: listState(ids)}
	if l.more {
		f.Extra = record{"limit": len(all)}
	}
	return f, nil
}

var errListsAll = fail("unsupportedFilter", "Nobody lists the whole directory. Say a name, an email, a text, or accountIds.")

// listState stands for a list of ids: another list has another.
func listState(ids []string) string {
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// principalSort is how a query sorts. RFC 9670 §2.4 names no property; the search's own order is the best first.
func principalSort(sort []comparator) (func(a, b directory.Entry) int, error) {
	keys := map[string]func(directory.Entry) string{
		"name":  func(e directory.Entry) string { return strings.ToLower(e.Account.Display) },
		"email": func(e directory.Entry) string { return strings.ToLower(e.Account.Address.String()) },
	}
	for _, s := range sort {
		if keys[s.Property] == nil {
			return nil, fail("unsupportedSort", "Principals are sorted by name and email.")
		}
		if err := sortDone(s); err != nil {
			return nil, err
		}
	}
	return func(a, b directory.Entry) int {
		for _, s := range sort {
			n := cmp.Compare(keys[s.Property](a), keys[s.Property](b))
			if s.Descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	}, nil
}

// principalLooking is a filter as it is made into searches.
type principalLooking struct {
	c        *call
	actor    haven.Actor
	searches int
	more     bool // a search found more than it gave
}

// principalTest says whether an entry is looked for; principalSource gives entries among which all are that may be, nil where only the whole directory
// would do.
type (
	principalTest   = func(directory.Entry) bool
	principalSource = func() ([]directory.Entry, error)
)

func (l *principalLooking) compile(f *filter) (principalTest, principalSource, error) {
	if f.Condition != nil {
		return l.condition(f.Condition)
	}
	var sources []principalSource
	match, err := combine(f, func(sub *filter) (principalTest, error) {
		test, source, err := l.compile(sub)
		sources = append(sources, source)
		return test, err
	})
	if err != nil {
		return nil, nil, err
	}
	some := slices.DeleteFunc(slices.Clone(sources), func(s principalSource) bool { return s == nil })
	switch {
	case f.Op == "AND" && len(some) > 0:
		return match, some[0], nil
	case f.Op == "OR" && len(some) == len(sources):
		return match, all(some), nil
	}
	return match, nil, nil
}

// all gives what any of some sources gives, each once.
func all(some []principalSource) principalSource {
	return func() (all []directory.Entry, err error) {
		once := map[haven.AccountID]bool{}
		for _, source := range some {
			entries, err := source()
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				if !once[e.Account.ID] {
					once[e.Account.ID], all = true, append(all, e)
				}
			}
		}
		return all, nil
	}
}

// condition reads a FilterCondition of RFC 9670 §2.4.1. Words are found by their beginnings, as everywhere in the directory.
func (l *principalLooking) condition(o *object) (principalTest, principalSource, error) {
	var tests []principalTest
	var source principalSource
	for _, x := range []struct {
		name string
		fits func(e directory.Entry, text string) bool
		find bool
	}{
		{"email", func(e directory.Entry, text string) bool {
			return strings.Contains(strings.ToLower(e.Account.Address.String()), strings.ToLower(text))
		}, true},
		{"name", directory.Entry.Called, true},
		{"text", directory.Entry.Fits, true},
		{"type", func(e directory.Entry, text string) bool { return principalType(e) == text }, false},
		{"timeZone", func(e directory.Entry, text string) bool { return zoneOf(e) == text }, false},
	} {
		text, ok := o.OptString(x.name)
		if !ok {
			continue
		}
		tests = append(tests, func(e directory.Entry) bool { return x.fits(e, text) })
		if x.find && source == nil {
			source = func() ([]directory.Entry, error) { return l.search(text) }
		}
	}
	if o.Has("accountIds") {
		own := l.accounts(o.Strings("accountIds"))
		tests = append(tests, func(e directory.Entry) bool { return slices.Contains(own, e.Account.ID) })
		source = func() ([]directory.Entry, error) { return l.c.srv.o.Directory.ByID(l.c.ctx, l.actor, own) }
	}
	return every(tests), source, conditionDone(o)
}

// accounts are those of some account ids that the session opens; others belong to no Principal that it sees them of.
func (l *principalLooking) accounts(ids []string) (own []haven.AccountID) {
	for _, a := range l.c.run.accounts {
		if slices.Contains(ids, a.JMAP()) {
			own = append(own, a.ID)
		}
	}
	return own
}

func (l *principalLooking) search(text string) ([]directory.Entry, error) {
	if l.searches++; l.searches > principalSearches {
		return nil, fail("unsupportedFilter", "A filter has at most %d searches of the directory.", principalSearches)
	}
	f, err := l.c.srv.o.Directory.Search(l.c.ctx, l.actor, text)
	if hasRule(err, "directory.words") {
		return nil, fail("unsupportedFilter", "%s", asMethodError(err).Description)
	}
	l.more = l.more || f.More
	return f.Entries, err
}
