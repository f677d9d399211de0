package account

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"haven"
	"haven/platform/policy"
)

// PasswordFacts is what a new password is held against, besides itself.
type PasswordFacts struct {
	Names   []string // the person's first and last name, as shown
	Mailbox []string // names of the person's mailboxes and organisations, and parts before the @
	Reused  bool     // it is one of the last ones
}

// CheckPassword says whether a password may be set (Rules 6). There is no rule of composition; any character counts, spaces too. The rule is the first that is
// missed, the reason names all, so that nobody mends one fault to be told of the next.
func CheckPassword(pw string, f PasswordFacts, p policy.Password) haven.Verdict {
	if !utf8.ValidString(pw) || strings.ContainsRune(pw, 0) {
		return haven.Refuse("password.characters", "The password holds something that is no character. Type it anew.")
	}
	missed := missedRules(pw, f, p)
	if len(missed) == 0 {
		return haven.Allow("password.good")
	}
	says := make([]string, len(missed))
	for i, m := range missed {
		says[i] = m.say
	}
	text := says[0]
	if last := len(says) - 1; last > 0 {
		text = strings.Join(says[:last], ", ") + " and " + says[last]
	}
	return haven.Refuse(missed[0].rule, "The password "+text+". "+goodPassword)
}

const goodPassword = "Three or four words that have nothing to do with each other make a good one."

// missedRule is a rule that a password misses, and what it says of the password.
type missedRule struct {
	rule haven.Rule
	say  string
}

func missedRules(pw string, f PasswordFacts, p policy.Password) (missed []missedRule) {
	miss := func(is bool, rule haven.Rule, say string) {
		if is {
			missed = append(missed, missedRule{rule, say})
		}
	}
	n := utf8.RuneCountInString(pw)
	if n > p.MaxLength { // and nothing else is looked at
		return []missedRule{{"password.long", fmt.Sprintf("has more than %d characters", p.MaxLength)}}
	}
	folded := foldPassword(pw)
	holds := func(name string) bool { return holdsName(folded, name) }
	miss(n < p.MinLength, "password.short", fmt.Sprintf("has fewer than %d characters", p.MinLength))
	miss(f.Reused, "password.reused", fmt.Sprintf("is one of your last %d", p.History))
	miss(slices.ContainsFunc(f.Names, holds), "password.name", "holds your name")
	miss(slices.ContainsFunc(f.Mailbox, holds), "password.mailbox", "holds the name of your mailbox or organisation")
	miss(isCommon(folded), "password.common", "is one of those that are tried first")
	return missed
}

// NormalisePassword is the form in which a password is hashed: NFC, so that the same keys on two systems give
// the same octets (RFC 8265 §4.2.2, without its mapping of spaces).
func NormalisePassword(pw string) string { return norm.NFC.String(pw) }

// foldPassword is lower case without marks.
func foldPassword(pw string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(pw)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// holdsName reports whether a folded password holds a name: anywhere where the name is long enough not to be
// met by chance, else as a word of its own ("Lee" is no fault of "sleepy").
func holdsName(folded, name string) bool {
	name, _ = Fold(name)
	name = strings.ReplaceAll(name, "-", "")
	switch {
	case len(name) < 2:
		return false
	case len(name) >= 4:
		return strings.Contains(onlyLetters(folded), name)
	}
	for _, word := range strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if word == name {
			return true
		}
	}
	return false
}

func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// isCommon reports whether a folded password is what is tried first: one of the commonest passwords, with digits and signs
// around it or not; at most three of the common words, with digits and signs around and between them, letters written as
// signs; runs of the keyboard or of the alphabet; or few different characters.
func isCommon(folded string) bool {
	distinct := map[rune]bool{}
	for _, r := range folded {
		distinct[r] = true
	}
	if len(distinct) < 5 {
		return true
	}
	core := strings.Trim(folded, "0123456789!.,?*#-_ ")
	if isCommonest(folded) || isCommonest(core) {
		return true
	}
	for _, s := range []string{folded, unleet(folded), unleet(core)} {
		if left := onlyLetters(s); left != "" && madeOf(left, 3) {
			return true
		}
	}
	return isRun(folded)
}

// unleet turns the signs that commonly stand for letters back.
func unleet(s string) string {
	return strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t").Replace(s)
}

// madeOf reports whether s is at most most common words in a row.
func madeOf(s string, most int) bool {
	if s == "" {
		return true
	}
	if most == 0 {
		return false
	}
	for n := min(len(s), longestCommon); n >= 3; n-- {
		if common[s[:n]] && madeOf(s[n:], most-1) {
			return true
		}
	}
	return false
}

// isRun reports whether most steps of s go to the next character of the alphabet, the digits or a keyboard row.
func isRun(s string) bool {
	steps, n := 0, 0
	for i := 1; i < len(s); i++ {
		n++
		if d := int(s[i]) - int(s[i-1]); d == 1 || d == -1 || d == 0 || strings.Contains(keyboard, s[i-1:i+1]) {
			steps++
		}
	}
	return n > 0 && steps*4 >= n*3
}

const keyboard = "qwertyuiop asdfghjkl zxcvbnm poiuytrewq lkjhgfdsa mnbvcxz 1234567890 0987654321 qaz wsx edc rfv tgb yhn ujm"
