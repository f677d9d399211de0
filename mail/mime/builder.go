package mime

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"time"

	"haven"
)

// Entity is a part to be written: text, data, a message as it is, or a multipart. Make it with the New functions.
type Entity struct {
	fields   []HeaderField // Content- fields but for the encoding
	encoding string
	body     []byte    // encoded
	file     io.Reader // what is encoded as it is written, in place of body; nil: there is none
	subtype  string    // of a multipart
	params   string    // of a multipart, each with a semicolon before it
	children []*Entity
}

// NewText is a text/plain part in UTF-8. Line breaks of any kind are taken; the last line gets one.
func NewText(text string) *Entity { return newText("plain", text) }

// NewHTML is a text/html part in UTF-8.
func NewHTML(text string) *Entity { return newText("html", text) }

func newText(subtype, text string) *Entity {
	text = canonical(text)
	e := &Entity{encoding: "7bit", body: []byte(text)}
	charset := "us-ascii"
	if !isASCII(text) {
		charset = "utf-8"
	}
	if charset != "us-ascii" || longestLine(text) > 78 || strings.Contains(text, "\r\nFrom ") || strings.HasPrefix(text, "From ") {
		e.encoding, e.body = "quoted-printable", encodeQuoted(text)
	}
	e.fields = []HeaderField{{"Content-Type", "text/" + subtype + "; charset=" + charset}}
	return e
}

// NewData is a part of any octets, in base64. typ is a type with its parameters if it has any; name is the file name, "" for
// none, and makes the part an attachment.
func NewData(typ, name string, data []byte) *Entity {
	e := &Entity{encoding: "base64", body: encodeBase64(data)}
	e.fields = []HeaderField{{"Content-Type", foldStructured("Content-Type", cleanText(typ))}}
	if name != "" {
		v := "attachment" + formatParam("filename", name)
		e.fields = append(e.fields, HeaderField{"Content-Disposition", foldStructured("Content-Disposition", v)})
	}
	return e
}

// NewMessage is a message/rfc822 part that holds a letter as it is. One with octets over 127 is marked 8bit; one with UTF-8 in its
// header is message/global (RFC 6532 §3.7).
func NewMessage(letter []byte) *Entity {
	e := &Entity{encoding: "7bit", body: bytes.Clone(letter)}
	typ := "message/rfc822"
	if !isASCII(letter) {
		e.encoding = "8bit"
		if !isASCII(letter[:headLength(letter)]) {
			typ = "message/global"
		}
	}
	e.fields = []HeaderField{{"Content-Type", typ}}
	return e
}

// headLength is the length of a letter's header with its empty line.
func headLength(letter []byte) int {
	for _, end := range [...]string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(letter, []byte(end)); i >= 0 {
			return i + len(end)
		}
	}
	return len(letter)
}

// NewMultipart is a multipart of that subtype: "mixed", "alternative", "related".
func NewMultipart(subtype string, parts ...*Entity) *Entity {
	return &Entity{subtype: subtype, children: parts}
}

// With adds a Content- field that the New functions don't give, such as Content-ID.
func (e *Entity) With(name, body string) *Entity {
	e.fields = append(e.fields, HeaderField{name, body})
	return e
}

// Append writes the entity with its own header to b, as a body part of a letter: for a Cut.
func (e *Entity) Append(b []byte) []byte { return e.append(b, &boundaries{}) }

// boundaries gives out a delimiter for each multipart of a letter.
type boundaries struct{ n int }

// next is a boundary that is in none of the parts. It begins with "=_", which neither base64 nor quoted-printable can
// contain (RFC 2045 §6.7), so that only texts and messages written as they are need a look. No random number is needed.
func (b *boundaries) next(e *Entity) string {
	for {
		b.n++
		s := "=_haven_" + strconv.Itoa(b.n)
		if !e.contains([]byte(s)) {
			return s
		}
	}
}

func (e *Entity) contains(s []byte) bool {
	if bytes.Contains(e.body, s) {
		return true
	}
	for _, c := range e.children {
		if c.contains(s) {
			return true
		}
	}
	return false
}

// append writes the entity's fields, an empty line and its body.
func (e *Entity) append(b []byte, bs *boundaries) []byte {
	var out bytes.Buffer
	w := entityWriter{w: bufio.NewWriter(&out), boundary: bs.next}
	w.entity(e)
	_ = w.w.Flush() // a buffer takes all
	return append(b, out.Bytes()...)
}

func (e *Entity) has8bit() bool {
	if e.encoding == "8bit" {
		return true
	}
	for _, c := range e.children {
		if c.has8bit() {
			return true
		}
	}
	return false
}

// Letter is a letter to be written by the service itself.
type Letter struct {
	UTF8   bool // header values as raw UTF-8 (RFC 6532), for recipients whose server offers SMTPUTF8; else encoded words
	fields []HeaderField
}

// Text adds an unstructured field, such as Subject.
func (l *Letter) Text(name, value string) *Letter {
	value = cleanText(strings.ToValidUTF8(value, "\uFFFD"))
	if !l.UTF8 {
		value = EncodeHeader(value)
	}
	return l.Raw(name, foldText(name, value))
}

// Addresses adds an address list. Names may hold any text; nothing is added for an empty list. An address that isn't ASCII is
// written as it is, so the letter then needs SMTPUTF8.
func (l *Letter) Addresses(name string, list ...Address) *Letter {
	if len(list) == 0 {
		return l
	}
	return l.Raw(name, foldedAddresses(name, list, l.UTF8))
}

