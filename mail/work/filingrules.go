package work

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
)

// FilingFacts are what MayFile looks at.
type FilingFacts struct {
	Draft  bool
	Before int       // how many times the message was filed already
	Most   int       // how often it can be
	Runes  int       // how long the number of a record at the place may be
	Name   string    // of who did last
	At     time.Time // and when
}

// MayFile says whether a message can be filed as is wished (PRODUCT B13). What was filed already is so again only expressly.
func MayFile(f FilingFacts, w ToRecord) haven.Verdict {
	if _, err := haven.ParseNHSNumber(w.Patient); err != nil {
		return haven.Refuse(RulePatient, sentence(err)+" Compare it with the letter.")
	}
	switch {
	case f.Draft:
		return haven.Refuse(RuleFileDraft, "A draft is no letter yet. Send it first.")
	case utf8.RuneCountInString(w.Reference) > f.Runes || !utf8.ValidString(w.Reference) || strings.ContainsFunc(w.Reference, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }):
		return haven.Refuse(RuleReference, fmt.Sprintf("A reference is one line of at most %d letters.", f.Runes))
	case !areFormats(w.Formats):
		return haven.Refuse(RuleFormat, "A message is filed as pdf, eml or fhir, or several of them, each once.")
	case f.Before > 0 && !w.Again:
		return haven.Refuse(RuleFiled, fmt.Sprintf("%s filed this at %s.", f.Name, at(f.At)))
	case f.Before >= f.Most:
		return haven.Refuse(RuleFilings, fmt.Sprintf("This was filed %d times already.", f.Before))
	}
	return allowed(RuleFile)
}

// sentence is an error as a sentence.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func areFormats(all []Format) bool {
	for i, f := range all {
		if !slices.Contains([]Format{PDF, EML, FHIR}, f) || slices.Contains(all[:i], f) {
			return false
		}
	}
	return len(all) > 0
}

// KeepUntil is the first moment at which what was filed at a time need not be kept any more: the years are counted from the end of that one, in the time of the place.
func KeepUntil(filed time.Time, years int) time.Time {
	return time.Date(filed.In(london).Year()+years+1, time.January, 1, 0, 0, 0, 0, london).UTC()
}

// MayTakeBack says whether a person may take back that something was filed: who did it, soon after.
func MayTakeBack(f Filing, by haven.AccountNo, within time.Duration, now time.Time) haven.Verdict {
	switch {
	case f.By != by:
		return haven.Refuse(RuleFilingNotYours, "Only who filed it can take it back.")
	case now.Sub(f.At) >= within:
		return haven.Refuse(RuleTakeBack, fmt.Sprintf("It was filed longer than %d hours ago. File it again, to the right record.", int(within.Hours())))
	}
	return allowed(RuleTakeBack)
}
