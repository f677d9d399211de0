package delivery

import (
	"context"
	"errors"
	"io"
	"strings"

	"haven"
	"haven/mail/authn"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/mail/sieve"
	"haven/mail/sieve/lang"
	"haven/mail/vacation"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// Filters run the scripts of mailboxes over their letters; mail/sieve is behind it.
type Filters interface {
	// Active are the scripts of those of the accounts that have an active one, in one question.
	Active(ctx context.Context, accounts []haven.AccountNo) (map[haven.AccountNo]sieve.Active, error)
	// Run runs one. An error of the script is a lang.Error or lang.Errors.
	Run(ctx context.Context, a sieve.Active, f sieve.Facts, p sieve.Place) (lang.Result, error)
	Remember(ctx context.Context, no haven.AccountNo, marks []sieve.Mark) (func(*db.Tx) error, error)
	// MayTell reports whether an account is to be told now that its script failed, and notes that it is.
	MayTell(tx *db.Tx, no haven.AccountNo) (bool, error)
}

// Names of the rules of filters.
const (
	RuleReject   haven.Rule = "sieve.reject"   // a recipient's script refuses the letter
	RuleRedirect haven.Rule = "sieve.redirect" // a script may not send a letter on
)

// fieldRedirected names each mailbox whose script sent a letter on.
const fieldRedirected = "Haven-Redirected"

// arrival is a letter on its way into mailboxes, as their scripts see it.
type arrival struct {
	id       string
	client   Client
	envelope Envelope
	letter   *mailbox.Letter
	where    destination
	trace    func(addressee) string // what stands in front of the letter for one recipient
	received string                 // our line for those to whom it is sent on
	inside   bool                   // one of our people wrote it
	proven   bool                   // the envelope's sender is who it says it is
	alone    bool                   // there is one recipient in all, and the client can still be refused
	removed  int                    // files that were taken out
	answers  bool                   // automatic replies may be owed
}

// plan is what becomes of a letter at some of its recipients, before any of it is done.
type plan struct {
	filings   []mailbox.Filing
	now       addressees // who is dealt with in this commit
	later     addressees // for whom there is no room in it
	owed      []vacation.To
	failed    []outcome            // what the sender is told
	letters   []*mailbox.Letter    // sent on
	writes    []func(*db.Tx) error // in the commit
	wakes     []outbox.Recipient   // after it
	crowded   bool                 // a crowd waits after it
	faults    []fault              // owners who are to be told
	told      []fault              // those of them whose turn it is
	discarded int
}

// fault is what was wrong with a recipient's script.
type fault struct {
	to  addressee
	say string
}

// plan decides what becomes of a letter at some recipients: what their scripts say, or else the folder that was decided already. most filings fit into the commit.
// Denied (sieve.reject): the one recipient refuses it.
func (s *Service) plan(ctx context.Context, a arrival, to addressees, most int) (*plan, error) {
	p := &plan{}
	var active map[haven.AccountNo]sieve.Active
	if s.o.Filters != nil && len(to) > 0 {
		var err error
		if active, err = s.o.Filters.Active(ctx, to.accounts()); err != nil {
			return nil, err
		}
	}
	for i, r := range to {
		one := &plan{}
		if script, ok := active[r.Account]; ok {
			if err := s.filter(ctx, one, a, r, script, to); err != nil {
				return nil, err
			}
		} else {
			one.filings = []mailbox.Filing{a.filing(r, a.letter, nil)}
			one.owe(a, r, nil)
		}
		if len(p.filings)+len(one.filings) > most && len(p.now) > 0 {
			p.later = append(p.later, to[i:]...)
			break
		}
		p.now = append(p.now, r)
		p.join(one)
	}
	return p, nil
}

func (p *plan) join(one *plan) {
	p.filings = append(p.filings, one.filings...)
	p.owed = append(p.owed, one.owed...)
	p.failed = append(p.failed, one.failed...)
	p.letters = append(p.letters, one.letters...)
	p.writes = append(p.writes, one.writes...)
	p.wakes = append(p.wakes, one.wakes...)
	p.faults = append(p.faults, one.faults...)
	p.crowded = p.crowded || one.crowded
	p.discarded += one.discarded
}

// filing puts a letter where it was decided that it goes, or into folders instead.
func (a arrival) filing(r addressee, letter *mailbox.Letter, into []mailbox.Into) mailbox.Filing {
	return mailbox.Filing{Account: r.Account, Letter: letter, Role: a.where.role, Into: into, Keywords: a.where.keywords, Trace: []byte(a.trace(r))}
}

func (p *plan) owe(a arrival, r addressee, script *vacation.Scripted) {
	if a.answers {
		p.owed = append(p.owed, vacation.To{Account: r.Account, As: r.as, Main: r.Address, Script: script})
	}
}

// filter decides by a recipient's script. Where that is wrong, the letter is kept where it would be without one, and the owner told.
func (s *Service) filter(ctx context.Context, p *plan, a arrival, r addressee, script sieve.Active, to addressees) error {
	at := &place{ctx: ctx, s: s, letter: a.letter, r: r}
	defer at.close()
	trace := a.trace(r)
	result, err := s.o.Filters.Run(ctx, script, sieve.Facts{Header: mime.Header(trace) + a.letter.Message().Header, Traced: len(trace), From: a.envelope.From, To: r.as,
		Size: a.letter.Size(), Spam: a.spam(), Virus: min(a.removed, 1) + 1, Items: s.items(a)}, at)
	var wrong lang.Error
	var unread lang.Errors
	switch {
	case errors.As(err, &wrong), errors.As(err, &unread):
		p.faults = append(p.faults, fault{r, err.Error()})
		result = lang.Result{Actions: []lang.Action{{Kind: lang.Keep}}}
	case err != nil:
		return err
	}
	d := &deciding{s: s, p: p, a: a, r: r, to: to, at: at}
	if err := d.all(ctx, result); err != nil {
		return err
	}
	remember, err := s.o.Filters.Remember(ctx, r.Account, result.Marks)
	if remember != nil {
		p.writes = append(p.writes, remember)
	}
	return err
}

// spam is how sure the checks are that a letter is junk (RFC 5235 §2.2).
func (a arrival) spam() int {
	switch {
	case a.where.role == mailbox.Junk:
		return 10
	case a.where.spf != "":
		return 1
	}
	return 0
}

// items are what a script may ask about where it runs (RFC 5183 §4.1).
func (s *Service) items(a arrival) map[string]string {
	_, domain, _ := strings.Cut(s.o.Host, ".")
	items := map[string]string{"domain": domain, "host": s.o.Host, "location": "MDA", "name": "Haven", "phase": "during"}
	if a.client.Addr.IsValid() {
		items["remote-ip"] = a.client.Addr.String()
	}
	return items
}

// place is sieve.Place for one recipient.
type place struct {
	ctx    context.Context
	s      *Service
	letter *mailbox.Letter
	r      addressee
	body   *blob.Body
}

// Body is sieve.Place's.
func (p *place) Body() (*mime.Message, io.ReaderAt, error) {
	if p.body == nil {
		stored := p.letter.Stored()
		body, err := p.s.o.Bodies.Open(stored.Loc, stored.ID, stored.Key)
		if err != nil {
			return nil, nil, errs.Wrap(errs.Transient, err, "")
		}
		p.body = body
	}
	return p.letter.Message(), p.body, nil
}

func (p *place) close() {
	if p.body != nil {
		p.body.Close()
	}
}

// HasMailbox is sieve.Place's.
func (p *place) HasMailbox(name string) (bool, error) {
	there, _, err := p.s.o.Store.CanFile(p.ctx, p.r.Account, strings.Split(name, "/"))
	return there, err
}

// MailboxNamed is sieve.Place's.
func (p *place) MailboxNamed(id string) (string, error) {
	owner, err := p.s.o.Directory.Resolve(p.ctx, p.r.as)
	if err != nil {
		return "", err
	}
	path, err := p.s.o.Store.FolderByID(p.ctx, p.r.Account, owner.ID, id)
	return strings.Join(path, "/"), err
}

// mayTellSender reports whether the sender of a letter may be written to because a script refuses it: never where that would be somebody who may not have written, and
// never in answer to a program.
func (a arrival) mayTellSender() bool {
	l := vacation.Letter{From: a.envelope.From, Header: a.letter.Message().Header, Inside: a.inside, Junk: a.where.role == mailbox.Junk, Proven: a.proven}
	return vacation.MayAnswer(l).Allowed
}

// holds reports whether the row of a letter's body is written by the plan.
func (p *plan) holds(letter *mailbox.Letter) bool {
	for _, f := range p.filings {
		if f.Letter == letter {
			return true
		}
	}
	for _, l := range p.letters {
		if l == letter {
			return true
		}
	}
	return false
}

// write does in the commit what is no filing: bodies that are sent on, letters queued for others or for mailboxes here, and what scripts remember.
func (p *plan) write(s *Service) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		p.told = nil
		done := map[*mailbox.Letter]bool{}
		for _, f := range p.filings {
			done[f.Letter] = true
		}
		for _, l := range p.letters {
			if !done[l] {
				done[l] = true
				blob.Insert(tx, l.Stored())
			}
		}
		if err := inTurn(p.writes...)(tx); err != nil {
			return err
		}
		for _, f := range p.faults {
			may, err := s.o.Filters.MayTell(tx, f.to.Account)
			if err != nil {
				return err
			}
			if may {
				p.told = append(p.told, f)
			}
		}
		return nil
	}
}

