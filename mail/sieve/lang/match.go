package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// comparator is how two strings are compared (RFC 4790).
type comparator uint8

const (
	asciiCasemap comparator = iota // the default (RFC 5228 §2.7.3)
	octet
	asciiNumeric
	unicodeCasemap // RFC 5051, as far as simple case folding goes
)

// comparators by name, and what has to be required for each; "" for those that are always there.
var comparators = map[string]struct {
	is  comparator
	ext string
}{
	"i;octet":           {octet, ""},
	"i;ascii-casemap":   {asciiCasemap, ""},
	"i;ascii-numeric":   {asciiNumeric, "comparator-i;ascii-numeric"},
	"i;unicode-casemap": {unicodeCasemap, "comparator-i;unicode-casemap"},
}

// fold is s as it is compared octet by octet.
func (c comparator) fold(s string) string {
	switch c {
	case asciiCasemap:
		return upperASCII(s)
	case unicodeCasemap:
		return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
	}
	return s
}

func upperASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'a' && c <= 'z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'a' && b[i] <= 'z' {
					b[i] -= 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// compare orders two strings: below, at, or above 0.
func (c comparator) compare(a, b string) int {
	if c == asciiNumeric {
		return compareNumbers(a, b)
	}
	return strings.Compare(c.fold(a), c.fold(b))
}

// compareNumbers compares the digits that strings begin with; what begins with none is more than any number (RFC 4790 §9.1).
func compareNumbers(a, b string) int {
	x, okX := leadingNumber(a)
	y, okY := leadingNumber(b)
	switch {
	case !okX && !okY:
		return 0
	case !okX:
		return 1
	case !okY:
		return -1
	case len(x) != len(y):
		return len(x) - len(y)
	}
	return strings.Compare(x, y)
}

func leadingNumber(s string) (digits string, ok bool) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), n > 0
}

type matchKind uint8

const (
	matchIs matchKind = iota
	matchContains
	matchMatches
	matchCount
	matchValue
)

// matching is a match type with its comparator and, for :count and :value, its relation.
type matching struct {
	kind     matchKind
	relation string // "gt", "ge", "lt", "le", "eq", "ne" (RFC 5231)
	comparator
}

// holds says whether an order of two strings is the relation.
func (m matching) holds(order int) bool {
	switch m.relation {
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	case "le":
		return order <= 0
	case "ne":
		return order != 0
	}
	return order == 0
}

// key is a string that values are held against, prepared once for all of them.
type key struct {
	as   matching
	text string
	glob glob // of matchMatches
}

func (m matching) key(s string) key {
	k := key{as: m, text: s}
	switch m.kind {
	case matchContains:
		k.text = m.fold(s)
	case matchMatches:
		k.glob = newGlob(m.fold(s))
	}
	return k
}

// match holds one value against the key. work is how many octets were looked at; at most limit are. captured is of matchMatches alone: the whole value and what
// each wildcard stands for, as the value writes it.
func (k key) match(value string, limit int64) (ok bool, captured []string, work int64) {
	work = int64(len(value)+len(k.text)) + 1
	switch k.as.kind {
	case matchIs:
		return k.as.compare(value, k.text) == 0, nil, work
	case matchValue:
		return k.as.holds(k.as.compare(value, k.text)), nil, work
	case matchContains:
		return strings.Contains(k.as.fold(value), k.text), nil, work
	case matchMatches:
		folded := k.as.fold(value)
		spans, n := k.glob.match(folded, k.as.comparator == octet, limit)
		work += n
		if spans == nil {
			return false, nil, work
		}
		if len(folded) != len(value) { // folding moved the letters
			value = folded
		}
		captured = append(captured, value)
		for _, s := range spans[1:] {
			captured = append(captured, value[s[0]:s[1]])
		}
		return true, captured, work
	}
	return false, nil, work
}

// glob is a pattern of :matches (RFC 5228 §2.7.1), cut at its stars.
type glob struct {
	parts []globPart
}

