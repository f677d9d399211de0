package organisation

import (
	"slices"
	"strings"

	"haven"
	"haven/people/account"
)

// Search is what somebody looks for: one of the three.
type Search struct {
	Code     Code
	Postcode string // the beginning of one, as it is stored
	Words    []Span // all of them
}

// Span are the words from From on and before To.
type Span struct{ From, To string }

const (
	mostWords    = 6
	longestQuery = 200 // octets
	leastLetters = 3   // of the longest word
)

// commonName are words that most premises have in their name, or could have: beside others they tell nothing apart.
var commonName = setOf("pharmacy;pharmacies;pharmacist;pharmacists;chemist;chemists;dispensing;the;ltd;limited;and;of;co")

// ParseSearch reads what somebody typed to find a premises. Signs have no meaning in it, so that nothing lists them all:
// it takes an ODS code, a postcode, whole or its first part, or three letters of a word that few premises share.
func ParseSearch(text string) (Search, haven.Verdict) {
	none := haven.Refuse("premises.find", "Type the ODS code, the postcode, or at least three letters of the name or the town.")
	if len(text) > longestQuery {
		return Search{}, none
	}
	if code, v := ParseCode(Pharmacy, text); v.Allowed {
		return Search{Code: code}, haven.Allow("premises.find")
	}
	if p := partOfPostcode(text); p != "" {
		return Search{Postcode: p}, haven.Allow("premises.find")
	}
	words := FoldWords(text)
	if own := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return commonName[w] }); len(own) > 0 {
		words = own
	} else {
		return Search{}, none
	}
	words = words[:min(len(words), mostWords)]
	var q Search
	enough := false
	for _, w := range words {
		whole := len(w) == 1 || isOutward(strings.ToUpper(w))
		enough = enough || len(w) >= leastLetters || isOutward(strings.ToUpper(w))
		if to := w + "~"; whole {
			q.Words = append(q.Words, Span{w, w + " "})
		} else {
			q.Words = append(q.Words, Span{w, to})
		}
	}
	if !enough {
		return Search{}, none
	}
	return q, haven.Allow("premises.find")
}

// partOfPostcode is a postcode in its stored form, or its beginning where that reaches over its space; "" for others.
func partOfPostcode(s string) string {
	if p, ok := ParsePostcode(s); ok && p != "" {
		return p
	}
	if f := strings.Fields(strings.ToUpper(s)); len(f) == 2 && isOutward(f[0]) && isSector(f[1]) {
		return f[0] + " " + f[1]
	}
	return ""
}

// isOutward holds for the first part of a postcode: LS26, W1A.
func isOutward(s string) bool {
	letters := strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
	if letters < 1 || letters > 2 || len(s)-letters > 2 || !isDigit(s[letters]) {
		return false
	}
	return isPlainPart(s[letters:])
}

// isSector holds for a beginning of the second part: 0, 0A.
func isSector(s string) bool {
	return len(s) >= 1 && len(s) <= 2 && isDigit(s[0]) && (len(s) == 1 || isUpper(s[1]))
}

// premisesWords are the words by which a premises is found: of its name, its town, what else its address names below the
// first line, which is the street, and the first part of its postcode. Counties tell too little apart.
func premisesWords(o Organisation) []string {
	out, _, _ := strings.Cut(o.Postcode, " ")
	all := []string{o.Name, o.Place, out}
	for _, l := range o.Lines[1:] {
		if !counties[strings.ToUpper(l)] {
			all = append(all, l)
		}
	}
	return FoldWords(strings.Join(all, " "))
}

// FoldWords takes a text apart into words of the letters a to z and digits, each once. Apostrophes part nothing.
func FoldWords(s string) []string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case 'A' <= r && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case r == '\'' || r == '\u2019':
		case r < 0x80:
			b.WriteByte(' ')
		default:
			if letter, ok := account.Fold(string(r)); ok {
				b.WriteString(letter)
			} else {
				b.WriteByte(' ')
			}
		}
	}
	words := strings.Fields(b.String())
	slices.Sort(words)
	return slices.Compact(words)
}
