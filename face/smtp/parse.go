package smtp

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"haven"
)

// Limits of a command line, without its CR LF.
const (
	maxCommand     = 510   // RFC 5321 §4.5.3.1.4
	maxMailCommand = 2048  // plus what RFC 1870, 3461, 4954 and 6531 add to MAIL and RCPT
	maxAuthCommand = 12288 // RFC 4954 §4
	maxParams      = 20    // parameters of one command
)

// splitVerb takes the verb, in upper case, and what follows it. White space at the end of the line is tolerated, as
// RFC 5321 §4.1.1 asks.
func splitVerb(line []byte) (verb, arg string) {
	s := strings.TrimRight(string(line), " \t")
	verb, arg, _ = strings.Cut(s, " ")
	return strings.ToUpper(verb), arg
}

// lineLimit is how long the whole line of a command may be.
func lineLimit(verb string) int {
	switch verb {
	case "MAIL", "RCPT":
		return maxMailCommand
	case "AUTH":
		return maxAuthCommand
	}
	return maxCommand
}

// refusal is what a parser says of a wrong argument: the reply itself. nil means that all is well.
type refusal = *Reply

func refuse(code int, enhanced, text string) refusal { return &Reply{code, enhanced, text} }

// pathArg is an argument of MAIL or RCPT, split.
type pathArg struct {
	path   string // between the angle brackets
	params []param
}

type param struct{ key, value string }

// parsePathArg reads `FROM:<path> KEY=value …` (RFC 5321 §4.1.2). White space behind the colon is tolerated: many
// senders write it, and it can mean nothing else. Brackets are not optional.
func parsePathArg(arg, prefix string) (pathArg, refusal) {
	if len(arg) < len(prefix) || !strings.EqualFold(arg[:len(prefix)], prefix) {
		return pathArg{}, refuse(501, "5.5.4", "Write "+prefix+"<address>.")
	}
	arg = strings.TrimLeft(arg[len(prefix):], " ")
	path, rest, ok := cutPath(arg)
	if !ok {
		return pathArg{}, refuse(501, "5.5.4", "Write "+prefix+"<address>, with the angle brackets.")
	}
	if !utf8.ValidString(path) || !isPrintable(path) {
		return pathArg{}, refuse(501, "5.5.4", "The address has octets that no address may have.")
	}
	params, no := parseParams(rest)
	return pathArg{path: path, params: params}, no
}

// cutPath splits "<…>" from what follows; a ">" within a quoted string is part of the address.
func cutPath(s string) (path, rest string, ok bool) {
	if !strings.HasPrefix(s, "<") {
		return "", "", false
	}
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return s[1:i], s[i+1:], true
		}
	}
	return "", "", false
}

func isPrintable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 127 {
			return false
		}
	}
	return true
}

// parseParams reads esmtp-params (RFC 5321 §4.1.2): words apart by single or more spaces, no keyword twice.
func parseParams(s string) ([]param, refusal) {
	if s == "" {
		return nil, nil
	}
	if s[0] != ' ' {
		return nil, refuse(501, "5.5.4", "A space must follow the address.")
	}
	words := strings.Fields(s)
	if len(words) > maxParams {
		return nil, refuse(501, "5.5.4", "Too many parameters.")
	}
	var params []param
	for _, w := range words {
		key, value, has := strings.Cut(w, "=")
		key = strings.ToUpper(key)
		if !isKeyword(key) || has && value == "" || !isPrintable(value) {
			return nil, refuse(501, "5.5.4", "A parameter is written KEY=value.")
		}
		for _, p := range params {
			if p.key == key {
				return nil, refuse(501, "5.5.4", "Parameter "+key+" was given twice.")
			}
		}
		params = append(params, param{key, value})
	}
	return params, nil
}

// isKeyword checks esmtp-keyword, already in upper case.
func isKeyword(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' && i > 0) {
			return false
		}
	}
	return s != ""
}

// parseMailbox reads the inside of a forward-path or a reverse-path that is not null. A source route is accepted and
// ignored (RFC 5321 §4.1.1.3, Appendix C).
func parseMailbox(path string) (haven.Address, error) {
	if strings.HasPrefix(path, "@") {
		if _, after, found := strings.Cut(path, ":"); found {
			path = after
		}
	}
	return haven.ParseAddress(path)
}

var noUTF8 = Reply{553, "5.6.7", "An address beyond ASCII needs the parameter SMTPUTF8 on MAIL."} // RFC 6531 §3.5

// parseMail reads the argument of MAIL. dsn says whether RFC 3461 was offered.
func parseMail(arg string, dsn bool) (from haven.Address, p MailParams, no refusal) {
	a, no := parsePathArg(arg, "FROM:")
	if no != nil {
		return from, p, no
	}
	for _, kv := range a.params {
		if no := p.set(kv, dsn); no != nil {
			return from, p, no
		}
	}
	if a.path == "" {
		return from, p, nil
	}
	from, err := parseMailbox(a.path)
	switch {
	case err != nil:
		return from, p, refuse(501, "5.1.7", "The sender is no mail address: "+err.Error()+".")
	case !p.UTF8 && !from.IsASCII():
		return from, p, &noUTF8
	}
	return from, p, nil
}

