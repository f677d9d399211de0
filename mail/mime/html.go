package mime

import (
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxHTMLToken bounds one tag or run of text.
const maxHTMLToken = 256 << 10

// htmlText hands the text of an HTML document to add, piece by piece, without what a browser doesn't show; block elements
// give line breaks. It ends when add returns false, or at the first thing that can't be read, or at a token too long.
func htmlText(r io.Reader, add func(text []byte) bool) {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxHTMLToken)
	var hidden atom.Atom // the element whose content isn't shown
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if hidden == 0 && !add(z.Text()) {
				return
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attrs := z.TagName()
			a := atom.Lookup(name)
			if hidden == 0 && isHiddenElement(a) {
				hidden = a
			}
			if hidden == 0 && !startElement(z, a, attrs, add) {
				return
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if a == hidden || a == atom.Head {
				hidden = 0
			}
			if hidden == 0 && isBlockElement(a) && !add(newline) {
				return
			}
		}
	}
}

// startElement gives what an element shows by itself: a line break, or a picture's text.
func startElement(z *html.Tokenizer, a atom.Atom, attrs bool, add func([]byte) bool) bool {
	if isBlockElement(a) && !add(newline) {
		return false
	}
	for a == atom.Img && attrs {
		var key, value []byte
		key, value, attrs = z.TagAttr()
		if string(key) == "alt" && len(value) > 0 {
			return add([]byte(" ")) && add(value) && add([]byte(" "))
		}
	}
	return true
}

func isHiddenElement(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Template, atom.Noscript, atom.Object, atom.Svg, atom.Textarea:
		return true
	}
	return false
}

func isBlockElement(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Br, atom.Tr, atom.Li, atom.Ul, atom.Ol, atom.Table, atom.Td, atom.Th, atom.Blockquote,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr, atom.Pre, atom.Section, atom.Article, atom.Header,
		atom.Footer, atom.Dl, atom.Dt, atom.Dd, atom.Body:
		return true
	}
	return false
}

// HTMLText is the text of an HTML document in UTF-8, for a plain text alternative or a search; at most limit octets.
func HTMLText(r io.Reader, limit int) string {
	var b strings.Builder
	space, lines := false, 0
	htmlText(r, func(text []byte) bool {
		if len(text) == 1 && text[0] == '\n' {
			lines = min(lines+1, 2)
			return true
		}
		for _, c := range text {
			if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
				space = true
				continue
			}
			if b.Len() > 0 && lines > 0 {
				b.WriteByte('\n')
			} else if b.Len() > 0 && space {
				b.WriteByte(' ')
			}
			space, lines = false, 0
			b.WriteByte(c)
		}
		return b.Len() < limit
	})
	return truncate(strings.ToValidUTF8(b.String(), "\uFFFD"), limit)
}
