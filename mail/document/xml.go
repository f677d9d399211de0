package document

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"haven/mail/mime"
)

// maxNested is how deep elements may stand in one another; tables in tables in text boxes come to some 60.
const maxNested = 1000

// grammar tells where text is in a part of a document, by elements' names without their prefixes: programs keep to the names, and to
// the prefixes nearly always.
type grammar struct {
	within map[string]bool // only what stands in one of these is text
	hidden map[string]bool // and not what stands in one of these
	line   map[string]bool // ends a line
	space  map[string]bool // stands for a space
}

func set(names string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(names) {
		m[n] = true
	}
	return m
}

var (
	// office is WordprocessingML, SpreadsheetML and DrawingML. What was deleted while changes were tracked stands in delText, readings of
	// Japanese in rPh; Fallback repeats what stands beside it.
	office = grammar{within: set("t v"), hidden: set("rPh Fallback delText instrText"), line: set("p tr si row br cr comment"), space: set("tab c tc")}
	// openDocument is its text with notes and comments.
	openDocument = grammar{within: set("body"), hidden: set("tracked-changes script scripts forms"), line: set("p h table-row line-break"), space: set("s tab table-cell note annotation")}
	openStyles   = grammar{within: set("master-styles"), line: set("p h"), space: set("s tab")}
)

// xmlReader walks through a part.
type xmlReader struct {
	g              *grammar
	t              *text
	depth          int
	within, hidden int  // depth at which it began; 0: outside
	index          bool // this cell's value is a number of a text elsewhere
}

// readXML reads the text of a part, until it ends, is damaged, or there is enough. Entities that a document declares are never taken in:
// the decoder knows those of XML alone.
func readXML(r io.Reader, g *grammar, t *text) error {
	d := xml.NewDecoder(r)
	d.Strict = false
	d.CharsetReader = func(name string, in io.Reader) (io.Reader, error) { return mime.ToUTF8(name, in), nil }
	x := xmlReader{g: g, t: t}
	for {
		tok, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return errUnreadable
		}
		if more, err := x.token(tok); err != nil || !more {
			return err
		}
	}
}

func (x *xmlReader) token(tok xml.Token) (more bool, err error) {
	switch tok := tok.(type) {
	case xml.StartElement:
		if x.depth++; x.depth > maxNested {
			return false, errTooMuch
		}
		x.start(tok)
	case xml.EndElement:
		x.end(tok.Name.Local)
		x.depth = max(x.depth-1, 0)
	case xml.CharData:
		if x.within > 0 && x.hidden == 0 {
			x.t.add(tok)
		}
	}
	return x.t.left > 0, nil
}

func (x *xmlReader) start(e xml.StartElement) {
	name := e.Name.Local
	switch {
	case x.hidden == 0 && x.g.hidden[name]:
		x.hidden = x.depth
	case x.within == 0 && x.g.within[name] && !(name == "v" && x.index):
		x.within = x.depth
	}
	if name == "c" {
		kind := attribute(e, "t")
		x.index = kind == "s" || kind == "b" || kind == "e"
	}
	if x.within > 0 && x.hidden == 0 && name == "table-cell" { // 9434765919 may be shown as 9.43E+09
		x.t.add([]byte(attribute(e, "value") + " "))
	}
}

func (x *xmlReader) end(name string) {
	if x.hidden == x.depth {
		x.hidden = 0
	}
	if x.within == x.depth {
		x.within = 0
	}
	switch {
	case x.hidden > 0:
	case x.g.line[name]:
		x.t.gap('\n')
	case x.g.space[name]:
		x.t.gap(' ')
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
