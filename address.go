package haven

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Address is a mail address, local part and domain, as written (RFC 5321 §4.1.2, RFC 6531 §3.3). The domain is
// lower case. The zero value is the null reverse-path <>.
type Address struct {
	Local  string // unquoted
	Domain string // lower case; a U-label stays one
}

// ParseAddress reads addr-spec without angle brackets: dot-string or quoted-string, "@", domain or address
// literal. Limits are RFC 5321 §4.5.3.1: 64 octets local part, 255 domain.
func ParseAddress(s string) (Address, error) {
	if len(s) > 64+1+255+2 {
		return Address{}, errors.New("an address has at most 64 octets before the @ and 255 after it")
	}
	if !utf8.ValidString(s) {
		return Address{}, errors.New("an address must be valid UTF-8")
	}
	local, rest, err := parseLocal(s)
	if err != nil {
		return Address{}, err
	}
	if !strings.HasPrefix(rest, "@") {
		return Address{}, fmt.Errorf("%q is no mail address: it needs an @ and a domain", s)
	}
	domain := strings.ToLower(rest[1:])
	if err := checkDomain(domain); err != nil {
		return Address{}, err
	}
	if len(local) > 64 {
		return Address{}, errors.New("an address has at most 64 octets before the @")
	}
	return Address{Local: local, Domain: domain}, nil
}

// MustAddress is ParseAddress for constants in tests and fixtures; it panics on what is no address.
func MustAddress(s string) Address {
	a, err := ParseAddress(s)
	if err != nil {
		panic(err)
	}
	return a
}

func parseLocal(s string) (local, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			switch c := s[i]; {
			case c == '"':
				return b.String(), s[i+1:], nil
			case c == '\\':
				i++
				if i == len(s) || s[i] < 32 || s[i] == 127 {
					return "", "", errors.New("an address has a bare backslash in its quoted part")
				}
				b.WriteByte(s[i])
			case c < 32 || c == 127:
				return "", "", errors.New("an address may not hold control characters")
			default:
				b.WriteByte(c)
			}
		}
		return "", "", errors.New("an address begins with a quote that is not closed")
	}
	i := strings.IndexByte(s, '@')
	if i < 0 {
		return "", "", fmt.Errorf("%q is no mail address: it needs an @ and a domain", s)
	}
	local = s[:i]
	if !isDotString(local) {
		return "", "", fmt.Errorf("%q has characters before the @ that are not allowed there", s)
	}
	return local, s[i:], nil
}

func isDotString(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '.' && !isAtext(c) {
			return false
		}
	}
	return true
}

func isAtext(c byte) bool {
	return c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func checkDomain(d string) error {
	if d == "" || len(d) > 255 {
		return errors.New("a domain has between 1 and 255 octets")
	}
	if d[0] == '[' {
		if len(d) < 3 || d[len(d)-1] != ']' || strings.ContainsAny(d[1:len(d)-1], "[]\\ \t\r\n@<>") {
			return errors.New("an address literal is written [192.0.2.1] or [IPv6:2001:db8::1]")
		}
		return nil
	}
	for _, label := range strings.Split(d, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return fmt.Errorf("%q is no domain name", d)
		}
		for _, c := range label {
			ok := c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '_' ||
				c >= 0x80 && (unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsDigit(c))
			if !ok {
				return fmt.Errorf("%q is no domain name", d)
			}
		}
	}
	return nil
}

// IsNull reports whether a is the null reverse-path <>, which bounces use.
func (a Address) IsNull() bool { return a == Address{} }

// String writes the addr-spec, quoting the local part where it must be; the null path is "".
func (a Address) String() string {
	if a.IsNull() {
		return ""
	}
	if a.Domain == "" {
		return a.Local
	}
	if isDotString(a.Local) {
		return a.Local + "@" + a.Domain
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(a.Local); i++ {
		if c := a.Local[i]; c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(a.Local[i])
	}
	b.WriteString(`"@`)
	b.WriteString(a.Domain)
	return b.String()
}

// Key is the form under which our own addresses are looked up: the local part lower case too, since Haven gives
// no two people addresses that differ in case alone.
func (a Address) Key() string {
	return strings.ToLower(a.Local) + "@" + a.Domain
}

// IsASCII reports whether a can be sent to a server without SMTPUTF8 (RFC 6531 §3.4).
func (a Address) IsASCII() bool {
	for _, s := range [2]string{a.Local, a.Domain} {
		for i := 0; i < len(s); i++ {
			if s[i] >= 0x80 {
				return false
			}
		}
	}
	return true
}
