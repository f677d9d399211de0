package sending

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

const (
	lookEvery = 30 * time.Second // for what another process left
	leaseFor  = 5 * time.Minute  // how long whoever took a letter has to hand it over
	stepRows  = 50
	atOnce    = 4 // letters that are handed over at the same time
)

// Run hands letters over when their time comes, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	if s.o.Alone {
		if err := s.takeUp(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Error("sending: what was under way waits for its lease", "error", err)
		}
	}
	for {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Error("sending: letters wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-s.o.Clock.After(s.nextLook(ctx)):
		}
	}
}

// takeUp has what a process that is gone was at be due at once.
func (s *Service) takeUp(ctx context.Context) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlTakeUp, s.o.Clock.Now().UnixMicro())
		return nil
	})
}

// nextLook is how long nothing is due.
func (s *Service) nextLook(ctx context.Context) time.Duration {
	wait := lookEvery
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlNextDue, nil, func(r db.Row) error {
			if !r.Null(0) {
				wait = min(wait, db.Moment(r.Int64(0)).Sub(s.o.Clock.Now()))
			}
			return nil
		})
	})
	if err != nil {
		return lookEvery
	}
	return max(wait, time.Millisecond)
}

// Step does what is due now. One letter that can't be handed over, or of which can't be noted what the outbox told, holds up no other.
func (s *Service) Step(ctx context.Context) error {
	untold := s.learn(ctx)
	for {
		all, err := s.take(ctx)
		if err != nil || len(all) == 0 {
			return errors.Join(untold, err)
		}
		var wg sync.WaitGroup
		lanes := make(chan struct{}, atOnce)
		for _, w := range all {
			lanes <- struct{}{}
			wg.Go(func() {
				defer func() { <-lanes }()
				s.do(ctx, w)
			})
		}
		wg.Wait()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// work is a submission with which something is to be done.
type work struct {
	an, person haven.AccountNo
	id, ident  ID
	msg        haven.MessageID
	sendAt     time.Time
	undo       Undo
	todo       int64
	tries      int64 // with this one
	flags      int64
	only       haven.AccountNo
	sealed     []byte
	keys       *secret.AccountKeys
}

func scanWork(r db.Row) work {
	return work{an: haven.AccountNo(r.Int64(0)), id: ID(r.Int64(1)), person: haven.AccountNo(r.Int64(2)), ident: ID(r.Int64(3)), msg: haven.MessageID(r.Int64(4)),
		sendAt: db.Moment(r.Int64(6)), undo: Undo(r.Int64(7)), todo: r.Int64(8), tries: r.Int64(9) + 1, flags: r.Int64(10),
		only: haven.AccountNo(r.Int64(11)), sealed: append([]byte(nil), r.Bytes(12)...)}
}

// take takes some of what is due for leaseFor: no other process does it meanwhile, and one does it after that where this one died.
func (s *Service) take(ctx context.Context) (taken []work, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		taken = nil
		var all []work
		err := tx.Query(sqlDue, []any{now.UnixMicro(), int64(stepRows)}, func(r db.Row) error { all = append(all, scanWork(r)); return nil })
		if err != nil {
			return err
		}
		for _, w := range all {
			n, err := tx.Change(sqlTake, int64(w.an), int64(w.id), w.tries-1, now.Add(leaseFor).UnixMicro())
			if err != nil {
				return err
			}
			if n == 1 {
				taken = append(taken, w)
			}
		}
		return nil
	})
	return taken, err
}

// do does what is to be done with one submission.
func (s *Service) do(ctx context.Context, w work) {
	defer func() {
		if p := recover(); p != nil {
			s.o.Logger.Error("sending: a letter failed", "panic", p) // it is tried again when its lease ends
		}
	}()
	var err error
	if w.todo == todoTell {
		err = s.tell(ctx, w)
	} else {
		err = s.send(ctx, w)
	}
	if err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("sending: a letter is tried again", "tries", w.tries, "error", err)
	}
}

// errWithdrawn says that a letter was called back, or is another's, since it was taken.
var errWithdrawn error = errs.E(errs.Conflict, "The letter was called back.")

// send hands a letter over, puts it off, or gives it up.
func (s *Service) send(ctx context.Context, w work) error {
	what, err := s.open(ctx, &w)
	if errs.Is(err, errs.NotFound) { // the mailbox is gone, and its key with it
		return s.drop(ctx, w)
	}
	if err != nil {
		return err
	}
	err = s.handOver(ctx, w, what)
	switch {
	case err == nil, errors.Is(err, errWithdrawn):
		return nil
	case ctx.Err() != nil:
		return err
	}
	now := s.o.Clock.Now()
	if next, more := again(asKinds(err), int(w.tries), w.sendAt, now, s.o.Policy); more {
		return errors.Join(err, s.o.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(sqlPutOff, int64(w.an), int64(w.id), w.tries, next.UnixMicro())
			return nil
		}))
	}
	return s.giveUp(ctx, w, what, err)
}

// open reads what is sealed of a submission.
func (s *Service) open(ctx context.Context, w *work) (what said, err error) {
	if w.keys, err = s.keys(ctx, w.an); err != nil {
		return what, err
	}
	return what, unseal(w.keys, submissionName(w.an, w.id), w.sealed, &what)
}

