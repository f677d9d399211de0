package smtp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"haven/platform/errs"
)

// drainFactor bounds what is read of a letter that was refused already: so many times the allowed size, then the
// connection ends.
const drainFactor = 4

func tooLarge(limit int64) string {
	return fmt.Sprintf("A letter may have at most %d MB.", limit>>20)
}

// intake is a letter on its way in. Whatever goes wrong first is kept, the letter is aborted at once so that it holds
// nothing, and what still comes is thrown away.
type intake struct {
	letter  Letter
	scanner textScanner
	limit   int64
	taken   int64 // octets from the client
	size    int64 // octets of text
	large   bool
	err     error // of the letter's Write
	aborted bool
}

func (in *intake) emit(b []byte) {
	in.size += int64(len(b))
	switch {
	case in.size > in.limit:
		in.large = true
	case in.err == nil && !in.large:
		_, in.err = in.letter.Write(b)
	}
}

// feed takes a portion; see textScanner.scan.
func (in *intake) feed(p []byte) (n int, done bool) {
	n, done = in.scanner.scan(p, in.emit)
	in.taken += int64(n)
	if in.refused() && !in.aborted {
		in.abort()
	}
	return n, done
}

func (in *intake) refused() bool {
	return in.large || in.err != nil || in.scanner.fault != clean
}

func (in *intake) abort() {
	if !in.aborted {
		in.aborted = true
		in.letter.Abort()
	}
}

// end commits a letter that is clean, or says what is wrong with it.
func (in *intake) end(ctx context.Context) Reply {
	if !in.refused() {
		in.aborted = true // whatever Commit says, the letter is its own from here on
		id, err := in.letter.Commit(ctx)
		if err != nil {
			in.err = err
			return ReplyFor(err, StageLetter)
		}
		return Reply{250, "2.0.0", "Letter taken over as " + id + "."}
	}
	in.abort()
	switch {
	case in.large:
		return Reply{552, "5.3.4", tooLarge(in.limit)}
	case in.scanner.fault != clean:
		return in.scanner.fault.reply()
	}
	return ReplyFor(in.err, StageLetter)
}

// data is the DATA command (RFC 5321 §4.1.1.4).
func (c *conn) data(ctx context.Context, arg string) {
	if no := c.letterNotNow(arg != "", "DATA takes no argument."); no != nil {
		c.wrong(no.Code, no.Enhanced, no.Text)
	} else if letter, err := c.session.Data(ctx); err != nil {
		c.failed(err, StageLetter)
		c.endTransaction()
	} else {
		c.say(354, "", "Send the letter; end it with a dot on a line of its own.")
		c.readData(ctx, &intake{letter: letter, limit: c.s.Limits.MessageSize})
		return
	}
	if c.pending() {
		// The client went on without waiting for leave: what follows may be a letter, and must not run as commands.
		c.hangUp(421, "4.5.0", "DATA was refused, and what you sent behind it was not read.")
	}
}

func (c *conn) letterNotNow(hasArg bool, text string) refusal {
	switch {
	case hasArg:
		return refuse(501, "5.5.4", text)
	case !c.began:
		return refuse(503, "5.5.1", "MAIL and RCPT come first.")
	case c.rcpts == 0:
		return refuse(554, "5.5.1", "No recipient was accepted.")
	}
	return nil
}

func (c *conn) readData(ctx context.Context, in *intake) {
	defer in.abort()
	last := time.Now().Add(c.s.Timeouts.Letter)
	for done := false; !done; {
		p, err := c.readSome(earlier(last, time.Now().Add(c.s.Timeouts.Text)))
		if err != nil {
			c.lostLetter(err)
			return
		}
		var n int
		n, done = in.feed(p)
		c.advance(n)
		if in.taken > drainFactor*in.limit {
			c.hangUp(552, "5.3.4", tooLarge(in.limit))
			return
		}
	}
	c.finishLetter(ctx, in)
}

func (c *conn) finishLetter(ctx context.Context, in *intake) {
	r := in.end(ctx)
	c.letters++
	if r.Code == 250 {
		c.s.Counters.Letters.Add(1)
		c.s.Counters.Octets.Add(in.size)
	} else {
		c.s.Counters.LettersRefused.Add(1)
		c.s.logger().Info("smtp: letter refused", "place", c.peer.Addr, "code", r.Code, "status", r.Enhanced, whyRefused(in.err))
	}
	c.chunk = nil
	c.answer(r)
	c.endTransaction()
}

