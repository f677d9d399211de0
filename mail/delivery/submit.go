package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"haven"
	"haven/mail/attachment"
	"haven/mail/authn"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/mail/vacation"
	"haven/platform/audit"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// Submitter is a person who signed in to send.
type Submitter struct {
	Person    haven.AccountNo
	ID        haven.AccountID // of the same account, for the audit log
	Address   haven.Address   // the person's own, for Sender
	Name      string          // display name, may be empty
	ByProgram bool            // comes with a mail program, and not on the pages
	Only      haven.AccountNo // the one mailbox that the log in is good for; 0: any that the person may use

	// Holds asks whether the log in is still good, which is done for each letter; nil: for as long as the session.
	Holds func(context.Context) error
}

// Submission is one letter of our own people, from its envelope to the end of its text. One goroutine uses it.
type Submission struct {
	s        *Service
	client   Client // without its address and name, which are in actor alone
	who      Submitter
	actor    haven.Actor
	envelope Envelope
	to       addressees
	others   []outbox.Recipient
	draft    *Draft // nil: it came from a program, and is no message here yet
}

// BeginSubmission begins a letter of who. The envelope's sender must be an address that the person may use, or null.
func (s *Service) BeginSubmission(ctx context.Context, client Client, who Submitter, e Envelope) (*Submission, error) {
	if who.Holds != nil {
		if err := who.Holds(ctx); err != nil {
			return nil, err
		}
	}
	if most := s.o.Policy.SendPerHour; most > 0 && s.sent.Count(accountKey(who.Person)) >= most {
		return nil, refuse(errs.TooMany, RuleSendRate, 450, "4.7.1", "You have sent %d letters in the last hour, which is the most. Try again later.", most)
	}
	if !e.From.IsNull() {
		if _, err := s.mayUse(ctx, who, e.From); err != nil {
			return nil, err
		}
	}
	actor := haven.Actor{Person: who.ID, Program: "submission " + client.Hello}
	if client.Addr.IsValid() {
		actor.Place = client.Addr.String()
	}
	client.Addr, client.Hello = netip.Addr{}, "" // where people sit, and at what, is nobody else's business; the audit log has it
	return &Submission{s: s, client: client, who: who, actor: actor, envelope: e}, nil
}

// mayUse asks whether the person may send with an address; the refusal names the address and what to do.
func (s *Service) mayUse(ctx context.Context, who Submitter, a haven.Address) (Use, error) {
	use, err := s.o.Senders.MayUse(ctx, who, a)
	if errs.Is(err, errs.Denied) || errs.Is(err, errs.NotFound) {
		return Use{}, refuse(errs.Denied, RuleSender, 550, "5.7.1",
			"You may not send with the address %s. Use your own, %s, or ask an owner of that mailbox for the right to send as it.", a, who.Address)
	}
	if err == nil && who.Only != 0 && use.Account != who.Only {
		return Use{}, refuse(errs.Denied, RuleSender, 550, "5.7.1",
			"You signed in for one shared mailbox alone, and may not send with the address %s. Use that mailbox's, or sign in as yourself.", a)
	}
	return use, err
}

// Rcpt adds a recipient, or says why not.
func (sub *Submission) Rcpt(ctx context.Context, to haven.Address, notify outbox.Notify, orcpt string) error {
	s := sub.s
	if n := len(sub.to) + len(sub.others); n >= s.o.Policy.Recipients {
		return refuse(errs.TooMany, RuleRecipients, 452, "4.5.3", "A letter has at most %d recipients.", s.o.Policy.Recipients)
	}
	if most := s.o.Policy.SendRcptsPerDay; most > 0 && s.sentRcpts.Count(accountKey(sub.who.Person))+len(sub.to)+len(sub.others) >= most {
		return refuse(errs.TooMany, RuleSendRate, 450, "4.7.1", "You have written to %d recipients today, which is the most. Try again tomorrow.", most)
	}
	ours := to.Domain == ""
	if !ours {
		var err error
		if ours, err = s.o.Directory.Serves(ctx, to.Domain); err != nil {
			return err
		}
	}
	if !ours {
		same := func(r outbox.Recipient) bool { return r.Address == to }
		if !slices.ContainsFunc(sub.others, same) {
			sub.others = append(sub.others, outbox.Recipient{Address: to, Notify: notify, ORcpt: orcpt})
		}
		return nil
	}
	r, err := s.local(ctx, to)
	if err != nil || sub.to.has(r.Account) {
		return err
	}
	if most := s.most(s.o.Policy.Recipients); len(sub.to) >= most {
		return refuse(errs.TooMany, RuleRecipients, 452, "4.5.3", "A letter has at most %d recipients within this service.", most)
	}
	if s.o.Room != nil {
		if err := s.o.Room.Room(ctx, r.Account, sub.envelope.Size); err != nil {
			return err
		}
	}
	sub.to = append(sub.to, addressee{r, to, notify, orcpt})
	return nil
}

