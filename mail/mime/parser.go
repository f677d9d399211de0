package mime

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// maxDelimiter is the longest line that can be a delimiter: RFC 2046 §5.1.1 has boundaries of up to 70 octets, and some
// programs write longer ones and padding.
const maxDelimiter = 512

// Parser reads a letter that is written to it in pieces of any size, so that a delivery can read it while it goes
// to disk. Use it once: NewParser, Write, Close.
type Parser struct {
	lim    Limits
	buf    *buffers
	budget int // octets of header that may still be kept
	parts  int
	full   bool // a limit is reached: delimiters are content from here on
	near   int  // comparisons of lines that are no delimiters

	off    int64 // octets of all lines that are done with
	lf     int64 // line feeds among them
	l1, l2 byte  // the last octet of these and the one before

	open     []level
	bounds   []boundary
	inHeader bool
	cut      bool // the current header is longer than what may be kept
	fresh    bool // a line begins at off
	lineLen  int  // octets of the line begun at off, whether held or not
	lineAt   int  // length of buf.header when the line began

	capture *sample // where body octets are copied to for the preview; nil if nowhere
	sizing  *sizer  // of the innermost open part; nil where nothing is encoded
	msg     Message
	done    bool
}

// level is a part whose end is yet to come.
type level struct {
	part     *Part
	lf       int64  // p.lf at the beginning of the body
	envelope bool   // the part is the root of a message
	digest   bool   // the part's children are messages by default (RFC 2046 §5.1.5)
	boundary string // of a multipart in which no delimiter was seen yet
}

// boundary is a delimiter to look for; level is its multipart's place in Parser.open.
type boundary struct {
	text  string
	level int
}

// buffers are what a parser needs while it works and no longer.
type buffers struct {
	header  []byte // the current header block
	line    []byte // the beginning of a line that came in pieces
	plain   sample
	html    sample
	text    []byte
	read    []byte
	plainly []byte // content once decoded, of which only the length is wanted
}

var bufferPool = sync.Pool{New: func() any { return new(buffers) }}

// NewParser makes a parser for one letter.
func NewParser(lim Limits) *Parser {
	p := &Parser{lim: lim.withDefaults(), buf: bufferPool.Get().(*buffers)}
	p.budget = p.lim.HeaderTotal
	p.openPart(0, true)
	return p
}

// Parse reads a whole letter. The error is r's, never the letter's.
func Parse(r io.Reader, lim Limits) (*Message, error) {
	p := NewParser(lim)
	if p.buf.read == nil {
		p.buf.read = make([]byte, 32<<10)
	}
	for {
		n, err := r.Read(p.buf.read)
		_, _ = p.Write(p.buf.read[:n])
		if errors.Is(err, io.EOF) {
			return p.Close(), nil
		}
		if err != nil {
			p.release()
			return nil, err
		}
	}
}

// Write takes the next octets of the letter. It never fails before Close.
func (p *Parser) Write(b []byte) (int, error) {
	if p.done {
		return 0, io.ErrClosedPipe
	}
	n := len(b)
	for len(b) > 0 {
		switch {
		case p.inHeader:
			b = p.headerLine(b)
		case len(p.bounds) > 0 && !p.full:
			b = p.bodyLines(b)
		default:
			p.take(b)
			b = nil
		}
	}
	return n, nil
}

// Close ends the letter and returns what was found. A second Close returns the same.
func (p *Parser) Close() *Message {
	if p.done {
		return &p.msg
	}
	p.lastLine()
	p.endHeaders()
	p.closeParts(0, p.off, p.lf)
	p.msg.Size = p.off
	p.msg.Preview = p.buf.preview()
	p.release()
	return &p.msg
}

func (p *Parser) release() {
	p.done = true
	if p.buf != nil && cap(p.buf.header) <= 1<<20 {
		p.buf.plain.reset()
		p.buf.html.reset()
		bufferPool.Put(p.buf)
	}
	p.buf = nil
}

// lastLine deals with a last line that has no line break.
func (p *Parser) lastLine() {
	if p.lineLen == 0 {
		return
	}
	n := p.lineLen
	p.lineLen = 0
	if n <= maxDelimiter {
		if i, last, ok := p.match(p.buf.line); ok {
			p.delimiter(i, last, p.buf.line)
			return
		}
	}
	p.nearly(p.buf.line, n)
	if p.inHeader {
		p.off += int64(n)
		return
	}
	p.take(p.buf.line)
}

// hold keeps the beginning of a line whose end has not come yet.
func (p *Parser) hold(b []byte) {
	if p.lineLen == 0 {
		p.buf.line = p.buf.line[:0]
	}
	if room := maxDelimiter - len(p.buf.line); room > 0 {
		p.buf.line = append(p.buf.line, b[:min(room, len(b))]...)
	}
	p.lineLen += len(b)
}

