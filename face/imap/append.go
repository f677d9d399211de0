package imap

import (
	"io"
	"time"

	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

var (
	errReadOnly = errs.E(errs.Denied, "This mailbox is open for reading only.")
	errMessage  = refuse(errs.Invalid, "message.size", "The message is larger than this service takes.")
	errEmpty    = errs.E(errs.Invalid, "There is no message.")
	errFull     = errs.E(errs.OverQuota, "The mailbox is full. Delete what is no longer needed, or ask the helpdesk for more room.")
)

// maxHeldAppends bounds what is kept in memory of the messages of one APPEND until all are there: their structures, no
// bodies.
const maxHeldAppends = 8 << 20

// appendMessages is APPEND (RFC 9051 §6.3.12), with several messages (RFC 3502), literal8 (RFC 3516) and UTF8 (RFC
// 6855 §4). Whether they are welcome is asked before the client sends the first, and again by the store.
func appendMessages(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	c.d.SP()
	a := &appending{call: c, room: -1}
	if c.d.Err() == nil {
		a.place, a.folder, a.refused = c.folder(name)
		c.tryCreate = a.place.name != ""
		if a.refused == nil {
			a.refused = a.welcome()
		}
	}
	for c.d.Err() == nil {
		a.message()
		if !c.d.Accept(' ') {
			break
		}
	}
	if !c.end() {
		return a.failed
	}
	if a.failed != nil {
		return a.failed
	}
	if err := c.goesOn(c.ctx); err != nil {
		return err
	}
	validity, uids, err := c.srv.mail.Append(c.ctx, a.place.viewer, a.folder.No, a.items)
	if err != nil {
		return err
	}
	c.code = "APPENDUID " + itoa(uint64(validity)) + " " + string(wire.AppendRanges(nil, ranges(uids)))
	return nil
}

// appending is an APPEND being read.
type appending struct {
	*call
	place   place
	folder  mailbox.Folder
	refused error // before a literal is asked for
	failed  error // while one was read, or for what stood before it
	room    int64 // octets until the quota; -1: no limit
	held    int   // octets kept of the messages read so far
	items   []mailbox.Append
}

// welcome asks whether messages may come at all.
func (a *appending) welcome() error {
	rights, err := a.srv.mail.Rights(a.ctx, a.place.viewer)
	if err != nil {
		return err
	}
	if !rights.Has(haven.Write) {
		return errReadOnly
	}
	q, err := a.srv.mail.Quota(a.ctx, a.place.viewer)
	if err == nil && q.LimitBytes > 0 {
		a.room = max(0, q.LimitBytes-q.Bytes)
	}
	return err
}

// message reads one message with what stands before it.
func (a *appending) message() {
	var item mailbox.Append
	if p, ok := a.d.Peek(); ok && p == '(' {
		flags, keywords, err := readFlags(a.d.FlagList())
		item.Flags, item.Keywords = flags, keywords
		if err != nil && a.refused == nil {
			a.refused = err
		}
		a.d.SP()
	}
	if p, ok := a.d.Peek(); ok && p == '"' {
		item.Received = a.d.DateTime()
		a.d.SP()
	}
	utf8 := false
	if p, ok := a.d.Peek(); ok && p != '{' && p != '~' {
		if a.d.Keyword() != "UTF8" {
			a.d.Bad("expected a message as a literal")
		}
		a.d.SP()
		utf8 = a.d.Open()
	}
	l := a.d.OpenLiteral(a.srv.limits.Message, a.admit)
	if a.d.Err() == nil {
		a.take(l, item)
	}
	if utf8 {
		a.d.Close()
	}
}

// admit decides on a literal before its octets come.
func (a *appending) admit(l wire.LiteralInfo) error {
	switch {
	case a.refused != nil:
		return a.refused
	case len(a.items) >= a.srv.limits.Appends:
		return errs.E(errs.TooMany, "At most %d messages are stored at once.", a.srv.limits.Appends)
	case l.Size == 0:
		return errEmpty
	case l.Size > a.srv.limits.Message:
		return errMessage
	case a.room >= 0 && l.Size > a.room:
		return errFull
	}
	return nil
}

// take streams a literal into a letter. After a failure the octets that are left are read away, so that the
// connection goes on.
func (a *appending) take(l wire.LiteralInfo, item mailbox.Append) {
	r := a.d.Literal(l)
	w, err := a.srv.mail.NewLetter(a.ctx)
	if err != nil {
		a.fail(err, r)
		return
	}
	if _, err := io.Copy(w, r); err != nil {
		w.Abort()
		if a.d.Err() == nil {
			a.fail(err, r)
		}
		return
	}
	item.Letter, err = w.Finish(a.ctx)
	if err == nil {
		if a.held += item.Letter.Settle(); a.held > maxHeldAppends {
			err = errs.E(errs.TooMany, "These messages have too many parts to be stored at once. Store them one by one.")
		}
	}
	if err != nil {
		a.fail(err, r)
		return
	}
	if a.room >= 0 {
		a.room = max(0, a.room-l.Size)
	}
	if item.Received.IsZero() {
		item.Received = a.srv.now().Truncate(time.Second)
	}
	a.items = append(a.items, item)
}

func (a *appending) fail(err error, r io.Reader) {
	if a.failed == nil {
		a.failed = err
	}
	_, _ = io.Copy(io.Discard, r)
}