// SubmittedLetter takes the text of a submission.
type SubmittedLetter struct {
	sub    *Submission
	ctx    context.Context // of the session: the header is judged while it is written
	id     string
	gate   headerGate
	to     *mailbox.LetterWriter
	copy   *mailbox.LetterWriter // for Sent, where it differs: it keeps Bcc
	from   Use                   // of the first address in From: whose Sent gets the copy
	uses   []Use                 // of all addresses in From
	asked  int                   // addresses judged so far
	as     haven.Address         // that address: in whose domain's name the letter is signed
	footer []string              // what it ends with by law
	utf8   bool                  // the header holds octets over 127
	high   bool                  // anything does
	files  attachment.UUHint
	same   bool     // the Sent copy says what was written, octet by octet
	refs   []string // its References and In-Reply-To
}

// Open begins the letter's text.
func (sub *Submission) Open(ctx context.Context) (*SubmittedLetter, error) {
	w, err := sub.s.o.Store.NewLetter(ctx)
	if err != nil {
		return nil, err
	}
	l := &SubmittedLetter{sub: sub, ctx: ctx, id: newID(), to: w}
	l.gate = headerGate{to: w, edit: l.editHeader}
	return l, nil
}

// Write takes more of the text.
func (l *SubmittedLetter) Write(p []byte) (int, error) {
	l.high = l.high || hasHigh(p)
	_, _ = l.files.Write(p) // never fails
	return l.gate.Write(p)
}

