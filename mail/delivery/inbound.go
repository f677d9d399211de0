package delivery

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"haven"
	"haven/mail/attachment"
	"haven/mail/authn"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/mail/vacation"
	"haven/platform/db"
	"haven/platform/errs"
)

// Inbound is one letter from another server, from its envelope to the end of its text. One goroutine uses it.
type Inbound struct {
	s        *Service
	client   Client
	envelope Envelope
	to       addressees
	back     haven.Address // where one of our own letters came from, and nobody else; null: this is no such
}

// Begin begins a letter.
func (s *Service) Begin(client Client, e Envelope) *Inbound {
	return &Inbound{s: s, client: client, envelope: e}
}

// Rcpt adds a recipient, or says why not. A mailbox that is named twice, by alias and main address say, counts once.
func (in *Inbound) Rcpt(ctx context.Context, to haven.Address, notify outbox.Notify, orcpt string) error {
	s := in.s
	if to.Domain != "" {
		ours, err := s.o.Directory.Serves(ctx, to.Domain)
		if err != nil {
			return err
		}
		if !ours {
			return refuse(errs.Denied, RuleRelay, 550, "5.7.1", "Relaying denied: %s is not served here.", to.Domain)
		}
	}
	if s.comesBack(to) {
		return in.rcptBack(to)
	}
	r, err := s.local(ctx, to)
	if err != nil {
		return err
	}
	if !in.back.IsNull() {
		return refuse(errs.TooMany, RuleRecipients, 452, "4.5.3", "A notice about a letter of ours has one recipient. Send the rest in another letter.")
	}
	if in.to.has(r.Account) {
		return nil
	}
	if most := s.most(s.o.Policy.RecipientsIn); len(in.to) >= most {
		return refuse(errs.TooMany, RuleRecipients, 452, "4.5.3", "At most %d recipients at once. Send the rest in another letter.", most)
	}
	if most := s.o.Policy.ReceivePerHour; most > 0 && s.received.Count(accountKey(r.Account)) >= most {
		return refuse(errs.TooMany, RuleReceiveRate, 450, "4.2.1", "The mailbox took too many letters in the last hour. Try again later.")
	}
	if s.o.Room != nil {
		if err := s.o.Room.Room(ctx, r.Account, in.envelope.Size); err != nil {
			return err
		}
	}
	in.to = append(in.to, addressee{r, to, notify, orcpt})
	return nil
}

// accountKey is an account as the key of a counter.
func accountKey(no haven.AccountNo) string { return strconv.FormatInt(int64(no), 36) }

// InboundLetter takes the text of a letter from another server.
type InboundLetter struct {
	in    *Inbound
	id    string
	gate  headerGate
	to    *mailbox.LetterWriter
	check *authn.Check // nil where nothing is checked
	hops  int
	files attachment.UUHint
	came  back // of a letter that came back
}

// Open begins the letter's text.
func (in *Inbound) Open(ctx context.Context) (*InboundLetter, error) {
	w, err := in.s.o.Store.NewLetter(ctx)
	if err != nil {
		return nil, err
	}
	l := &InboundLetter{in: in, id: newID(), to: w}
	l.gate = headerGate{to: w, edit: l.editHeader}
	if c := in.s.o.Checker; c != nil {
		l.check = c.Begin(ctx, authn.Facts{IP: in.client.Addr, Helo: in.client.Hello, From: in.envelope.From})
	}
	return l, nil
}

// Fields that only we may write.
const (
	fieldReturnPath = "Return-Path"
	fieldReceived   = "Received"
	fieldVerdict    = "Haven-Verdict"
)

// keywordJunk marks what was taken for junk (RFC 9051 §2.3.2).
const keywordJunk = "$Junk"

// editHeader takes out what only we may say: results that bear our name (Rules 10), and the envelope's sender
// (RFC 5321 §4.4).
func (l *InboundLetter) editHeader(h mime.Header) ([]byte, error) {
	l.hops = h.Count(fieldReceived)
	if most := l.in.s.o.Policy.Hops; most > 0 && l.hops > most {
		return nil, refuse(errs.Denied, RuleLoop, 554, "5.4.6", "The letter went through %d servers. It is going in circles.", l.hops)
	}
	out := keepFields(nil, h, func(f mime.Field) bool {
		switch {
		case f.Is(authn.HeaderResults):
			return !authn.IsForged(f.Body, l.in.s.o.Host)
		case f.Is(fieldReturnPath), f.Is(fieldVerdict):
			return false
		}
		return f.Raw[0] != ' ' && f.Raw[0] != '\t' // only the first can; it would go on a line of ours
	})
	return append(out, '\r', '\n'), nil
}

