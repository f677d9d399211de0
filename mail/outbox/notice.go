package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"haven"
	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

const (
	tellPause    = 5 * time.Minute // until a notice that could not be filed is tried again
	tellAtOnce   = 1_000           // recipients that one notice speaks of
	headerOctets = 64 << 10        // most of a letter's header that a notice brings back
)

// tellLoop sends the notices that are owed.
func (o *Outbox) tellLoop(ctx context.Context) {
	for !o.stopping() {
		next := o.tellDue(ctx)
		o.waitFor(o.tell, next.Sub(o.cfg.Clock.Now()))
	}
}

// tellDue sends every notice that is due, and tells when to look again.
func (o *Outbox) tellDue(ctx context.Context) time.Time {
	now := o.cfg.Clock.Now()
	next := now.Add(scanEvery)
	var due []ID
	err := o.cfg.DB.Read(ctx, func(tx *db.Tx) error {
		due = due[:0]
		collect := func(r db.Row) error { due = append(due, ID(r.Int64(0))); return nil }
		if err := tx.Query(sqlDueTelling, []any{now.UnixMicro(), int64(scanLimit)}, collect); err != nil {
			return err
		}
		return tx.Query(sqlDelayTelling, []any{int64(scanLimit)}, collect)
	})
	if err != nil {
		o.cfg.Log.Error("the queue could not be looked at for notices", "error", err)
	}
	for _, id := range due {
		if o.stopping() {
			return next
		}
		if err := o.report(ctx, id); err != nil {
			o.putOff(ctx, id, err)
		}
	}
	return next
}

// putOff tries a notice again later, and gives it up when the letter is twice as old as letters get: its sender
// can't be told, and an endless queue helps nobody.
func (o *Outbox) putOff(ctx context.Context, id ID, cause error) {
	if errors.Is(cause, errMoved) { // the letter moved on while the notice was written; the next look sees how
		o.signal(o.tell)
		return
	}
	o.cfg.Log.Error("a notice could not be filed", "queue", int64(id), "error", cause)
	now := o.cfg.Clock.Now()
	err := o.cfg.DB.Write(ctx, func(tx *db.Tx) error {
		e, err := readEntry(tx, id)
		if err != nil || e == nil {
			return err
		}
		if now.Before(time.UnixMicro(e.Created).Add(2 * o.cfg.Policy.Lifetime)) {
			tx.Exec(sqlTellLater, id, now.Add(tellPause).UnixMicro())
			tx.Exec(sqlWarnLater, id) // that it is delayed is owed again once the next try fails
			return nil
		}
		o.cfg.Log.Error("a notice was given up", "queue", int64(id))
		if _, err := lockEntry(tx, id, nil); err != nil {
			return err
		}
		tx.Exec(sqlDropTelling, id)
		return o.dropIfDone(tx, id)
	})
	if err != nil {
		o.cfg.Log.Error("the queue could not be written", "error", err)
	}
}

// report tells a letter's sender, in one notice, of all recipients whose fate the sender is owed, and strikes them
// off in the commit that files the notice.
func (o *Outbox) report(ctx context.Context, id ID) error {
	var e *entry
	var owed []*rcpt
	err := o.cfg.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if e, err = readEntry(tx, id); err != nil || e == nil {
			return err
		}
		owed, err = readOwed(tx, id)
		return err
	})
	if err != nil || e == nil || len(owed) == 0 {
		return err
	}
	notice, err := o.compose(ctx, e, owed)
	if err != nil {
		return err
	}
	strike := func(tx *db.Tx) error { return o.strike(tx, id, owed) }
	if err := o.fileNotice(ctx, e, notice, strike); err != nil {
		return err
	}
	o.counts.notices.Add(1)
	o.cfg.Notify(Event{Queue: id, Notice: true})
	return nil
}

func readOwed(tx *db.Tx, id ID) ([]*rcpt, error) {
	var owed []*rcpt
	err := tx.Query(sqlOwed, []any{id, int64(tellAtOnce)}, func(r db.Row) error {
		rc, err := scanRcpt(r)
		owed = append(owed, rc)
		return err
	})
	return owed, err
}

