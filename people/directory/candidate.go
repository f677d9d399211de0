package directory

import (
	"context"
	"slices"
	"strings"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/db"
)

// Candidate is a person whom somebody is about to give something, as the directory shows the person, with the others of one name.
type Candidate struct {
	Entry     Entry // the account alone where the directory does not show the person: no job, no places
	Namesakes []Entry
	More      bool // there may be others of the name
}

// mostNamesakes is how many others of one name are shown.
const mostNamesakes = 10

// sameName says whether two people have one name, as who hears or types it can't tell apart.
func sameName(a, b string) bool {
	words := func(s string) []string {
		all := organisation.FoldWords(s)
		slices.Sort(all)
		return all
	}
	of := words(a)
	return len(of) > 0 && slices.Equal(of, words(b))
}

// Candidate looks a person up whom somebody is about to give something. It is a search, counted as one; errors are those of Search, and it says
// nothing that Search does not show.
func (s *Service) Candidate(ctx context.Context, actor haven.Actor, of account.Account) (c Candidate, err error) {
	c.Entry.Account = of
	who, err := s.admit(ctx, actor)
	if err != nil {
		return c, err
	}
	if err := s.count(ctx, actor, who, "candidate "+strings.ToLower(of.Display)); err != nil {
		return c, err
	}
	words, v := ParseSearch(of.Display, s.o.Policy)
	now := s.o.Clock.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		c = Candidate{Entry: Entry{Account: of}}
		all, err := factsOf(tx, []haven.AccountNo{who.No, of.No})
		if err != nil {
			return err
		}
		own := ownPlaces(all[who.No], now)
		if f := all[of.No]; f != nil && Findable(f.account) {
			c.Entry = show(*f, own, now)
		}
		if !v.Allowed { // a name of a letter or two: there is nothing to look for
			return nil
		}
		l := looking{tx: tx, now: now, words: words, most: s.o.Policy.Colleagues, shown: candidateRows, own: own}
		found, err := l.ranked()
		c.More = l.more
		for _, r := range found {
			if a := r.entry.Account; a.Kind == haven.Personal && a.No != of.No && sameName(a.Display, of.Display) {
				c.Namesakes = append(c.Namesakes, r.entry)
			}
		}
		c.More = c.More && len(c.Namesakes) > 0 || len(c.Namesakes) > mostNamesakes
		c.Namesakes = c.Namesakes[:min(len(c.Namesakes), mostNamesakes)]
		return err
	})
	return c, err
}
