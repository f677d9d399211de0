package jmap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"haven/mail/mime"
)

// bodyAsking is which of a letter's parts and texts a client wants (RFC 8621 §4.2).
type bodyAsking struct {
	properties properties
	text       bool // fetchTextBodyValues
	html       bool // fetchHTMLBodyValues
	all        bool // fetchAllBodyValues
	most       int64
}

// partShape is an EmailBodyPart (RFC 8621 §4.1.4).
var partShape = Shape{
	{"partId", "string | null", 0, "null for a multipart; where a message is made, what names its text in bodyValues"},
	{"blobId", "BlobId | null", 0, "where a message is made, instead of partId"},
	{"size", "UnsignedInt", 0, "in octets, decoded"},
	{"headers", "EmailHeader[]", ServerSet | Optional, ""},
	{"name", "string | null", 0, "of the file"},
	{"type", "string", 0, "such as text/plain"},
	{"charset", "string | null", 0, ""},
	{"disposition", "string | null", 0, "such as attachment or inline"},
	{"cid", "string | null", 0, ""},
	{"language", "string[] | null", 0, ""},
	{"location", "string | null", 0, ""},
	{"subParts", "EmailBodyPart[] | null", Optional, ""},
}

var (
	partProperties      = partShape.names()
	usualPartProperties = []string{"partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location"}
)

// bodyPart is the properties of a part; header fields are accepted as those of an Email are.
type bodyPart struct{ emails }

func (bodyPart) Properties() (all, usual []string) { return partProperties, usualPartProperties }

// bodyAsking reads the arguments of Email/get and Email/parse that are about bodies.
func (c *call) bodyAsking() bodyAsking {
	b := bodyAsking{properties: c.wanted("bodyProperties", bodyPart{}), text: c.args.Bool("fetchTextBodyValues", false), html: c.args.Bool("fetchHTMLBodyValues", false),
		all: c.args.Bool("fetchAllBodyValues", false)}
	b.most, _ = c.args.OptUnsigned("maxBodyValueBytes")
	return b
}

var structureProperties = []string{"bodyStructure", "textBody", "htmlBody", "attachments"}

// reads reports whether a letter has to be read for what is wanted of its parts: for their own headers, or the size of one that
// nobody counted when the letter came.
func (b bodyAsking) reads(m *mime.Meta, want properties) bool {
	if !slices.ContainsFunc(structureProperties, want.Has) || m.Root == nil {
		return false
	}
	if b.properties.Has("headers") || slices.ContainsFunc(b.properties.names, func(n string) bool { return strings.HasPrefix(n, "header:") }) {
		return true
	}
	known := true
	m.Root.Walk(func(p *mime.Part) bool {
		known = known && (p.IsMultipart() || p.KnowsDecodedSize())
		return true
	})
	return !known && b.properties.Has("size")
}

// fill adds a letter's structure and texts.
func (b bodyAsking) fill(l *letter, o record, want properties) error {
	root := l.meta.Root
	if root == nil {
		root = &mime.Part{Type: "text", Subtype: "plain", Encoding: "7bit"}
	}
	s := shower{b: b, l: l, paths: pathsOf(root)}
	bodies := root.Bodies()
	if want.Has("bodyStructure") {
		o["bodyStructure"] = s.part(root, true)
	}
	for name, parts := range map[string][]*mime.Part{"textBody": bodies.Text, "htmlBody": bodies.HTML, "attachments": bodies.Attachments} {
		if want.Has(name) {
			list := make([]record, len(parts))
			for i, p := range parts {
				list[i] = s.part(p, false)
			}
			o[name] = list
		}
	}
	if want.Has("hasAttachment") {
		o["hasAttachment"] = bodies.HasAttachment()
	}
	if want.Has("bodyValues") {
		o["bodyValues"] = s.values(root, bodies)
	}
	return s.err
}

// pathsOf numbers the parts of a letter as IMAP does (RFC 9051 §6.4.5.1), without those of letters within it.
func pathsOf(root *mime.Part) map[*mime.Part]string {
	paths := map[*mime.Part]string{}
	var walk func(p *mime.Part, path string)
	walk = func(p *mime.Part, path string) {
		if !p.IsMultipart() {
			if path == "" {
				path = "1"
			}
			paths[p] = path
			return
		}
		if path != "" {
			path += "."
		}
		for i, child := range p.Children {
			walk(child, path+strconv.Itoa(i+1))
		}
	}
	walk(root, "")
	return paths
}

// shower shows a letter's parts.
type shower struct {
	b     bodyAsking
	l     *letter
	paths map[*mime.Part]string
	err   error
}

