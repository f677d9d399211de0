package delivery

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// A letter with more recipients here than one commit takes is a crowd: one entry is committed before the client's 250,
// and is filed in steps afterwards, with each mailbox exactly once: the row that names a mailbox goes in the commit
// that files the letter there. Several processes may do so at once; the slower one's commit
// fails, since the row is gone.

// Sealer seals a body's key under a key of the service; platform/secret has one.
type Sealer interface {
	Seal(dst, plain, ad []byte) ([]byte, error)
	Open(dst, sealed, ad []byte) ([]byte, error)
}

const (
	crowdLook  = time.Minute      // how often the table is looked at with nobody calling
	crowdPause = 15 * time.Minute // before a mailbox that could not take a letter is tried again
	letGoEvery = time.Hour
)

// crowd is an entry of table crowd.
type crowd struct {
	id       int64
	at       time.Time
	body     blob.ID
	key      blob.Key
	envelope Envelope
	where    destination
	trace    string // Received
}

func crowdContext(id int64) []byte { return binary.BigEndian.AppendUint64([]byte("crowd"), uint64(id)) }

// most is how many recipients here one letter may have: those of one commit, or limit where the rest can be kept.
func (s *Service) most(limit int) int {
	if s.o.DB == nil || s.o.Sealer == nil {
		return min(limit, s.o.Policy.OneCommit)
	}
	return limit
}

// enqueue writes a crowd instead of filing, in the transaction that accepts the letter. The letter's body has its row
// already where filed is true.
func (s *Service) enqueue(c crowd, to []addressee, letter *mailbox.Letter, filed bool) (func(*db.Tx) error, error) {
	var b [8]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	c.id = int64(binary.BigEndian.Uint64(b[:]) >> 1)
	st := letter.Stored()
	sealed, err := s.o.Sealer.Seal(nil, st.Key[:], crowdContext(c.id))
	if err != nil {
		return nil, err
	}
	now := s.o.Clock.Now().UnixMicro()
	junk := c.where.role == mailbox.Junk
	return func(tx *db.Tx) error {
		if !filed {
			blob.Insert(tx, st)
		}
		tx.Exec(sqlCrowd, c.id, now, int64(st.ID), sealed, st.Size, c.envelope.From.String(), c.envelope.EnvID, junk, c.where.fields, c.trace)
		for _, r := range to {
			tx.Exec(sqlCrowdRcpt, c.id, int64(r.Account), r.as.String(), int64(r.notify), r.orcpt, now)
		}
		return nil
	}, nil
}

// Run files what waits, and lets go what is over, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	var swept time.Time
	for {
		if err := s.Expand(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Error("delivery: filing with a crowd", "err", err)
		}
		if now := s.o.Clock.Now(); now.Sub(swept) >= letGoEvery {
			swept = now
			if err := s.LetGo(ctx, s.o.DB); err != nil && ctx.Err() == nil {
				s.o.Logger.Error("delivery: letting originals go", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-s.o.Clock.After(crowdLook):
		}
	}
}

// Expand files what is due now with the mailboxes that wait for it. Each step files or puts off what it took, so that no
// entry holds the next one up.
func (s *Service) Expand(ctx context.Context) error {
	for {
		c, to, err := s.nextStep(ctx)
		if len(to) == 0 {
			return err
		}
		if err != nil {
			err = s.putOff(ctx, c, to, err)
		} else {
			err = s.step(ctx, c, to)
		}
		if err != nil {
			return err
		}
	}
}

// nextStep reads what one commit can take of the entry that waits longest. An error with mailboxes is one of that entry.
func (s *Service) nextStep(ctx context.Context) (c crowd, to []addressee, err error) {
	var sealed []byte
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		c, to, sealed = crowd{}, nil, nil
		if err := tx.Query(sqlCrowdDue, []any{s.o.Clock.Now().UnixMicro()}, func(r db.Row) error {
			c.id = r.Int64(0)
			return nil
		}); err != nil || c.id == 0 {
			return err
		}
		if err := tx.Query(sqlCrowdGet, []any{c.id}, func(r db.Row) error {
			c.at, c.body = time.UnixMicro(r.Int64(0)), blob.ID(r.Int64(1))
			sealed = append(sealed, r.Bytes(2)...)
			c.envelope = Envelope{EnvID: r.Text(4)}
			c.envelope.From, _ = parseOwn(r.Text(3))
			c.where = destination{role: mailbox.Inbox, fields: r.Text(6)}
			if r.Bool(5) {
				c.where.role, c.where.keywords = mailbox.Junk, []string{keywordJunk}
			}
			c.trace = r.Text(7)
			return nil
		}); err != nil {
			return err
		}
		return tx.Query(sqlCrowdStep, []any{c.id, s.o.Clock.Now().UnixMicro(), int64(min(s.o.Policy.OneCommit, maxFilings-1))}, func(r db.Row) error {
			a := addressee{Recipient: Recipient{Account: haven.AccountNo(r.Int64(0))}, notify: outbox.Notify(r.Int64(2)), orcpt: r.Text(3)}
			a.as, _ = parseOwn(r.Text(1))
			to = append(to, a)
			return nil
		})
	})
	if err != nil || c.id == 0 {
		return c, nil, err
	}
	key, err := s.o.Sealer.Open(nil, sealed, crowdContext(c.id))
	if err == nil && len(key) != len(c.key) {
		err = errors.New("a crowd's key has another length")
	}
	copy(c.key[:], key)
	return c, to, errs.Wrap(errs.Internal, err, "")
}

