// Package mime reads and builds letters (RFC 5322, 2045-2049, 2047, 2231, 6532).
//
// Reading is one streaming pass of bounded memory that never fails on malformed input: whatever comes, a usable
// tree comes out. The tree holds offsets into the raw letter, so that IMAP's sections (RFC 9051 §6.4.5.1), search,
// removal of attachments and previews all read just the octets that they need. A letter's octets are never
// rewritten by reading; the editors in this package copy everything that they aren't asked to change.
//
// It knows no store, no account and no policy.
package mime

import (
	"strings"
)

// MaxHeader is how long, in octets, a header is that is read: to be judged, to be shown in parts, to be searched. Letters
// with a longer one are not taken over.
const MaxHeader = 256 << 10

// Limits bound what reading a letter may cost. A field that is zero takes its default.
type Limits struct {
	Header      int // octets kept of one header block; what exceeds is skipped. Default 256 KiB
	HeaderTotal int // octets kept of all header blocks together. Default 1 MiB
	Depth       int // containers inside each other; deeper ones are opaque leaves. Default 100
	Parts       int // parts; the last one takes the rest of the letter as its body. Default 10,000
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Header, MaxHeader)
	def(&l.HeaderTotal, 1<<20)
	def(&l.Depth, 100)
	def(&l.Parts, 10_000)
	return l
}

// Bounds that no caller has a reason to change.
const (
	maxParams     = 200    // parameters of one field, continuations counted
	maxAddresses  = 5_000  // entries of one address list
	maxReferences = 1_000  // message ids of one field
	maxValue      = 64_000 // octets of one envelope value
	maxLanguages  = 50
)

// Message is what Parse found out about a letter.
type Message struct {
	Header     Header // the letter's own header as written, up to Limits.Header
	Envelope   Envelope
	References []string // message ids without angle brackets, oldest first (RFC 5322 §3.6.4)
	Root       *Part
	Size       int64  // octets
	Preview    string // see RFC 8970; "" if there is no text
	Unclear    string // why another program may read other parts in the letter; "" where that isn't to be feared

	names   map[int64][]string // by Part.Header
	letters map[int64]bool
}

// Names are all file names that the fields and parameters of a part give, decoded: programs differ in which one they
// take. Only a letter that was just read tells.
func (m *Message) Names(p *Part) []string { return m.names[p.Header] }

// HidesLetter reports whether a part is a message that its encoding kept from being read as one. Only a letter that was
// just read tells.
func (m *Message) HidesLetter(p *Part) bool { return m.letters[p.Header] }

// Part is one entity of a letter. Offsets count octets from the letter's beginning:
//
//	[Header, Body) the part's header with its empty line
//	[Body, End)    the part's body, without the line break that belongs to the delimiter after it
//
// A multipart has at least one child. A part with an Envelope is a message within the message and has exactly one child:
// that message's root, whose Header equals the part's Body. Every other part is a leaf.
type Part struct {
	Header, Body, End int64
	Lines             int64 // line feeds in the body

	Type, Subtype     string // lower case; "text" and "plain" where the letter says nothing sensible (RFC 2045 §5.2)
	Params            []Param
	Encoding          string // Content-Transfer-Encoding in lower case; "7bit" where none is given
	Disposition       string // lower case; "" if there is none (RFC 2183)
	DispositionParams []Param
	ID                string // Content-ID as written, with its angle brackets
	Description       string // as written, unfolded; see DecodeHeader
	MD5               string
	Language          []string // RFC 3282
	Location          string   // RFC 2557

	Envelope *Envelope // of the message within, for message/rfc822 and message/global
	Children []*Part

	decoded int64 // octets of the content once decoded, where that was counted
	counted bool
}

// Octets is the body's length.
func (p *Part) Octets() int64 { return p.End - p.Body }

// Is reports whether p's type is t, such as "text/plain", in lower case.
func (p *Part) Is(t string) bool {
	return len(t) == len(p.Type)+1+len(p.Subtype) && strings.HasPrefix(t, p.Type) &&
		t[len(p.Type)] == '/' && strings.HasSuffix(t, p.Subtype)
}

// IsMultipart reports whether p's children are body parts.
func (p *Part) IsMultipart() bool { return p.Envelope == nil && len(p.Children) > 0 }

// IsLeaf reports whether p holds content rather than parts or a message.
func (p *Part) IsLeaf() bool { return len(p.Children) == 0 }

// Param is one parameter of Content-Type or Content-Disposition.
type Param struct {
	Name  string // lower case, without RFC 2231's section number and asterisks
	Value string // continuations joined, RFC 2231 encoding taken off
	Raw   string // for an RFC 2231 encoded one: charset'language'%-encoded text, continuations joined; else ""
}

// Wire is the parameter as BODYSTRUCTURE shows it: continuations joined, character set left to the reader
// (RFC 2231 §6).
func (p Param) Wire() (name, value string) {
	if p.Raw != "" {
		return p.Name + "*", p.Raw
	}
	return p.Name, p.Value
}

// lookup gives an encoded parameter precedence over a plain one of the same name (RFC 6266 §4.3 has the reason:
// the plain one is for old programs).
func lookup(params []Param, name string) string {
	v := ""
	for i := range params {
		if params[i].Name != name {
			continue
		}
		if params[i].Raw != "" {
			return params[i].Value
		}
		if v == "" {
			v = params[i].Value
		}
	}
	return v
}

// Param is the value of a Content-Type parameter, "" if it isn't there. The name is lower case.
func (p *Part) Param(name string) string { return lookup(p.Params, name) }

// Charset is the charset parameter, "us-ascii" if there is none.
func (p *Part) Charset() string {
	if c := p.Param("charset"); c != "" {
		return c
	}
	return "us-ascii"
}

// FileName is the name that the sender gave the part, decoded and without any directory; "" if it has none. Programs
// that write encoded words into parameters (forbidden by RFC 2047 §5) are understood.
func (p *Part) FileName() string {
	name := lookup(p.DispositionParams, "filename")
	if name == "" {
		name = p.Param("name")
	}
	if name == "" {
		return ""
	}
	name = DecodeHeader(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return strings.TrimSpace(name)
}

// IsAttachment reports whether a reader would call p an attachment: it says so, or it has a file name and isn't a
// picture within the text, or it is something that no reader shows as text.
func (p *Part) IsAttachment() bool {
	switch {
	case p.IsMultipart():
		return false
	case p.Disposition == "attachment":
		return true
	case p.Disposition == "inline" && p.ID != "":
		return false
	case lookup(p.DispositionParams, "filename") != "" || p.Param("name") != "":
		return p.ID == "" || p.Type != "image"
	}
	return p.Envelope != nil || p.Type != "text" && p.Type != "message" && p.ID == "" && p.Disposition != "inline"
}

// Walk visits p and all parts in it in the order of the letter, until visit returns false for a part, whose
// children are then left out.
func (p *Part) Walk(visit func(*Part) bool) {
	if !visit(p) {
		return
	}
	for _, c := range p.Children {
		c.Walk(visit)
	}
}

// Attachments are the names of the letter's attachments in order; one without a name counts as "". The list says
// how many there are, too.
func (p *Part) Attachments() []string {
	var names []string
	p.Walk(func(q *Part) bool {
		if q != p && q.IsAttachment() || q == p && q.Disposition == "attachment" {
			names = append(names, q.FileName())
			return false
		}
		return true
	})
	return names
}
