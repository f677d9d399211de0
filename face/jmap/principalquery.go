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
	if source.list == nil {
		return found{}, errListsAll
	}
	all, err := source.list()
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

// principalTest says whether an entry is looked for.
type principalTest = func(directory.Entry) bool

// principalSource lists entries among which all are that may be looked for. Its list is nil where only the whole directory would do.
type principalSource struct {
	list  func() ([]directory.Entry, error)
	known bool // all of them: a search gives the best alone
}

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
		return nil, principalSource{}, err
	}
	switch f.Op {
	case "AND":
		return match, narrowest(sources), nil
	case "OR":
		return match, union(sources), nil
	}
	return match, principalSource{}, nil
}

// narrowest is one of some sources that lists no more than has to be looked at.
func narrowest(sources []principalSource) (best principalSource) {
	for _, s := range sources {
		if s.list != nil && (best.list == nil || s.known && !best.known) {
			best = s
		}
	}
	return best
}

// union lists what any of some sources lists, each once. Where one of them can't, it can't.
func union(sources []principalSource) principalSource {
	known := true
	for _, s := range sources {
		if s.list == nil {
			return principalSource{}
		}
		known = known && s.known
	}
	return principalSource{known: known, list: func() (all []directory.Entry, err error) {
		once := map[haven.AccountID]bool{}
		for _, s := range sources {
			entries, err := s.list()
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
	}}
}

// principalTexts are the conditions of RFC 9670 §2.4.1 that are texts. Words are found by their beginnings, as everywhere in the directory.
var principalTexts = []struct {
	name   string
	fits   func(e directory.Entry, text string) bool
	search bool // it can be searched for
}{
	{"name", directory.Entry.Called, true},
	{"email", func(e directory.Entry, text string) bool {
		return strings.Contains(strings.ToLower(e.Account.Address.String()), strings.ToLower(text))
	}, true},
	{"text", directory.Entry.Fits, true},
	{"type", func(e directory.Entry, text string) bool { return principalType(e) == text }, false},
	{"timeZone", func(e directory.Entry, text string) bool { return zoneOf(e) == text }, false},
}

// condition reads a FilterCondition of RFC 9670 §2.4.1.
func (l *principalLooking) condition(o *object) (principalTest, principalSource, error) {
	var tests []principalTest
	var looked []string
	for _, x := range principalTexts {
		text, ok := o.OptString(x.name)
		if !ok {
			continue
		}
		tests = append(tests, func(e directory.Entry) bool { return x.fits(e, text) })
		if x.search {
			looked = append(looked, withoutDomain(text))
		}
	}
	var source principalSource
	if looked != nil {
		source.list = func() ([]directory.Entry, error) { return l.search(strings.Join(looked, " ")) }
	}
	if o.Has("accountIds") {
		own := l.accounts(o.Strings("accountIds"))
		tests = append(tests, func(e directory.Entry) bool { return slices.Contains(own, e.Account.ID) })
		source = principalSource{known: true, list: func() ([]directory.Entry, error) { return l.c.srv.o.Directory.ByID(l.c.ctx, l.actor, own) }}
	}
	return every(tests), source, conditionDone(o)
}

// withoutDomain leaves of an address what one can be looked for by: the domain is everybody's.
func withoutDomain(text string) string {
	if at := strings.LastIndexByte(text, '@'); at > 0 {
		text = text[:at]
	}
	return strings.ReplaceAll(text, "@", " ")
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