func (p *MailParams) set(kv param, dsn bool) refusal {
	switch {
	case kv.key == "SIZE":
		n, err := strconv.ParseUint(kv.value, 10, 63)
		if err != nil || len(kv.value) > 20 {
			return refuse(501, "5.5.4", "SIZE is a number of octets.")
		}
		p.Size = int64(n)
	case kv.key == "BODY":
		switch strings.ToUpper(kv.value) {
		case "7BIT":
			p.Body = Body7Bit
		case "8BITMIME":
			p.Body = Body8BitMIME
		default:
			return refuse(555, "5.5.4", "BODY is 7BIT or 8BITMIME.")
		}
	case kv.key == "SMTPUTF8":
		if kv.value != "" {
			return refuse(501, "5.5.4", "SMTPUTF8 takes no value.")
		}
		p.UTF8 = true
	case kv.key == "AUTH": // RFC 4954 §5: who wrote it first; we trust nobody's word on it
		if _, ok := decodeXtext(kv.value); !ok {
			return refuse(501, "5.5.4", "AUTH is an address in xtext, or <>.")
		}
	case kv.key == "RET" && dsn:
		switch strings.ToUpper(kv.value) {
		case "FULL":
			p.Ret = RetFull
		case "HDRS":
			p.Ret = RetHeaders
		default:
			return refuse(501, "5.5.4", "RET is FULL or HDRS.")
		}
	case kv.key == "ENVID" && dsn:
		id, ok := decodeXtext(kv.value)
		if !ok || len(kv.value) > 100 || !isPrintable(id) {
			return refuse(501, "5.5.4", "ENVID is at most 100 characters of xtext.")
		}
		p.EnvID = kv.value
	default:
		return refuse(555, "5.5.4", "This service does not know the parameter "+kv.key+".")
	}
	return nil
}

// parseRcpt reads the argument of RCPT. A bare postmaster is an address with no domain (RFC 5321 §4.1.1.3).
func parseRcpt(arg string, utf8OK, dsn bool) (to haven.Address, p RcptParams, no refusal) {
	a, no := parsePathArg(arg, "TO:")
	if no != nil {
		return to, p, no
	}
	for _, kv := range a.params {
		if no := p.set(kv, dsn, utf8OK); no != nil {
			return to, p, no
		}
	}
	if strings.EqualFold(a.path, "postmaster") {
		return haven.Address{Local: "postmaster"}, p, nil
	}
	to, err := parseMailbox(a.path)
	switch {
	case err != nil:
		return to, p, refuse(501, "5.1.3", "The recipient is no mail address: "+err.Error()+".")
	case !utf8OK && !to.IsASCII():
		return to, p, &noUTF8
	}
	return to, p, nil
}

func (p *RcptParams) set(kv param, dsn, utf8OK bool) refusal {
	switch {
	case kv.key == "NOTIFY" && dsn:
		n, ok := parseNotify(kv.value)
		if !ok {
			return refuse(501, "5.5.4", "NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY.")
		}
		p.Notify = n
	case kv.key == "ORCPT" && dsn:
		kind, addr, found := strings.Cut(kv.value, ";")
		decoded, ok := decodeXtext(addr)
		if !found || !ok || kind == "" || addr == "" || len(kv.value) > 500 || !isPrintable(decoded) || !utf8.ValidString(decoded) {
			return refuse(501, "5.5.4", "ORCPT is written type;address, the address in xtext.")
		}
		if !utf8OK && !isASCII(decoded) {
			return &noUTF8
		}
		p.ORcpt = kv.value
	default:
		return refuse(555, "5.5.4", "This service does not know the parameter "+kv.key+".")
	}
	return nil
}

func parseNotify(s string) (Notify, bool) {
	if strings.EqualFold(s, "NEVER") {
		return NotifyNever, true
	}
	var n Notify
	for _, word := range strings.Split(strings.ToUpper(s), ",") {
		switch word {
		case "SUCCESS":
			n |= NotifySuccess
		case "FAILURE":
			n |= NotifyFailure
		case "DELAY":
			n |= NotifyDelay
		default:
			return 0, false
		}
	}
	return n, true
}

// decodeXtext undoes RFC 3461 §4: "+" and two upper-case hexadecimal digits stand for one octet. UTF-8 passes as it
// is, for ORCPT of type utf-8 (RFC 6533 §3).
func decodeXtext(s string) (string, bool) {
	if !strings.Contains(s, "+") {
		return s, !strings.Contains(s, "=")
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '=':
			return "", false
		case c != '+':
			b = append(b, c)
		default:
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			b = append(b, byte(hi<<4|lo))
			i += 2
		}
	}
	return string(b), true
}

func unhex(c byte) int { return strings.IndexByte("0123456789ABCDEF", c) }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isHelloName checks the argument of EHLO and HELO: a domain or an address literal (RFC 5321 §4.1.1.1). Names that
// DNS would not have are let pass, since many programs send the machine's own name; white space and controls are not.
func isHelloName(s string) bool {
	if s == "" || len(s) > 255 || !utf8.ValidString(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 127 || strings.IndexByte("<>()@,;\\\"", s[i]) >= 0 {
			return false
		}
	}
	return true
}
