package wire

import (
	"errors"
	"io"
	"unicode/utf8"
)

// LiteralInfo is a literal's head: {n}, {n+}, ~{n} or ~{n+} (RFC 9051 §4.3, RFC 7888, RFC 3516).
type LiteralInfo struct {
	Size   int64
	Sync   bool // the client waits for a continuation request
	Binary bool // literal8: may hold NUL
}

// literalHead reads up to the CRLF before the octets.
func (d *Decoder) literalHead() (l LiteralInfo) {
	l.Binary = d.Accept('~')
	if !d.Expect('{') {
		return l
	}
	n := d.Number64()
	l.Size, l.Sync = int64(n), !d.Accept('+')
	d.Expect('}')
	d.CRLF()
	d.done = false // the command goes on after the literal
	if d.err != nil && recoverable(d.err) {
		d.err = ErrGiveUp // how many octets follow can't be known
	}
	return l
}

// admit lets the client send the literal, or refuses it.
func (d *Decoder) admit(l LiteralInfo, limit int64) bool {
	if d.err != nil {
		return false
	}
	if l.Size > limit || l.Sync && d.Continue == nil {
		d.refuse(l)
		return d.Fail(ErrTooBig)
	}
	d.open = l.Size
	if !l.Sync {
		return true
	}
	if d.r.Buffered() > 0 {
		// The client sends without waiting. That is its right only with {n+}; octets and commands
		// could no longer be told apart after a refusal, so it gets none.
		return d.Fail(ErrGiveUp)
	}
	if err := d.Continue(); err != nil {
		return d.Fail(err)
	}
	return true
}

// refuse notes what the client will do about a literal that it may not send.
func (d *Decoder) refuse(l LiteralInfo) {
	if l.Sync {
		d.refused, d.done = true, true // nothing more of this command comes
		return
	}
	d.open = l.Size
}

// literal reads a literal into memory, within the limit of all literals of this command.
func (d *Decoder) literal() string {
	l := d.literalHead()
	if !d.admit(l, d.lim.Literal-d.kept) {
		return ""
	}
	d.kept += l.Size
	b := make([]byte, l.Size)
	_, err := io.ReadFull(d.r, b)
	if err != nil {
		d.Fail(noEOF(err))
		return ""
	}
	d.open = 0
	for _, c := range b {
		if c == 0 {
			d.Bad("a literal holds no NUL")
			return ""
		}
	}
	if !utf8.Valid(b) {
		d.Bad("a string is ASCII or UTF-8")
		return ""
	}
	return string(b)
}

// OpenLiteral reads the head of a literal of at most limit octets whose octets are then streamed from Literal. check,
// when not nil, sees the head before the client is asked for octets and may refuse it with an error.
func (d *Decoder) OpenLiteral(limit int64, check func(LiteralInfo) error) LiteralInfo {
	l := d.literalHead()
	if d.err == nil && check != nil {
		if err := check(l); err != nil {
			d.refuse(l)
			d.Fail(err)
		}
	}
	d.admit(l, limit)
	return l
}

// Literal reads the octets of the literal that OpenLiteral opened; io.EOF at its end. NUL fails unless binary is set.
func (d *Decoder) Literal(l LiteralInfo) io.Reader { return &literalReader{d, l.Binary} }

type literalReader struct {
	d      *Decoder
	binary bool
}

func (r *literalReader) Read(p []byte) (int, error) {
	d := r.d
	if d.err != nil {
		return 0, d.err
	}
	if d.open == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > d.open {
		p = p[:d.open]
	}
	n, err := d.r.Read(p)
	d.open -= int64(n)
	if err != nil {
		d.Fail(noEOF(err))
		return n, d.err
	}
	if !r.binary {
		for _, c := range p[:n] {
			if c == 0 {
				d.Bad("a literal holds no NUL")
				return 0, d.err
			}
		}
	}
	return n, nil
}

// Buffered is how many octets have come in that no command has taken.
func (d *Decoder) Buffered() int { return d.r.Buffered() }

// Discard skips what is left of the command after an error, so that no octet of it, and above all none of a refused
// literal, is read as a command. It returns ErrGiveUp when that can't be had within the limits, or the error of the
// connection; then the connection must end.
func (d *Decoder) Discard() error {
	if err := d.err; err != nil && !recoverable(err) {
		return err
	}
	budget := d.lim.Discard
	if d.refused && d.pending() {
		return ErrGiveUp // sent without waiting: they are the refused octets
	}
	for {
		if d.open > budget {
			return ErrGiveUp
		}
		budget -= d.open
		for d.open > 0 {
			n, err := d.r.Discard(int(min(d.open, 1<<20)))
			d.open -= int64(n)
			if err != nil {
				return noEOF(err)
			}
		}
		if d.done {
			return nil
		}
		n, literal, err := d.skipLine(&budget)
		if err != nil {
			return err
		}
		d.open, d.done = n, !literal
	}
}

func (d *Decoder) pending() bool {
	return d.r.Buffered() > 0 || d.Pending != nil && d.Pending()
}

func recoverable(err error) bool {
	var syn *SyntaxError
	var other interface{ Timeout() bool }
	switch {
	case errors.As(err, &syn), errors.Is(err, ErrTooBig):
		return true
	case errors.Is(err, ErrGiveUp), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &other):
		return false
	}
	return true
}

// skipLine reads to the end of the line. If the line ends with the head of a non-synchronising literal, its size is
// returned. The end of the line is remembered in a small window, since a head has at most 24 octets.
func (d *Decoder) skipLine(budget *int64) (n int64, literal bool, err error) {
	var tail [32]byte
	k := 0
	for {
		c, err := d.r.ReadByte()
		if err != nil {
			return 0, false, noEOF(err)
		}
		if *budget--; *budget < 0 {
			return 0, false, ErrGiveUp
		}
		if c == '\n' {
			break
		}
		if k == len(tail) {
			copy(tail[:], tail[1:])
			k--
		}
		tail[k] = c
		k++
	}
	return literalAtEnd(tail[:k])
}

// literalAtEnd tells whether line (without LF) ends with {n+}. A synchronising {n} waits for us and sends nothing.
func literalAtEnd(line []byte) (n int64, literal bool, err error) {
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	if len(line) < 4 || string(line[len(line)-2:]) != "+}" {
		return 0, false, nil
	}
	digits, scale := 0, int64(1)
	for i := len(line) - 3; i >= 0; i-- {
		c := line[i]
		if c == '{' {
			return n, digits > 0, nil
		}
		if c < '0' || c > '9' {
			return 0, false, nil
		}
		if digits++; digits > 18 {
			return 0, false, ErrGiveUp
		}
		n += int64(c-'0') * scale
		scale *= 10
	}
	if len(line) >= 24 {
		return 0, false, ErrGiveUp
	}
	return 0, false, nil
}