// strike removes recipients that are told of and marks those that will be tried on. errMoved: one of them has moved
// since it was read, so that the notice would be wrong.
func (o *Outbox) strike(tx *db.Tx, id ID, owed []*rcpt) error {
	if there, err := lockEntry(tx, id, nil); err != nil || !there {
		return moved(err)
	}
	for _, rc := range owed {
		var n int64
		var err error
		if rc.state == rowTelling {
			n, err = tx.Change(sqlDropRcpt, id, rc.n, int64(rowTelling))
		} else {
			n, err = tx.Change(sqlWarned, id, rc.n)
		}
		if err != nil || n == 0 {
			return moved(err)
		}
	}
	return o.dropIfDone(tx, id)
}

var errMoved error = errs.E(errs.Conflict, "The letter has moved on.")

func moved(err error) error {
	if err != nil {
		return err
	}
	return errMoved
}

// fileNotice puts the notice into the sender's mailbox if that is here, else into the queue, from the null path
// so that nobody answers it (RFC 5321 §4.5.5).
func (o *Outbox) fileNotice(ctx context.Context, e *entry, notice []byte, also func(*db.Tx) error) error {
	if o.cfg.Local != nil {
		err := o.cfg.Local.File(ctx, e.From, notice, also)
		if !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	stored, err := o.cfg.Bodies.Put(ctx, notice)
	if err != nil {
		return err
	}
	_, domain, _ := strings.Cut(o.cfg.Notices, "@")
	item := Item{
		Body: stored.ID, Key: stored.Key, Size: int64(len(notice)), SignAs: domain, Eight: !isASCII(string(notice)),
		UTF8: !e.From.IsASCII(), To: []Recipient{{Address: e.From, Notify: NotifyNever}},
	}
	err = o.cfg.DB.Write(ctx, func(tx *db.Tx) error {
		blob.Insert(tx, stored)
		if _, err := o.Enqueue(tx, item); err != nil {
			return err
		}
		return also(tx)
	})
	if err == nil {
		o.Wake(item.To...)
	}
	return err
}

// compose writes a notice (RFC 3464).
func (o *Outbox) compose(ctx context.Context, e *entry, owed []*rcpt) ([]byte, error) {
	now := o.cfg.Clock.Now()
	status := mime.DeliveryStatus{ReportingMTA: o.cfg.Hostname, EnvelopeID: fromXtext(e.EnvID), Arrival: time.UnixMicro(e.Created)}
	for _, rc := range owed {
		status.Recipients = append(status.Recipients, o.status(e, rc))
	}
	original, full := o.original(ctx, e, owed)
	from, err := haven.ParseAddress(o.cfg.Notices)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, err, "")
	}
	l := &mime.Letter{UTF8: !e.From.IsASCII()}
	l.Date(now).
		Addresses("From", mime.AddressOf("Mail delivery", from)).
		Addresses("To", mime.AddressOf("", e.From)).
		Text("Subject", subject(owed)).
		IDs("Message-ID", fmt.Sprintf("%d.%d@%s", int64(o.newID(now)), int64(e.ID), o.cfg.Hostname)).
		Raw("Auto-Submitted", "auto-replied") // RFC 3834 §5
	if id := messageID(original); id != "" {
		l.IDs("In-Reply-To", id).IDs("References", id)
	}
	return l.Bytes(mime.NewDeliveryReport(o.explain(e, owed), status, original, full)), nil
}

func (o *Outbox) status(e *entry, rc *rcpt) mime.RecipientStatus {
	st := mime.RecipientStatus{
		Original: fromXtext(rc.ORcpt), Final: rc.Address, Action: action(rc), Status: rc.last.Status, RemoteMTA: rc.last.Host,
		LastAttempt: time.UnixMicro(rc.tried),
	}
	if rc.last.Code != 0 {
		st.Diagnostic = fmt.Sprintf("%d %s", rc.last.Code, rc.last.Text)
	}
	if rc.fate == Failed && strings.HasPrefix(st.Status, "4") {
		st.Status = "4.4.7" // delivery time expired; the last reply stands in Diagnostic-Code
	}
	if rc.fate == Delayed {
		st.RetryUntil = o.expiry(e)
	}
	return st
}

func (o *Outbox) expiry(e *entry) time.Time {
	return Expiry(o.cfg.Policy, time.UnixMicro(e.Created), e.Until)
}

func action(rc *rcpt) mime.Action {
	switch rc.fate {
	case Delayed:
		return mime.Delayed
	case Relayed:
		return mime.Relayed
	}
	return mime.Failed
}

func subject(owed []*rcpt) string {
	has := map[Fate]bool{}
	for _, rc := range owed {
		has[rc.fate] = true
	}
	switch {
	case has[Failed]:
		return "Your message could not be delivered"
	case has[Delayed]:
		return "Your message is delayed"
	}
	return "Your message was passed on"
}

