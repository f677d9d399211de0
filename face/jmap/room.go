package jmap

// encoded is an object as it is sent.
type encoded []byte

// room is how much the answers of a request may still hold. What is put there is encoded at once, so that no more is held than is sent.
type room struct {
	run  *run
	left int64
	err  error // requestTooLarge, once something had no room: whoever reads much for each object ends then
}

// room is that of a call.
func (c *call) room() *room {
	if c.left == nil {
		c.left = &room{run: c.run, left: c.srv.o.Policy.AnswerOctets - c.run.octets}
	}
	return c.left
}

// put encodes an object, and holds nothing of it where there is no room.
func (r *room) put(o any) encoded {
	if r.err != nil {
		return nil
	}
	raw, err := encodeJSON(o)
	if r.left -= int64(len(raw)); err == nil {
		err = r.run.hold(r.run.srv.o.Policy.AnswerOctets - r.left)
	}
	if r.err = err; err != nil {
		return nil
	}
	return encoded(raw)
}

// hold takes room for so many octets of the answers in all.
func (r *run) hold(octets int64) error {
	switch {
	case octets > r.srv.o.Policy.AnswerOctets:
		return r.tooMuch()
	case !r.turn.hold(octets):
		return errMuchHeld
	}
	return nil
}

// tooMuch is the answer where the answers would be too large together.
func (r *run) tooMuch() error {
	return fail("requestTooLarge", "The answers of one request have at most %d octets. Ask for less at once.", r.srv.o.Policy.AnswerOctets)
}
