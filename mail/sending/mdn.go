package sending

import (
	"context"
	"io"
	"slices"
	"strings"

	"haven"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// MDN is a message disposition notification that a person sends for a message (RFC 9007 §2): it tells the author what became of the letter.
type MDN struct {
	Identity      ID
	Msg           haven.MessageID
	Subject, Text *string // nil: the service's words
	Whole         bool    // the letter itself comes with it

	// Disposition is what the person says: Agent, Action, Sending, Type, Extension, and Final, which is the identity's address where it is empty. All else the
	// letter says.
	Disposition mime.Disposition
}

// SendMDN sends one at once, as any letter of the mailbox is sent, but from nobody (RFC 8098 §3), and gives it back with what the service said in it. The commit that takes
// it marks the message with mailbox.KeywordMDNSent, so that a second one is never sent, whoever asks when. It is a *Refused where the letter asks for none (NotAsked), was answered so
// already (AlreadySent), or the person may not.
func (s *Service) SendMDN(ctx context.Context, by By, m MDN) (MDN, error) {
	if property, say := wrongIn(m.Disposition); property != "" {
		return m, &Refused{Why: BadMDN, Say: say, Properties: []string{property}}
	}
	if m.Disposition.Sending != "mdn-sent-manually" {
		return m, &Refused{Why: ForbiddenToSend, Say: "Nobody's receipts are sent here without being asked. Ask the person, and send it as mdn-sent-manually."}
	}
	ident, err := s.identity(ctx, by, m.Identity)
	if err != nil {
		return m, err
	}
	if err := s.unanswered(ctx, by.Viewer, m.Msg); err != nil {
		return m, err
	}
	of, err := s.request(ctx, by.Viewer, m)
	if err != nil {
		return m, err
	}
	if m.Disposition.Final, err = s.finalRecipient(ctx, by, m.Disposition.Final, ident); err != nil {
		return m, err
	}
	of.fill(&m)
	return m, s.post(ctx, by, m.Msg, of.to, s.writeMDN(m, of, ident))
}

// unanswered refuses a message for which one was sent. The commit asks again.
func (s *Service) unanswered(ctx context.Context, v mailbox.Viewer, msg haven.MessageID) error {
	return s.o.Mail.Overview(ctx, v, func(o *mailbox.Overview) error {
		b, there := o.Find(msg)
		switch {
		case !there:
			return errNoEmail
		case b.Keywords&o.KeywordBit(mailbox.KeywordMDNSent) != 0:
			return errMDNSent
		}
		return nil
	})
}

var errMDNSent error = &Refused{Why: AlreadySent, Say: "A receipt for this letter was sent already."}

// mdnRequest is what a letter says that asks for a notification.
type mdnRequest struct {
	to        []haven.Address
	envelope  mime.Envelope
	recipient string // Original-Recipient
	whole     []byte // the letter, where it is to be sent back
}

// mdnOctets is how large a letter may be that comes with the notification about it.
const mdnOctets = 1 << 20

// request reads a letter that asks for a notification.
func (s *Service) request(ctx context.Context, v mailbox.Viewer, m MDN) (of mdnRequest, err error) {
	var meta *mime.Meta
	err = s.o.Mail.Infos(ctx, v, []haven.MessageID{m.Msg}, func(_ int, info *mailbox.Info) error { meta = &info.Meta; return nil })
	if err == nil && meta == nil {
		err = errNoEmail
	}
	if err != nil {
		return of, err
	}
	body, err := s.o.Mail.Body(ctx, v, m.Msg)
	if err != nil {
		return of, err
	}
	defer body.Close()
	head, err := meta.Root.ReadHeader(body, mime.MaxHeader)
	if err != nil {
		return of, err
	}
	of = mdnRequest{envelope: meta.Envelope, recipient: head.Get("Original-Recipient")}
	if of.to = mdnAsked(head, meta.Root); of.to == nil {
		return of, &Refused{Why: NotAsked, Say: "This letter asks for no receipt, or says in no readable way where it goes."}
	}
	if !m.Whole {
		return of, nil
	}
	if body.Size() > mdnOctets {
		return of, &Refused{Why: TooLarge, Say: "The letter is too large to be sent back with the receipt. Send the receipt without it.", Most: mdnOctets}
	}
	of.whole, err = io.ReadAll(io.NewSectionReader(body, 0, body.Size()))
	return of, err
}

// finalRecipient is for whom the notification is: the identity, or who else of the same mailbox the person may write as (RFC 9007 §5).
func (s *Service) finalRecipient(ctx context.Context, by By, said string, ident Identity) (string, error) {
	email := ident.Email
	if said != "" {
		email = strings.TrimSpace(said[strings.IndexByte(said, ';')+1:])
	}
	a, err := haven.ParseAddress(email)
	if err != nil {
		return "", &Refused{Why: BadMDN, Say: "The final recipient is no address.", Properties: []string{"finalRecipient"}}
	}
	ok, err := s.usable(ctx, by, email)
	if err == nil && !ok {
		err = &Refused{Why: ForbiddenFrom, Say: "You may not write as that recipient from this mailbox."}
	}
	if a.IsASCII() {
		return "rfc822; " + a.String(), err
	}
	return "utf-8; " + a.String(), err
}

// fill puts in what the letter says, and where the person said nothing what the service does.
func (of mdnRequest) fill(m *MDN) {
	d := &m.Disposition
	d.Gateway, d.Modifiers, d.Errors, d.Original, d.MessageID = "", nil, nil, "", ""
	if len(of.recipient) <= mdnValue {
		d.Original = of.recipient
	}
	if ids := mime.MessageIDs(of.envelope.MessageID); len(ids) == 1 && len(ids[0]) <= mdnValue {
		d.MessageID = "<" + ids[0] + ">"
	}
	subject := mime.DecodeHeader(of.envelope.Subject)
	if m.Subject == nil {
		line := mdnSubject[d.Type] + subject
		m.Subject = &line
	}
	if m.Text == nil {
		_, whom, _ := strings.Cut(d.Final, "; ")
		text := "Your letter \"" + subject + "\" to " + whom + " " + mdnText[d.Type] + "\n"
		m.Text = &text
	}
}

var mdnSubject = map[string]string{"displayed": "Read: ", "deleted": "Deleted: ", "dispatched": "Sent on: ", "processed": "Processed: "}

// mdnText says no more than what is known: nobody may take a letter that was opened for one that was acted on.
var mdnText = map[string]string{
	"displayed":  "was opened. That does not say that it was understood, or that anything was done about it.",
	"deleted":    "was deleted. It may have been deleted without being read.",
	"dispatched": "was sent on. That does not say that anybody has read it.",
	"processed":  "was processed by a program. That does not say that anybody has read it.",
}

// writeMDN is the letter (RFC 8098 §3).
func (s *Service) writeMDN(m MDN, of mdnRequest, ident Identity) mdnLetter {
	l := mime.Letter{UTF8: slices.ContainsFunc(of.to, func(a haven.Address) bool { return !a.IsASCII() })}
	from := mime.Address{Name: ident.Name}
	if a, err := haven.ParseAddress(ident.Email); err == nil {
		from = mime.AddressOf(ident.Name, a)
		l.UTF8 = l.UTF8 || !a.IsASCII()
	}
	to := make([]mime.Address, len(of.to))
	for i, a := range of.to {
		to[i] = mime.AddressOf("", a)
	}
	l.Date(s.o.Clock.Now()).Addresses("From", from).Addresses("To", to...).Text("Subject", *m.Subject).Raw("Auto-Submitted", "auto-replied")
	if ids := mime.MessageIDs(m.Disposition.MessageID); len(ids) == 1 {
		l.IDs("In-Reply-To", ids[0]).IDs("References", ids[0])
	}
	return mdnLetter{l.UTF8, l.Bytes(mime.NewDispositionReport(*m.Text, m.Disposition, of.whole))}
}

type mdnLetter struct {
	utf8 bool
	text []byte
}

// post has delivery take a notification from nobody, and marks the message that it is about in the same commit.
func (s *Service) post(ctx context.Context, by By, about haven.MessageID, to []haven.Address, l mdnLetter) error {
	sub, err := s.o.Post.BeginSubmission(ctx, clientOf(by.Viewer.Place), by.Who, delivery.Envelope{UTF8: l.utf8})
	if err != nil {
		return err
	}
	sub.Of(delivery.Draft{Account: by.Viewer.Account, Taken: func(tx *db.Tx, _ delivery.Taken) error {
		first, err := s.o.Mail.MarkOnce(tx, by.Viewer.Account, about, mailbox.KeywordMDNSent)
		if errs.Is(err, errs.NotFound) {
			return errNoEmail
		}
		if err == nil && !first {
			err = errMDNSent
		}
		return err
	}})
	taken := 0
	for _, a := range to {
		switch err := sub.Rcpt(ctx, a, outbox.NotifyNever, ""); {
		case err == nil:
			taken++
		case errs.Is(err, errs.NotFound), errs.Is(err, errs.Denied), errs.Is(err, errs.Invalid):
		default:
			return err
		}
	}
	if taken == 0 {
		return &Refused{Why: NotAsked, Say: "The address to which this letter wants its receipt takes no letters."}
	}
	letter, err := sub.Open(ctx)
	if err != nil {
		return err
	}
	if _, err := letter.Write(l.text); err != nil {
		letter.Abort()
		return s.letterRefusal(err)
	}
	_, err = letter.Commit(ctx)
	return err
}
