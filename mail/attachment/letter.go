package attachment

import (
	"bytes"
	"io"

	"haven/mail/mime"
)

// Kind is what a program takes a file for by its name alone, where the content doesn't tell.
type Kind uint8

// The kinds.
const (
	File   Kind = iota
	Letter      // a letter saved as a file, which shows its own files when it is opened
)

// KindOf tells by a file's name.
func KindOf(name string) Kind {
	if _, e := cutEnding(name); e == "eml" || e == "mht" || e == "mhtml" {
		return Letter
	}
	return File
}

// letter looks at the parts of a letter within a file.
func (l *Looker) letter(r io.Reader, depth int) (bool, error) {
	if depth > maxDepth {
		return true, nil
	}
	text, err := io.ReadAll(io.LimitReader(r, maxLetter+1))
	if err != nil {
		return false, err
	}
	if len(text) > maxLetter {
		return true, nil
	}
	m, err := mime.Parse(bytes.NewReader(text), mime.Limits{})
	if err != nil {
		return false, err
	}
	if m.Unclear != "" {
		return true, nil
	}
	bad := false
	m.Root.Walk(func(p *mime.Part) bool {
		if !bad && p.IsLeaf() {
			bad, err = l.part(m, p, bytes.NewReader(text), depth+1)
		}
		return !bad && err == nil
	})
	return bad, err
}

// Part judges a part of a letter that has no parts itself: by its names and type, and where these leave it open by its
// content. The error is letter's.
func (l *Looker) Part(m *mime.Message, p *mime.Part, letter io.ReaderAt) (bool, error) {
	src := &source{}
	bad, err := l.part(m, p, readerAt{letter, src}, 0)
	if src.err != nil {
		return false, src.err
	}
	return bad || err != nil, nil
}

func (l *Looker) part(m *mime.Message, p *mime.Part, letter io.ReaderAt, depth int) (bool, error) {
	if m.HidesLetter(p) {
		return l.letter(unpacking{l, p.Content(letter)}, depth)
	}
	switch SuspectPart(m, p) {
	case Remove:
		return true, nil
	case Look:
		kind := KindOf(p.FileName())
		for _, name := range m.Names(p) {
			kind = max(kind, KindOf(name))
		}
		return l.lookAs(p.Content(letter), kind, depth)
	}
	return false, nil
}

// SuspectPart judges a part by all the names that it is given, and its type.
func SuspectPart(m *mime.Message, p *mime.Part) Suspicion {
	if m.HidesLetter(p) {
		return Look
	}
	return Suspect(append([]string{p.FileName()}, m.Names(p)...), p.Type+"/"+p.Subtype)
}

// readerAt remembers the error of the letter's own reader.
type readerAt struct {
	io.ReaderAt
	src *source
}

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	if err != nil && err != io.EOF {
		r.src.err = err
	}
	return n, err
}
