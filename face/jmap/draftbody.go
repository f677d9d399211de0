package jmap

import (
	"io"
	"slices"
	"strings"

	"haven/mail/mime"
	"haven/platform/errs"
)

// body makes the letter's parts: as bodyStructure says, or of texts and attachments (RFC 8621 §4.6).
func (d *drafter) body() *mime.Piece {
	structure := d.o.Object("bodyStructure")
	text, html, files := d.o.Objects("textBody"), d.o.Objects("htmlBody"), d.o.Objects("attachments")
	if structure != nil {
		for _, name := range []string{"textBody", "htmlBody", "attachments"} {
			if d.o.Has(name) {
				d.bad(name, "can't be given with bodyStructure")
			}
		}
		p := d.part("bodyStructure", structure, 1)
		d.o.Take("bodyStructure", structure)
		return p
	}
	var shown []*mime.Piece
	for _, x := range []struct {
		name, typ string
		list      []*object
	}{{"textBody", "text/plain", text}, {"htmlBody", "text/html", html}} {
		if x.list == nil {
			continue
		}
		if len(x.list) != 1 || x.list[0].String("type") != x.typ && x.list[0].Has("type") {
			d.bad(x.name, "is one part of type "+x.typ)
			continue
		}
		p := d.part(x.name, x.list[0], 1)
		d.o.Take(x.name, x.list[0])
		if p != nil {
			p.Type = x.typ
			shown = append(shown, p)
		}
	}
	return d.assemble(shown, files)
}

// assemble puts texts and files together: alternatives, with pictures that the HTML shows, and the rest beside it.
func (d *drafter) assemble(shown []*mime.Piece, files []*object) *mime.Piece {
	if len(shown) == 0 {
		shown = append(shown, &mime.Piece{Type: "text/plain"})
	}
	var within, beside []*mime.Piece
	for _, o := range files {
		p := d.part("attachments", o, 1)
		d.o.Take("attachments", o)
		switch {
		case p == nil:
		case p.ID != "" && p.Disposition == "inline" && shown[len(shown)-1].Type == "text/html":
			within = append(within, p)
		default:
			if p.Disposition == "" {
				p.Disposition = "attachment"
			}
			beside = append(beside, p)
		}
	}
	if n := len(shown) - 1; len(within) > 0 {
		shown[n] = multipart("related", append([]*mime.Piece{shown[n]}, within...))
	}
	root := shown[0]
	if len(shown) > 1 {
		root = multipart("alternative", shown)
	}
	if len(beside) > 0 {
		root = multipart("mixed", append([]*mime.Piece{root}, beside...))
	}
	return root
}

func multipart(subtype string, parts []*mime.Piece) *mime.Piece {
	return &mime.Piece{Type: "multipart/" + subtype, Children: parts}
}

// Bounds of what a client makes a letter of.
const (
	mostParts = 1000
	partDepth = 30
)

// part reads an EmailBodyPart to be written.
func (d *drafter) part(at string, o *object, depth int) *mime.Piece {
	if d.parts++; d.parts > mostParts || depth > partDepth {
		d.bad(at, "has too many parts, or parts too deep in each other")
		return nil
	}
	p := &mime.Piece{Type: strings.ToLower(o.String("type")), Disposition: strings.ToLower(o.String("disposition")), Name: o.String("name"),
		ID: o.String("cid"), Language: o.Strings("language"), Location: o.String("location")}
	o.Allow("size")
	if p.Type == "" {
		p.Type = "text/plain"
	}
	if !isMediaType(p.Type) || strings.ContainsAny(p.ID+p.Disposition, "<>\r\n \t;\"") {
		o.Bad("type", "or disposition or cid is not one")
	}
	rest := drafter{c: d.c, o: o}
	rest.further(map[string]bool{}, o, func(lower string) bool {
		return lower == "content-transfer-encoding" || slices.Contains([]string{"content-type", "content-disposition", "content-id", "content-language", "content-location"}, lower)
	})
	p.Fields = rest.fields
	if o.Has("headers") {
		o.Bad("headers", "can't be given")
	}
	d.content(p, o, depth)
	return p
}

// content reads what is in a part: parts, a text, or a blob.
func (d *drafter) content(p *mime.Piece, o *object, depth int) {
	subs, isMulti := o.Objects("subParts"), strings.HasPrefix(p.Type, "multipart/")
	partID, isText := o.OptString("partId")
	blobID, isFile := o.OptString("blobId")
	charset := o.String("charset")
	switch {
	case isMulti && (isText || isFile || len(subs) == 0):
		o.Bad("subParts", "is what a multipart has, and nothing else")
	case isMulti:
		for _, sub := range subs {
			if child := d.part("subParts", sub, depth+1); child != nil {
				p.Children = append(p.Children, child)
			}
			o.Take("subParts", sub)
		}
	case len(subs) > 0:
		o.Bad("subParts", "is for a multipart")
	case isText == isFile:
		o.Bad("partId", "or blobId is given, and not both")
	case isText:
		text, ok := d.texts[partID]
		if !ok {
			o.Bad("partId", "names no text of bodyValues")
		}
		if charset != "" {
			o.Bad("charset", "can't be given for a text: it is written as it has to be")
		}
		if !strings.HasPrefix(p.Type, "text/") {
			o.Bad("type", "of a text begins with text/")
		}
		p.Text = text
	default:
		if charset != "" {
			p.Params = append(p.Params, mime.Param{Name: "charset", Value: charset})
		}
		p.File = d.blob(blobID)
	}
}

// blob is a file that goes into the letter, which has to be there.
func (d *drafter) blob(id string) io.Reader {
	b, err := d.c.openBlob(d.v, id)
	switch {
	case errs.Is(err, errs.NotFound):
		if !slices.Contains(d.lost, id) {
			d.lost = append(d.lost, id)
		}
		return nil
	case err != nil:
		d.err = err
		return nil
	}
	b.Close()
	f := &attached{d: d, id: id}
	d.files = append(d.files, f)
	return f
}

// attached reads a file of a letter. It is open only while it is read: a letter may be made of many.
type attached struct {
	d    *drafter
	id   string
	open Blob
	r    io.Reader // nil: not begun
}

func (a *attached) Read(p []byte) (int, error) {
	if a.r == nil {
		b, err := a.d.c.openBlob(a.d.v, a.id)
		if errs.Is(err, errs.NotFound) { // it went a moment ago
			err = blobGone(a.id)
		}
		if err != nil {
			return 0, err
		}
		a.open, a.r = b, newSection(a.d.c.ctx, b)
	}
	n, err := a.r.Read(p)
	if err != nil {
		a.close()
	}
	return n, err
}

func (a *attached) close() {
	if a.open != nil {
		a.open.Close()
		a.open = nil
	}
}

func isMediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	token := func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 127 || strings.ContainsRune(`()<>@,;:\"/[]?=`, c) })
	}
	return ok && token(kind) && token(sub)
}
