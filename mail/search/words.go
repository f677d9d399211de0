package search

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The bounds of words. They are part of the definition of a match: index, scan and oracle all keep to them.
const (
	minPrefix = 3  // letters from which a word of a query also finds longer words; a shorter one finds itself
	maxPrefix = 8  // longest beginning that the index knows of a word
	maxWord   = 40 // letters of a word that count; the rest is dropped
)

// Fold makes text comparable: compatibility forms taken apart, accents off, case folded. It works character by
// character, so the fold of a text's piece is a piece of the text's fold. Headers are compared in this form.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return string(appendFold(make([]byte, 0, len(s)+8), s))
		}
	}
	return s
}

func appendFold(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = append(dst, lowerASCII(c))
			i++
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		dst = appendFoldRune(dst, s[i:i+n])
		i += n
	}
	return dst
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// appendFoldRune folds one character, which may become none (an accent) or several (ß, ligatures).
func appendFoldRune(dst []byte, char string) []byte {
	whole := char
	if d := norm.NFKD.PropertiesString(char).Decomposition(); d != nil {
		whole = string(d)
	}
	for _, r := range whole {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		switch r = unicode.ToLower(unicode.ToUpper(r)); r {
		case 'ß':
			dst = append(dst, "ss"...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// unspaced are the scripts that put no spaces between words: they are cut into pairs of characters. Korean has
// spaces, but hangs particles onto its words, and pairs find these too.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

func isUnspaced(r rune) bool {
	const firstThai, longVowel = 0x0E00, 0x30FC
	return r >= firstThai && (r == longVowel || unicode.In(r, unspaced...))
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r)
}

// cutter cuts text into folded words: runs of letters and digits. A run in a script without spaces gives each of its
// characters and each pair of neighbours, also of those that the end of a line parts. Three groups of 3, 3 and 4 digits with one space or hyphen between them
// give the ten digits as a word too, so that an NHS number is found whole however it was written.
//
// The zero value with emit set works; text may come in pieces cut anywhere between characters, and ends with end.
type cutter struct {
	emit   func(word []byte, joined bool) // the word is good until emit returns; joined: the last three words as one
	word   []byte
	runes  int
	last   rune // the character before, in a script without spaces; 0: none
	digits bool // the word so far is of digits alone
	gap    int  // separators since the last word
	groups [10]byte
	have   int // digits in groups: 0, 3 or 6
	fold   []byte
	pair   []byte
}

func (c *cutter) add(s string) {
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			c.rune(rune(lowerASCII(b)))
			i++
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		c.fold = appendFoldRune(c.fold[:0], s[i:i+n])
		for f := c.fold; len(f) > 0; {
			r, n := utf8.DecodeRune(f)
			c.rune(r)
			f = f[n:]
		}
		i += n
	}
}

// end ends the text: what follows begins a word of its own.
func (c *cutter) end() {
	c.flush()
	c.last, c.have, c.gap = 0, 0, 0
}

func (c *cutter) rune(r rune) {
	switch {
	case isUnspaced(r):
		c.flush()
		c.have = 0
		c.unspaced(r)
		return
	case isWordRune(r):
		c.last = 0
		c.letter(r)
		return
	}
	if r != '\n' && r != '\r' { // a line may end within a word of such a script
		c.last = 0
	}
	c.flush()
	if c.gap++; c.gap > 1 || r != ' ' && r != '-' {
		c.have = 0
	}
}

func (c *cutter) letter(r rune) {
	if c.runes == 0 {
		c.digits = true
	}
	if c.runes == maxWord {
		return
	}
	c.digits = c.digits && '0' <= r && r <= '9'
	c.word = utf8.AppendRune(c.word, r)
	c.runes++
}

func (c *cutter) unspaced(r rune) {
	c.pair = utf8.AppendRune(c.pair[:0], r)
	c.emit(c.pair, false)
	if c.last != 0 {
		c.pair = utf8.AppendRune(utf8.AppendRune(c.pair[:0], c.last), r)
		c.emit(c.pair, false)
	}
	c.last = r
}

func (c *cutter) flush() {
	if c.runes == 0 {
		return
	}
	c.emit(c.word, false)
	c.group()
	c.word, c.runes, c.gap = c.word[:0], 0, 0
}

// group watches for an NHS number in three groups.
func (c *cutter) group() {
	want := 3
	if c.have == 6 {
		want = 4
	}
	if !c.digits || c.runes != want {
		if c.have = 0; !c.digits || c.runes != 3 {
			return
		}
	}
	copy(c.groups[c.have:], c.word)
	if c.have += c.runes; c.have == 10 {
		c.have = 0
		c.emit(c.groups[:], true)
	}
}

// queryWords cuts what somebody looks for into words, each once. An NHS number in groups is one word.
func queryWords(s string) []string {
	var all []string
	c := cutter{emit: func(w []byte, joined bool) {
		if joined {
			all = all[:len(all)-3]
		}
		all = append(all, string(w))
	}}
	c.add(s)
	c.end()
	seen := make(map[string]bool, len(all))
	words := all[:0]
	for _, w := range all {
		if !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// begins reports whether word answers to want, both folded and cut: it is the same, or begins so, want having at
// least minPrefix letters.
func begins(word, want string) bool {
	if word == want {
		return true
	}
	return len(word) > len(want) && word[:len(want)] == want && utf8.RuneCountInString(want) >= minPrefix
}

// prefixes calls fn with what the index keeps of a word: each beginning of 3 letters to longest, and the word itself if
// it is shorter or longer than these.
func prefixes(word []byte, longest int, fn func([]byte)) {
	n := 0
	for i := 0; i < len(word); {
		_, size := utf8.DecodeRune(word[i:])
		i += size
		if n++; n >= minPrefix && n <= longest {
			fn(word[:i])
		}
	}
	if n < minPrefix || n > longest {
		fn(word)
	}
}

// tokensOfWord is how many times prefixes calls.
func tokensOfWord(word []byte, longest int) int {
	n := utf8.RuneCount(word)
	if n < minPrefix || n > longest {
		return max(min(n, longest)-minPrefix+1, 0) + 1
	}
	return n - minPrefix + 1
}

// cutPrefix is the longest beginning of word that the index knows, and whether that is less than the word.
func cutPrefix(word string) (prefix string, long bool) {
	n := 0
	for i := range word {
		if n == maxPrefix {
			return word[:i], true
		}
		n++
	}
	return word, false
}
