package mime

import (
	"strings"
	"unicode/utf8"
)

// maxSubject is how much of a subject takes part: what is told apart only by later octets counts as the same.
const maxSubject = 2000

// BaseSubject is the subject by which messages are sorted and threaded (RFC 5256 §2.1), and whether what was taken off
// shows a reply or a forward. s is the field's value as written.
func BaseSubject(s string) (base string, reply bool) {
	base = truncate(DecodeHeader(s), maxSubject)
	base = strings.Join(strings.FieldsFunc(base, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
	for {
		var fwd, lead, wrapped bool
		base, fwd = cutTrailers(base)
		base, lead = cutLeaders(base)
		base, wrapped = cutForwarded(base)
		reply = reply || fwd || lead || wrapped
		if !wrapped {
			return base, reply
		}
	}
}

// cutTrailers takes "(fwd)" and space off the end, step (2).
func cutTrailers(s string) (string, bool) {
	cut := false
	for {
		s = strings.TrimRight(s, " ")
		if !hasSuffixFold(s, "(fwd)") {
			return s, cut
		}
		s, cut = s[:len(s)-len("(fwd)")], true
	}
}

// cutLeaders takes "Re:", "Fw:", "Fwd:" with blobs before them, and then blobs alone, off the beginning, steps (3) to (5).
func cutLeaders(s string) (string, bool) {
	reply := false
	for {
		before := s
		s = strings.TrimLeft(s, " ")
		if rest, ok := cutLeader(s); ok {
			s, reply = rest, true
		} else if rest, ok := cutBlob(s); ok && rest != "" {
			s = rest
		}
		if s == before {
			return s, reply
		}
	}
}

// cutLeader takes *subj-blob ("re" / "fw" ["d"]) *WSP [subj-blob] ":" off.
func cutLeader(s string) (string, bool) {
	t := s
	for {
		rest, ok := cutBlob(t)
		if !ok {
			break
		}
		t = rest
	}
	switch {
	case len(t) >= 3 && strings.EqualFold(t[:3], "fwd"):
		t = t[3:]
	case len(t) >= 2 && (strings.EqualFold(t[:2], "re") || strings.EqualFold(t[:2], "fw")):
		t = t[2:]
	default:
		return s, false
	}
	t = strings.TrimLeft(t, " ")
	if rest, ok := cutBlob(t); ok {
		t = rest
	}
	if !strings.HasPrefix(t, ":") {
		return s, false
	}
	return t[1:], true
}

// cutBlob takes "[" *BLOBCHAR "]" *WSP off; a blob holds no bracket.
func cutBlob(s string) (string, bool) {
	if !strings.HasPrefix(s, "[") {
		return s, false
	}
	i := strings.IndexAny(s[1:], "[]") + 1
	if i == 0 || s[i] == '[' {
		return s, false
	}
	return strings.TrimLeft(s[i+1:], " "), true
}

// cutForwarded takes "[fwd:" and "]" off, step (6).
func cutForwarded(s string) (string, bool) {
	if len(s) < len("[fwd:]") || !strings.EqualFold(s[:5], "[fwd:") || s[len(s)-1] != ']' {
		return s, false
	}
	return s[5 : len(s)-1], true
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// truncate cuts s to at most n octets between characters.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
