package mime

import (
	"strings"

	"haven"
)

// AddressKind tells a mailbox from the marks of a group.
type AddressKind uint8

const (
	Mailbox    AddressKind = iota
	GroupStart             // Address.Mailbox is the group's name
	GroupEnd
)

// Address is one entry of an address list, as IMAP's envelope has it (RFC 9051 §7.5.2). An address without a domain has
// Host ""; a protocol writes that as an empty string, never as NIL, which marks groups.
type Address struct {
	Kind    AddressKind
	Name    string // display name as written, unquoted and unfolded, encoded words not decoded
	Mailbox string // local part, unquoted
	Host    string // domain as written, an address literal with its brackets
}

// DisplayName is the name decoded, or the addr-spec where there is none (RFC 5957 §3).
func (a Address) DisplayName() string {
	if n := strings.TrimSpace(DecodeHeader(a.Name)); n != "" {
		return n
	}
	if a.Kind == GroupStart {
		return DecodeHeader(a.Mailbox)
	}
	return a.Spec()
}

// Spec is local part, @ and domain, for showing; ParseAddress of package haven judges whether mail can go there.
func (a Address) Spec() string {
	if a.Host == "" {
		return a.Mailbox
	}
	return haven.Address{Local: a.Mailbox, Domain: a.Host}.String()
}

// Haven is a as an address of the vocabulary; the error is for what is no valid address, or a group's mark.
func (a Address) Haven() (haven.Address, error) {
	if a.Kind != Mailbox {
		return haven.Address{}, ErrAddress
	}
	return haven.ParseAddress(haven.Address{Local: a.Mailbox, Domain: strings.ToLower(a.Host)}.String())
}

// Format writes a for a header field: the name as a phrase, encoded where it isn't ASCII (or raw UTF-8 if utf8, for
// RFC 6532), then the address in angle brackets.
func (a Address) Format(utf8 bool) string {
	if a.Name == "" {
		return a.Spec()
	}
	return formatPhrase(DecodeHeader(a.Name), utf8) + " <" + a.Spec() + ">"
}