// drop ends a submission that nobody can read any more.
func (s *Service) drop(ctx context.Context, w work) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlDrop, int64(w.an), int64(w.id), w.tries, s.o.Clock.Now().UnixMicro())
		return nil
	})
}

// asKinds is a refusal in the words of errs: what is refused for good, and what passes.
func asKinds(err error) error {
	var no *Refused
	if !errors.As(err, &no) {
		return err
	}
	if no.Why == ForbiddenToSend {
		return errs.E(errs.TooMany, "%s", no.Say)
	}
	return errs.E(errs.Invalid, "%s", no.Say)
}

// handOver has delivery take a letter as its person, whose rights delivery asks now.
func (s *Service) handOver(ctx context.Context, w work, what said) error {
	who, err := s.o.People.Submitter(ctx, w.person)
	if err != nil {
		return err
	}
	who.ByProgram, who.Only = w.flags&flagProgram != 0, w.only
	v := mailbox.Viewer{Person: w.person, Account: w.an, Program: "sending", ByProgram: who.ByProgram}
	l := leaving{client: clientOf(what.Place), who: who, viewer: v, msg: w.msg, envelope: what.Envelope, envID: SubmissionID(w.id)}
	l.draft = delivery.Draft{Account: w.an, Msg: w.msg, InSent: w.flags&flagInSent != 0}
	var refused map[string]string
	l.draft.Taken = func(tx *db.Tx, t delivery.Taken) error { return s.taken(tx, w, what, t, refused) }
	sub, err := s.begin(ctx, l)
	if err != nil {
		return err
	}
	if refused, err = s.recipients(ctx, sub, l.envelope); err != nil {
		return err
	}
	if len(refused) == len(l.envelope.To) {
		return errs.E(errs.NotFound, "None of the recipients takes letters any more.")
	}
	letter, err := s.write(ctx, sub, l)
	if err != nil {
		return err
	}
	_, err = letter.Commit(ctx)
	return err
}

// taken ends a submission in the commit that takes its letter; errWithdrawn undoes that commit.
func (s *Service) taken(tx *db.Tx, w work, what said, t delivery.Taken, refused map[string]string) error {
	now := s.o.Clock.Now()
	what.Status = map[string]Status{}
	for _, p := range what.Envelope.To {
		if say, no := refused[p.Email]; no {
			what.Status[p.Email] = Status{"550 5.1.1 " + say, No}
			what.Why = strings.TrimSpace(what.Why + "\n" + p.Email + ": " + say)
			continue
		}
		what.Status[p.Email] = repliesOf(whereIs(p.Email, t.To))
	}
	e := ending{Undo: Final, queue: int64(t.Queue), at: now}
	if what.Why != "" {
		e.todo = todoTell
	}
	seq, err := mailbox.Number(tx, w.an)
	if err != nil {
		return err
	}
	if err := refer(tx, w.keys, w.an, w.id, t.MessageID, what.Envelope); err != nil {
		return err
	}
	return end(tx, w, what, e, seq)
}

// whereIs is where a letter is for a recipient. One who is not named is another address of a mailbox that is.
func whereIs(email string, all []delivery.TakenFor) delivery.Whereabouts {
	a, err := haven.ParseAddress(email)
	for _, t := range all {
		if err == nil && t.Address.Key() == a.Key() {
			return t.Where
		}
	}
	return delivery.InMailbox
}

// ending is how a submission ends.
type ending struct {
	Undo
	todo  int64
	queue int64
	at    time.Time
}

// end writes down how a submission ended, if it is still this work's to end.
func end(tx *db.Tx, w work, what said, e ending, seq haven.Seq) error {
	sealed, err := seal(w.keys, submissionName(w.an, w.id), what)
	if err != nil {
		return err
	}
	n, err := tx.Change(sqlEnd, int64(w.an), int64(w.id), w.tries, int64(e.Undo), e.todo, e.queue, sealed, int64(seq), e.at.UnixMicro())
	if err == nil && n == 0 {
		err = errWithdrawn
	}
	return err
}

// giveUp ends a letter that can't be sent: its message stands in Drafts again, and its person is told.
func (s *Service) giveUp(ctx context.Context, w work, what said, cause error) error {
	what.Why = errs.Say(cause)
	if no := (*Refused)(nil); errors.As(cause, &no) {
		what.Why = no.Say
	}
	what.Status = map[string]Status{}
	for _, p := range what.Envelope.To {
		what.Status[p.Email] = Status{"550 5.7.1 " + strings.Join(strings.Fields(what.Why), " "), No}
	}
	e := ending{Undo: Canceled, todo: todoTell, at: s.o.Clock.Now()}
	err := s.o.Mail.ChangeByItself(ctx, w.an, func(t *mailbox.Change) error {
		if err := end(t.Tx, w, what, e, t.Seq()); err != nil {
			return err
		}
		return t.Recall(w.msg, w.flags&flagInSent != 0)
	})
	if errors.Is(err, errWithdrawn) {
		return nil
	}
	s.o.Logger.Info("sending: a letter is not sent", "kind", errs.KindOf(cause).String(), "error", err)
	return err
}