// explain is the notice's text for the person: what happened, to whom, in whose words, and what to do.
func (o *Outbox) explain(e *entry, owed []*rcpt) string {
	var b strings.Builder
	fmt.Fprintf(&b, "This is the mail service at %s. It is about your message of %s.\n", o.cfg.Hostname,
		time.UnixMicro(e.Created).UTC().Format("2 January 2006, 15:04 UTC"))
	o.explainFate(&b, e, owed, Failed, "It could not be delivered to these addresses, and will not be tried again:",
		"Check the address. If it is right, reach the person another way: they have not got your message.")
	o.explainFate(&b, e, owed, Delayed, "It has not yet been delivered to these addresses:",
		"You need do nothing: it is tried again until "+
			o.expiry(e).UTC().Format("2 January 2006, 15:04 UTC")+".\nIf it is urgent, reach the person another way.")
	o.explainFate(&b, e, owed, Relayed, "It was handed to the next mail server for these addresses:",
		"That server does not tell about delivery, so nothing more will be heard of it unless it fails.")
	return b.String()
}

func (o *Outbox) explainFate(b *strings.Builder, e *entry, owed []*rcpt, fate Fate, head, advice string) {
	first := true
	for _, rc := range owed {
		if rc.fate != fate {
			continue
		}
		if first {
			fmt.Fprintf(b, "\n%s\n", head)
			first = false
		}
		fmt.Fprintf(b, "\n  %s\n", rc.Address)
		if fate != Relayed {
			fmt.Fprintf(b, "    %s\n", reason(rc))
		}
		if fate == Failed && rc.last.Outcome != Refused && strings.HasPrefix(rc.last.Status, "4") {
			fmt.Fprintf(b, "    It was tried %d times since %s.\n", rc.attempts, time.UnixMicro(e.Created).UTC().Format("2 January 2006, 15:04 UTC"))
		}
	}
	if !first {
		fmt.Fprintf(b, "\n%s\n", advice)
	}
}

// reason quotes the other server where one spoke.
func reason(rc *rcpt) string {
	if rc.last.Code == 0 {
		return rc.last.Text + "."
	}
	return fmt.Sprintf("The server %s answered: %d %s", rc.last.Host, rc.last.Code, rc.last.Text)
}

// original is as much of the letter as the notice brings back: all of it only where the sender asked so, something
// failed, and it is short; else its header (RFC 3461 §4.3). nil where the letter can't be read.
func (o *Outbox) original(ctx context.Context, e *entry, owed []*rcpt) (b []byte, full bool) {
	l := &letter{entry: *e}
	key, err := o.cfg.Sealer.Open(nil, e.sealed, keyContext(e.ID))
	if err != nil {
		return nil, false
	}
	copy(l.Key[:], key)
	if l.body, err = o.openBody(ctx, l.Body, l.Key); err != nil {
		return nil, false
	}
	defer l.body.Close()
	for _, rc := range owed {
		full = full || rc.fate == Failed && e.Return == ReturnFull && l.octets() <= o.cfg.Policy.ReturnOctets
	}
	limit := int64(headerOctets)
	if full {
		limit = 2 * o.cfg.Policy.ReturnOctets // line ends may be mended
	}
	b, err = io.ReadAll(io.LimitReader(newCRLFReader(l.unsigned()), limit))
	if err != nil {
		return nil, false
	}
	if !full {
		b = headerOf(b)
	}
	return b, full
}

// headerOf cuts a letter after its header's empty line; a header that is cut off ends with its last whole line.
func headerOf(b []byte) []byte {
	if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
		return b[:i+4]
	}
	if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
		b = b[:i+1]
	}
	return append(b, "\r\n"...)
}

// messageID is the letter's Message-ID without its angle brackets.
func messageID(original []byte) string {
	for line := range bytes.SplitSeq(headerOf(bytes.Clone(original)), []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && strings.EqualFold(string(name), "Message-ID") {
			id := strings.Trim(string(bytes.TrimSpace(value)), "<>")
			if strings.ContainsAny(id, " <>\t") {
				return ""
			}
			return id
		}
	}
	return ""
}

// fromXtext decodes "+41" to "A" (RFC 3461 §4); what is no code stays as it is, and control characters become "?".
func fromXtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) {
			hi, lo := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return printable([]byte(b.String()))
}

const hexDigits = "0123456789ABCDEF"
