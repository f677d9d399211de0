package directory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/platform/policy"
)

// MaySearch says whether somebody may look into the directory (Rules 8): people who are activated, and work.
func MaySearch(who account.Account) haven.Verdict {
	switch {
	case who.Kind != haven.Personal:
		return haven.Refuse("directory.person", "Only people search the directory.")
	case who.State == account.Invited:
		return haven.Refuse("directory.activated", "Activate your account first. Then you can search the directory.")
	case who.State == account.Leaver:
		return haven.Refuse("directory.leaver", "You have left your place of work. Once an owner at your next place has taken you on, you can search the directory again.")
	case who.State != account.Active:
		return haven.Refuse("directory.active", "Your account is not in use. The helpdesk can help you.")
	}
	return haven.Allow("directory.search")
}

// Findable says whether others find an account: people who are activated and work, and mailboxes that are open.
func Findable(a account.Account) bool {
	return a.State == account.Active && (a.Kind == haven.Personal || a.Kind == haven.Shared)
}

// MayGoOn says whether a person's search, the nth of the day, is made (Rules 8).
func MayGoOn(nth int, p policy.Directory) haven.Verdict {
	if nth > p.SearchesADay {
		return haven.Refuse("directory.limit", fmt.Sprintf("You have searched %d times today, which is as often as anybody may. You can search again tomorrow. If your work needs more, call the helpdesk.", p.SearchesADay))
	}
	return haven.Allow("directory.search")
}

// asked is what somebody looked for last.
type asked struct {
	text     string
	at       time.Time
	requests int // that were one search
}

// isTyping says whether a request goes on with the search before it, whose words are still being typed: one of the two begins with the other, it comes
// soon after, and there were not so many of them that somebody might be going through the alphabet.
func isTyping(before asked, text string, p policy.Directory, now time.Time) bool {
	return before.text != "" && (strings.HasPrefix(text, before.text) || strings.HasPrefix(before.text, text)) &&
		now.Sub(before.at) < p.TypedFor && before.requests < p.Typed
}

const (
	mostWords    = 6   // of a search
	mostNames    = 5   // words of a name that stand in pairs in the index
	mostBeside   = 15  // other words that each of them stands with
	mostIndexed  = 60  // words of an entry
	longestWord  = 40  // octets
	longestQuery = 200 // octets
)

// ParseSearch reads what somebody typed: words of a name, a job, an organisation, a place, a code or an address, of each of which the beginning
// suffices. Signs have no meaning in it, so that nothing lists everybody. It is refused (directory.words) without a word of a few letters.
func ParseSearch(text string, p policy.Directory) ([]string, haven.Verdict) {
	none := haven.Refuse("directory.words", fmt.Sprintf("Type at least %d letters of a name, a place, an organisation or a code.", p.LeastLetters))
	if len(text) > longestQuery {
		return nil, haven.Refuse("directory.words", "Type fewer words: a name and a place are enough.")
	}
	words := searchedWords(text)
	if !slices.ContainsFunc(words, func(w string) bool { return len(w) >= p.LeastLetters }) {
		return nil, none
	}
	// The longest tell most; the rest can't be needed.
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return words[:min(len(words), mostWords)], haven.Allow("directory.words")
}

// searchedWords are the words of a search; of an address without its domain, which is everybody's.
func searchedWords(text string) []string {
	if at := strings.LastIndexByte(text, '@'); at > 0 {
		text = text[:at]
	}
	return shorten(organisation.FoldWords(text))
}

func shorten(words []string) []string {
	for i, w := range words {
		words[i] = w[:min(len(w), longestWord)]
	}
	return slices.Compact(words)
}

// Where a word stands in an entry. What is found by a name comes before what is found by the rest.
const (
	inName = 1
	inRest = 2
)

// wordsOf are the words by which an entry is found: those of its name, and the others.
func wordsOf(f facts, now time.Time) (name, rest []string) {
	if !Findable(f.account) {
		return nil, nil
	}
	return show(f, nil, now).words()
}