// parseOwn reads an address that we wrote; a bare postmaster has no domain.
func parseOwn(s string) (haven.Address, error) {
	if s == "" {
		return haven.Address{}, nil
	}
	a, err := haven.ParseAddress(s)
	if err != nil {
		return haven.Address{Local: s}, err
	}
	return a, nil
}

// step files with some mailboxes at once; where one of them can't take it, with each by itself. What can't be filed now
// is put off, so that an error is one of the database.
func (s *Service) step(ctx context.Context, c crowd, to []addressee) error {
	letter, err := s.reread(ctx, c.body, c.key)
	if err != nil {
		return s.putOff(ctx, c, to, err)
	}
	err = s.fileCrowd(ctx, c, letter, to)
	switch {
	case err == nil, errors.Is(err, errStruck): // the next look sees which are left
		return nil
	case ctx.Err() != nil:
		return err
	case errs.Is(err, errs.Transient):
		return s.putOff(ctx, c, to, err)
	case len(to) == 1 && to[0].notify&outbox.NotifySuccess != 0:
		return s.step(ctx, c, []addressee{withoutSuccess(to[0])}) // perhaps it is the sender's mailbox that takes no notice
	case len(to) == 1:
		return s.putOff(ctx, c, to, err)
	}
	for _, r := range to {
		if err := s.step(ctx, c, []addressee{r}); err != nil {
			return err
		}
	}
	return nil
}

// withoutSuccess is r with all that its sender asked for but to be told of success.
func withoutSuccess(r addressee) addressee {
	if r.notify &^= outbox.NotifySuccess; r.notify == 0 {
		r.notify = outbox.NotifyNever
	}
	return r
}

// fileCrowd files with some mailboxes in one commit, and strikes them off in it.
func (s *Service) fileCrowd(ctx context.Context, c crowd, letter *mailbox.Letter, to []addressee) error {
	p, err := s.plan(ctx, arrival{envelope: c.envelope, letter: letter, where: c.where, received: c.trace,
		trace: func(r addressee) string { return envelopeTrace(c.envelope.From, r.as) + c.where.fields + c.trace }}, to, maxFilings-1)
	if err != nil {
		return err
	}
	strike := func(tx *db.Tx) error { return s.strike(tx, c, p.now) } // the others stay for the next step
	if err := s.file(ctx, c.envelope, letter.Message().Header, p, inTurn(strike, p.write(s))); err != nil {
		return err
	}
	p.done(ctx, s, "crowd")
	return nil
}

// reread makes a letter of a body that is stored already. Its octets are copied, so that each filing stands by itself.
func (s *Service) reread(ctx context.Context, id blob.ID, key blob.Key) (*mailbox.Letter, error) {
	var loc blob.Loc
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		loc, err = blob.Lookup(tx, id)
		return err
	})
	if err != nil {
		return nil, errs.Wrap(errs.Internal, err, "")
	}
	body, err := s.o.Bodies.Open(loc, id, key)
	if err != nil {
		return nil, errs.Wrap(errs.Transient, err, "") // moved meanwhile: the next try reads where to
	}
	defer body.Close()
	w, err := s.o.Store.NewLetter(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := body.WriteTo(w); err != nil {
		w.Abort()
		return nil, errs.Wrap(errs.Transient, err, "")
	}
	return w.Finish(ctx)
}

