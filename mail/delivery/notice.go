package delivery

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// outcome is what became of one recipient here.
type outcome struct {
	to         addressee
	action     mime.Action
	status     string // RFC 3463
	diagnostic string
}

// notice is a delivery status notification (RFC 3464) on its way to the sender of a letter: into the own mailbox, or
// into the queue.
type notice struct {
	s      *Service
	letter *mailbox.Letter
	filing *mailbox.Filing // nil: it is queued
	item   outbox.Item
}

// notify makes a notice durable, without sending it yet. It is nil where there is nobody to tell: the sender is null
// (RFC 5321 §4.5.5), or has no mailbox here any more.
func (s *Service) notify(ctx context.Context, e Envelope, header mime.Header, outcomes []outcome) (*notice, error) {
	if len(outcomes) == 0 || e.From.IsNull() {
		return nil, nil
	}
	n := &notice{s: s}
	if s.ours(ctx, e.From.Domain) {
		r, err := s.o.Directory.Resolve(ctx, e.From)
		if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		n.filing = &mailbox.Filing{Account: r.Account, Role: mailbox.Inbox, Trace: []byte(envelopeTrace(haven.Address{}, e.From))}
	} else if s.o.Outbox == nil {
		return nil, nil
	}
	var err error
	if n.letter, err = s.copyOf(ctx, strings.NewReader(string(s.compose(e, header, outcomes)))); err != nil {
		return nil, err
	}
	if n.filing != nil {
		n.filing.Letter = n.letter
		return n, nil
	}
	st := n.letter.Stored()
	n.item = outbox.Item{Body: st.ID, Key: st.Key, Size: st.Size, SignAs: s.o.Postmaster.Domain, UTF8: !e.From.IsASCII(), Eight: true,
		To: []outbox.Recipient{{Address: e.From, Notify: outbox.NotifyNever}}}
	return n, nil
}

// compose writes the notice.
func (s *Service) compose(e Envelope, header mime.Header, outcomes []outcome) []byte {
	now := s.o.Clock.Now()
	status := mime.DeliveryStatus{ReportingMTA: s.o.Host, EnvelopeID: fromXtext(e.EnvID), Arrival: now}
	subject, text := "Delivered", "Your letter was put into the mailbox of:\n\n"
	for _, o := range outcomes {
		status.Recipients = append(status.Recipients, mime.RecipientStatus{Original: fromXtext(o.to.orcpt), Final: o.to.as, Action: o.action,
			Status: o.status, Diagnostic: o.diagnostic, LastAttempt: now})
		text += "  " + o.to.as.String()
		if o.action == mime.Failed {
			subject = "Not delivered"
			text += ": " + o.diagnostic
		}
		text += "\n"
	}
	if subject == "Not delivered" {
		text = strings.Replace(text, "was put into the mailbox of", "could not be delivered to", 1)
	}
	var l mime.Letter
	l.Addresses("From", mime.AddressOf("Mail delivery", s.o.Postmaster)).Addresses("To", mime.AddressOf("", e.From)).
		Text("Subject", subject).Date(now).IDs("Message-ID", newID()+"@"+s.o.Host).Text("Auto-Submitted", "auto-replied")
	return l.Bytes(mime.NewDeliveryReport(text, status, []byte(header), false))
}

// fromXtext undoes RFC 3461 §4; the face has checked the form.
func fromXtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// write queues a notice that goes elsewhere, in the commit of what it tells. It is nil-safe.
func (n *notice) write(tx *db.Tx) error {
	if n == nil || n.filing != nil {
		return nil
	}
	blob.Insert(tx, n.letter.Stored())
	_, err := n.s.o.Outbox.Enqueue(tx, n.item)
	return err
}

// wake lets the queue know, after the commit. It is nil-safe.
func (n *notice) wake() {
	if n != nil && n.filing == nil {
		n.s.o.Outbox.Wake(n.item.To...)
	}
}

// maxFilings is what mail/mailbox takes in one commit.
const maxFilings = 101

// file files letters with their recipients, writes what also writes, and tells the sender of successes that were asked
// for (RFC 3461 §5.2.3) and of recipients whose scripts refused the letter, all in one commit.
func (s *Service) file(ctx context.Context, e Envelope, header mime.Header, p *plan, also func(*db.Tx) error) error {
	good, err := s.notify(ctx, e, header, p.successes())
	if err != nil {
		return err
	}
	bad, err := s.notify(ctx, e, header, p.failed)
	if err != nil {
		return err
	}
	var later []mailbox.Filing
	filings := slices.Clip(p.filings)
	for _, n := range []*notice{bad, good} { // what was refused comes first: it is told in this commit if anything is
		switch {
		case n == nil || n.filing == nil:
		case len(filings) < maxFilings:
			filings = append(filings, *n.filing)
		default:
			later = append(later, *n.filing)
		}
	}
	if _, err = s.o.Store.File(ctx, filings, inTurn(also, good.write, bad.write)); err != nil {
		return err
	}
	if len(later) > 0 {
		// The letters are there; a notice that is lost now is lost, which RFC 3461 allows no worse than a crash does.
		if _, err := s.o.Store.File(ctx, later, nil); err != nil {
			s.o.Logger.Warn("delivery: a notice was not filed", "err", err)
		}
	}
	good.wake()
	bad.wake()
	return nil
}

// successes are what the sender asked to be told of.
func (p *plan) successes() (good []outcome) {
	for _, r := range p.now {
		refused := slices.ContainsFunc(p.failed, func(o outcome) bool { return o.to.Account == r.Account })
		if r.notify&outbox.NotifySuccess != 0 && !refused {
			good = append(good, outcome{to: r, action: mime.Delivered, status: "2.0.0"})
		}
	}
	return good
}

// File puts a notice of the queue into a mailbox of ours, and does what also does in the same commit: mail/outbox asks
// for it. NotFound: to has no mailbox here.
func (s *Service) File(ctx context.Context, to haven.Address, text []byte, also func(*db.Tx) error) error {
	if !s.ours(ctx, to.Domain) {
		return errs.E(errs.NotFound, "%s is not served here.", to.Domain)
	}
	if s.comesBack(to) {
		return s.takeBack(ctx, to, text, also)
	}
	r, err := s.o.Directory.Resolve(ctx, to)
	if err != nil {
		return err
	}
	letter, err := s.copyOf(ctx, strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	filing := mailbox.Filing{Account: r.Account, Letter: letter, Role: mailbox.Inbox, Trace: []byte(envelopeTrace(haven.Address{}, to))}
	_, err = s.o.Store.File(ctx, []mailbox.Filing{filing}, also)
	return err
}