// whyRefused is what of a letter's error may stand in the log: its kind and rule, and the cause where the fault is ours.
// Its sentence may quote the letter.
func whyRefused(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	kind := errs.KindOf(err)
	attrs := []any{slog.String("kind", kind.String())}
	cause := err
	if e := (*errs.Error)(nil); errors.As(err, &e) {
		attrs = append(attrs, slog.String("rule", e.Rule))
		cause = e.Cause
	}
	if cause != nil && (kind == errs.Internal || kind == errs.Transient) {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	return slog.Group("", attrs...)
}

func (c *conn) lostLetter(err error) {
	c.s.logger().Info("smtp: connection lost within a letter", "place", c.peer.Addr, "err", err)
	c.hangUp(421, "4.4.2", "The letter did not come in time.")
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// chunks is a letter that comes by BDAT (RFC 3030 §2).
type chunks struct {
	intake
	last time.Time
}

// bdat is the BDAT command. Its octets follow it without leave, so they are read and thrown away even where the
// command is refused.
func (c *conn) bdat(ctx context.Context, arg string) {
	size, last, ok := parseBdat(arg)
	if !ok {
		// How much follows can't be known, so nothing behind it can be read as commands.
		c.wrong(501, "5.5.4", "Write BDAT size, or BDAT size LAST.")
		c.hangUp(421, "4.5.0", "The length of the chunk is not known.")
		return
	}
	if c.chunk == nil {
		if no := c.openChunks(ctx); no != nil {
			if c.skip(size) {
				c.wrong(no.Code, no.Enhanced, no.Text)
			}
			return
		}
	}
	if !c.readChunk(size) {
		return
	}
	if last {
		c.chunk.scanner.finish()
	}
	if last || c.chunk.refused() { // a chunk that is refused ends the transaction (RFC 3030 §2)
		c.finishLetter(ctx, &c.chunk.intake)
		return
	}
	c.say(250, "2.0.0", "Chunk taken.")
}

func parseBdat(arg string) (size int64, last, ok bool) {
	number, rest, _ := strings.Cut(arg, " ")
	n, err := strconv.ParseUint(number, 10, 40)
	switch {
	case err != nil, len(number) > 20:
		return 0, false, false
	case rest == "":
		return int64(n), false, true
	}
	return int64(n), true, strings.EqualFold(rest, "LAST")
}

func (c *conn) openChunks(ctx context.Context) refusal {
	if no := c.letterNotNow(false, ""); no != nil {
		return no
	}
	letter, err := c.session.Data(ctx)
	if err != nil {
		r := ReplyFor(err, StageLetter)
		c.endTransaction()
		return &r
	}
	c.chunk = &chunks{last: time.Now().Add(c.s.Timeouts.Letter)}
	c.chunk.letter, c.chunk.limit = letter, c.s.Limits.MessageSize
	c.chunk.scanner.counted = true
	return nil
}

// readChunk feeds the next size octets to the letter.
func (c *conn) readChunk(size int64) bool {
	for size > 0 {
		p, err := c.readSome(earlier(c.chunk.last, time.Now().Add(c.s.Timeouts.Text)))
		if err != nil {
			c.lostLetter(err)
			return false
		}
		p = p[:min(int64(len(p)), size)]
		c.chunk.feed(p)
		c.advance(len(p))
		size -= int64(len(p))
		if c.chunk.taken > drainFactor*c.chunk.limit {
			c.hangUp(552, "5.3.4", tooLarge(c.chunk.limit))
			return false
		}
	}
	return true
}

// skip throws the next size octets away.
func (c *conn) skip(size int64) bool {
	if size > drainFactor*c.s.Limits.MessageSize {
		c.hangUp(552, "5.3.4", tooLarge(c.s.Limits.MessageSize))
		return false
	}
	for size > 0 {
		p, err := c.readSome(time.Now().Add(c.s.Timeouts.Text))
		if err != nil {
			c.lostLetter(err)
			return false
		}
		n := min(int64(len(p)), size)
		c.advance(int(n))
		size -= n
	}
	return true
}
