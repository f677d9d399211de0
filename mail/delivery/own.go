package delivery

import (
	"bytes"
	"context"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/mail/vacation"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// Own is a letter that the service itself writes to one person. Nobody is to answer it.
type Own struct {
	Name     string        // as whom, for people
	From, To haven.Address // From is of a domain of ours
	Back     haven.Address // where notices of its fate go; Returns knows it
	ID       string        // what stands before the @ of its Message-ID: the same for the same letter, however often it is sent
	Subject  string
	Text     string
	Until    time.Time // it is of no use later, and given up where it waits then; zero: like any letter

	Reply     bool   // it answers somebody's letter
	InReplyTo string // that letter's Message-ID with its angles; "": it had none
}

// Returns learns what became of the service's own letters; what wrote them is behind it.
type Returns interface {
	// Ours reports whether letters of the service come back to an address.
	Ours(back haven.Address) bool
	// Returned notes in tx that the letter that comes back to an address will not arrive; status is of RFC 3463, such as "5.1.1". A letter that nobody
	// knows of is no error.
	Returned(tx *db.Tx, back haven.Address, status string) error
}

// SendOwn files a letter in a mailbox of ours, or queues it, and returns its name in the queue; 0: it is filed. NotFound: the address is of a domain of ours, and
// there is no such mailbox.
func (s *Service) SendOwn(ctx context.Context, o Own) (outbox.ID, error) {
	text := o.bytes(s)
	if s.ours(ctx, o.To.Domain) {
		return 0, s.File(ctx, o.To, text, nil)
	}
	letter, err := s.copyOf(ctx, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	return s.queueOwn(ctx, o, letter, nil)
}

// Answer files an automatic reply with a mailbox of ours or queues it, from nobody (RFC 3834 §3.3), and does what also does in the same commit: mail/vacation
// asks for it. It ends as every letter of its mailbox does.
func (s *Service) Answer(ctx context.Context, a vacation.Answer, also func(*db.Tx) error) error {
	text, err := s.endOwn(ctx, a.By.No, a.Text)
	if err != nil {
		return err
	}
	o := Own{Name: a.By.Name, From: a.By.Address, To: a.To, ID: a.ID, Subject: a.Subject, Text: text, Reply: true, InReplyTo: a.InReplyTo}
	if s.ours(ctx, o.To.Domain) {
		return s.File(ctx, o.To, o.bytes(s), also)
	}
	letter, err := s.copyOf(ctx, bytes.NewReader(o.bytes(s)))
	if err != nil {
		return err
	}
	_, err = s.queueOwn(ctx, o, letter, also)
	return err
}

func (s *Service) queueOwn(ctx context.Context, o Own, letter *mailbox.Letter, also func(*db.Tx) error) (id outbox.ID, err error) {
	st := letter.Stored()
	item := outbox.Item{Body: st.ID, Key: st.Key, Size: st.Size, From: o.Back, SignAs: o.From.Domain, Until: o.Until, UTF8: !o.To.IsASCII(), Eight: !o.To.IsASCII(),
		To: []outbox.Recipient{{Address: o.To, Notify: outbox.NotifyFailure}}}
	if o.Back.IsNull() {
		item.To[0].Notify = outbox.NotifyNever
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		blob.Insert(tx, st)
		id, err = s.o.Outbox.Enqueue(tx, item)
		return err
	})
	if err == nil {
		s.o.Outbox.Wake(item.To...)
	}
	return id, err
}

// bytes is the letter. Auto-Submitted keeps others' automatic replies away (RFC 3834 §5).
func (o Own) bytes(s *Service) []byte {
	l := mime.Letter{UTF8: !o.To.IsASCII()}
	l.Date(s.o.Clock.Now()).Addresses("From", mime.AddressOf(o.Name, o.From)).Addresses("To", mime.AddressOf("", o.To)).Text("Subject", o.Subject).
		IDs("Message-ID", o.ID+"@"+o.From.Domain)
	if !o.Reply {
		l.Raw("Auto-Submitted", "auto-generated")
		return l.Bytes(mime.NewText(o.Text))
	}
	l.Raw("Auto-Submitted", "auto-replied")
	if id, ok := strings.CutPrefix(o.InReplyTo, "<"); ok && strings.HasSuffix(id, ">") {
		l.IDs("In-Reply-To", id[:len(id)-1]).IDs("References", id[:len(id)-1])
	}
	return l.Bytes(mime.NewText(o.Text))
}

// Replies notes, in the commit of a letter, whose automatic reply its sender may be owed; mail/vacation is behind it.
type Replies interface {
	Owe(tx *db.Tx, l vacation.Letter, to []vacation.To) error
	Wake() // after the commit
}

// owe is what is written in the commit of a letter for those of its recipients who are away; nil: nothing.
func (s *Service) owe(l vacation.Letter, to []vacation.To) func(*db.Tx) error {
	if s.o.Replies == nil || len(to) == 0 {
		return nil
	}
	return func(tx *db.Tx) error { return s.o.Replies.Owe(tx, l, to) }
}

// comesBack reports whether to is where the service's own letters come back to.
func (s *Service) comesBack(to haven.Address) bool { return s.o.Returns != nil && s.o.Returns.Ours(to) }

// takeBack notes what a notice says of one of the service's own letters, and does what also does in the same commit. What is no notice of failure is passed
// over: nobody reads what comes back.
func (s *Service) takeBack(ctx context.Context, to haven.Address, text []byte, also func(*db.Tx) error) error {
	status, failed := mime.Undelivered(text)
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if !failed {
			return nil
		}
		return s.o.Returns.Returned(tx, to, status)
	})
}

// rcptBack takes where one of our letters came from as the one recipient of what comes from nobody, as notices do (RFC 3464 §2).
func (in *Inbound) rcptBack(to haven.Address) error {
	if !in.envelope.From.IsNull() || len(in.to) > 0 || !in.back.IsNull() && in.back != to {
		return refuse(errs.NotFound, RuleReturns, 550, "5.1.1", "Nobody reads what is written to %s. Only notices about its letters are taken.", to)
	}
	in.back = to
	return nil
}

// backOctets is how much is read of what comes back: the notice stands in front of the letter that it is about.
const backOctets = 256 << 10

// back keeps the beginning of what comes back.
type back struct{ text []byte }

func (b *back) write(p []byte) { b.text = append(b.text, p[:min(len(p), backOctets-len(b.text))]...) }

// commitBack ends a letter that came back: it lies in no mailbox.
func (l *InboundLetter) commitBack(ctx context.Context) (string, error) {
	l.Abort()
	s := l.in.s
	if err := s.takeBack(ctx, l.in.back, l.came.text, nil); err != nil {
		return "", err
	}
	s.o.Logger.Info("delivery: a notice about a letter of ours", "id", l.id, "place", l.in.client.Addr)
	return l.id, nil
}