// part is an EmailBodyPart (RFC 8621 §4.1.4).
func (s *shower) part(p *mime.Part, deep bool) record {
	o := record{}
	w := s.b.properties
	path, leaf := s.paths[p]
	set := func(name string, v any) {
		if w.Has(name) {
			o[name] = v
		}
	}
	set("partId", nil)
	set("blobId", nil)
	if leaf {
		set("partId", path)
		set("blobId", partBlob(s.l.blob, path))
	}
	if w.Has("size") {
		o["size"] = s.size(p, leaf)
	}
	set("name", orNullText(p.FileName()))
	set("type", p.Type+"/"+p.Subtype)
	set("charset", nil)
	if p.Type == "text" {
		set("charset", p.Charset())
	}
	set("disposition", orNullText(p.Disposition))
	set("cid", orNullText(strings.Trim(strings.TrimSpace(p.ID), "<>")))
	set("language", listOrNull(p.Language))
	set("location", orNullText(p.Location))
	s.headers(p, o)
	if deep && p.IsMultipart() {
		subs := make([]record, len(p.Children))
		for i, child := range p.Children {
			subs[i] = s.part(child, true)
		}
		o["subParts"] = subs
	} else {
		set("subParts", nil)
	}
	return o
}

func orNullText(s string) any {
	if s == "" {
		return nil
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// size is the octets of what is in a part, once decoded; 0 for a multipart.
func (s *shower) size(p *mime.Part, leaf bool) int64 {
	if !leaf {
		return 0
	}
	if s.l.body == nil && !p.KnowsDecodedSize() {
		return p.Octets()
	}
	n, err := p.DecodedSize(s.l.body, false)
	s.fail(err)
	return n
}

func (s *shower) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// headers adds what is wanted of a part's own header.
func (s *shower) headers(p *mime.Part, o record) {
	var head mime.Header
	read := false
	for _, name := range s.b.properties.names {
		h, err := parseHeaderProperty(name)
		if name != "headers" && err != nil {
			continue
		}
		if !read && s.l.body != nil {
			var failed error
			head, failed = p.ReadHeader(s.l.body, mime.MaxHeader)
			s.fail(failed)
			read = true
		}
		if name == "headers" {
			o[name] = headersOf(head)
		} else {
			o[name] = h.of(head)
		}
	}
}

// values are the texts that are wanted (RFC 8621 §4.1.4 EmailBodyValue).
func (s *shower) values(root *mime.Part, bodies mime.Bodies) record {
	out := record{}
	add := func(p *mime.Part) {
		path, ok := s.paths[p]
		if ok && p.Type == "text" && out[path] == nil && s.l.body != nil {
			out[path] = s.value(p)
		}
	}
	if s.b.all {
		root.Walk(func(p *mime.Part) bool {
			add(p)
			return p.Envelope == nil
		})
	}
	if s.b.text {
		for _, p := range bodies.Text {
			add(p)
		}
	}
	if s.b.html {
		for _, p := range bodies.HTML {
			add(p)
		}
	}
	return out
}

// mostText is how much of one text is read at all; who wants more downloads the blob.
const mostText = 8 << 20

// isGuess reports whether a text has more than ASCII though its letter says no more: the character set is guessed then.
func isGuess(p *mime.Part, text []byte) bool {
	return p.Charset() == "us-ascii" && bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

func (s *shower) value(p *mime.Part) record {
	most := int64(mostText)
	if s.b.most > 0 {
		most = min(most, s.b.most)
	}
	text, err := io.ReadAll(io.LimitReader(p.Text(s.l.body), most+utf8.UTFMax))
	s.fail(err)
	problem := !p.KnownEncoding() || !mime.KnownCharset(p.Charset()) || strings.ContainsRune(string(text), utf8.RuneError) || isGuess(p, text)
	if !problem && p.Encoding == "base64" {
		_, err := io.Copy(io.Discard, io.LimitReader(p.StrictContent(s.l.body), most))
		problem = errors.Is(err, mime.ErrEncoding)
	}
	value := strings.ReplaceAll(string(text), "\r\n", "\n")
	cut := int64(len(text)) > most || s.b.most > 0 && int64(len(value)) > s.b.most
	if cut {
		value = cutText(value, int(min(most, int64(len(value)))), p.Subtype == "html")
	}
	return record{"value": strings.ToValidUTF8(value, "\uFFFD"), "isEncodingProblem": problem, "isTruncated": cut}
}

// cutText ends a text after at most n octets, between characters, and in HTML not within a tag (RFC 8621 §4.2 maxBodyValueBytes).
func cutText(s string, n int, html bool) string {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	s = s[:n]
	if html {
		if open := strings.LastIndexByte(s, '<'); open > strings.LastIndexByte(s, '>') {
			s = s[:open]
		}
	}
	return s
}

// newSection reads a letter's octets from the beginning, until ctx ends.
func newSection(ctx context.Context, b letterBody) io.Reader {
	return contextReader{ctx, io.NewSectionReader(b, 0, b.Size())}
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// partBlob is the id of a part's blob: the letter's, and the part's number.
func partBlob(of, path string) string { return of + "_" + strings.ReplaceAll(path, ".", "_") }
