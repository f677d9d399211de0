package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"time"

	"haven"
	"haven/face/jmap"
	"haven/face/portal"
	"haven/mail/mailbox"
	"haven/people/account"
	"haven/people/session"
	"haven/platform/errs"
)

// jmapFace is JMAP, which stands beside the pages wherever they are.
func (s *serving) jmapFace() *jmap.Server {
	if s.jmap != nil {
		return s.jmap
	}
	h := s.h
	o := jmap.Options{
		People: jmapPeople{h}, Blobs: jmapBlobs{h}, States: jmapStates{h}, Hub: h.hub,
		Mail: h.mail, Search: h.search, Work: h.work, Links: h.links, Late: lateness{h}, Vacations: h.vacation, Submissions: h.sending, Identities: h.sending, MDNs: h.sending,
		Directory: h.directory, Shares: h.shares, Filters: h.filters, Sieve: h.conf.Policy.Sieve,
		Cookie: portal.SessionCookie(s.plainPages()), Portal: h.conf.Service.Portal,
		Policy: h.conf.Policy.JMAP, Mailbox: h.conf.Policy.Mailbox, Metrics: s.jmapMetrics(), Logger: h.log.With("face", "jmap"), Clock: h.clock,
	}
	if h.wakes() {
		o.Pushes, o.PushKey = h.push, h.vapid.PublicKey()
	}
	s.jmap = jmap.New(o)
	face := s.jmap
	s.onStop(func(context.Context) error { face.Close(); return nil })
	return s.jmap
}

// jmapPeople says who signs in to JMAP, and what they may open.
type jmapPeople struct{ h *house }

func (p jmapPeople) ByPassword(ctx context.Context, l jmap.Login) (jmap.Session, error) {
	s, err := p.h.accounts.Authenticate(ctx, account.Login{User: l.User, Password: l.Password, Place: l.Place, Program: "jmap " + l.Program})
	if err != nil {
		return jmap.Session{}, err
	}
	who, proof := jmapSession(s.Person), s.Proof
	if s.Shared() {
		who.Only = s.Target.No
	}
	who.Credential = proofCredential(proof)
	who.Holds = func(ctx context.Context) error { return p.h.accounts.Holds(ctx, proof) }
	return who, nil
}

func jmapSession(a account.Account) jmap.Session {
	return jmap.Session{Person: a.No, ID: a.ID, Address: a.Address, Name: a.Display}
}

var (
	errLocked  = &errs.Error{Kind: errs.Private, Rule: "session.locked", Say: "This computer was not used for some time. Give your password to go on."}
	errPending = &errs.Error{Kind: errs.Private, Rule: "session.pending", Say: "Finish logging in."}
	errChanges = &errs.Error{Kind: errs.Denied, Rule: "session.changes", Say: "Your password has to be changed, or your account activated, on the pages first."}
	errAccept  = &errs.Error{Kind: errs.Denied, Rule: "activation.policy", Say: "Accept the rules of use on the pages first."}
)

func (p jmapPeople) ByCookie(ctx context.Context, token string) (jmap.Session, error) {
	ses, err := p.look(ctx, session.Token(token))
	if err != nil {
		return jmap.Session{}, err
	}
	due, err := p.h.activation.PolicyDue(ctx, ses.Person.No)
	if err != nil {
		return jmap.Session{}, err
	}
	if !due.IsZero() && !p.h.clock.Now().Before(due) {
		return jmap.Session{}, errAccept
	}
	who := jmapSession(ses.Person)
	who.Shared, who.Idle, who.Credential = ses.Shared, session.Idle(ses.Shared, p.h.conf.Policy.Session), sessionCredential(ses.ID)
	if !ses.Shared { // nothing is kept where others use the computer too
		who.Offline = p.h.conf.Policy.Session.Offline
	}
	who.Lasts = func(ctx context.Context) (time.Time, error) {
		ses, err := p.look(ctx, session.Token(token))
		return ses.Until, err
	}
	who.Holds = func(ctx context.Context) error { _, err := who.Lasts(ctx); return err }
	who.Use = func(ctx context.Context) error { _, err := p.h.sessions.Find(ctx, session.Token(token)); return err }
	return who, nil
}