// words are those of an entry that is shown: of its name, and the others.
func (e Entry) words() (name, rest []string) {
	texts := []string{e.Account.Address.Local, e.Job}
	for _, p := range e.Places {
		texts = append(texts, string(p.Code), p.Name, p.Town)
	}
	name = shorten(organisation.FoldWords(e.Account.Display))
	name = name[:min(len(name), mostIndexed/2)]
	rest = slices.DeleteFunc(shorten(organisation.FoldWords(strings.Join(texts, " "))), func(w string) bool { return slices.Contains(name, w) })
	return name, rest[:min(len(rest), mostIndexed/2)]
}

// key is one row of the index.
type key struct {
	word string
	part int
}

// pairMark begins the word of a row that holds two words of a name: it is in no word of its own.
const pairMark = "+"

// keysOf are the rows of an entry, in order. Beside each word stand pairs of one of the name and another one, so that a first and a last name, or a name
// and a town, each of which thousands have, find together who has both.
func keysOf(name, rest []string) (all []key) {
	for _, w := range name {
		all = append(all, key{w, inName})
	}
	for _, w := range rest {
		all = append(all, key{w, inRest})
	}
	firsts := name[:min(len(name), mostNames)]
	for _, a := range firsts {
		for _, b := range slices.Concat(firsts, rest[:min(len(rest), mostBeside)]) {
			if a != b {
				all = append(all, key{pairMark + a + " " + b, inName})
			}
		}
	}
	slices.SortFunc(all, func(a, b key) int { return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.part, b.part)) })
	return all
}

// match says how well an entry fits what is looked for: 0 not at all; more for whole words than for beginnings, and more in the name than elsewhere.
func match(looked, name, rest []string) (fit int) {
	for _, w := range looked {
		switch {
		case slices.Contains(name, w):
			fit += 8
		case begins(name, w):
			fit += 4
		case slices.Contains(rest, w):
			fit += 2
		case begins(rest, w):
			fit++
		default:
			return 0
		}
	}
	return fit
}

// Fits says whether a search for a text finds an entry that is shown to somebody already: whether one of its words begins with each word of the text.
func (e Entry) Fits(text string) bool {
	looked := searchedWords(text)
	name, rest := e.words()
	return len(looked) > 0 && match(looked, name, rest) > 0
}

// Called is Fits for the entry's name alone.
func (e Entry) Called(text string) bool {
	looked := searchedWords(text)
	name, _ := e.words()
	return len(looked) > 0 && match(looked, name, nil) > 0
}

func begins(words []string, with string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, with) })
}

// ranked is an entry with how well it fits.
type ranked struct {
	entry Entry
	fit   int
}

// byRank puts who fits best first: of the own places, whole words, the name; then by name.
func byRank(a, b ranked) int {
	own := func(r ranked) int {
		if r.entry.Own {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(own(b), own(a)), cmp.Compare(b.fit, a.fit), cmp.Compare(a.entry.Account.Display, b.entry.Account.Display),
		cmp.Compare(a.entry.Account.No, b.entry.Account.No))
}

// show is what an entry shows to whoever may search: all of it to everybody alike, the person too. The personal e-mail, former names and addresses,
// and who belongs to a mailbox are nowhere in it; the mobile comes on the card alone, and only where the person shows it (card).
func show(f facts, own map[organisation.ID]bool, now time.Time) Entry {
	e := Entry{Account: f.account, Places: f.places(now), About: f.about}
	if f.account.Kind == haven.Personal {
		e.Job, e.Telephone = profile.JobOf(f.job, f.posts, now), f.telephone
	} else if len(e.Places) > 0 {
		e.Telephone = e.Places[0].Telephone
	}
	for _, p := range e.Places {
		e.Own = e.Own || own[p.ID]
	}
	return e
}

// card adds to an entry what its card alone shows: what a person says of the own work, and the mobile, where the person shows it.
func card(e Entry, p profile.Profile) Entry {
	if e.Account.Kind != haven.Personal {
		return e
	}
	e.Speciality, e.Note = p.Speciality, p.Note
	if p.MobileShown {
		e.Mobile = p.Mobile.Value
	}
	return e
}