// errStruck says that another process has filed with a mailbox, or given it up, meanwhile.
var errStruck error = errs.E(errs.Conflict, "")

// strike takes mailboxes off an entry, and the entry away with the last of them. errStruck: one was struck off already.
func (s *Service) strike(tx *db.Tx, c crowd, to []addressee) error {
	for _, r := range to {
		n, err := tx.Change(sqlCrowdStrike, c.id, int64(r.Account))
		if err != nil {
			return err
		}
		if n != 1 {
			return errStruck
		}
	}
	n, err := tx.Change(sqlCrowdEnd, c.id)
	if err == nil && n == 1 {
		blob.Released(tx, s.o.Clock.Now(), c.body)
	}
	return err
}

// putOff tries mailboxes that a letter could not be filed with again later. A mailbox that is gone is given up at once,
// the others once the letter has waited for as long as letters do, and the sender is told. Where the sender can't be told
// either, that is tried for as long again.
func (s *Service) putOff(ctx context.Context, c crowd, to []addressee, cause error) error {
	if ctx.Err() != nil {
		return cause
	}
	now, wait := s.o.Clock.Now(), s.o.Policy.QueueFor
	if !errs.Is(cause, errs.OverQuota) {
		s.o.Logger.Error("delivery: filing with a crowd", "crowd", c.id, "mailboxes", len(to), "err", cause)
	}
	if !errs.Is(cause, errs.NotFound) && now.Before(c.at.Add(wait)) {
		return s.later(ctx, c, to, cause)
	}
	err := s.giveUp(ctx, c, to, failures(to, cause))
	if err == nil || ctx.Err() != nil {
		return err
	}
	s.o.Logger.Error("delivery: telling of a crowd", "crowd", c.id, "mailboxes", len(to), "err", err)
	if !errs.Is(err, errs.NotFound) && now.Before(c.at.Add(2*wait)) {
		return s.later(ctx, c, to, err)
	}
	return s.giveUp(ctx, c, to, nil)
}

// later has mailboxes wait: shortly for what passes by itself.
func (s *Service) later(ctx context.Context, c crowd, to []addressee, cause error) error {
	pause := crowdPause
	if errs.Is(cause, errs.Transient) {
		pause = crowdLook
	}
	due := s.o.Clock.Now().Add(pause).UnixMicro()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		for _, r := range to {
			tx.Exec(sqlCrowdLater, c.id, int64(r.Account), due)
		}
		return nil
	})
}

// failures are what the sender is told of mailboxes that are given up: only of those where that was asked for, or nothing
// was (RFC 3461 §4.1).
func failures(to []addressee, cause error) (out []outcome) {
	status := "5.3.0"
	switch {
	case errs.Is(cause, errs.NotFound):
		status = "5.1.1"
	case errs.Is(cause, errs.OverQuota):
		status = "5.2.2"
	}
	for _, r := range to {
		if r.notify == 0 || r.notify&outbox.NotifyFailure != 0 {
			out = append(out, outcome{r, mime.Failed, status, errs.Say(cause)})
		}
	}
	return out
}

// giveUp strikes mailboxes off and tells the sender of failures, in one commit. A letter that can't be read any more is
// told of without its header.
func (s *Service) giveUp(ctx context.Context, c crowd, to []addressee, failed []outcome) error {
	var header mime.Header
	if len(failed) > 0 {
		if letter, err := s.reread(ctx, c.body, c.key); err == nil {
			header = letter.Message().Header
		}
	}
	n, err := s.notify(ctx, c.envelope, header, failed)
	if err != nil {
		return err
	}
	var filings []mailbox.Filing
	if n != nil && n.filing != nil {
		filings = append(filings, *n.filing)
	}
	_, err = s.o.Store.File(ctx, filings, func(tx *db.Tx) error {
		if err := s.strike(tx, c, to); err != nil {
			return err
		}
		return n.write(tx)
	})
	if errors.Is(err, errStruck) {
		return nil
	}
	if err == nil {
		n.wake()
	}
	return err
}