// keep adds octets to the current header block as far as the limits allow.
func (p *Parser) keep(b []byte) {
	room := min(p.lim.Header-len(p.buf.header), p.budget)
	if room < len(b) {
		p.cut = true
		b = b[:max(room, 0)]
	}
	p.budget -= len(b)
	p.buf.header = append(p.buf.header, b...)
}

// headerLine takes one line, or the piece of it that is there, in a header, and returns the octets after it.
func (p *Parser) headerLine(b []byte) []byte {
	if p.lineLen == 0 {
		p.lineAt = len(p.buf.header)
	}
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		p.hold(b)
		p.keep(b)
		return nil
	}
	line, rest := b[:i+1], b[i+1:]
	p.keep(line)
	n := len(line)
	if p.lineLen > 0 {
		p.hold(line)
		line, n = p.buf.line, p.lineLen
		p.lineLen = 0
	}
	if n <= maxDelimiter {
		if i, last, ok := p.match(line); ok {
			p.budget += len(p.buf.header) - p.lineAt
			p.buf.header = p.buf.header[:p.lineAt]
			p.delimiter(i, last, line)
			return rest
		}
	}
	p.nearly(line[:min(len(line), maxDelimiter)], n)
	p.off += int64(n)
	p.lf++
	p.l2, p.l1 = 0, '\n' // a header line's break is never part of a body, whether it had a CR or not
	if n == 1 || n == 2 && line[0] == '\r' {
		p.endHeader()
	}
	return rest
}

// bodyLines takes body octets while delimiters are looked for, and returns what it hasn't taken.
func (p *Parser) bodyLines(b []byte) []byte {
	if p.fresh && (p.lineLen > 0 || b[0] == '-') {
		return p.candidate(b)
	}
	i := bytes.Index(b, newlineDashes)
	switch {
	case i >= 0:
		p.take(b[:i+1])
		p.fresh = true
		return b[i+1:]
	case len(b) > 1 && b[len(b)-1] == '-' && b[len(b)-2] == '\n':
		p.take(b[:len(b)-1])
		p.fresh = true
		return b[len(b)-1:]
	}
	p.take(b)
	p.fresh = b[len(b)-1] == '\n'
	return nil
}

var newlineDashes = []byte("\n--")

// candidate takes a line that begins with a dash: a delimiter, or content after all.
func (p *Parser) candidate(b []byte) []byte {
	i := bytes.IndexByte(b, '\n')
	if i < 0 && p.lineLen+len(b) <= maxDelimiter {
		p.hold(b)
		return nil
	}
	if i < 0 || p.lineLen+i+1 > maxDelimiter {
		p.nearly(p.beginning(b), maxDelimiter+1)
		if p.lineLen > 0 {
			p.lineLen = 0
			p.take(p.buf.line)
		}
		p.fresh = false
		return b
	}
	line, rest := b[:i+1], b[i+1:]
	if p.lineLen > 0 {
		p.hold(line)
		line = p.buf.line
		p.lineLen = 0
	}
	if k, last, ok := p.match(line); ok {
		p.delimiter(k, last, line)
		return rest
	}
	p.nearly(line, len(line))
	p.take(line)
	return rest
}

// beginning is that of a line of which b comes next, as far as a delimiter goes.
func (p *Parser) beginning(b []byte) []byte {
	if p.lineLen == 0 {
		return b[:min(len(b), maxDelimiter)]
	}
	line := bytes.Clone(p.buf.line)
	return append(line, b[:min(len(b), maxDelimiter-len(line))]...)
}

// take counts body octets.
func (p *Parser) take(b []byte) {
	p.off += int64(len(b))
	p.lf += int64(bytes.Count(b, newline))
	if n := len(b); n > 1 {
		p.l2, p.l1 = b[n-2], b[n-1]
	} else {
		p.l2, p.l1 = p.l1, b[0]
	}
	if p.capture != nil {
		p.capture.add(b)
	}
	if p.sizing != nil {
		p.sizing.add(b)
	}
}

var newline = []byte("\n")

