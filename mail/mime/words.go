package mime

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// DecodeHeader makes the text of a header value readable: folding is undone, encoded words are decoded (RFC 2047), octets
// over 127 are taken as UTF-8 (RFC 6532) or else as Windows-1252, control characters become spaces. The result is
// valid UTF-8. An encoded word whose character set or encoding nobody knows stays as written.
func DecodeHeader(s string) string {
	s = unfold(s)
	if strings.Contains(s, "=?") {
		s = decodeWords(s)
	} else if !utf8.ValidString(s) {
		s = fromUnlabelled(s)
	}
	return cleanText(s)
}

// cleanText replaces control characters by spaces, so that a decoded value can't break out of a line.
func cleanText(s string) string {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if bad(r) {
			return ' '
		}
		return r
	}, s)
}

// decodeWords decodes the encoded words in s. White space between two of them is not shown (RFC 2047 §6.2), and octets of
// neighbours in the same character set are put together first, since many programs cut characters in two.
func decodeWords(s string) string {
	var out strings.Builder
	var octets []byte
	charset := ""
	flush := func() {
		if len(octets) > 0 {
			text, _ := decodeCharset(charset, string(octets)) // the character set was looked up when the word was cut
			out.WriteString(text)
			octets = octets[:0]
		}
	}
	after := false // what came last was an encoded word
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		cs, text, rest, ok := cutWord(s[i:])
		if !ok {
			flush()
			out.WriteString(fromUnlabelled(s[:i+2]))
			s, after = s[i+2:], false
			continue
		}
		if gap := s[:i]; !after || strings.Trim(gap, " \t") != "" {
			flush()
			out.WriteString(fromUnlabelled(gap))
		}
		if !strings.EqualFold(cs, charset) {
			flush()
			charset = cs
		}
		octets = append(octets, text...)
		s, after = rest, true
	}
	flush()
	out.WriteString(fromUnlabelled(s))
	return out.String()
}

// maxWord is the longest encoded text that is looked for. RFC 2047 §2 allows 75 octets; many programs write all in one.
const maxWord = 4000

// cutWord takes the encoded word that s begins with: =?charset*language?encoding?text?= (RFC 2047 §2, RFC 2231 §5).
func cutWord(s string) (charset string, octets []byte, rest string, ok bool) {
	charset, s, ok = strings.Cut(s[2:], "?")
	if !ok || charset == "" || len(charset) > 64 || strings.ContainsAny(charset, " \t=") || len(s) < 3 || s[1] != '?' {
		return "", nil, "", false
	}
	charset, _, _ = strings.Cut(charset, "*")
	if !isUTF8(charset) && !isPlainASCII(charset) && findCharset(charset) == nil {
		return "", nil, "", false
	}
	enc := s[0]
	n := strings.Index(s[2:min(len(s), 2+maxWord)], "?=")
	if n < 0 {
		return "", nil, "", false
	}
	text, rest := s[2:2+n], s[2+n+2:]
	switch enc {
	case 'q', 'Q':
		return charset, decodeQ(text), rest, true
	case 'b', 'B':
		d := base64Decoder{}
		octets = d.decode(make([]byte, 0, len(text)*3/4+3), []byte(text))
		octets = d.flush(octets)
		return charset, octets, rest, len(octets) > 0 || text == ""
	}
	return "", nil, "", false
}

func decodeQ(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			b = append(b, ' ')
		case c == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return b
}

// EncodeHeader writes text for an unstructured field so that any server can carry it: text of printable ASCII stays, else
// all of it becomes encoded words in UTF-8 of at most 75 octets (RFC 2047 §2), cut between characters, with spaces between
// them at which a header can be folded.
func EncodeHeader(s string) string {
	s = cleanText(strings.ToValidUTF8(s, "\uFFFD"))
	if isASCII(s) && !strings.Contains(s, "=?") && !hasLongWord(s) {
		return s
	}
	return encodeWords(s)
}

// hasLongWord reports whether there is a word that no line could hold (RFC 5322 §2.1.1).
func hasLongWord(s string) bool {
	for w := range strings.SplitSeq(s, " ") {
		if len(w) > 900 {
			return true
		}
	}
	return false
}

// encodeWords chooses Q where most is ASCII, B where most is not.
func encodeWords(s string) string {
	high := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			high++
		}
	}
	useB := high*3 > len(s)
	var out strings.Builder
	for s != "" {
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		n := wordLength(s, useB)
		if useB {
			out.WriteString("=?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte(s[:n])) + "?=")
		} else {
			out.WriteString("=?utf-8?Q?" + encodeQ(s[:n]) + "?=")
		}
		s = s[n:]
	}
	return out.String()
}

// wordLength is how many octets of s fit into one encoded word, characters kept whole.
func wordLength(s string, useB bool) int {
	const room = 75 - len("=?utf-8?Q??=")
	n, used := 0, 0
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		if useB {
			if (n+size+2)/3*4 > room {
				break
			}
		} else {
			cost := 0
			for i := n; i < n+size; i++ {
				cost += qCost(s[i])
			}
			if used+cost > room {
				break
			}
			used += cost
		}
		n += size
	}
	return n
}

func qCost(c byte) int {
	if c == ' ' || isQSafe(c) {
		return 1
	}
	return 3
}

// isQSafe lists what may stand in an encoded word within a phrase (RFC 2047 §5 (3)).
func isQSafe(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!*+-/", c) >= 0
}

func encodeQ(s string) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)*3)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b = append(b, '_')
		case isQSafe(c):
			b = append(b, c)
		default:
			b = append(b, '=', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
