package mime

import (
	"bytes"
	"crypto/rand"
	"errors"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrProtected is AddFooter's answer to a letter that must not be altered: it is signed or encrypted.
var ErrProtected = errors.New("the letter is signed or encrypted")

// ErrUnfit is its answer to a letter whose text nobody knows how to read, or where one would stand, or that is too large to be written anew.
var ErrUnfit = errors.New("the letter's text is in an encoding that is not known")

// footerWidth is how many characters a line of a footer has in plain text, where words allow it (RFC 5322 §2.1.1 asks for 78).
const footerWidth = 76

// AddFooter puts lines at the end of a letter's text: of the plain version and of the HTML one, once each, whatever they quote. A letter without a text gets one. Parts that
// are not its text keep their octets. It is ErrProtected for a letter that is signed or encrypted anywhere but in a message within it, and ErrUnfit for one that can't be read.
func AddFooter(src io.ReaderAt, m *Message, lines []string) (io.Reader, error) {
	if anyProtected(m.Root) {
		return nil, ErrProtected
	}
	if anyHollow(m.Root) {
		return nil, ErrUnfit
	}
	texts := bodies(m.Root)
	if len(texts) == 0 {
		cuts, err := textInFront(src, m.Root, lines)
		return Splice(src, m.Size, cuts), err
	}
	cuts := make([]Cut, len(texts))
	for i, p := range texts {
		var err error
		if cuts[i], err = p.footed(src, p == m.Root, lines); err != nil {
			return nil, err
		}
	}
	return Splice(src, m.Size, cuts), nil
}

func anyProtected(root *Part) (is bool) {
	root.Walk(func(p *Part) bool {
		is = is || p.IsProtected()
		return !is && p.Envelope == nil
	})
	return is
}

// anyHollow reports whether a row of parts begins with one of no octets, as one that is closed at once does: a text there would stand behind its end.
func anyHollow(root *Part) (is bool) {
	root.Walk(func(p *Part) bool {
		is = is || p.IsMultipart() && p.Children[0].Header == p.Children[0].End
		return !is && p.Envelope == nil
	})
	return is
}

// bodies are the parts that a reader sees as a letter's text, one of each version, in order: programs cut a text in pieces around pictures, of which the last is meant.
// A part with a file name is a file, however it is shown, unless it is all of the letter.
func bodies(p *Part) (found []*Part) {
	if !p.IsMultipart() {
		return p.asBody()
	}
	within := func(c *Part) []*Part {
		if !c.IsMultipart() && c.FileName() != "" {
			return nil
		}
		return bodies(c)
	}
	switch p.Subtype {
	case "alternative":
		for _, c := range p.Children {
			found = append(found, within(c)...)
		}
	case "related": // RFC 2387 §3.2: the first is the root, but where a start names another, which nobody writes
		return within(p.Children[0])
	default:
		for _, c := range slices.Backward(p.Children) {
			if found = within(c); len(found) > 0 {
				break
			}
		}
	}
	return found
}

// asBody is a part without parts where it is text to read.
func (p *Part) asBody() []*Part {
	if p.Envelope == nil && !p.IsAttachment() && (p.Is("text/plain") || p.Is("text/html")) {
		return []*Part{p}
	}
	return nil
}

// footed is what changes in a text part. In front of the footer and behind it the text stays octet for octet, unless its character set has no signs for the footer; one
// that is encoded is encoded anew.
func (p *Part) footed(src io.ReaderAt, root bool, lines []string) (Cut, error) {
	if !p.KnownEncoding() {
		return Cut{}, ErrUnfit
	}
	text, err := io.ReadAll(p.Content(src))
	if err != nil {
		return Cut{}, err
	}
	footer := plainFooter(lines)
	if p.Subtype == "html" {
		footer = htmlFooter(lines)
	} else if isPGP(text) {
		return Cut{}, ErrProtected
	}
	if holdsASCII(p.Charset()) && isASCII(footer) || isUTF8(p.Charset()) {
		at := p.footerAt(text)
		switch {
		case isIdentity(p.Encoding) && (isASCII(footer) || p.Encoding != "7bit"):
			return Cut{p.Body + int64(at), p.Body + int64(at), []byte(onOwnLine(text[:at], footer))}, nil
		case !isIdentity(p.Encoding):
			return Cut{p.Body, p.End, encodeAs(p.Encoding, between(text, at, footer))}, nil
		}
	}
	return p.rewritten(src, root, text, footer)
}

// footerAt is where a footer stands in a part's text, which has ASCII as ASCII: in front of the last </body of HTML, else at the end.
func (p *Part) footerAt(text []byte) int {
	const tag = "</body" // no sign but an ASCII letter is the other case of one of these, so octets of any character set are compared
	if p.Subtype != "html" {
		return len(text)
	}
	for at := len(text); ; {
		if at = bytes.LastIndexByte(text[:at], '<'); at < 0 {
			return len(text)
		}
		if len(text)-at >= len(tag) && bytes.EqualFold(text[at:at+len(tag)], []byte(tag)) {
			return at
		}
	}
}

// isPGP reports whether a text is signed or encrypted in its own lines (RFC 9580 §6.2, §7). What it quotes of such a text, and a key, are neither.
func isPGP(text []byte) bool {
	for _, head := range [...]string{"-----BEGIN PGP MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----"} {
		if bytes.HasPrefix(text, []byte(head)) || bytes.Contains(text, []byte("\n"+head)) {
			return true
		}
	}
	return false
}

// mostRewritten is the most octets of text that are written anew in another character set, which takes up to thirty times as many in memory.
const mostRewritten = 2 << 20

// rewritten is the part with its footer in UTF-8: its character set has no signs for the footer.
func (p *Part) rewritten(src io.ReaderAt, root bool, text []byte, footer string) (Cut, error) {
	if len(text) > mostRewritten {
		return Cut{}, ErrUnfit
	}
	text, err := io.ReadAll(ToUTF8(p.Charset(), bytes.NewReader(text)))
	if err != nil {
		return Cut{}, err
	}
	with, err := p.otherFields(src, root)
	if err != nil {
		return Cut{}, err
	}
	with = append(with, "Content-Type: text/"+p.Subtype+`; charset="utf-8"`...)
	for _, param := range p.Params {
		if param.Name != "charset" {
			with = append(with, formatParam(param.Name, param.Value)...)
		}
	}
	encoding := p.Encoding
	if encoding != "base64" {
		encoding = "quoted-printable"
	}
	with = append(with, "\r\nContent-Transfer-Encoding: "+encoding+"\r\n\r\n"...)
	return Cut{p.Header, p.End, append(with, encodeAs(encoding, between(text, p.footerAt(text), footer))...)}, nil
}

// between puts a footer in a text.
func between(text []byte, at int, footer string) []byte {
	return slices.Concat(text[:at], []byte(onOwnLine(text[:at], footer)), text[at:])
}

// onOwnLine is a footer as it goes behind a text: on a line of its own.
func onOwnLine(before []byte, footer string) string {
	if len(before) > 0 && before[len(before)-1] != '\n' {
		return "\r\n" + footer
	}
	return footer
}

// otherFields are the fields of a part but those that say what its text is written in, without the empty line.
func (p *Part) otherFields(src io.ReaderAt, root bool) ([]byte, error) {
	names := []string{"Content-Type", "Content-Transfer-Encoding"}
	if root {
		names = append(names, "MIME-Version")
	}
	return p.fieldsBut(src, root, RemoveNamed(names...))
}

// fieldsBut are a part's fields without some, and without the empty line. The root of a message is said to be MIME.
func (p *Part) fieldsBut(src io.ReaderAt, root bool, remove func(Field) bool) ([]byte, error) {
	const most = 1 << 20
	if p.Body-p.Header > most {
		return nil, ErrHeaderTooLong
	}
	h, err := p.ReadHeader(src, most)
	if err != nil {
		return nil, err
	}
	b := Edit{Remove: remove}.header([]byte(h))
	b = bytes.TrimSuffix(bytes.TrimSuffix(b, newline), []byte("\r"))
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, "\r\n"...)
	}
	if root {
		b = append(b, "MIME-Version: 1.0\r\n"...)
	}
	return b, nil
}

