package mime

import (
	"encoding/binary"

	"haven/platform/errs"
)

// Meta is what the store keeps, sealed, of each message, so that listing a folder opens no body: envelope, structure,
// references, preview and the names of attachments.
type Meta struct {
	Size        int64
	Envelope    Envelope
	References  []string
	Preview     string
	Attachments []string // file names, "" for one without; see Part.Attachments
	Root        *Part
}

// Meta collects what is to be kept of m.
func (m *Message) Meta() *Meta {
	return &Meta{
		Size: m.Size, Envelope: m.Envelope, References: m.References, Preview: m.Preview,
		Attachments: m.Root.Attachments(), Root: m.Root,
	}
}

// The binary form is a version and three sections, each after its length: envelope, summary, structure. Numbers are
// unsigned varints, strings and lists come after their length. Version 1 lacks decoded sizes.
const (
	metaVersion      = 2
	metaVersionFirst = 1
)

// Bounds of what is decoded, above what Parse makes.
const (
	maxMetaDepth = 1_000
	maxMetaParts = 1_000_000
)

// ErrMeta is returned for octets that AppendBinary did not write.
var ErrMeta = errs.E(errs.Invalid, "The message's summary can't be read.")

// AppendBinary appends the binary form to b. The error is always nil.
func (m *Meta) AppendBinary(b []byte) ([]byte, error) {
	w := encoder{b: append(b, metaVersion)}
	w.section(func() { w.envelope(&m.Envelope) })
	w.section(func() {
		w.number(m.Size)
		w.text(m.Preview)
		w.texts(m.References)
		w.texts(m.Attachments)
	})
	w.section(func() {
		if m.Root != nil {
			w.number(int64(countParts(m.Root)))
			w.part(m.Root, 0)
		}
	})
	return w.b, nil
}

func countParts(p *Part) int {
	n := 0
	p.Walk(func(*Part) bool { n++; return true })
	return n
}

// UnmarshalBinary reads the binary form; b may change afterwards. The error is ErrMeta.
func (m *Meta) UnmarshalBinary(b []byte) error {
	d := newDecoder(b)
	*m = Meta{}
	env, sum, tree := d.section(), d.section(), d.section()
	d.end()
	env.envelope(&m.Envelope)
	m.Size = sum.number()
	m.Preview, m.References, m.Attachments = sum.text(), sum.texts(), sum.texts()
	if tree.s != "" {
		m.Root = tree.tree()
	}
	return firstError(d, env, sum, tree)
}

// ReadEnvelope reads the envelope alone from the binary form.
func ReadEnvelope(b []byte) (Envelope, error) {
	d := newDecoder(b)
	env := d.section()
	var e Envelope
	env.envelope(&e)
	return e, firstError(d, env)
}

// ReadPreview reads the preview alone from the binary form.
func ReadPreview(b []byte) (string, error) {
	d := newDecoder(b)
	_, sum := d.section(), d.section()
	sum.number()
	s := sum.text()
	return s, firstError(d, sum)
}

// ReadStructure reads the tree alone from the binary form.
func ReadStructure(b []byte) (*Part, error) {
	d := newDecoder(b)
	_, _ = d.section(), d.section()
	tree := d.section()
	root := tree.tree()
	return root, firstError(d, tree)
}

func firstError(ds ...*decoder) error {
	for _, d := range ds {
		if d.bad {
			return ErrMeta
		}
	}
	return nil
}

type encoder struct{ b []byte }

// section writes what body writes after its length, which is four octets since it is not known before.
func (w *encoder) section(body func()) {
	at := len(w.b)
	w.b = append(w.b, 0, 0, 0, 0)
	body()
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at-4))
}

func (w *encoder) number(n int64) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *encoder) text(s string) {
	w.number(int64(len(s)))
	w.b = append(w.b, s...)
}

func (w *encoder) texts(list []string) {
	w.number(int64(len(list)))
	for _, s := range list {
		w.text(s)
	}
}

func (w *encoder) envelope(e *Envelope) {
	for _, s := range [...]string{e.Date, e.Subject, e.InReplyTo, e.MessageID} {
		w.text(s)
	}
	for _, list := range [...][]Address{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
		w.number(int64(len(list)))
		for _, a := range list {
			w.b = append(w.b, byte(a.Kind))
			w.text(a.Name)
			w.text(a.Mailbox)
			w.text(a.Host)
		}
	}
}

func (w *encoder) params(list []Param) {
	w.number(int64(len(list)))
	for _, p := range list {
		w.text(p.Name)
		w.text(p.Value)
		w.text(p.Raw)
	}
}

// Marks of what a part has besides the common.
const (
	hasID = 1 << iota
	hasDescription
	hasMD5
	hasDisposition
	hasLanguage
	hasLocation
	hasEnvelope
	hasDecoded
)

// part writes a part; its offsets count from base, where its parent's body begins.
func (w *encoder) part(p *Part, base int64) {
	marks := byte(0)
	for i, has := range [...]bool{
		p.ID != "", p.Description != "", p.MD5 != "", p.Disposition != "", len(p.Language) > 0, p.Location != "", p.Envelope != nil, p.counted,
	} {
		if has {
			marks |= 1 << i
		}
	}
	w.b = append(w.b, marks)
	w.number(p.Header - base)
	w.number(p.Body - p.Header)
	w.number(p.End - p.Body)
	w.number(p.Lines)
	w.text(p.Type)
	w.text(p.Subtype)
	w.params(p.Params)
	w.text(p.Encoding)
	w.optional(p, marks)
	w.number(int64(len(p.Children)))
	for _, c := range p.Children {
		w.part(c, p.Body)
	}
}

