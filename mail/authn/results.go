package authn

import (
	"strings"

	"haven"
)

// HeaderResults is the field that tells of the checks.
const HeaderResults = "Authentication-Results"

// Field renders v as a whole Authentication-Results field with CR LF (RFC 8601 §2.2), as of host. from is the
// envelope's sender.
func (v Verdicts) Field(host string, from haven.Address) string {
	var b strings.Builder
	b.WriteString(HeaderResults + ": " + host)
	method := func(name string, r Result, props ...string) {
		b.WriteString(";\r\n\t" + name + "=" + string(r))
		for i := 0; i+1 < len(props); i += 2 {
			if props[i+1] != "" {
				b.WriteString(" " + props[i] + "=" + value(props[i+1]))
			}
		}
	}
	if r := v.SPF.Result; r != "" {
		if v.SPF.Helo {
			method("spf", r, "smtp.helo", v.SPF.Domain)
		} else {
			method("spf", r, "smtp.mailfrom", from.String())
		}
	}
	for _, s := range v.DKIM {
		method("dkim", s.Result, "header.d", s.Domain, "header.i", s.Identifier, "header.s", s.Selector)
	}
	if len(v.DKIM) == 0 {
		method("dkim", None)
	}
	if r := v.DMARC.Result; r != "" {
		method("dmarc", r, "header.from", v.DMARC.Domain, "policy.published-domain-policy", string(v.DMARC.Policy))
	}
	b.WriteString("\r\n")
	return b.String()
}

// value writes a pvalue: as it is where RFC 8601 §2.2 allows, else as a quoted string without control characters.
func value(s string) string {
	plain, quote := true, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c == 127 {
			plain = false
		}
		if strings.IndexByte("()<>,;:\\\"[]?=", c) >= 0 {
			quote = true
		}
	}
	if plain && !quote {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s) && i < 255; i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteString("\\" + string(rune(c)))
		case c >= ' ' && c != 127:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// IsForged reports whether the value of an Authentication-Results field from outside claims to be ours: its
// authserv-id is host, whatever comments, quotes or version surround it (RFC 8601 §5). A value that can't be read is
// taken for forged, since another program may read it as it likes.
func IsForged(field, host string) bool {
	rest, ok := skipCFWS(field)
	if !ok || rest == "" {
		return true
	}
	id := ""
	if rest[0] == '"' {
		for i := 1; ; i++ {
			if i >= len(rest) {
				return true
			}
			if rest[i] == '"' {
				break
			}
			if rest[i] == '\\' && i+1 < len(rest) {
				i++
			}
			id += string(rest[i])
		}
	} else {
		end := strings.IndexAny(rest, " \t\r\n()<>@,;:\\\"/[]?=") // what ends a token (RFC 2045 §5.1)
		if end < 0 {
			end = len(rest)
		}
		id = rest[:end]
	}
	return strings.EqualFold(strings.TrimSuffix(strings.TrimSpace(id), "."), strings.TrimSuffix(host, "."))
}

// skipCFWS skips white space and nested comments; ok is false for a comment that does not end.
func skipCFWS(s string) (rest string, ok bool) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case depth > 0 && c == '\\':
			i++
		case depth > 0 && c == ')':
			depth--
		case depth > 0, c == ' ', c == '\t', c == '\r', c == '\n':
		default:
			return s[i:], true
		}
	}
	return "", depth == 0
}