// match tells which boundary a line is a delimiter of, the innermost first, and whether it is the closing one. The whole
// line must match but for white space at its end. RFC 2046 §5.1.1 speaks of a comparison with the line's beginning too,
// but then a parent's boundary that begins with its child's could not be told from it.
func (p *Parser) match(line []byte) (i int, last, ok bool) {
	if len(p.bounds) == 0 || p.full || len(line) < 2 || line[0] != '-' || line[1] != '-' {
		return 0, false, false
	}
	line = bytes.TrimRight(line[2:], " \t\r\n")
	for i := len(p.bounds) - 1; i >= 0; i-- {
		text := p.bounds[i].text
		if len(line) == len(text) && string(line) == text {
			return i, false, true
		}
		if len(line) == len(text)+2 && string(line[:len(text)]) == text && line[len(text)] == '-' && line[len(text)+1] == '-' {
			return i, true, true
		}
	}
	return 0, false, false
}

// maxNear is how many comparisons of lines with boundaries a letter may cost beyond those that find its delimiters.
const maxNear = 20_000_000

// nearly notes a line that is no delimiter and begins as one does, which is enough for some programs (RFC 2046 §5.1.1).
// n is the line's length, of which line may be the beginning.
func (p *Parser) nearly(line []byte, n int) {
	if len(p.bounds) == 0 || p.full || p.msg.Unclear != "" || len(line) < 2 || line[0] != '-' || line[1] != '-' {
		return
	}
	line = line[2:]
	if p.near += len(p.bounds); p.near > maxNear {
		p.unclear("more lines than are read may be delimiters")
		p.full = true
		return
	}
	for _, b := range p.bounds {
		if at := len(b.text); len(line) > at && string(line[:at]) == b.text &&
			(n > maxDelimiter || len(bytes.TrimRight(line[at:], "- \t\r\n")) > 0) {
			p.unclear("a line may be a delimiter")
		}
	}
}

// delimiter ends the parts inside the boundary's multipart at the line break before the delimiter line (RFC 2046 §5.1.1),
// then begins the next part, or the epilogue after the closing one.
func (p *Parser) delimiter(i int, last bool, line []byte) {
	at := p.bounds[i].level
	p.endHeaders()
	end, lines := p.off, p.lf
	if p.off > 0 && p.l1 == '\n' {
		end, lines = end-1, lines-1
		if p.l2 == '\r' {
			end--
		}
	}
	p.closeParts(at+1, end, lines)
	p.take(line)
	p.fresh = true
	p.open[at].boundary = ""
	p.bounds = p.bounds[:i+1]
	if last && len(p.open[at].part.Children) == 0 {
		// a multipart has at least one part, if an empty one (RFC 9051 §9, body-type-mpart)
		p.openPart(p.off, false)
		p.endHeaders()
		p.closeParts(at+1, p.off, p.lf)
		p.bounds = p.bounds[:i]
		return
	}
	if last {
		p.bounds = p.bounds[:i]
		return
	}
	p.openPart(p.off, false)
}

// closeParts ends all open parts from level from on; end and lines are where their bodies end.
func (p *Parser) closeParts(from int, end, lines int64) {
	for i := len(p.open) - 1; i >= from; i-- {
		l := p.open[i]
		if end < l.part.Body { // the line break before the delimiter is the header's
			end, lines = l.part.Body, l.lf
		}
		l.part.End, l.part.Lines = end, lines-l.lf
		if i == len(p.open)-1 && p.sizing != nil {
			l.part.decoded, l.part.counted = p.sizing.end(p.off-end), true
		}
		if l.boundary != "" {
			l.part.asText() // no delimiter ever came: what is there is better shown than hidden
		}
	}
	p.open = p.open[:from]
	p.capture, p.sizing = nil, nil
}

// openPart begins a part, whose header begins at off, within the innermost open one.
func (p *Parser) openPart(off int64, root bool) {
	part := &Part{Header: off, Body: off, End: off}
	if len(p.open) > 0 {
		parent := p.open[len(p.open)-1].part
		parent.Children = append(parent.Children, part)
	} else {
		p.msg.Root = part
	}
	p.open = append(p.open, level{part: part, envelope: root})
	p.buf.header = p.buf.header[:0]
	p.inHeader, p.cut, p.lineLen = true, false, 0
	p.parts++
	if p.full = p.parts >= p.lim.Parts; p.full {
		p.unclear(tooMuch)
	}
}

const tooMuch = "it has more parts than are read, or deeper ones"

// note remembers something of a part in a map that is made when it is needed.
func note[T any](m *map[int64]T, p *Part, what T) {
	if *m == nil {
		*m = map[int64]T{}
	}
	(*m)[p.Header] = what
}

// unclear keeps the first reason for which the letter's parts are in doubt.
func (p *Parser) unclear(why string) {
	if p.msg.Unclear == "" {
		p.msg.Unclear = why
	}
}

// endHeaders ends the header that is being read, if one is, though no empty line came.
func (p *Parser) endHeaders() {
	for p.inHeader {
		p.endHeader()
	}
}

