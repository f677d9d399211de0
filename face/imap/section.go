package imap

import (
	"bytes"
	"io"
	"strings"

	"haven/mail/mime"
)

// render writes one message's FETCH response. An error in the middle of a literal can't be taken back, and ends the
// connection.
func (f *fetching) render(m *message, l *loaded) error {
	f.begin(m.number)
	mark, static, section := 0, m.static, 0
	for k := range f.items {
		if k > 0 {
			f.e.SP()
		}
		it := &f.items[k]
		switch it.kind {
		case itemThreadID, itemEnvelope, itemPreview, itemBody, itemStructure:
			from := 0
			if mark > 0 {
				from = m.marks[mark-1]
			}
			_, _ = f.e.Write(static[from:m.marks[mark]])
			mark++
		case itemSection, itemBinary, itemBinarySize:
			s := span{0, l.size(), true}
			p := binPart{span: s, raw: true}
			if m.spans != nil {
				s, p = m.spans[section], m.parts[section]
			}
			section++
			if it.topHeader() {
				var err error
				if s.to, err = l.headerEnd(); err != nil {
					f.closed = true
					return err
				}
			}
			if err := f.octets(it, l, s, p); err != nil {
				f.closed = true
				return err
			}
		default:
			f.rowItem(it, &m.row)
		}
	}
	if m.newSeen && !f.hasFlags() {
		f.e.Raw(" FLAGS (")
		f.flagNames(&m.row)
		f.e.Byte(')')
		if f.condstore {
			f.e.Raw(" MODSEQ (").Num(uint64(m.row.Changed)).Byte(')')
		}
	}
	f.finish()
	return f.e.Err()
}

// octets writes an item that consists of octets of the message.
func (f *fetching) octets(it *fetchItem, l *loaded, s span, p binPart) error {
	f.e.Raw(it.label).SP()
	switch {
	case it.kind == itemSection && it.fields != nil:
		return f.headerFields(it, l, s)
	case it.kind == itemSection && !s.ok:
		f.e.NIL()
		return nil
	case it.kind == itemSection:
		from, to := it.cut(s.from, s.to)
		return f.literal(l, from, to, false)
	}
	return f.binary(it, l, p)
}

// headerEnd is where the message's header ends: after its first empty line, as package mime has it.
func (l *loaded) headerEnd() (int64, error) {
	if l.big == nil {
		end, _ := emptyLine(l.data, true)
		return int64(end), nil
	}
	buf := make([]byte, oneChunk)
	start := true
	for at := int64(0); ; {
		n, err := l.big.ReadAt(buf, at)
		if err != nil && err != io.EOF {
			return 0, err
		}
		end, found := emptyLine(buf[:n], start)
		if found || at+int64(n) >= l.big.Size() || n < len(buf) {
			return at + int64(end), nil
		}
		at, start = at+int64(n)-2, false // an empty line may lie across two chunks
	}
}

// emptyLine is where the first empty line of b ends. start tells whether b begins with a line.
func emptyLine(b []byte, start bool) (end int, found bool) {
	for i, fresh := 0, start; i < len(b); fresh = true {
		if fresh && b[i] == '\n' {
			return i + 1, true
		}
		if fresh && b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
			return i + 2, true
		}
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
	}
	return len(b), false
}

// cut narrows [from, to) to the partial that was asked for.
func (it *fetchItem) cut(from, to int64) (int64, int64) {
	if !it.partial {
		return from, to
	}
	if it.off >= to-from {
		return to, to
	}
	from += it.off
	return from, from + min(it.count, to-from)
}

// literal writes [from, to) of the message.
func (f *fetching) literal(l *loaded, from, to int64, binary bool) error {
	to = min(to, l.size())
	from = min(from, to)
	f.e.LiteralHead(to-from, binary)
	if l.big == nil {
		_, err := f.e.Write(l.data[from:to])
		return err
	}
	if from == 0 && to == l.size() {
		_, err := l.big.WriteTo(f.e)
		return err
	}
	_, err := io.CopyN(f.e, io.NewSectionReader(l, from, to-from), to-from)
	return err
}

// headerFields writes HEADER.FIELDS and HEADER.FIELDS.NOT.
func (f *fetching) headerFields(it *fetchItem, l *loaded, s span) error {
	if !s.ok {
		f.e.NIL()
		return nil
	}
	b := make([]byte, min(s.to-s.from, maxHeader))
	n, err := l.ReadAt(b, s.from)
	if err != nil && err != io.EOF {
		return err
	}
	picked := mime.Header(b[:n]).AppendFields(nil, func(name string) bool {
		for _, want := range it.fields {
			if strings.EqualFold(want, name) {
				return !it.not
			}
		}
		return it.not
	})
	from, to := it.cut(0, int64(len(picked)))
	f.e.LiteralHead(to-from, false)
	_, err = f.e.Write(picked[from:to])
	return err
}

// binary writes BINARY and BINARY.SIZE (RFC 3516): the octets with their transfer encoding taken off. They are decoded
// twice, once to count them, so that no part is whole in memory. A part that can't be decoded makes the command fail
// and shows as NIL.
func (f *fetching) binary(it *fetchItem, l *loaded, p binPart) error {
	if !p.ok {
		if it.kind == itemBinarySize {
			f.e.Num(0)
		} else {
			f.e.NIL()
		}
		return nil
	}
	if p.raw {
		if it.kind == itemBinarySize {
			f.e.Num(uint64(p.to - p.from))
			return nil
		}
		from, to := it.cut(p.from, p.to)
		return f.literal(l, from, to, true)
	}
	content := func() io.Reader {
		return mime.NewStrictDecoder(p.encoding, io.NewSectionReader(l, p.from, p.to-p.from))
	}
	n, err := io.Copy(io.Discard, content())
	if err != nil {
		f.badEncoding = true
		n = 0
	}
	switch {
	case it.kind == itemBinarySize:
		f.e.Num(uint64(n))
		return nil
	case err != nil:
		f.e.NIL()
		return nil
	}
	from, to := it.cut(0, n)
	f.e.LiteralHead(to-from, true)
	r := content()
	if _, err := io.CopyN(io.Discard, r, from); err != nil {
		return err
	}
	_, err = io.CopyN(f.e, r, to-from)
	return err
}