func (w *encoder) optional(p *Part, marks byte) {
	if marks&hasID != 0 {
		w.text(p.ID)
	}
	if marks&hasDescription != 0 {
		w.text(p.Description)
	}
	if marks&hasMD5 != 0 {
		w.text(p.MD5)
	}
	if marks&hasDisposition != 0 {
		w.text(p.Disposition)
		w.params(p.DispositionParams)
	}
	if marks&hasLanguage != 0 {
		w.texts(p.Language)
	}
	if marks&hasLocation != 0 {
		w.text(p.Location)
	}
	if marks&hasEnvelope != 0 {
		w.envelope(p.Envelope)
	}
	if marks&hasDecoded != 0 {
		w.number(p.decoded)
	}
}

// decoder reads what encoder wrote. Its error sticks: after it, everything reads as zero.
type decoder struct {
	s     string
	bad   bool
	slab  []Part
	parts int // of the slab that are given out
}

// newDecoder copies b once; all strings that are read are pieces of that copy.
func newDecoder(b []byte) *decoder {
	if len(b) == 0 || b[0] < metaVersionFirst || b[0] > metaVersion {
		return &decoder{bad: true}
	}
	return &decoder{s: string(b[1:])}
}

func (d *decoder) fail() { d.s, d.bad = "", true }

func (d *decoder) end() {
	if d.s != "" {
		d.fail()
	}
}

func (d *decoder) section() *decoder {
	if len(d.s) < 4 {
		d.fail()
		return &decoder{}
	}
	n := int64(d.s[0])<<24 | int64(d.s[1])<<16 | int64(d.s[2])<<8 | int64(d.s[3])
	if n > int64(len(d.s)-4) {
		d.fail()
		return &decoder{}
	}
	sub := &decoder{s: d.s[4 : 4+n]}
	d.s = d.s[4+n:]
	return sub
}

func (d *decoder) octet() byte {
	if d.s == "" {
		d.fail()
		return 0
	}
	c := d.s[0]
	d.s = d.s[1:]
	return c
}

// number reads a varint of at most 48 bits, so that no sum of offsets can overflow.
func (d *decoder) number() int64 {
	var n uint64
	for i := 0; i < len(d.s) && i < 9; i++ {
		c := d.s[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.s = d.s[i+1:]
			if n>>48 != 0 {
				d.fail()
				return 0
			}
			return int64(n)
		}
	}
	d.fail()
	return 0
}

// count reads the length of a list whose entries take at least size octets each.
func (d *decoder) count(size int) int {
	n := d.number()
	if n > int64(len(d.s)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	n := d.count(1)
	s := d.s[:n]
	d.s = d.s[n:]
	return s
}

func (d *decoder) texts() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.text()
	}
	return list
}

func (d *decoder) envelope(e *Envelope) {
	for _, s := range [...]*string{&e.Date, &e.Subject, &e.InReplyTo, &e.MessageID} {
		*s = d.text()
	}
	for _, list := range [...]*[]Address{&e.From, &e.Sender, &e.ReplyTo, &e.To, &e.Cc, &e.Bcc} {
		n := d.count(4)
		if n == 0 {
			continue
		}
		*list = make([]Address, n)
		for i := range *list {
			(*list)[i] = Address{d.kind(), d.text(), d.text(), d.text()}
		}
	}
}

func (d *decoder) kind() AddressKind {
	k := AddressKind(d.octet())
	if k > GroupEnd {
		d.fail()
	}
	return k
}

func (d *decoder) params() []Param {
	n := d.count(3)
	if n == 0 {
		return nil
	}
	list := make([]Param, n)
	for i := range list {
		list[i] = Param{d.text(), d.text(), d.text()}
	}
	return list
}

// tree reads a root with all its parts, which share one allocation.
func (d *decoder) tree() *Part {
	n := d.count(10)
	if n == 0 || n > maxMetaParts {
		d.fail()
		return nil
	}
	d.slab = make([]Part, n)
	root := d.part(0, 0)
	if d.parts != n {
		d.fail()
	}
	d.end()
	if d.bad {
		return nil
	}
	return root
}

func (d *decoder) part(base int64, depth int) *Part {
	if d.bad || d.parts == len(d.slab) || depth > maxMetaDepth {
		d.fail()
		return nil
	}
	p := &d.slab[d.parts]
	d.parts++
	marks := d.octet()
	p.Header = base + d.number()
	p.Body = p.Header + d.number()
	p.End = p.Body + d.number()
	p.Lines = d.number()
	p.Type, p.Subtype = d.text(), d.text()
	p.Params = d.params()
	p.Encoding = d.text()
	d.optional(p, marks)
	n := d.count(10)
	if n == 0 || n > len(d.slab)-d.parts || p.Envelope != nil && n != 1 {
		if n != 0 || p.Envelope != nil {
			d.fail()
		}
		return p
	}
	p.Children = make([]*Part, n)
	for i := range p.Children {
		p.Children[i] = d.part(p.Body, depth+1)
	}
	return p
}

func (d *decoder) optional(p *Part, marks byte) {
	if marks&hasID != 0 {
		p.ID = d.text()
	}
	if marks&hasDescription != 0 {
		p.Description = d.text()
	}
	if marks&hasMD5 != 0 {
		p.MD5 = d.text()
	}
	if marks&hasDisposition != 0 {
		p.Disposition, p.DispositionParams = d.text(), d.params()
	}
	if marks&hasLanguage != 0 {
		p.Language = d.texts()
	}
	if marks&hasLocation != 0 {
		p.Location = d.text()
	}
	if marks&hasEnvelope != 0 {
		p.Envelope = new(Envelope)
		d.envelope(p.Envelope)
	}
	if marks&hasDecoded != 0 {
		p.decoded, p.counted = d.number(), true
	}
}