// isContentField holds for the fields that are about a letter's content.
func isContentField(f Field) bool {
	return len(f.Name) > 8 && strings.EqualFold(f.Name[:8], "Content-") || f.Is("MIME-Version")
}

// textInFront gives a letter a text: in front of its parts where it is a row of them, else what it is becomes the second part.
func textInFront(src io.ReaderAt, root *Part, lines []string) ([]Cut, error) {
	text := NewText(strings.TrimPrefix(plainFooter(lines), "\r\n")).Append(nil)
	if boundary := root.Param("boundary"); root.IsMultipart() && root.Subtype == "mixed" && boundary != "" {
		at := root.Children[0].Header
		return []Cut{{at, at, append(text, "\r\n--"+boundary+"\r\n"...)}}, nil
	}
	head, err := root.fieldsBut(src, true, isContentField)
	if err != nil {
		return nil, err
	}
	content, err := root.fieldsBut(src, false, func(f Field) bool { return !isContentField(f) || f.Is("MIME-Version") })
	if err != nil {
		return nil, err
	}
	boundary := "haven-" + rand.Text() // which nobody can have written before
	head = append(head, "Content-Type: multipart/mixed; boundary=\""+boundary+"\"\r\n\r\n--"+boundary+"\r\n"...)
	head = slices.Concat(head, text, []byte("\r\n--"+boundary+"\r\n"), content, []byte("\r\n"))
	return []Cut{{root.Header, root.Body, head}, {root.End, root.End, []byte("\r\n--" + boundary + "--\r\n")}}, nil
}

// holdsASCII reports whether text of a character set has ASCII as ASCII: one that nobody knows has, since it could be sent.
func holdsASCII(charset string) bool {
	e := findCharset(charset)
	if e == nil {
		return true
	}
	const sample = "Az09 .,\r\n"
	got, err := e.NewEncoder().String(sample)
	return err == nil && got == sample
}

func encodeAs(encoding string, text []byte) []byte {
	if encoding == "base64" {
		return encodeBase64(text)
	}
	return encodeQuoted(string(text))
}

// plainFooter are lines behind an empty one, none longer than a mail program shows.
func plainFooter(lines []string) string {
	var b strings.Builder
	b.WriteString("\r\n")
	for _, line := range lines {
		col := 0
		for _, word := range strings.Fields(line) {
			n := len([]rune(word))
			switch {
			case col == 0:
			case col+1+n > footerWidth:
				b.WriteString("\r\n")
				col = 0
			default:
				b.WriteByte(' ')
				col++
			}
			b.WriteString(word)
			col += n
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// htmlFooter are the lines as a paragraph of their own, in ASCII, which any character set holds.
func htmlFooter(lines []string) string {
	var b strings.Builder
	b.WriteString("<div><br>")
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br>\r\n")
		}
		for _, r := range html.EscapeString(line) {
			if r < 0x80 {
				b.WriteRune(r)
			} else {
				b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
			}
		}
	}
	return b.String() + "</div>\r\n"
}
