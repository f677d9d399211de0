package attachment

import (
	"bytes"
	"io"
	"slices"

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

// kindsOf are the kinds that a file's names make of it: where they differ, it is looked at as each.
func kindsOf(names []string) (kinds []Kind) {
	for _, name := range names {
		if kind := KindOf(name); name != "" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return []Kind{File}
	}
	return kinds
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
		if !bad && Judged(p) {
			bad, err = l.part(m, p, bytes.NewReader(text), depth+1)
		}
		return !bad && err == nil
	})
	return bad, err
}

// letterAt is where a letter begins in a file that holds one under whatever name, or under none; -1 where none does. Word
// opens such as documents, and passes over text before.
func letterAt(head []byte) int {
	ends := func(b []byte, word string) bool {
		return len(b) >= len(word) && bytes.EqualFold(b[len(b)-len(word):], []byte(word))
	}
	for from := 0; ; {
		i := bytes.IndexByte(head[from:], ':')
		if i < 0 {
			return -1
		}
		from += i + 1
		const first = "content-type:"
		if text := head[:from]; !ends(text, "mime-version:") && !ends(text, "\n"+first) && !(from == len(first) && ends(text, first)) {
			continue
		}
		at := 0
		for _, empty := range []string{"\n\n", "\n\r\n"} {
			if i := bytes.LastIndex(head[:from], []byte(empty)); i >= 0 {
				at = max(at, i+len(empty))
			}
		}
		return at
	}
}

// Part judges a part of a letter of those that are Judged: by its names and type, and where these leave it open by its
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
	suspicion := SuspectPart(m, p)
	switch {
	case suspicion == Remove, suspicion == Look && !p.KnownEncoding(): // uuencode, say, which some programs decode
		return true, nil
	case m.HidesLetter(p):
		return l.letter(unpacking{l, p.Content(letter)}, depth)
	case suspicion == Look:
		for _, kind := range kindsOf(append([]string{p.FileName()}, m.Names(p)...)) {
			if bad, err := l.partAs(p, letter, kind, depth); bad || err != nil {
				return bad, err
			}
		}
	}
	return false, nil
}

// partAs looks at a part's content, and at what it is for programs that pass over a mark of its end.
func (l *Looker) partAs(p *mime.Part, letter io.ReaderAt, kind Kind, depth int) (bool, error) {
	bad, err := l.lookAs(p.Content(letter), kind, depth)
	other := p.Unpadded(letter)
	if bad || err != nil || other == nil {
		return bad, err
	}
	return l.lookAs(other, kind, depth)
}

// Judged reports whether a part is judged by itself: what has no parts, and a letter within the letter, for its name.
func Judged(p *mime.Part) bool { return p.IsLeaf() || p.Envelope != nil }

// asDomains are endings of programs that are ends of domains, too. A letter's subject is often its name, and speaks of such.
var asDomains = endings("com app sh pl ws py run one command")

// isProgramOfLetter reports whether a letter that is called so would be stored as a program.
func isProgramOfLetter(name string) bool {
	_, e := cutEnding(name)
	return (programs[e] || closed[e] || withMacros[e]) && !asDomains[e]
}

// SuspectPart judges a part by all the names that it is given, and its type. A letter within the letter is harmless by
// itself, but for a name under which a program would be stored; its parts are judged each.
func SuspectPart(m *mime.Message, p *mime.Part) Suspicion {
	if p.Envelope != nil {
		for _, name := range append([]string{p.FileName()}, m.Names(p)...) {
			if isProgramOfLetter(name) {
				return Remove
			}
		}
		return Harmless
	}
	s := Suspect(append([]string{p.FileName()}, m.Names(p)...), p.Type+"/"+p.Subtype)
	if m.HidesLetter(p) {
		s = max(s, Look)
	}
	return s
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