// endHeader reads the header block that is complete and decides how its body is read.
func (p *Parser) endHeader() {
	p.inHeader, p.fresh = false, true
	at := len(p.open) - 1
	l := &p.open[at]
	l.part.Body, l.lf = p.off, p.lf
	digest := at > 0 && p.open[at-1].digest
	env := Header(p.buf.header)
	names, why := l.part.readFields(env, digest, p.cut)
	p.unclear(why)
	if len(names) > 0 {
		note(&p.msg.names, l.part, names)
	}
	if l.envelope {
		p.message(at, env)
	}
	switch {
	case l.part.Type == "multipart":
		p.enterMultipart(l, at)
	case l.part.Is("message/news"): // some programs open it as a letter (RFC 5537 §6.2 has done with it)
		note(&p.msg.letters, l.part, true)
		p.beginCapture(l.part)
		p.beginSizing(l.part)
	case l.part.Type == "message" && (l.part.Subtype == "rfc822" || l.part.Subtype == "global"):
		if !isIdentity(l.part.Encoding) {
			note(&p.msg.letters, l.part, true)
			l.part.asOpaque()
			p.beginSizing(l.part)
			return
		}
		if at+1 >= p.lim.Depth || p.full {
			p.unclear(tooMuch)
			l.part.asOpaque()
			return // whose encoding is none
		}
		l.part.Envelope = new(Envelope)
		p.openPart(p.off, true)
	default:
		p.beginCapture(l.part)
		p.beginSizing(l.part)
	}
}

// beginSizing has the content of a leaf counted as it comes, so that nobody has to read it again for that.
func (p *Parser) beginSizing(part *Part) {
	if dec, _ := newOctetDecoder(part.Encoding); dec != nil {
		p.sizing = &sizer{dec: dec, out: &p.buf.plainly}
	}
}

// message fills the envelope that the header at level at belongs to.
func (p *Parser) message(at int, h Header) {
	if at == 0 {
		p.msg.Header = h
		p.msg.Envelope, p.msg.References = readEnvelope(h)
		return
	}
	*p.open[at-1].part.Envelope, _ = readEnvelope(h)
}

func (p *Parser) enterMultipart(l *level, at int) {
	text := trimRightSpace(l.part.Param("boundary"))
	switch {
	case at+1 >= p.lim.Depth || p.full:
		p.unclear(tooMuch)
		l.part.asOpaque()
	case text == "" || len(text) > maxDelimiter-6:
		p.unclear("a container has no delimiter that can be read")
		l.part.asText()
	default:
		l.boundary = text
		l.digest = l.part.Subtype == "digest"
		p.bounds = append(p.bounds, boundary{text, at})
	}
}

// beginCapture copies the first text parts of the letter itself, not those of messages in it, for the preview.
func (p *Parser) beginCapture(part *Part) {
	if part.Type != "text" || part.Disposition == "attachment" {
		return
	}
	for _, l := range p.open[1:] {
		if l.envelope {
			return
		}
	}
	switch {
	case part.Subtype == "html":
		p.capture = p.buf.html.begin(part, 32<<10)
	case part.Subtype == "plain":
		p.capture = p.buf.plain.begin(part, 8<<10)
	}
}

// asText makes a multipart that can't be read as one the text that RFC 2045 §5.2 takes for unknown content.
func (p *Part) asText() {
	p.Type, p.Subtype, p.Params = "text", "plain", asciiParams
}

// asOpaque makes a container that isn't looked into a leaf.
func (p *Part) asOpaque() {
	p.Type, p.Subtype = "application", "octet-stream"
}

func isIdentity(encoding string) bool {
	return encoding == "7bit" || encoding == "8bit" || encoding == "binary"
}

// sizer counts what encoded octets are once decoded. The last two of them wait: they may be the line break of a delimiter.
type sizer struct {
	dec  octetDecoder
	out  *[]byte // scratch
	tail []byte
	n    int64
}

func (s *sizer) add(b []byte) {
	if len(b) < 2 {
		b = append(s.tail, b...)
		s.tail = nil
	}
	s.count(s.tail)
	last := max(len(b)-2, 0)
	s.count(b[:last])
	s.tail = append(s.tail[:0], b[last:]...)
}

func (s *sizer) count(b []byte) {
	if len(b) == 0 {
		return
	}
	*s.out = s.dec.decode((*s.out)[:0], b)
	s.n += int64(len(*s.out))
}

// end is the size of all but the last cut octets.
func (s *sizer) end(cut int64) int64 {
	s.count(s.tail[:max(int64(len(s.tail))-cut, 0)])
	return s.n + int64(len(s.dec.flush(nil)))
}