// Write takes more of the text. DKIM is judged on what came, before anything is changed.
func (l *InboundLetter) Write(p []byte) (int, error) {
	if l.check != nil {
		_, _ = l.check.Write(p) // never fails
	}
	_, _ = l.files.Write(p) // never fails
	if !l.in.back.IsNull() {
		l.came.write(p)
	}
	return l.gate.Write(p)
}

// Abort gives the letter up.
func (l *InboundLetter) Abort() {
	if l.check != nil {
		l.check.Close()
	}
	l.to.Abort()
}

// Commit checks, decides and files. When it returns nil the letter is in every recipient's mailbox for good.
func (l *InboundLetter) Commit(ctx context.Context) (string, error) {
	if err := l.gate.finish(); err != nil {
		l.Abort()
		return "", err
	}
	if !l.in.back.IsNull() {
		return l.commitBack(ctx)
	}
	message := l.to.Parsed()
	where := l.judge(ctx, message)
	letter, removed, err := l.in.s.guard(ctx, l.to, l.files.Seen)
	if err != nil {
		return "", err
	}
	l.in.to.mayHear(where)
	if err := l.in.s.fileFitting(ctx, l.in.to, letter.Size(), func(now, later addressees) error {
		return l.file(ctx, letter, removed, where, now, later)
	}); err != nil {
		return "", err
	}
	for _, r := range l.in.to {
		l.in.s.received.Add(accountKey(r.Account), 1)
	}
	l.in.s.o.Logger.Info("delivery: taken", "id", l.id, "place", l.in.client.Addr, "size", letter.Size(),
		"recipients", len(l.in.to), "rule", where.rule, "removed", removed.count())
	return l.id, nil
}

// file files with some recipients, and writes the letter down for the others, in one commit.
func (l *InboundLetter) file(ctx context.Context, letter *mailbox.Letter, removed *removal, where destination, now, later addressees) error {
	s, at := l.in.s, l.in.s.o.Clock.Now()
	forAll := received(l.in.client, s.o.Host, l.id, haven.Address{}, at)
	p, err := s.plan(ctx, arrival{id: l.id, client: l.in.client, envelope: l.in.envelope, letter: letter, where: where, received: forAll, answers: true,
		proven: provenBy(where), alone: len(l.in.to) == 1, removed: removed.count(),
		trace: func(r addressee) string {
			return envelopeTrace(l.in.envelope.From, r.as) + where.fields + received(l.in.client, s.o.Host, l.id, r.as, at)
		}}, now, maxFilings-1)
	if err != nil {
		return err
	}
	later = slices.Concat(later, p.later)
	hold, err := removed.insert(ctx, s, l.in.to.accounts(), at)
	if err != nil {
		return err
	}
	var crowded func(*db.Tx) error
	if len(later) > 0 {
		c := crowd{envelope: l.in.envelope, where: where, trace: forAll}
		if crowded, err = s.enqueue(c, later, letter, p.holds(letter)); err != nil {
			return err
		}
		defer s.signal()
	}
	header := letter.Message().Header
	owed := s.owe(vacation.Letter{From: l.in.envelope.From, Header: header, Junk: where.role == mailbox.Junk, Proven: provenBy(where)}, p.owed)
	if err = s.file(ctx, l.in.envelope, header, p, inTurn(p.write(s), hold, crowded, owed)); err != nil {
		return err
	}
	p.done(ctx, s, l.id)
	if owed != nil {
		s.o.Replies.Wake()
	}
	return nil
}

// signal wakes Run.
func (s *Service) signal() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// destination is where a letter goes, and what is written on it.
type destination struct {
	role     mailbox.Role
	keywords []string
	fields   string // Authentication-Results, and the verdict where it is Junk
	rule     haven.Rule
	spf      authn.Result // of the envelope's sender; empty where nothing was checked
}

// judge runs the checks and decides between Inbox and Junk (Rules 10).
func (l *InboundLetter) judge(ctx context.Context, m *mime.Message) destination {
	if l.check == nil {
		return destination{role: mailbox.Inbox}
	}
	from := fromOf(m.Header)
	verdicts := l.check.Verdicts(from.Domains)
	d := destination{role: mailbox.Inbox, fields: verdicts.Field(l.in.s.o.Host, l.in.envelope.From)}
	junk, v := authn.Junk(verdicts, from, func(domain string) bool { return l.in.s.ours(ctx, domain) })
	d.rule, d.spf = v.Rule, verdicts.SPF.Result
	if junk {
		d.role = mailbox.Junk
		d.keywords = []string{keywordJunk}
		d.fields += fieldVerdict + ": " + string(v.Rule) + "; " + strings.ReplaceAll(v.Reason, "\r\n", " ") + "\r\n"
	}
	return d
}
