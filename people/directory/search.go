package directory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"haven"
	"haven/people/organisation"
	"haven/platform/db"
)

// Numbers that bound the work of one search. All are far above what somebody looks through.
const (
	lookedAtRows  = 1000 // of the rarest word, which are asked for the others; so many are counted of each to find it
	candidateRows = 100  // that fit, and of which the best are shown
	pairedWords   = 3    // of a search, that may stand in pairs
	ownFirst      = 1000 // the fit of an entry of the own places is better by so much than that of any other
)

// look finds who fits all the words, the best first.
func (s *Service) look(ctx context.Context, who haven.AccountNo, words []string) (f Found, err error) {
	now, most := s.o.Clock.Now(), s.o.Policy.ResultsAtOnce
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		f = Found{}
		l := looking{tx: tx, now: now, words: words, most: s.o.Policy.Colleagues, shown: most}
		if who != 0 {
			me, err := factsOf(tx, []haven.AccountNo{who})
			if err != nil {
				return err
			}
			l.own = ownPlaces(me[who], now)
		}
		all, err := l.ranked()
		f.More = l.more || len(all) > most
		for _, r := range all[:min(len(all), most)] {
			f.Entries = append(f.Entries, r.entry)
		}
		return err
	})
	return f, err
}

// looking is one search as it goes on.
type looking struct {
	tx    *db.Tx
	now   time.Time
	words []string
	own   map[organisation.ID]bool
	most  int  // colleagues that are looked at
	shown int  // entries that are shown
	more  bool // not all candidates were taken
	found []haven.AccountNo
	seen  map[haven.AccountNo]bool
	near  map[haven.AccountNo]bool // of the own places
}

// ranked are the entries that fit, the best first: those of the own places, of two words together, and of the rarest word.
func (l *looking) ranked() (all []ranked, err error) {
	l.seen = map[haven.AccountNo]bool{}
	for _, step := range []func() error{l.colleagues, l.pairs, l.rest} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	best, err := l.best()
	if err != nil {
		return nil, err
	}
	facts, err := factsOf(l.tx, best)
	for _, f := range facts {
		// What the index says may be of before a change: what is shown is held against the words as they are now.
		name, rest := wordsOf(*f, l.now)
		if fit := match(l.words, name, rest); fit > 0 {
			all = append(all, ranked{show(*f, l.own, l.now), fit})
		}
	}
	slices.SortFunc(all, byRank)
	return all, err
}

// best are the candidates that fit best by the words of the index: more than are shown, since some may not fit any more.
func (l *looking) best() ([]haven.AccountNo, error) {
	has, err := entriesOf(l.tx, l.found)
	if err != nil {
		return nil, err
	}
	fit := make(map[haven.AccountNo]int, len(has))
	for no, e := range has {
		fit[no] = match(l.words, wordsIn(e.keys, inName), wordsIn(e.keys, inRest))
		if l.near[no] {
			fit[no] += ownFirst
		}
	}
	slices.SortStableFunc(l.found, func(a, b haven.AccountNo) int { return cmp.Compare(fit[b], fit[a]) })
	return l.found[:min(len(l.found), 2*l.shown)], nil
}

func (l *looking) add(no haven.AccountNo) {
	if !l.seen[no] {
		l.seen[no] = true
		l.found = append(l.found, no)
	}
}

// colleagues takes those from the own places who fit, by the words that the index has of them.
func (l *looking) colleagues() error {
	var people []haven.AccountNo
	for _, id := range slices.Sorted(maps.Keys(l.own)) { // in one order, so that the same search finds the same
		if len(people) >= l.most {
			break
		}
		err := l.tx.Query(sqlColleagues, []any{int64(id), l.now.UnixMicro(), int64(l.most)}, func(r db.Row) error {
			people = append(people, haven.AccountNo(r.Int64(0)))
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(people) == 0 {
		return nil
	}
	has, err := entriesOf(l.tx, people)
	l.near = make(map[haven.AccountNo]bool, len(people))
	for _, no := range people {
		if l.near[no] = true; match(l.words, wordsIn(has[no].keys, inName), wordsIn(has[no].keys, inRest)) > 0 {
			l.add(no)
		}
	}
	return err
}

// pairs takes those who have one of the words in the name, and another one.
func (l *looking) pairs() error {
	for i, a := range l.words {
		for j, b := range l.words {
			if i == j || i >= pairedWords || j >= pairedWords {
				continue
			}
			others := make([]string, 0, len(l.words))
			for k, w := range l.words {
				if k != i && k != j {
					others = append(others, w)
				}
			}
			if err := l.find(pairMark+a+" "+b, others); err != nil {
				return err
			}
		}
	}
	return nil
}

// rest takes those who have all the words anywhere, by the rarest. Where pairs gave as many as are taken already, who has one of the words in the name, it would
// find others who fit less.
func (l *looking) rest() error {
	if l.more {
		return nil
	}
	rarest, least := 0, int64(lookedAtRows+1)
	if len(l.words) > 1 {
		err := l.tx.QueryEach(sqlCount, len(l.words), func(i int) []any {
			return []any{l.words[i], after(l.words[i]), int64(lookedAtRows)}
		}, func(i int, r db.Row) error {
			if n := r.Int64(0); n < least {
				rarest, least = i, n
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	l.more = l.more || least >= lookedAtRows && len(l.words) > 1 // of so many, some may not be looked at
	return l.find(l.words[rarest], slices.Delete(slices.Clone(l.words), rarest, rarest+1))
}

// after comes after all words that begin with one: they have nothing above z in them.
func after(word string) string { return word + "~" }

// find takes those who have a word that begins with one, and such words for the others too.
func (l *looking) find(word string, others []string) error {
	args := []any{word, after(word), int64(lookedAtRows), int64(candidateRows)}
	sql := sqlFind
	if len(others) > 0 {
		sql += sqlFindWhose
	} else {
		args[2] = int64(candidateRows)
	}
	for _, o := range others {
		args = append(args, "%\n"+o+"%")
		sql += fmt.Sprintf(sqlFindAlso, len(args))
	}
	n := 0
	err := l.tx.Query(sql+sqlFindMost, args, func(r db.Row) error {
		n++
		l.add(haven.AccountNo(r.Int64(0)))
		return nil
	})
	l.more = l.more || n == candidateRows
	return err
}
