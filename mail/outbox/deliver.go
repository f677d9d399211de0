package outbox

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// worker is one goroutine of a domain and its connection.
type worker struct {
	o      *Outbox
	domain string
	c      *conn
}

// next records and claims, again and again until the database takes it: what was sent must not be sent twice for a
// database that was away for a minute.
func (w *worker) next(ctx context.Context, last *outcome, more bool) *batch {
	for {
		b, tell, err := w.o.next(context.WithoutCancel(ctx), w.domain, last, more)
		if err == nil {
			if last != nil {
				w.o.fly(last.batch, false)
				w.o.count(w.domain, last)
			}
			if b != nil {
				w.o.fly(b, true)
			}
			if tell {
				w.o.signal(w.o.tell)
			}
			return b
		}
		w.o.cfg.Log.Error("the queue could not be written", "error", err)
		if last == nil || !w.o.waitWrite(ctx) {
			return nil
		}
	}
}

// waitWrite waits a second between tries to write; false says that the process ends and another one will find the
// lease run out.
func (o *Outbox) waitWrite(ctx context.Context) bool {
	select {
	case <-time.After(time.Second):
		return true
	case <-ctx.Done():
		return false
	}
}

func (w *worker) hangUp() {
	if w.c != nil {
		w.c.quit()
		w.c = nil
	}
}

// attempt sends one batch. Every recipient of it has a result afterwards.
func (w *worker) attempt(ctx context.Context, b *batch) (out *outcome) {
	out = &outcome{batch: b}
	defer func() {
		if fault := recover(); fault != nil {
			w.o.panicked(fault)
			if w.c != nil {
				w.c.close()
				w.c = nil
			}
			settleAll(unsettled(b.to), later("3.0", "sending failed on our side"))
		}
		out.aborted = ctx.Err() != nil
	}()
	if !b.letter.Until.IsZero() && !w.o.cfg.Clock.Now().Before(b.letter.Until) {
		settleAll(b.to, refused("4.7", "the letter was of use until %s", b.letter.Until.UTC().Format("2 January 2006, 15:04 UTC")))
		return out
	}
	if res, ok := w.o.isDown(w.domain); ok {
		settleAll(b.to, res)
		return out
	}
	done, err := w.o.openLetter(ctx, b.letter)
	if err != nil {
		if ctx.Err() == nil {
			settleAll(b.to, letterResult(err))
		}
		return out
	}
	defer done()
	todo := w.reuse(ctx, b.letter, b.to)
	if len(todo) == 0 {
		return out
	}
	targets, err := w.o.targets(ctx, w.domain)
	if err != nil {
		if ctx.Err() == nil {
			settleAll(todo, asResult(err))
		}
		return out
	}
	w.tour(ctx, targets, b.letter, todo)
	return out
}

// panicked counts a fault of our own program, which must neither end the process nor keep a letter for ever.
func (o *Outbox) panicked(fault any) {
	o.counts.panics.Add(1)
	o.cfg.Log.Error("a worker of the outbox panicked", "fault", fault, "stack", string(debug.Stack()))
}

// tour asks one server after the other until every recipient is settled.
func (w *worker) tour(ctx context.Context, targets []target, l *letter, todo []*try) {
	reached := false
	var why error
	for _, t := range targets {
		if ctx.Err() != nil {
			break
		}
		if l.Secure && t.rule.Level < VerifyTLS {
			why = milder(why, hostFault(t.host, "7.5", "the letter needs verified TLS, and nothing vouches for the certificate of %s", t.host))
			continue
		}
		c, err := w.o.connect(ctx, t)
		if err != nil {
			why = milder(why, err)
			continue
		}
		reached, w.c = true, c
		if todo, err = w.send(ctx, l, todo); len(todo) == 0 {
			return
		}
		why = milder(why, err)
	}
	for _, t := range todo {
		t.res = asResult(why)
	}
	if !reached && ctx.Err() == nil && !l.Secure {
		w.o.markDown(w.domain, asResult(why))
	}
}

// milder is the reason of a domain of which one server failed with why, if any did before, and then one with err: the
// last one, but nothing that is final after something that may pass. A server that takes no mail, or is ourselves, says
// nothing about those that could not be asked.
func milder(why, err error) error {
	if why != nil && asResult(why).Outcome == TryLater && asResult(err).Outcome == Refused {
		return why
	}
	return err
}

// reuse sends over the connection of the last letter, if there is one fit for this. A connection that the server
// has closed meanwhile is no failure of the server.
func (w *worker) reuse(ctx context.Context, l *letter, todo []*try) []*try {
	if w.c == nil {
		return todo
	}
	if l.Secure && !w.c.verified {
		w.hangUp()
		return todo
	}
	todo, _ = w.send(ctx, l, todo)
	return todo
}

// maxRounds bounds transactions for one batch at a server that takes few recipients at a time.
const maxRounds = 20

// send runs transactions over w.c and returns who is not settled. The connection is left after an error.
func (w *worker) send(ctx context.Context, l *letter, todo []*try) ([]*try, error) {
	for range maxRounds {
		err := w.c.transact(ctx, l, todo)
		rest := unsettled(todo)
		if err != nil {
			w.c.close()
			w.c = nil
			return rest, err
		}
		if len(rest) == 0 || len(rest) == len(todo) {
			settleRest(rest)
			return nil, nil
		}
		todo = rest
	}
	settleRest(todo)
	return nil, nil
}

func unsettled(all []*try) []*try {
	var rest []*try
	for _, t := range all {
		if !t.settled {
			t.ok, t.again = false, false
			rest = append(rest, t)
		}
	}
	return rest
}

func settleRest(rest []*try) {
	for _, t := range rest {
		t.settle(t.res)
	}
}

// openLetter opens the body and signs the letter, once in its life. The caller closes it.
func (o *Outbox) openLetter(ctx context.Context, l *letter) (func(), error) {
	key, err := o.cfg.Sealer.Open(nil, l.sealed, keyContext(l.ID))
	if err != nil {
		return nil, err
	}
	copy(l.Key[:], key)
	if l.body, err = o.openBody(ctx, l.Body, l.Key); err != nil {
		return nil, err
	}
	done := func() { l.body.Close() }
	if l.sig == nil && o.cfg.Signer != nil && l.SignAs != "" {
		sig, err := o.cfg.Signer.Sign(ctx, l.SignAs, newCRLFReader(l.unsigned()))
		if err != nil {
			done()
			return nil, errors.Join(errSigning, err)
		}
		l.sig = append([]byte{}, sig...)
	}
	return done, nil
}

// openBody opens a body where its row says that it lies. NotFound: it is gone for good.
func (o *Outbox) openBody(ctx context.Context, id blob.ID, key blob.Key) (*blob.Body, error) {
	var loc blob.Loc
	err := o.cfg.DB.Read(ctx, func(tx *db.Tx) (err error) {
		loc, err = blob.Lookup(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	var body *blob.Body
	err = blob.Follow(ctx, o.cfg.DB, id, loc, func(loc blob.Loc) (err error) {
		body, err = o.cfg.Bodies.Open(loc, id, key)
		return err
	})
	return body, err
}

var errSigning = errors.New("signing")

// letterResult is a letter that can't be sent for a reason of our own. One whose body is gone for good is given up,
// so that its sender hears of it; everything else is put off.
func letterResult(err error) Result {
	switch {
	case errors.Is(err, errSigning):
		return later("3.0", "the letter could not be signed here")
	case errs.Is(err, errs.NotFound):
		return refused("3.0", "the letter's text is lost here")
	}
	return later("3.0", "the letter could not be read here")
}