// look finds a session that is open.
func (p jmapPeople) look(ctx context.Context, token session.Token) (session.Session, error) {
	ses, err := p.h.sessions.Look(ctx, token)
	switch {
	case err != nil:
		return session.Session{}, err
	case ses.Locked:
		return session.Session{}, errLocked
	case ses.Pending:
		return session.Session{}, errPending
	case ses.Changes:
		return session.Session{}, errChanges
	}
	return ses, nil
}

// Accounts lists the own account, unless it is shut to the session, and the shared mailboxes that it opens.
func (p jmapPeople) Accounts(ctx context.Context, s *jmap.Session) ([]jmap.Account, error) {
	var all []jmap.Account
	rights, err := p.h.mail.Rights(ctx, mailbox.Viewer{Person: s.Person, Account: s.Person, ByProgram: s.ByProgram})
	if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	if err == nil {
		all = append(all, jmap.Account{No: s.Person, ID: s.ID, Address: s.Address, Name: s.Name, Personal: true, Rights: rights})
	}
	boxes, err := p.h.shared.For(ctx, s.Person)
	for _, b := range boxes {
		if b.Rights.Has(haven.Read) && !(b.Shut && s.ByProgram) {
			a := b.Account
			all = append(all, jmap.Account{No: a.No, ID: a.ID, Address: a.Address, Name: a.Display, Rights: b.Rights})
		}
	}
	if s.Only != 0 {
		all = slices.DeleteFunc(all, func(a jmap.Account) bool { return a.No != s.Only })
	}
	return all, err
}

// jmapStates tells the states of what is pushed.
type jmapStates struct{ h *house }

func (s jmapStates) States(ctx context.Context, who *jmap.Session, accounts []jmap.Account) (map[haven.AccountNo]map[string]string, error) {
	all := make(map[haven.AccountNo]map[string]string, len(accounts))
	for _, a := range accounts {
		v := mailbox.Viewer{Person: who.Person, Account: a.No, ByProgram: who.ByProgram}
		of, err := s.of(ctx, v)
		if errs.Is(err, errs.NotFound) {
			continue // closed a moment ago
		}
		if err != nil {
			return nil, err
		}
		working, err := jmap.WorkStates(ctx, s.h.work, v)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(of, working)
		replies, err := jmap.VacationStates(ctx, s.h.vacation, v)
		if err != nil {
			return nil, err
		}
		maps.Copy(of, replies)
		all[a.No] = of
	}
	return all, nil
}

func (s jmapStates) of(ctx context.Context, v mailbox.Viewer) (map[string]string, error) {
	all, err := jmap.MailStates(ctx, s.h.mail, v)
	if err != nil {
		return nil, err
	}
	sent, err := jmap.SubmissionStates(ctx, s.h.sending, v)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, sent)
	told, err := jmap.ShareStates(ctx, s.h.shares, s.h.mail, v)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, told)
	filters, err := jmap.FilterStates(ctx, s.h.filters, s.h.mail, v)
	maps.Copy(all, filters)
	return all, err
}

// jmapBlobs keeps what programs upload.
type jmapBlobs struct{ h *house }

func (b jmapBlobs) Put(ctx context.Context, v mailbox.Viewer, typ string, r io.Reader) (string, int64, error) {
	u, err := b.h.uploads.Put(ctx, v, typ, r)
	return u.ID, u.Size, err
}

func (b jmapBlobs) Open(ctx context.Context, v mailbox.Viewer, id string) (jmap.Blob, error) {
	f, err := b.h.uploads.Open(ctx, v, id)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (b jmapBlobs) Copy(ctx context.Context, from, to mailbox.Viewer, id string) (string, error) {
	u, err := b.h.uploads.Copy(ctx, from, to, id)
	return u.ID, err
}
