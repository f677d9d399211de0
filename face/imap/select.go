package imap

import (
	"context"
	"math/bits"
	"strings"

	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// resync is the QRESYNC parameter of SELECT (RFC 7162 §3.2.5).
type resync struct {
	validity   uint32
	since      haven.Seq
	known      wire.NumSet // UIDs that the client has; empty: all
	seqs, uids wire.NumSet // numbers that the client knew with their UIDs
}

func selectMailbox(c *call) error { return c.open(false) }
func examine(c *call) error       { return c.open(true) }

// open is SELECT and EXAMINE (RFC 9051 §6.3.2).
func (c *call) open(readOnly bool) error {
	c.d.SP()
	name := c.mailboxName()
	var q *resync
	condstore := false
	if c.d.Accept(' ') {
		c.d.List(func() {
			switch c.d.Keyword() {
			case "CONDSTORE":
				condstore = true
			case "QRESYNC":
				c.d.SP()
				q = c.readResync()
			default:
				c.d.Bad("SELECT doesn't know a parameter")
			}
		})
	}
	if !c.end() {
		return nil
	}
	if q != nil && !c.qresync {
		c.d.Bad("ENABLE QRESYNC first")
		return nil
	}
	if c.sel != nil {
		c.unselect()
		c.e.Raw("* OK [CLOSED] The mailbox before is closed.").CRLF()
	}
	c.condstore = c.condstore || condstore
	if err := c.openFolder(name, readOnly); err != nil {
		return err
	}
	c.code = "READ-WRITE"
	if c.sel.readOnly {
		c.code = "READ-ONLY"
	}
	if q != nil && q.validity == c.sel.validity {
		return c.resync(q)
	}
	return nil
}

func (c *call) readResync() *resync {
	var q resync
	c.d.Open()
	q.validity = c.d.Number()
	c.d.SP()
	q.since = haven.Seq(c.d.Number64())
	if c.d.Accept(' ') {
		p, ok := c.d.Peek()
		if ok && p != '(' {
			q.known = c.d.NumSet()
			if q.known.HasStar() || q.known.Saved {
				c.d.Bad("known UIDs are numbers")
			}
		}
		if ok && p == '(' || c.d.Accept(' ') {
			c.d.Open()
			q.seqs = c.d.NumSet()
			c.d.SP()
			q.uids = c.d.NumSet()
			c.d.Close()
		}
	}
	c.d.Close()
	return &q
}

// openFolder makes name the session's mailbox and tells what is in it.
func (c *call) openFolder(name string, readOnly bool) error {
	p, f, err := c.folder(name)
	if err != nil {
		return err
	}
	rights, err := c.srv.mail.Rights(c.ctx, p.viewer)
	if err != nil {
		return err
	}
	view, err := c.srv.mail.View(c.ctx, p.viewer, f.No)
	if err != nil {
		return err
	}
	names, err := c.srv.mail.Keywords(c.ctx, p.viewer)
	if err != nil {
		return err
	}
	f = view.Folder
	c.sel = &selected{
		place: p, viewer: p.viewer, no: f.No, validity: f.UIDValidity, seq: f.HighestModSeq, uids: view.UIDs,
		rights: rights, readOnly: readOnly || !rights.Has(haven.Write), keywords: names,
	}
	c.state = inMailbox
	c.shareNumbers()
	c.tellOpened(&f, view.FirstUnseen)
	return nil
}

func (c *call) tellOpened(f *mailbox.Folder, unseen haven.UID) {
	e, sel := c.e, c.sel
	c.tellFlags()
	c.tellExists()
	if !c.rev2 {
		e.Raw("* 0 RECENT").CRLF()
		if n, ok := sel.uids.Number(unseen); ok {
			e.Raw("* OK [UNSEEN ").Num(uint64(n)).Raw("] First unread.").CRLF()
		}
	}
	e.Raw("* OK [UIDVALIDITY ").Num(uint64(f.UIDValidity)).Raw("] UIDs are valid.").CRLF()
	e.Raw("* OK [UIDNEXT ").Num(uint64(f.UIDNext)).Raw("] Next UID.").CRLF()
	e.Raw("* OK [HIGHESTMODSEQ ").Num(uint64(f.HighestModSeq)).Raw("] Highest mod-sequence.").CRLF()
	e.Raw("* OK [MAILBOXID (").Raw(mailbox.MailboxID(sel.place.account, f.No)).Raw(")] Identity.").CRLF()
	if c.rev2 {
		e.Raw(`* LIST () "/" `).Mailbox(sel.place.name).CRLF()
	}
}

// systemFlags in the order in which they are written.
var systemFlags = []struct {
	flag mailbox.Flags
	name string
}{
	{mailbox.Answered, `\Answered`},
	{mailbox.Flagged, `\Flagged`},
	{mailbox.Deleted, `\Deleted`},
	{mailbox.Seen, `\Seen`},
	{mailbox.Draft, `\Draft`},
}

const allSystemFlags = `\Answered \Flagged \Deleted \Seen \Draft`

// tellFlags tells which flags there are, and which may be changed for good.
func (s *session) tellFlags() {
	e := s.io.enc
	e.Raw("* FLAGS (" + allSystemFlags)
	for _, k := range s.sel.keywords {
		if k != "" {
			e.SP().Raw(k)
		}
	}
	e.Byte(')').CRLF()
	if s.sel.readOnly {
		e.Raw("* OK [PERMANENTFLAGS ()] Read only.").CRLF()
		return
	}
	e.Raw("* OK [PERMANENTFLAGS (" + allSystemFlags)
	for _, k := range s.sel.keywords {
		if k != "" && !mailbox.Ours(k) {
			e.SP().Raw(k)
		}
	}
	if len(s.sel.keywords) < mailbox.MaxKeywords {
		e.Raw(` \*`)
	}
	e.Raw(")] Flags that stay.").CRLF()
}

// flagNames writes the flags of a row with spaces between.
func (s *session) flagNames(r *mailbox.Row) {
	e := s.io.enc
	at := e.Len()
	for i := range systemFlags {
		if r.Flags&systemFlags[i].flag != 0 {
			if e.Len() > at {
				e.SP()
			}
			e.Raw(systemFlags[i].name)
		}
	}
	for kw := r.Keywords; kw != 0; kw &= kw - 1 {
		i := bits.TrailingZeros64(kw)
		if i >= len(s.sel.keywords) || s.sel.keywords[i] == "" {
			continue
		}
		if e.Len() > at {
			e.SP()
		}
		e.Raw(s.sel.keywords[i])
	}
}

// knowKeywords learns the names of keywords that were made since, and tells the client before it meets them.
func (s *session) knowKeywords(ctx context.Context, kw uint64) error {
	if bits.Len64(kw) <= len(s.sel.keywords) {
		return nil
	}
	names, err := s.srv.mail.Keywords(ctx, s.sel.viewer)
	if err != nil {
		return err
	}
	s.sel.keywords = names
	s.tellFlags()
	return nil
}

// readFlags sorts flags into those of the system and keywords. \Recent and \* are nobody's to set.
func readFlags(names []string) (flags mailbox.Flags, keywords []string, err error) {
next:
	for _, name := range names {
		for _, f := range systemFlags {
			if strings.EqualFold(f.name, name) {
				flags |= f.flag
				continue next
			}
		}
		if strings.HasPrefix(name, `\`) {
			return 0, nil, errs.E(errs.Invalid, "There is no such flag.")
		}
		keywords = append(keywords, name)
	}
	return flags, keywords, nil
}

// resync tells what happened since the client was last here (RFC 7162 §3.2.5.1, §3.2.5.2).
func (c *call) resync(q *resync) error {
	sel := c.sel
	within := []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}
	if !q.known.Empty() {
		within = storeRanges(q.known.Resolve(0))
	}
	gone, err := c.srv.mail.Vanished(c.ctx, sel.viewer, sel.no, q.since, c.lacking(q, within))
	if err != nil {
		return err
	}
	gone = without(gone, sel.uids.Ranges()) // what went while the mailbox was opened is told like any other that goes
	if len(gone) > 0 {
		c.e.Raw("* VANISHED (EARLIER) ").Ranges(wireRanges(gone)).CRLF()
	}
	return c.srv.mail.Rows(c.ctx, sel.viewer, sel.no, within, q.since, func(rows []mailbox.Row) error {
		for i := range rows {
			n, ok := sel.uids.Number(rows[i].UID)
			if !ok {
				continue
			}
			if err := c.knowKeywords(c.ctx, rows[i].Keywords); err != nil {
				return err
			}
			c.fetchFlags(n, &rows[i], true)
		}
		return nil
	})
}

// lacking narrows ranges to UIDs that the client may not know to be gone: where a number that it knew still has the
// same UID, nothing below vanished (RFC 7162 §3.2.5.2).
func (c *call) lacking(q *resync, within []mailbox.Range) []mailbox.Range {
	seqs, uids := numbers(q.seqs), numbers(q.uids)
	if len(seqs) == 0 || len(seqs) != len(uids) {
		return within
	}
	for i := len(seqs) - 1; i >= 0; i-- {
		if c.sel.uids.UID(int(seqs[i])) == haven.UID(uids[i]) {
			return without(within, []mailbox.Range{{Lo: 1, Hi: haven.UID(uids[i])}})
		}
	}
	return within
}

// numbers lists a set in order; one that is too long to be match data is taken for none.
func numbers(s wire.NumSet) []uint32 {
	var out []uint32
	if s.HasStar() {
		return nil
	}
	for _, r := range s.Resolve(0) {
		for n := r.Lo; n <= r.Hi && n != 0; n++ {
			if len(out) == 10_000 {
				return nil
			}
			out = append(out, n)
		}
	}
	return out
}

// closeMailbox is CLOSE (RFC 9051 §6.4.1): what is \Deleted goes, silently.
func closeMailbox(c *call) error {
	if !c.end() {
		return nil
	}
	sel := c.sel
	c.unselect()
	if sel.readOnly {
		return nil
	}
	gone, err := c.srv.mail.Expunge(c.ctx, sel.viewer, sel.no, sel.uids.Ranges())
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
		return nil // taken away meanwhile; it is closed all the same
	}
	if err == nil && c.condstore && len(gone) > 0 { // RFC 7162 §3.2.8
		if f, err := c.srv.mail.FolderAt(c.ctx, sel.viewer, sel.place.path); err == nil {
			c.code = "HIGHESTMODSEQ " + itoa(uint64(f.HighestModSeq))
		}
	}
	return err
}

// unselect is UNSELECT (RFC 3691).
func unselect(c *call) error {
	if c.end() {
		c.session.unselect()
	}
	return nil
}
