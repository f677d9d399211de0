package mime

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Piece is a part of a letter to be composed from files that are too large to be held in memory: a text, a file, or a multipart.
type Piece struct {
	Type        string // "text/plain"; for a multipart with its subtype
	Params      []Param
	Disposition string // "attachment", "inline"; "": none is written
	Name        string // the file name
	ID          string // Content-ID without its angle brackets
	Language    []string
	Location    string
	Fields      []HeaderField // further fields, written already

	Text     string    // of a text part; line breaks of any kind are taken
	File     io.Reader // what is in any other; nil for a text
	Children []*Piece  // of a multipart
}

// Compose writes a letter: fields, then what is in it. boundary gives a delimiter for each multipart, which must be a token that is in none
// of its parts. The error is w's or that of a file.
func Compose(w io.Writer, fields []HeaderField, p *Piece, boundary func() string) error {
	out := &entityWriter{w: bufio.NewWriterSize(w, 32<<10), boundary: func(*Entity) string { return boundary() }}
	for _, f := range fields {
		out.field(f)
	}
	out.field(HeaderField{"MIME-Version", "1.0"})
	out.entity(p.entity())
	return errors.Join(out.err, out.w.Flush())
}

// entity is a piece as it is written.
func (p *Piece) entity() *Entity {
	kind, subtype, _ := strings.Cut(cleanText(p.Type), "/")
	params := ""
	for _, x := range p.Params {
		params += formatParam(x.Name, x.Value)
	}
	if p.Name != "" && p.Disposition == "" {
		params += formatParam("name", p.Name)
	}
	e := &Entity{encoding: "base64", file: p.File}
	switch {
	case p.Children != nil:
		e = NewMultipart(subtype)
		e.params = params
		for _, child := range p.Children {
			e.children = append(e.children, child.entity())
		}
	case p.File == nil:
		e = newText(subtype, p.Text)
		e.fields[0].Body = foldStructured("Content-Type", e.fields[0].Body+params)
	default:
		if kind == "message" { // it may not be encoded (RFC 2046 §5.2.1)
			e.encoding = "8bit"
		}
		e.With("Content-Type", foldStructured("Content-Type", kind+"/"+subtype+params))
	}
	p.describe(e)
	return e
}

// describe adds the fields that say what a part is for.
func (p *Piece) describe(e *Entity) {
	if p.Disposition != "" {
		v := cleanText(p.Disposition)
		if p.Name != "" {
			v += formatParam("filename", p.Name)
		}
		e.With("Content-Disposition", foldStructured("Content-Disposition", v))
	}
	if p.ID != "" {
		e.With("Content-ID", "<"+cleanText(p.ID)+">")
	}
	if len(p.Language) > 0 {
		e.With("Content-Language", cleanText(strings.Join(p.Language, ", ")))
	}
	if p.Location != "" {
		e.With("Content-Location", foldStructured("Content-Location", cleanText(p.Location)))
	}
	e.fields = append(e.fields, p.Fields...)
}

// entityWriter writes entities. boundary gives a multipart's delimiter.
type entityWriter struct {
	w        *bufio.Writer
	boundary func(*Entity) string
	err      error
}

func (x *entityWriter) write(b []byte) {
	if x.err == nil {
		_, x.err = x.w.Write(b)
	}
}

func (x *entityWriter) field(f HeaderField) { x.write(appendField(nil, f)) }

// entity writes an entity's fields, an empty line and its body.
func (x *entityWriter) entity(e *Entity) {
	if len(e.children) == 0 {
		for _, f := range e.fields {
			x.field(f)
		}
		x.field(HeaderField{"Content-Transfer-Encoding", e.encoding})
		x.write([]byte("\r\n"))
		x.body(e)
		return
	}
	mark := x.boundary(e)
	v := "multipart/" + e.subtype + e.params + `; boundary="` + mark + `"`
	x.field(HeaderField{"Content-Type", foldStructured("Content-Type", v)})
	if e.has8bit() {
		x.field(HeaderField{"Content-Transfer-Encoding", "8bit"})
	}
	for _, f := range e.fields {
		x.field(f)
	}
	x.write([]byte("\r\n"))
	for _, c := range e.children {
		x.write([]byte("--" + mark + "\r\n"))
		x.entity(c)
		x.write([]byte("\r\n"))
	}
	x.write([]byte("--" + mark + "--\r\n"))
}

func (x *entityWriter) body(e *Entity) {
	switch {
	case e.file == nil:
		x.write(e.body)
	case e.encoding == "base64":
		x.base64(e.file)
	default:
		x.lines(e.file)
	}
}

// base64 writes a file in lines of 76 octets (RFC 2045 §6.8).
func (x *entityWriter) base64(r io.Reader) {
	in := make([]byte, 57*512) // whole lines
	for x.err == nil {
		n, err := io.ReadFull(r, in)
		x.write(encodeBase64(in[:n]))
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		if err != nil {
			x.err = err
		}
	}
}

// lines writes a message within the message as it is; line breaks become CRLF.
func (x *entityWriter) lines(file io.Reader) {
	r := bufio.NewReaderSize(file, 32<<10)
	for x.err == nil {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) { // a piece of a longer line
			x.write(line)
			continue
		}
		x.write(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")))
		if err == nil {
			x.write([]byte("\r\n"))
			continue
		}
		if !errors.Is(err, io.EOF) {
			x.err = err
		}
		return
	}
}

// FoldedText, FoldedAddresses and FoldedIDs are values as a header holds them: encoded where they have to be, and folded.

// FoldedText is an unstructured value, such as that of Subject.
func FoldedText(name, value string) string {
	return foldText(name, EncodeHeader(cleanText(strings.ToValidUTF8(value, "\uFFFD"))))
}

// FoldedAddresses is a list of addresses. Groups come as a start, their members and an end.
func FoldedAddresses(name string, list []Address) string { return foldedAddresses(name, list, false) }

func foldedAddresses(name string, list []Address, utf8 bool) string {
	var b strings.Builder
	begun := true
	for _, a := range list {
		switch {
		case a.Kind == GroupEnd:
			b.WriteString(";")
			begun = false
			continue
		case !begun:
			b.WriteString(", ")
		}
		if begun = a.Kind == GroupStart; begun {
			b.WriteString(formatPhrase(a.Mailbox, utf8) + ": ")
		} else {
			b.WriteString(a.Format(utf8))
		}
	}
	return foldStructured(name, cleanText(b.String()))
}

// FoldedIDs is message ids, given without angle brackets.
func FoldedIDs(name string, ids []string) string {
	return foldStructured(name, cleanText("<"+strings.Join(ids, "> <")+">"))
}