// Date adds the Date field.
func (l *Letter) Date(t time.Time) *Letter { return l.Raw("Date", FormatDate(t)) }

// IDs adds message ids, given without angle brackets: Message-ID, In-Reply-To, References. Nothing is added for none.
func (l *Letter) IDs(name string, ids ...string) *Letter {
	if len(ids) == 0 {
		return l
	}
	return l.Raw(name, FoldedIDs(name, ids))
}

// Raw adds a field whose body is written already.
func (l *Letter) Raw(name, body string) *Letter {
	l.fields = append(l.fields, HeaderField{name, body})
	return l
}

// Bytes is the letter with CRLF line ends.
func (l *Letter) Bytes(body *Entity) []byte {
	var b []byte
	for _, f := range l.fields {
		b = appendField(b, f)
	}
	b = append(b, "MIME-Version: 1.0\r\n"...)
	return body.append(b, &boundaries{})
}

// AddressOf is an entry for an address list; name may be any text.
func AddressOf(name string, a haven.Address) Address {
	return Address{Name: name, Mailbox: a.Local, Host: a.Domain}
}

// foldStructured puts line breaks before spaces so that lines have up to 78 octets where there are spaces to do so
// (RFC 5322 §2.1.1), never inside a quoted string and never so that a line is blank.
func foldStructured(name, s string) string { return fold(name, s, true) }

// foldText is foldStructured for text, in which a quotation mark means nothing.
func foldText(name, s string) string { return fold(name, s, false) }

func fold(name, s string, quotes bool) string {
	if len(name)+2+len(s) <= 78 {
		return s
	}
	var b strings.Builder
	col, quoted := len(name)+2, false
	for s != "" {
		n := 0 // a word with the spaces before it
		for n < len(s) && (n == 0 || s[n] != ' ' || quoted || s[n-1] == ' ') {
			if quotes && s[n] == '"' && (n == 0 || s[n-1] != '\\') {
				quoted = !quoted
			}
			n++
		}
		if s[0] == ' ' && col+n > 78 && b.Len() > 0 && strings.TrimLeft(s[:n], " ") != "" {
			b.WriteString("\r\n")
			col = 0
		}
		b.WriteString(s[:n])
		col += n
		s = s[n:]
	}
	return b.String()
}

// formatParam writes a parameter with a semicolon before it: a token or quoted string, else as RFC 2231 §4 has it, cut into
// sections where it is long.
func formatParam(name, value string) string {
	value = cleanText(strings.ToValidUTF8(value, "\uFFFD"))
	if isASCII(value) && len(value) <= 60 {
		return "; " + name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	var enc strings.Builder
	percentEncode(&enc, value)
	rest := "utf-8''" + enc.String()
	if len(rest) <= 60 {
		return "; " + name + "*=" + rest
	}
	var b strings.Builder
	for i := 0; rest != ""; i++ {
		n := min(60, len(rest))
		for n < len(rest) && n > 57 && (rest[n-1] == '%' || rest[n-2] == '%') {
			n--
		}
		b.WriteString("; " + name + "*" + strconv.Itoa(i) + "*=" + rest[:n])
		rest = rest[n:]
	}
	return b.String()
}

// canonical makes every line break CRLF and ends the last line.
func canonical(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	if s != "" && s[len(s)-1] != '\n' {
		s += "\n"
	}
	return strings.ReplaceAll(s, "\n", "\r\n")
}

func longestLine(s string) int {
	most := 0
	for line := range strings.SplitSeq(s, "\r\n") {
		most = max(most, len(line))
	}
	return most
}

// encodeQuoted writes canonical text in quoted-printable with lines of at most 76 octets (RFC 2045 §6.7).
func encodeQuoted(s string) []byte {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+len(s)/4)
	for line := range strings.SplitAfterSeq(s, "\r\n") {
		text, broken := strings.CutSuffix(line, "\r\n")
		col := 0
		for i := 0; i < len(text); i++ {
			c := text[i]
			last := i == len(text)-1
			plain := c > ' ' && c < 0x7f && c != '=' || (c == ' ' || c == '\t') && !last
			need := col + 3
			if plain {
				need = col + 1
			}
			if need > 76 || need == 76 && !last {
				b = append(b, "=\r\n"...)
				col = 0
			}
			if col == 0 && misreadFirst(text[i:]) {
				plain = false
			}
			if plain {
				b = append(b, c)
			} else {
				b = append(b, '=', digits[c>>4], digits[c&15])
				col += 2
			}
			col++
		}
		if broken {
			b = append(b, "\r\n"...)
		}
	}
	return b
}

// misreadFirst holds for what is read as something else at the beginning of a line: by SMTP, by mailbox files, and as a delimiter, which a text that was
// encoded before may hold.
func misreadFirst(s string) bool {
	return s[0] == '.' || strings.HasPrefix(s, "From ") || strings.HasPrefix(s, "--")
}

// encodeBase64 writes lines of 76 octets (RFC 2045 §6.8).
func encodeBase64(data []byte) []byte {
	const raw = 57
	b := make([]byte, 0, len(data)/raw*78+80)
	for len(data) > 0 {
		n := min(raw, len(data))
		b = base64.StdEncoding.AppendEncode(b, data[:n])
		b = append(b, "\r\n"...)
		data = data[n:]
	}
	return b
}
