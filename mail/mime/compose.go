package mime

import (
	"bufio"
	"bytes"
	"encoding/base64"
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
	c := &composer{w: bufio.NewWriterSize(w, 32<<10), boundary: boundary}
	for _, f := range fields {
		c.field(f)
	}
	c.field(HeaderField{"MIME-Version", "1.0"})
	c.piece(p)
	return errors.Join(c.err, c.w.Flush())
}

type composer struct {
	w        *bufio.Writer
	boundary func() string
	err      error
}

func (c *composer) write(s string) {
	if c.err == nil {
		_, c.err = c.w.WriteString(s)
	}
}

func (c *composer) field(f HeaderField) { c.write(string(appendField(nil, f))) }

// piece writes a part's header and body.
func (c *composer) piece(p *Piece) {
	if p.Children != nil {
		mark := c.boundary()
		c.header(p, `; boundary="`+mark+`"`, "")
		for _, child := range p.Children {
			c.write("--" + mark + "\r\n")
			c.piece(child)
			c.write("\r\n")
		}
		c.write("--" + mark + "--\r\n")
		return
	}
	if p.File == nil {
		_, subtype, _ := strings.Cut(p.Type, "/")
		e := newText(subtype, p.Text)
		_, charset, _ := strings.Cut(e.fields[0].Body, "; ")
		c.header(p, "; "+charset, e.encoding)
		c.write(string(e.body))
		return
	}
	if strings.HasPrefix(p.Type, "message/") {
		c.message(p)
		return
	}
	c.header(p, "", "base64")
	c.base64(p.File)
}

// header writes the Content- fields, and an empty line.
func (c *composer) header(p *Piece, params, encoding string) {
	v := cleanText(p.Type)
	for _, x := range p.Params {
		v += formatParam(x.Name, x.Value)
	}
	if p.Name != "" && p.Disposition == "" {
		v += formatParam("name", p.Name)
	}
	c.field(HeaderField{"Content-Type", foldStructured("Content-Type", v+params)})
	if encoding != "" {
		c.field(HeaderField{"Content-Transfer-Encoding", encoding})
	}
	if p.Disposition != "" {
		v := cleanText(p.Disposition)
		if p.Name != "" {
			v += formatParam("filename", p.Name)
		}
		c.field(HeaderField{"Content-Disposition", foldStructured("Content-Disposition", v)})
	}
	if p.ID != "" {
		c.field(HeaderField{"Content-ID", "<" + cleanText(p.ID) + ">"})
	}
	if len(p.Language) > 0 {
		c.field(HeaderField{"Content-Language", cleanText(strings.Join(p.Language, ", "))})
	}
	if p.Location != "" {
		c.field(HeaderField{"Content-Location", foldStructured("Content-Location", cleanText(p.Location))})
	}
	for _, f := range p.Fields {
		c.field(f)
	}
	c.write("\r\n")
}

// base64 writes a file in lines of 76 octets (RFC 2045 §6.8).
func (c *composer) base64(r io.Reader) {
	in, out := make([]byte, 57*512), make([]byte, 0, 57*512/57*78+78)
	for c.err == nil {
		n, err := io.ReadFull(r, in)
		out = out[:0]
		for data := in[:n]; len(data) > 0; {
			k := min(57, len(data))
			out = append(base64.StdEncoding.AppendEncode(out, data[:k]), "\r\n"...)
			data = data[k:]
		}
		c.write(string(out))
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		if err != nil {
			c.err = err
		}
	}
}

// message writes a message within the message as it is: it may not be encoded (RFC 2046 §5.2.1). Line breaks become CRLF.
func (c *composer) message(p *Piece) {
	c.header(p, "", "8bit")
	r := bufio.NewReaderSize(p.File, 32<<10)
	for c.err == nil {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) { // a piece of a longer line
			c.write(string(line))
			continue
		}
		c.write(string(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))))
		if err == nil {
			c.write("\r\n")
			continue
		}
		if !errors.Is(err, io.EOF) {
			c.err = err
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
func FoldedAddresses(name string, list []Address) string {
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
			b.WriteString(formatPhrase(a.Mailbox, false) + ": ")
		} else {
			b.WriteString(a.Format(false))
		}
	}
	return foldStructured(name, cleanText(b.String()))
}

// FoldedIDs is message ids, given without angle brackets.
func FoldedIDs(name string, ids []string) string {
	return foldStructured(name, cleanText("<"+strings.Join(ids, "> <")+">"))
}
