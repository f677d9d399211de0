package lang

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// text is a string of a script, cut where variables stand in it (RFC 5229 §3).
type text []piece

// piece is text as it is, or a variable.
type piece struct {
	lit   string
	name  string // lower case; "global." in front of a shared one
	num   int    // of a match variable, where name is "" and isVar
	isVar bool
}

// constant reports whether a text is the same in every run, and what it is.
func (t text) constant() (string, bool) {
	switch {
	case len(t) == 0:
		return "", true
	case len(t) == 1 && !t[0].isVar:
		return t[0].lit, true
	}
	return "", false
}

// cutText cuts a string at its variables. What only looks like one stays as it is. unknown is the namespace of a variable that has one that isn't known.
func cutText(s string, namespaces bool) (t text, unknown string) {
	for s != "" {
		i := strings.Index(s, "${")
		if i < 0 {
			return t.add(s), unknown
		}
		p, n := variable(s[i:])
		if n == 0 {
			t, s = t.add(s[:i+2]), s[i+2:]
			continue
		}
		if space, _, ok := strings.Cut(p.name, "."); ok && (space != "global" || !namespaces) {
			unknown = space
		}
		t, s = append(t.add(s[:i]), p), s[i+n:]
	}
	return t, unknown
}

func (t text) add(s string) text {
	switch last := len(t) - 1; {
	case s == "":
		return t
	case last >= 0 && !t[last].isVar:
		t[last].lit += s
		return t
	}
	return append(t, piece{lit: s})
}

// variable reads "${name}" at the beginning of s; n is 0 where there is none.
func variable(s string) (p piece, n int) {
	end := strings.IndexByte(s[:min(len(s), 200)], '}')
	if end < 0 {
		return p, 0
	}
	name := strings.ToLower(s[2:end])
	if name != "" && strings.Trim(name, "0123456789") == "" {
		num, err := strconv.Atoi(name)
		if err != nil {
			num = 1 << 30 // such a one is always empty
		}
		return piece{num: num, isVar: true}, end + 1
	}
	for part := range strings.SplitSeq(name, ".") {
		if !isIdentifier(part) {
			return p, 0
		}
	}
	return piece{name: name, isVar: true}, end + 1
}

// isIdentifier holds for the name of a variable (RFC 5228 §8.1).
func isIdentifier(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isLetter(s[i]) && (i == 0 || !isDigit(s[i])) {
			return false
		}
	}
	return s != ""
}

// decodeCharacters puts characters where their codes stand (RFC 5228 §2.4.2.4); false: one is no character.
func decodeCharacters(s string) (string, bool) {
	if !strings.Contains(s, "${") {
		return s, true
	}
	var b strings.Builder
	for s != "" {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		chars, n, ok := encodedCharacters(s)
		if !ok {
			return "", false
		}
		if n == 0 {
			chars, n = "${", 2
		}
		b.WriteString(chars)
		s = s[n:]
	}
	b.WriteString(s)
	return b.String(), true
}

// encodedCharacters reads "${hex: …}" or "${unicode: …}" at the beginning of s; n is 0 where there is neither.
func encodedCharacters(s string) (chars string, n int, ok bool) {
	end := strings.IndexByte(s, '}')
	kind, codes, found := strings.Cut(s[2:max(end, 2)], ":")
	kind = strings.ToLower(kind)
	if end < 0 || !found || kind != "hex" && kind != "unicode" {
		return "", 0, true
	}
	var out []byte
	all := strings.Fields(codes)
	for _, code := range all {
		c, err := strconv.ParseUint(code, 16, 32)
		switch {
		case err != nil || kind == "hex" && len(code) != 2 || kind == "unicode" && len(code) > 6:
			return "", 0, true
		case kind == "hex":
			out = append(out, byte(c))
		case c > utf8.MaxRune || !utf8.ValidRune(rune(c)):
			return "", 0, false
		default:
			out = utf8.AppendRune(out, rune(c))
		}
	}
	if len(all) == 0 {
		return "", 0, true
	}
	return string(out), end + 1, true
}