// done is for after the commit.
func (p *plan) done(ctx context.Context, s *Service, id string) {
	if p.crowded {
		s.signal()
	}
	if len(p.wakes) > 0 {
		s.o.Outbox.Wake(p.wakes...)
	}
	if p.discarded > 0 {
		s.o.Logger.Info("delivery: discarded by scripts", "id", id, "mailboxes", p.discarded)
	}
	if len(p.faults) > 0 {
		s.o.Logger.Info("delivery: scripts failed", "id", id, "faults", len(p.faults))
	}
	for _, f := range p.told {
		if err := s.tellFault(ctx, f); err != nil && !errs.Is(err, errs.NotFound) {
			s.o.Logger.Warn("delivery: who owns a script could not be told that it failed", "id", id, "err", err)
		}
	}
}

// tellFault writes to a mailbox that its script failed. No script runs over that letter.
func (s *Service) tellFault(ctx context.Context, f fault) error {
	o := Own{Name: "Haven", From: s.o.Postmaster, To: s.mainOf(ctx, f.to), ID: newID(), Subject: "A filter of your mailbox could not be followed",
		Text: "A letter came, and the filter of this mailbox could not do with it what it says:\n\n" + f.say + "\n\n" +
			"The letter was kept. It lies in the Inbox, or in Junk where it looked like junk. Change the filter, or turn it off; you are told of this once a day at most.\n"}
	return s.File(ctx, o.To, o.bytes(s), nil)
}

// mainOf is a recipient's main address; a crowd does not keep it.
func (s *Service) mainOf(ctx context.Context, r addressee) haven.Address {
	if !r.Address.IsNull() {
		return r.Address
	}
	if found, err := s.o.Directory.Resolve(ctx, r.as); err == nil {
		return found.Address
	}
	return r.as
}

// provenBy reports whether SPF proves who sent a letter.
func provenBy(where destination) bool { return where.spf == authn.Pass }
