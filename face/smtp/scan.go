package smtp

import (
	"bytes"
)

// fault is what is wrong with the text of a letter. The first fault is kept: it is what the client is told.
type fault uint8

const (
	clean fault = iota
	bareCR
	bareLF
	nulOctet
	longLine
)

// maxTextLine is how long a line of a letter may be. RFC 5321 §4.5.3.1.6 lets a server stop at 1,000 octets, but
// real senders write a whole HTML page on one line; a bound is still needed, since readers keep a line in memory.
const maxTextLine = 64 << 10

// textScanner takes the text of a letter out of a stream of octets: it removes stuffed dots and finds the end.
// It is a pure state machine: fed the same octets in any portions it gives the same text, end and fault.
//
// Only CR LF ends a line, and only CR LF "." CR LF ends a letter (RFC 5321 §4.1.1.4). A bare CR or LF is a fault
// of the letter and never an end, so that nothing behind it can be taken for a command.
type textScanner struct {
	state   scanState
	counted bool // BDAT: the length comes from outside, and dots are text (RFC 3030 §3)
	fault   fault
	line    int // octets of the present line so far
}

type scanState uint8

const (
	atLineStart scanState = iota
	afterDot              // a dot at the start of a line, not given out
	afterDotCR            // dot and CR, neither given out
	afterCR               // a CR within text at the end of a portion, not given out
	inText
)

var carriageReturn = []byte{'\r'}

// scan takes a portion. It hands the text in it to emit in pieces that are parts of p or constant, and returns how
// many octets of p belong to the letter, and whether the letter ended there. After a fault nothing is emitted.
func (s *textScanner) scan(p []byte, emit func([]byte)) (n int, done bool) {
	give := func(b []byte) {
		if len(b) > 0 && s.fault == clean {
			emit(b)
		}
	}
	i, run := 0, 0 // p[run:i] is text that has not been given out yet
	for i < len(p) {
		switch s.state {
		case atLineStart:
			if p[i] != '.' || s.counted {
				s.state = inText
				continue
			}
			give(p[run:i])
			i++
			run, s.state = i, afterDot
		case afterDot:
			s.state = inText
			if p[i] == '\r' {
				i++
				run, s.state = i, afterDotCR
			}
		case afterDotCR, afterCR:
			if p[i] == '\n' && s.state == afterDotCR {
				return i + 1, true
			}
			give(carriageReturn)
			if p[i] == '\n' {
				s.endLine()
				i++
				continue
			}
			s.blame(bareCR)
			s.state = inText
		case inText:
			i = s.scanLine(p, i)
			if s.state == afterCR {
				give(p[run : i-1])
				run = i
			}
		}
	}
	give(p[run:i])
	return i, false
}

// scanLine goes from p[i] to behind the end of the line, or of p.
func (s *textScanner) scanLine(p []byte, i int) int {
	length := bytes.IndexByte(p[i:], '\r')
	if length < 0 {
		s.check(p[i:])
		return len(p)
	}
	s.check(p[i : i+length])
	i += length + 1
	switch {
	case i == len(p):
		s.state = afterCR
	case p[i] == '\n':
		s.endLine()
		i++
	default:
		s.blame(bareCR)
	}
	return i
}

func (s *textScanner) endLine() {
	s.state = atLineStart
	s.line = 0
}

// check looks at text that holds no CR.
func (s *textScanner) check(b []byte) {
	if s.line += len(b); s.line > maxTextLine {
		s.blame(longLine)
	}
	if bytes.IndexByte(b, '\n') >= 0 {
		s.blame(bareLF)
	}
	if bytes.IndexByte(b, 0) >= 0 {
		s.blame(nulOctet)
	}
}

// finish ends a letter whose length came from outside: a CR that waits for its LF waits in vain.
func (s *textScanner) finish() {
	if s.state == afterCR {
		s.blame(bareCR)
	}
}

func (s *textScanner) blame(f fault) {
	if s.fault == clean {
		s.fault = f
	}
}

// reply is what the client is told of a fault.
func (f fault) reply() Reply {
	switch f {
	case bareCR:
		return Reply{550, "5.6.11", "The letter has a CR without LF. Lines end with CR LF."}
	case bareLF:
		return Reply{550, "5.6.11", "The letter has a LF without CR. Lines end with CR LF."}
	case nulOctet:
		return Reply{550, "5.6.0", "The letter has a NUL octet, which no part of a letter may hold."}
	case longLine:
		return Reply{550, "5.6.0", "The letter has a line of more than 65,536 octets."}
	}
	return Reply{250, "2.0.0", "The letter is well formed."}
}
