package delivery

import (
	"bytes"
	"io"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"haven"
	"haven/mail/authn"
	"haven/mail/mime"
	"haven/platform/errs"
)

// headerGate holds a letter's header back until it is complete, lets edit change it, and passes everything behind it
// on as it is. It is an io.Writer; finish ends a letter that has nothing but a header.
type headerGate struct {
	to   io.Writer
	also io.Writer                         // gets what is behind the header too, where edit has set it; it has its own header by then
	edit func(mime.Header) ([]byte, error) // gives what stands in place of the header, empty line included
	held []byte
	open bool
	err  error
}

func (g *headerGate) Write(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	if g.open {
		return len(p), g.body(p)
	}
	text, from := p, 0 // most headers come in one piece, which need not be held
	if len(g.held) > 0 {
		from = max(0, len(g.held)-3)
		g.held = append(g.held, p...)
		text = g.held
	}
	end := headerEnd(text, from)
	switch {
	case max(end, len(g.held)) > mime.MaxHeader:
		g.err = refuse(errs.Invalid, RuleHeader, 552, "5.3.4", "The letter's header is larger than %d KB.", mime.MaxHeader>>10)
		return 0, g.err
	case end >= 0:
		if g.pass(text[:end], text[end:]); g.err != nil {
			return 0, g.err
		}
	case len(g.held) == 0:
		g.held = append(g.held, p...)
	}
	return len(p), nil
}

// headerEnd finds the end of a header, behind its empty line, looking from an offset on; -1 when it is not there yet.
func headerEnd(b []byte, from int) int {
	if bytes.HasPrefix(b, []byte("\r\n")) {
		return 2
	}
	if i := bytes.Index(b[from:], []byte("\r\n\r\n")); i >= 0 {
		return from + i + 4
	}
	return -1
}

// pass edits the header and lets the rest through.
func (g *headerGate) pass(header, rest []byte) {
	head, err := g.edit(mime.Header(header))
	if err == nil {
		_, err = g.to.Write(head)
	}
	if err == nil && len(rest) > 0 {
		err = g.body(rest)
	}
	g.open, g.held, g.err = true, nil, err
}

// body passes on what is behind the header.
func (g *headerGate) body(p []byte) error {
	_, err := g.to.Write(p)
	if err == nil && g.also != nil {
		_, err = g.also.Write(p)
	}
	return err
}

// finish ends the letter. A header without an empty line behind it gets one.
func (g *headerGate) finish() error {
	if g.err == nil && !g.open {
		if !bytes.HasSuffix(g.held, []byte("\r\n")) && len(g.held) > 0 {
			g.held = append(g.held, '\r', '\n')
		}
		g.held = append(g.held, '\r', '\n')
		g.pass(g.held, nil)
	}
	return g.err
}

// keepFields appends the fields of h that keep wants, as they are, without the empty line.
func keepFields(dst []byte, h mime.Header, keep func(mime.Field) bool) []byte {
	for f := range h.Fields() {
		if keep(f) {
			dst = append(dst, f.Raw...)
		}
	}
	return dst
}

// received is a Received field (RFC 5321 §4.4), folded. recipient is left out where it is null, and from where
// the client is to stay unnamed, as who submits is.
func received(c Client, host, id string, recipient haven.Address, at time.Time) string {
	var b strings.Builder
	b.WriteString("Received: ")
	named := c.Hello != "" || c.Addr.IsValid()
	if named {
		b.WriteString("from " + word(c.Hello))
	}
	if c.Addr.IsValid() {
		literal := c.Addr.String()
		if c.Addr.Is6() {
			literal = "IPv6:" + literal
		}
		b.WriteString(" ([" + literal + "])")
	}
	if named {
		b.WriteString("\r\n\t")
	}
	b.WriteString("by " + host + " (Haven) with " + c.Protocol + " id " + id)
	if c.TLS != "" {
		b.WriteString("\r\n\t(using " + c.TLS + ")")
	}
	if !recipient.IsNull() && recipient.Domain != "" {
		b.WriteString("\r\n\tfor <" + recipient.String() + ">")
	}
	b.WriteString(";\r\n\t" + mime.FormatDate(at) + "\r\n")
	return b.String()
}

// word makes a client's own name safe within a field.
func word(s string) string {
	if s == "" {
		return "unknown"
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 127 || strings.ContainsRune("()<>;\\\"", r) {
			return '_'
		}
		return r
	}, s)
}

// envelopeTrace are the lines that differ for each recipient (RFC 5321 §4.4).
func envelopeTrace(from, to haven.Address) string {
	return "Return-Path: <" + from.String() + ">\r\nDelivered-To: " + to.String() + "\r\n"
}

// fromOf is whom a letter says that it is from, by every From field, since programs differ in which one they show, and
// also by addresses that are none by the book.
func fromOf(h mime.Header) authn.From {
	from := authn.From{Fields: h.Count("From")}
	var addrs, shown []haven.Address
	for f := range h.Fields() {
		if !f.Is("From") {
			continue
		}
		if len(f.Body) > maxFromField {
			from.Long = true
			continue
		}
		field := f.Value()
		for _, a := range mime.ParseAddresses(field) {
			host, _, _ := strings.Cut(a.Host, " ")
			addrs = append(addrs, haven.Address{Domain: strings.TrimRight(host, ".")})
		}
		for _, text := range []string{field, mime.DecodeHeader(field)} {
			for _, d := range domainsIn(text) {
				shown = append(shown, haven.Address{Domain: d})
			}
		}
	}
	from.Domains, from.Shown = authn.DomainsOf(addrs), authn.DomainsOf(shown)
	return from
}

// maxFromField is how long a From field of a letter from outside may be. Nobody is looked for behind that.
const maxFromField = 32 << 10

// domainsIn are the domains of whatever looks like an address to somebody who reads a text: what stands behind an @ of
// any width, in lower case, without dots at its end and without characters that nobody sees.
func domainsIn(text string) (found []string) {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
	parts := strings.Split(strings.ToLower(norm.NFKC.String(text)), "@")
	for _, p := range parts[1:] {
		p = strings.TrimLeft(p, " \t\r\n")
		end := strings.IndexFunc(p, func(r rune) bool { return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsNumber(r) })
		if end < 0 {
			end = len(p)
		}
		if d := strings.TrimRight(p[:end], "."); d != "" {
			found = append(found, d)
		}
	}
	return found
}