// globPart is what stands between two stars: octets, some of which may be any one character.
type globPart struct {
	text string
	any  []bool // of text's octets; nil: none is a question mark
}

func newGlob(pattern string) glob {
	var g glob
	var octets []byte
	var any []bool
	wild := false
	end := func() {
		p := globPart{text: string(octets)}
		if wild {
			p.any = append([]bool(nil), any...)
		}
		g.parts, octets, any, wild = append(g.parts, p), octets[:0], any[:0], false
	}
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '*':
			end()
			continue
		case c == '\\' && i+1 < len(pattern):
			i++
			c = pattern[i]
			octets, any = append(octets, c), append(any, false)
			continue
		}
		wild = wild || c == '?'
		octets, any = append(octets, c), append(any, c == '?')
	}
	end()
	return g
}

func (p globPart) isAny(i int) bool { return i < len(p.any) && p.any[i] }

// span is where in a value a wildcard's text stands.
type span [2]int

// match gives the spans of the whole and of each wildcard; nil: no match. Each star takes as little as it can (RFC 5229 §3.2), so each part is looked for from
// where the one before it ended, and nothing is ever tried again: the first place that fits leaves most for the rest. work counts octets looked at; over limit there is no match.
func (g glob) match(value string, octets bool, limit int64) (spans []span, work int64) {
	m := globMatch{value: value, octets: octets, limit: limit, spans: []span{{0, len(value)}}}
	at, ok := m.at(g.parts[0], 0)
	if !ok || len(g.parts) == 1 && at != len(value) {
		return nil, m.work
	}
	for i, p := range g.parts[1:] {
		from := at
		mark := len(m.spans)
		m.spans = append(m.spans, span{})
		start := -1
		if i == len(g.parts)-2 {
			start, ok = m.atEnd(p, from)
		} else {
			start, at, ok = m.find(p, from)
		}
		if !ok {
			return nil, m.work
		}
		m.spans[mark] = span{from, start}
	}
	return m.spans, m.work
}

type globMatch struct {
	value  string
	octets bool // a question mark is one octet, else one character
	limit  int64
	work   int64
	spans  []span
}

// at matches a part where it has to begin, and adds what its question marks stand for.
func (m *globMatch) at(p globPart, from int) (end int, ok bool) {
	mark := len(m.spans)
	for i := 0; i < len(p.text); i++ {
		if m.work++; from >= len(m.value) || m.work > m.limit {
			m.spans = m.spans[:mark]
			return 0, false
		}
		n := 1
		if p.isAny(i) {
			if !m.octets {
				_, n = utf8.DecodeRuneInString(m.value[from:])
			}
			m.spans = append(m.spans, span{from, from + n})
		} else if m.value[from] != p.text[i] {
			m.spans = m.spans[:mark]
			return 0, false
		}
		from += n
	}
	return from, true
}

// find matches a part at the first place from from on.
func (m *globMatch) find(p globPart, from int) (start, end int, ok bool) {
	if p.any == nil {
		i := strings.Index(m.value[from:], p.text)
		m.work += int64(len(m.value)-from) + int64(len(p.text))
		if i < 0 {
			return 0, 0, false
		}
		return from + i, from + i + len(p.text), true
	}
	for start = from; start <= len(m.value) && m.work <= m.limit; start++ {
		if !m.octets && start < len(m.value) && !utf8.RuneStart(m.value[start]) {
			continue
		}
		if end, ok = m.at(p, start); ok {
			return start, end, true
		}
	}
	return 0, 0, false
}

// atEnd matches the last part at the end of the value, not before from.
func (m *globMatch) atEnd(p globPart, from int) (start int, ok bool) {
	start = len(m.value)
	for i := len(p.text) - 1; i >= 0; i-- {
		n := 1
		if p.isAny(i) && !m.octets {
			_, n = utf8.DecodeLastRuneInString(m.value[:start])
		}
		if start -= n; start < from {
			return 0, false
		}
	}
	end, ok := m.at(p, start)
	return start, ok && end == len(m.value)
}