// formatPhrase writes a display name: atoms as they are, else quoted, else encoded words.
func formatPhrase(s string, utf8 bool) string {
	ascii := isASCII(s)
	if !ascii && !utf8 || len(s) > 200 || strings.Contains(s, "=?") {
		return encodeWords(s)
	}
	plain := true
	for i := 0; i < len(s); i++ {
		plain = plain && (s[i] == ' ' || isAtomOctet(s[i]))
	}
	if plain {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func isAtomOctet(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte(`()<>[]:;@\,."`, c) < 0
}

// ParseAddresses reads an address list (RFC 5322 §3.4) with the obsolete forms and the usual mistakes: names with dots or an
// @ that aren't quoted, missing brackets, comments as names, routes, semicolons for commas. Groups come as a start, their
// members and an end. At most 5,000 entries are read.
func ParseAddresses(s string) []Address {
	p := addressParser{s: s}
	if n := strings.Count(s, ","); n > 0 {
		p.list = make([]Address, 0, min(n+1, maxAddresses))
	}
	for p.i < len(p.s) && len(p.list) < maxAddresses {
		p.item()
	}
	if p.group {
		p.list = append(p.list, Address{Kind: GroupEnd})
	}
	if len(p.list) == 0 {
		return nil
	}
	return p.list
}

// addressParser walks over a list. An item is what stands between commas.
type addressParser struct {
	s     string
	i     int
	list  []Address
	group bool // within a group

	words   phrase  // of the item so far: a name, a local part, a group's name
	local   string  // before an @ that wasn't in brackets
	at      bool    // such an @ came
	comment string  // the last one
	angle   bool    // an address in angle brackets came
	found   Address // that address
}

// maxPhrase is about the longest name or local part that is put together; words that follow are left out.
const maxPhrase = 1000

// phrase puts words together. As long as they stand in the source as they should read, it stays a piece of the source.
type phrase struct {
	text       string
	start, end int  // where in the source text stands
	exact      bool // text is source[start:end] and another word may follow it there
}

func (w *phrase) add(src string, from, to int, word string) {
	gap := w.text != "" && from > w.end
	switch {
	case len(w.text) > maxPhrase:
		return
	case w.text == "":
		w.text, w.start = word, from
		w.exact = to-from == len(word)
	case w.exact && to-from == len(word) && (!gap || src[w.end:from] == " "):
		w.text = src[w.start:to]
	case gap:
		w.text, w.exact = w.text+" "+word, false
	default:
		w.text, w.exact = w.text+word, false
	}
	w.end = to
}

// item reads up to the end of one item and adds it to the list.
func (p *addressParser) item() {
	p.words, p.local, p.at, p.comment, p.angle = phrase{}, "", false, "", false
	start := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; c {
		case ' ', '\t', '\r', '\n', 0:
			p.i++
		case '(':
			text, rest := cutComment(p.s[p.i:])
			p.comment = text
			p.i = len(p.s) - len(rest)
		case '"':
			word, rest := cutQuoted(p.s[p.i:])
			from := p.i
			p.i = len(p.s) - len(rest)
			p.words.add(p.s, from, p.i, word)
		case '<':
			p.bracket(start)
		case ',':
			p.i++
			p.finish()
			return
		case ';':
			p.i++
			p.finish()
			p.endGroup()
			return
		case ':':
			p.i++
			if p.startGroup() {
				return
			}
		case '@':
			p.i++
			if !p.angle {
				p.atSign()
			}
		case '[':
			n := strings.IndexByte(p.s[p.i:], ']') + 1
			if n == 0 {
				n = len(p.s) - p.i
			}
			p.words.add(p.s, p.i, p.i+n, p.s[p.i:p.i+n])
			p.i += n
		default:
			p.atom()
		}
	}
	p.finish()
}

// atSign ends a local part. Of several the last one counts, and what comes before is local.
func (p *addressParser) atSign() {
	switch {
	case !p.at:
		p.local = p.words.text
	case len(p.local) <= maxPhrase:
		p.local += "@" + p.words.text
	}
	p.at, p.words = true, phrase{}
}

func (p *addressParser) atom() {
	from := p.i
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n\x00(\"<,;:@[", p.s[p.i]) < 0 {
		p.i++
	}
	p.words.add(p.s, from, p.i, p.s[from:p.i])
}

// bracket reads an angle-addr; what came before it in the item is the name.
func (p *addressParser) bracket(start int) {
	name := p.words.text
	if p.at { // an address as the name of an address, not quoted
		name = unfold(p.s[start:p.i])
	}
	rest := p.s[p.i+1:]
	n := strings.IndexByte(rest[:min(len(rest), 2*maxPhrase)], '>')
	if n < 0 {
		if n = strings.IndexAny(rest, ",;"); n < 0 {
			n = len(rest)
		}
		p.i += 1 + n
	} else {
		p.i += 2 + n
	}
	spec := rest[:n]
	if strings.HasPrefix(skipComments(spec), "@") { // a source route, RFC 5322 §4.4
		_, spec, _ = strings.Cut(spec, ":")
	}
	if p.angle {
		return // a second one in the same item
	}
	p.found = splitSpec(spec)
	p.found.Name = name
	p.angle = true
	p.at, p.local, p.words = false, "", phrase{}
}

// splitSpec reads what stands in angle brackets.
func splitSpec(s string) Address {
	q := addressParser{s: s}
	for q.i < len(q.s) {
		switch c := q.s[q.i]; c {
		case ' ', '\t', '\r', '\n', 0:
			q.i++
		case '(':
			_, rest := cutComment(q.s[q.i:])
			q.i = len(q.s) - len(rest)
		case '"':
			word, rest := cutQuoted(q.s[q.i:])
			from := q.i
			q.i = len(q.s) - len(rest)
			q.words.add(q.s, from, q.i, word)
		case '@':
			q.i++
			q.atSign()
		case '[', ',', ';', ':', '<':
			q.words.add(q.s, q.i, q.i+1, q.s[q.i:q.i+1])
			q.i++
		default:
			q.atom()
		}
	}
	if q.at {
		return Address{Mailbox: q.local, Host: q.words.text}
	}
	return Address{Mailbox: q.words.text}
}

// finish adds the item that has been read.
func (p *addressParser) finish() {
	var a Address
	switch {
	case p.angle:
		a = p.found
		if a.Name == "" {
			a.Name = unfold(p.comment)
		}
	case p.at:
		a = Address{Name: unfold(p.comment), Mailbox: p.local, Host: p.words.text}
	default:
		a = Address{Name: unfold(p.comment), Mailbox: p.words.text}
		if a.Mailbox == "" {
			return
		}
	}
	if a.Mailbox != "" || a.Host != "" || a.Name != "" {
		a.Name, a.Mailbox, a.Host = clean(a.Name), clean(a.Mailbox), clean(a.Host)
		p.list = append(p.list, a)
	}
}

// clean unfolds a word only if it has what must not be there, since a quoted local part may begin with a space.
func clean(s string) string {
	if strings.ContainsAny(s, "\r\n\x00") {
		return unfold(s)
	}
	return s
}

// startGroup begins a group if what came before the colon is a name; a colon elsewhere means nothing.
func (p *addressParser) startGroup() bool {
	if p.group || p.at || p.angle || p.words.text == "" {
		return false
	}
	p.group = true
	p.list = append(p.list, Address{Kind: GroupStart, Mailbox: clean(p.words.text)})
	return true
}

func (p *addressParser) endGroup() {
	if p.group {
		p.group = false
		p.list = append(p.list, Address{Kind: GroupEnd})
	}
}
