package mime

import (
	"errors"
	"io"
	"strings"
)

// Source tells where in a letter a piece of text for the search comes from.
type Source uint8

const (
	FromHeader     Source = iota // values of the fields that people read, of the letter and of messages in it
	FromBody                     // text parts
	FromAttachment               // an attachment's file name
)

// SearchText yields the letter's text in UTF-8, in pieces, at most limit octets of body text. Bodies of attachments that
// aren't text are not read. It ends early when yield returns false; the error is r's.
func (m *Message) SearchText(r io.ReaderAt, limit int, yield func(Source, string) bool) error {
	if !m.Envelope.searchText(yield) {
		return nil
	}
	w := textWalker{r: r, left: limit, yield: yield}
	w.walk(m.Root, true)
	return w.err
}

// searchText yields subject and people.
func (e *Envelope) searchText(yield func(Source, string) bool) bool {
	if e.Subject != "" && !yield(FromHeader, DecodeHeader(e.Subject)) {
		return false
	}
	for _, list := range [][]Address{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
		for _, a := range list {
			if a.Kind == GroupEnd {
				continue
			}
			s := a.Spec()
			if a.Name != "" {
				s = DecodeHeader(a.Name) + " " + s
			}
			if !yield(FromHeader, DecodeHeader(s)) {
				return false
			}
		}
	}
	return true
}

type textWalker struct {
	r     io.ReaderAt
	left  int
	yield func(Source, string) bool
	stop  bool
	err   error
}

func (w *textWalker) walk(p *Part, root bool) {
	if w.stop || w.err != nil {
		return
	}
	if name := p.FileName(); name != "" && !root {
		w.emit(FromAttachment, name)
	}
	if p.Envelope != nil && !p.Envelope.searchText(w.yield) {
		w.stop = true
	}
	if p.IsLeaf() && p.Type == "text" {
		w.text(p)
	}
	for _, c := range p.Children {
		w.walk(c, false)
	}
}

func (w *textWalker) emit(from Source, s string) {
	if !w.stop && s != "" && !w.yield(from, s) {
		w.stop = true
	}
}

// text yields a text part. Of HTML the markup may take as much again as the text is allowed, four times over.
func (w *textWalker) text(p *Part) {
	if w.left <= 0 || w.stop {
		return
	}
	if p.Subtype == "html" {
		src := &errorKeeper{r: io.LimitReader(p.Text(w.r), 4*int64(w.left)+maxHTMLToken)}
		s := HTMLText(src, w.left)
		w.left -= len(s)
		w.err = src.err
		w.emit(FromBody, s)
		return
	}
	var b strings.Builder
	_, err := io.Copy(&b, io.LimitReader(p.Text(w.r), int64(w.left)))
	w.left -= b.Len()
	w.err = err
	w.emit(FromBody, strings.ToValidUTF8(b.String(), ""))
}

// errorKeeper remembers a reader's error for a caller to whom the HTML reader doesn't tell it.
type errorKeeper struct {
	r   io.Reader
	err error
}

func (k *errorKeeper) Read(b []byte) (int, error) {
	n, err := k.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		k.err = err
	}
	return n, err
}