func hasHigh(p []byte) bool {
	for _, c := range p {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// Abort gives the letter up.
func (l *SubmittedLetter) Abort() {
	l.to.Abort()
	if l.copy != nil {
		l.copy.Abort()
	}
}

// editHeader decides whether the person may send with this header, and makes it what RFC 6409 §8 asks for: Sender
// names who really sends on behalf, Bcc is gone, Date and Message-ID are there.
func (l *SubmittedLetter) editHeader(h mime.Header) ([]byte, error) {
	if err := wellFormed(h); err != nil {
		return nil, err
	}
	sender, err := l.judgeFrom(h)
	if err != nil {
		return nil, err
	}
	l.utf8 = hasHigh([]byte(h))
	if d := l.sub.draft; d != nil && l.from.Account != d.Account {
		return nil, refuse(errs.Denied, RuleSender, 550, "5.7.1", "A letter in this mailbox is sent from an address of this mailbox. Write one of them into From.")
	}
	l.refers(h)
	bcc := h.Has("Bcc") || h.Has("Resent-Bcc")
	rest := func(keepBcc bool) []byte {
		out := keepFields(nil, h, func(f mime.Field) bool {
			switch {
			case f.Is("Bcc"), f.Is("Resent-Bcc"):
				return keepBcc
			case f.Is("Sender"):
				return sender == ""
			case f.Is(authn.HeaderResults):
				return !authn.IsForged(f.Body, l.sub.s.o.Host)
			case f.Is(fieldReturnPath), f.Is(fieldVerdict):
				return false
			}
			return true
		})
		return append(out, l.missing(h, sender)...)
	}
	l.same = bytes.Equal(rest(true), []byte(h))
	if bcc {
		if l.copy, err = l.sub.s.o.Store.NewLetter(l.ctx); err != nil {
			return nil, err
		}
		if _, err := l.copy.Write(rest(true)); err != nil {
			return nil, err
		}
		l.gate.also = l.copy
	}
	return rest(false), nil
}

// missing are the fields that the letter lacks, and the empty line.
func (l *SubmittedLetter) missing(h mime.Header, sender string) string {
	out := ""
	if sender != "" {
		out += "Sender: " + sender + "\r\n"
	}
	if !h.Has("Date") {
		out += "Date: " + mime.FormatDate(l.sub.s.o.Clock.Now()) + "\r\n"
	}
	if !h.Has("Message-ID") {
		out += "Message-ID: <" + l.id + "@" + l.sub.s.o.Host + ">\r\n"
	}
	return out + "\r\n"
}

// judgeFrom asks for every address in From and Sender, and in those of a letter sent on, whether the person may use it.
// It returns what Sender has to say, empty where the letter's own may stay.
func (l *SubmittedLetter) judgeFrom(h mime.Header) (sender string, err error) {
	if h.Count("From") != 1 || h.Count("Sender") > 1 {
		return "", refuse(errs.Invalid, RuleSendNoFrom, 550, "5.6.0", "A letter has one From field and at most one Sender field.")
	}
	onBehalf, err := l.judgeFields(h, "From", "Resent-From", "Resent-Sender")
	if err == nil && !onBehalf {
		onBehalf, err = l.judgeFields(h, "Sender")
	}
	if err != nil || !onBehalf {
		return "", err
	}
	return mime.AddressOf(l.sub.who.Name, l.sub.who.Address).Format(l.sub.envelope.UTF8), nil
}

// judgeFields judges each field of these names, and reports whether Sender has to name the person.
func (l *SubmittedLetter) judgeFields(h mime.Header, names ...string) (onBehalf bool, err error) {
	for f := range h.Fields() {
		if !slices.ContainsFunc(names, f.Is) {
			continue
		}
		uses, addrs, err := l.judge(f)
		if err != nil {
			return false, err
		}
		if f.Is("From") {
			l.from, l.uses, l.as = uses[0], uses, addrs[0]
			onBehalf = onBehalf || len(uses) > 1 // RFC 5322 §3.6.2: several authors need a Sender
		}
		i := slices.IndexFunc(uses, func(u Use) bool { return u.OnBehalf })
		if i >= 0 && (f.Is("Resent-From") || f.Is("Resent-Sender")) {
			return false, refuse(errs.Denied, RuleSender, 550, "5.7.1",
				"You may send with the address %s only on its behalf. Write your own, %s, into %s.", addrs[i], l.sub.who.Address, f.Name)
		}
		onBehalf = onBehalf || i >= 0
	}
	return onBehalf, nil
}

// judge asks about the addresses of one field.
func (l *SubmittedLetter) judge(f mime.Field) (uses []Use, addrs []haven.Address, err error) {
	if addrs, err = authors(f); err != nil {
		return nil, nil, misformed(f, err)
	}
	if len(addrs) > 1 && (f.Is("Sender") || f.Is("Resent-Sender")) {
		return nil, nil, misformed(f, errors.New("holds more than one address"))
	}
	if l.asked += len(addrs); l.asked > maxAuthors {
		return nil, nil, misformed(f, errAuthorMany)
	}
	for _, addr := range addrs {
		use, err := l.sub.s.mayUse(l.ctx, l.sub.who, addr)
		if err != nil {
			return nil, nil, err
		}
		uses = append(uses, use)
	}
	return uses, addrs, nil
}

func misformed(f mime.Field, why error) error {
	return refuse(errs.Invalid, RuleSendNoFrom, 550, "5.6.0", "The letter's %s field %s.", f.Name, why)
}

// Commit files the letter with the recipients that are here, puts the copy into Sent, and queues it for the others, all
// in one commit.
func (l *SubmittedLetter) Commit(ctx context.Context) (string, error) {
	s := l.sub.s
	if err := l.finish(); err != nil {
		l.Abort()
		return "", err
	}
	if err := l.mayAnswer(ctx); err != nil {
		l.Abort()
		return "", err
	}
	letter, removed, err := s.guard(ctx, l.to, l.files.Seen)
	if err != nil {
		if l.copy != nil {
			l.copy.Abort()
		}
		return "", err
	}
	kept := letter
	if l.copy != nil {
		if kept, _, err = s.guard(ctx, l.copy, l.files.Seen); err != nil {
			return "", err
		}
	}
	whole := kept
	letter, kept, lacks, err := l.end(ctx, letter, kept)
	if err != nil {
		return "", err
	}
	l.same = l.same && removed.count() == 0 && kept == whole
	if err := s.fileFitting(ctx, l.sub.to, letter.Size(), func(now, later addressees) error {
		return l.file(ctx, letter, kept, removed, now, later)
	}); err != nil {
		return "", err
	}
	l.count(letter, removed)
	l.tellLacking(ctx, lacks)
	return l.id, nil
}

// finish ends the text, and refuses the letter where it can't be sent.
func (l *SubmittedLetter) finish() error {
	if err := l.gate.finish(); err != nil {
		return err
	}
	s := l.sub.s
	if most := s.o.Policy.SendPerMailbox; most > 0 && s.sentFrom.Count(accountKey(l.from.Account)) >= most {
		return refuse(errs.TooMany, RuleSendRate, 450, "4.7.1", "This mailbox has sent %d letters in the last hour, which is the most. Try again later.", most)
	}
	return nil
}

// file files with some recipients here and in Sent, and writes the letter down for the other recipients, in one commit.
func (l *SubmittedLetter) file(ctx context.Context, letter, kept *mailbox.Letter, removed *removal, now, later addressees) error {
	s, e, at := l.sub.s, l.sub.envelope, l.sub.s.o.Clock.Now()
	p, err := s.plan(ctx, arrival{id: l.id, client: l.sub.client, envelope: e, letter: letter, where: destination{role: mailbox.Inbox}, inside: true, answers: true,
		received: received(l.sub.client, s.o.Host, l.id, haven.Address{}, at), alone: len(l.sub.to) == 1 && len(l.sub.others) == 0, removed: removed.count(),
		trace: func(r addressee) string {
			return envelopeTrace(e.From, r.as) + received(l.sub.client, s.o.Host, l.id, r.as, at)
		}}, now, maxFilings-1)
	if err != nil {
		return err
	}
	p.filings = append(p.filings, mailbox.Filing{Account: l.from.Account, Letter: kept, Role: mailbox.Sent, Flags: mailbox.Seen, SentBy: l.sub.who.Person, Of: l.draftSent()})
	also, err := l.also(ctx, letter, removed, p.holds(letter), slices.Concat(later, p.later))
	if err != nil {
		return err
	}
	header := letter.Message().Header
	owed := s.owe(vacation.Letter{From: e.From, Header: header, Inside: true}, p.owed)
	if err := s.file(ctx, e, header, p, inTurn(p.write(s), also, owed)); err != nil {
		return err
	}
	p.done(ctx, s, l.id)
	return nil
}

// also is what is written in the commit beside the filings: the audit record, originals held, recipients for whom it is
// filed later, and the queue.
func (l *SubmittedLetter) also(ctx context.Context, letter *mailbox.Letter, removed *removal, filed bool, later addressees) (func(*db.Tx) error, error) {
	s := l.sub.s
	hold, err := removed.insert(ctx, s, append(l.sub.to.accounts(), l.from.Account), s.o.Clock.Now())
	if err != nil {
		return nil, err
	}
	item := l.item(letter)
	var crowded func(*db.Tx) error
	if len(later) > 0 {
		c := crowd{envelope: l.sub.envelope, trace: string(item.Trace)}
		if crowded, err = s.enqueue(c, later, letter, filed); err != nil {
			return nil, err
		}
		filed = true
	}
	taken := Taken{ID: l.id, MessageID: messageID(letter), To: l.delivered(later)}
	queued := func(tx *db.Tx) (err error) {
		if len(item.To) == 0 {
			return nil
		}
		if !filed {
			blob.Insert(tx, letter.Stored())
		}
		taken.Queue, err = s.o.Outbox.Enqueue(tx, item)
		return err
	}
	return inTurn(func(tx *db.Tx) error { l.record(tx); return nil }, hold, crowded, queued, l.tellDraft(&taken)), nil
}

// messageID is the Message-ID of a letter that has one.
func messageID(letter *mailbox.Letter) string {
	ids := mime.MessageIDs(letter.Message().Envelope.MessageID)
	if len(ids) != 1 {
		return ""
	}
	return ids[0]
}

// record writes down who sent, as whom, and which letter by its id in Received, which also stands in the log: nothing
// of what it says, nor to whom (Rules 3).
func (l *SubmittedLetter) record(tx *db.Tx) {
	told := make(map[haven.AccountNo]bool, len(l.uses))
	for _, u := range l.uses {
		if told[u.Account] {
			continue
		}
		told[u.Account] = true
		note := fmt.Sprintf("letter %s to %d here, %d elsewhere", l.id, len(l.sub.to), len(l.sub.others))
		if u.OnBehalf {
			note += ", on behalf"
		}
		actor := l.sub.actor
		actor.As = u.ID
		audit.Record(tx, audit.Entry{At: l.sub.s.o.Clock.Now(), Actor: actor, What: "delivery.submitted", Rule: RuleSender, Note: note})
	}
}

// item is the letter as the outbox takes it.
func (l *SubmittedLetter) item(letter *mailbox.Letter) outbox.Item {
	st := letter.Stored()
	return outbox.Item{
		Body: st.ID, Key: st.Key, Size: st.Size,
		Trace: []byte(received(l.sub.client, l.sub.s.o.Host, l.id, haven.Address{}, l.sub.s.o.Clock.Now())),
		From:  l.sub.envelope.From, Account: l.from.Account, SignAs: l.as.Domain,
		UTF8: l.sub.envelope.UTF8 || l.utf8, Eight: l.high,
		Return: l.sub.envelope.Return, EnvID: l.sub.envelope.EnvID, To: l.sub.others,
	}
}

// count is done once the letter is accepted.
func (l *SubmittedLetter) count(letter *mailbox.Letter, removed *removal) {
	s := l.sub.s
	s.signal()
	if s.o.Replies != nil && len(l.sub.to) > 0 {
		s.o.Replies.Wake()
	}
	if len(l.sub.others) > 0 {
		s.o.Outbox.Wake(l.sub.others...)
	}
	s.sent.Add(accountKey(l.sub.who.Person), 1)
	s.sentFrom.Add(accountKey(l.from.Account), 1)
	s.sentRcpts.Add(accountKey(l.sub.who.Person), len(l.sub.to)+len(l.sub.others))
	s.o.Logger.Info("submission: taken", "id", l.id, "size", letter.Size(), "here", len(l.sub.to), "elsewhere", len(l.sub.others), "removed", removed.count())
}
