package attachment

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Files stood in the text of letters before MIME, between lines "begin 644 NAME" and "end", and some mail programs
// still show them as attachments.

// UUHint tells, while a letter goes by, whether its text may hold such a file. It is an io.Writer; the zero value is ready.
type UUHint struct {
	Seen bool
	tail [len(uuMark) - 1]byte // of the piece before
	have int
}

const uuMark = "\nbegin"

// Write never fails.
func (h *UUHint) Write(p []byte) (int, error) {
	if h.Seen {
		return len(p), nil
	}
	seam := append(h.tail[:h.have:h.have], p[:min(len(p), len(uuMark)-1)]...)
	h.Seen = bytes.Contains(seam, []byte(uuMark)) || bytes.Contains(p, []byte(uuMark))
	last := p
	if len(p) < len(h.tail) {
		last = seam[max(0, len(seam)-len(h.tail)):]
	}
	h.have = copy(h.tail[:], last[max(0, len(last)-len(h.tail)):])
	return len(p), nil
}

// maxHarm is how many harmful files of one text are named.
const maxHarm = 20

// HarmInText reads a text and names the harmful files that stand in it, the first few where there are many. The error is
// r's.
func (l *Looker) HarmInText(r io.Reader) (names []string, err error) {
	src := &source{r: r}
	br := bufio.NewReader(src)
	for {
		line, err := uuLine(br)
		if name, ok := uuName(line); ok {
			bad := l.entry(name) == Remove
			if !bad {
				bad, _ = l.Harmful(&uuReader{br: br}, KindOf(name)) // the text's own error comes again
			}
			if bad {
				names = append(names, name)
			}
		}
		if src.err != nil {
			return nil, src.err
		}
		if errors.Is(err, io.EOF) || len(names) == maxHarm {
			return names, nil
		}
	}
}

// uuLine reads a line; of a long one, which is none of ours, its beginning.
func uuLine(br *bufio.Reader) (string, error) {
	b, err := br.ReadSlice('\n')
	line := string(bytes.TrimRight(b, "\r\n"))
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = br.ReadSlice('\n')
	}
	return line, err
}

// uuName is the name in a line that begins a file: "begin 644 name" (POSIX uuencode).
func uuName(line string) (name string, ok bool) {
	mode, name, ok := strings.Cut(strings.TrimLeft(strings.TrimPrefix(line, "begin"), " "), " ")
	if !ok || !strings.HasPrefix(line, "begin ") || len(mode) < 3 || len(mode) > 4 || strings.Trim(mode, "01234567") != "" {
		return "", false
	}
	name = strings.TrimSpace(name)
	return name, name != ""
}

// uuReader decodes the lines of a file up to one that is none of it.
type uuReader struct {
	br   *bufio.Reader
	rest []byte
	done bool
}

func (u *uuReader) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.done {
			return 0, io.EOF
		}
		u.next()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// next decodes a line: the number of octets, then four characters for each three.
func (u *uuReader) next() {
	line, err := uuLine(u.br)
	if err != nil || line == "" || line == "end" || line == "`" || line[0] <= ' ' || line[0] > '`' {
		u.done = true
		return
	}
	length := int(line[0]-' ') & 63
	out := make([]byte, 0, 64)
	for text := line[1:]; len(out) < length; {
		var quad [4]byte
		for i := range quad {
			if i < len(text) {
				quad[i] = (text[i] - ' ') & 63
			}
		}
		text = text[min(4, len(text)):]
		out = append(out, quad[0]<<2|quad[1]>>4, quad[1]<<4|quad[2]>>2, quad[2]<<6|quad[3])
	}
	u.rest = out[:length]
}
