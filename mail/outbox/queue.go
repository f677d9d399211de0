package outbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// claimRecipients is how many recipients one transaction with a server has (RFC 5321 §4.5.3.1.8: 100 must be taken).
const claimRecipients = 100

// Enqueue writes item into the queue, in the transaction that accepts it. Call Wake once that has committed. The
// body must be durable and have its row by the end of the transaction. Invalid: no or too many recipients, or what
// could not be written into SMTP commands.
func (o *Outbox) Enqueue(tx *db.Tx, item Item) (ID, error) {
	if err := o.check(item); err != nil {
		return 0, err
	}
	now := o.cfg.Clock.Now()
	id := o.newID(now)
	key, err := o.cfg.Sealer.Seal(nil, item.Key[:], keyContext(id))
	if err != nil {
		return 0, err
	}
	signAs := item.SignAs
	if signAs == "" {
		signAs = item.From.Domain
	}
	tx.Exec(sqlInsertQueue, id, now.UnixMicro(), item.Body, key, item.Size, item.Trace, item.From.String(), int64(item.Account),
		signAs, item.flags(), item.EnvID, db.Micros(item.Until))
	for n, to := range item.To {
		tx.Exec(sqlInsertRcpt, id, int64(n), lane(to), to.Address.String(), int64(rowWaiting), now.UnixMicro(), int64(to.Notify), to.ORcpt)
	}
	return id, nil
}

// lane is the domain under which a recipient waits. Two spellings of one domain share it.
func lane(to Recipient) string { return strings.TrimSuffix(to.Address.Domain, ".") }

func (o *Outbox) check(item Item) error {
	if len(item.To) == 0 || len(item.To) > o.cfg.Policy.Recipients {
		return errs.E(errs.Invalid, "A letter has between 1 and %d recipients.", o.cfg.Policy.Recipients)
	}
	if !isXtext(item.EnvID) || len(item.EnvID) > 100 {
		return errs.E(errs.Invalid, "ENVID is not as RFC 3461 wants it.")
	}
	if !item.From.IsNull() && !isWritable(item.From) {
		return errs.E(errs.Invalid, "%q is no sender's address.", item.From.String())
	}
	if len(item.Trace) > 0 && !bytes.HasSuffix(item.Trace, []byte("\r\n")) {
		return errs.E(errs.Invalid, "Trace is not made of whole lines.")
	}
	for _, to := range item.To {
		if !isWritable(to.Address) {
			return errs.E(errs.Invalid, "%q is no address outside.", to.Address.String())
		}
		if !isXtext(to.ORcpt) || len(to.ORcpt) > 500 || to.ORcpt != "" && !strings.Contains(to.ORcpt, ";") {
			return errs.E(errs.Invalid, "ORCPT is not as RFC 3461 wants it.")
		}
	}
	return nil
}

// isWritable: an address that comes back from its row, and goes into a command, as it is.
func isWritable(a haven.Address) bool {
	back, err := haven.ParseAddress(a.String())
	return err == nil && back == a
}

// isXtext: printable, without space, so that it can't end a parameter (RFC 3461 §4). ORCPT may be UTF-8 (RFC 6533 §3).
func isXtext(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// keyContext binds a sealed body key to its row.
func keyContext(id ID) []byte {
	return binary.BigEndian.AppendUint64([]byte("queue"), uint64(id))
}

// newID is the time in microseconds with 11 bits beneath that processes draw apart; it always grows in one process.
func (o *Outbox) newID(now time.Time) ID {
	fresh := now.UnixMicro()<<11 | int64(o.cfg.Random()*2048)
	for {
		last := o.lastID.Load()
		next := max(fresh, last+1)
		if o.lastID.CompareAndSwap(last, next) {
			return ID(next)
		}
	}
}

// batch is what one worker has claimed: a letter and those of its recipients in one domain that are due, as far as one
// transaction with a server takes them.
type batch struct {
	flight int64 // names the batch in its rows and in Outbox.flying; no other claim of this process has it
	letter *letter
	to     []*try
}

// outcome is a batch after its try.
type outcome struct {
	*batch
	aborted bool // we are shutting down: nobody was tried
}

// next records the outcome of the last batch, if any, and claims the next one in domain, in one commit. It answers
// nil when nothing is due. tell says that the sender of the last batch is owed a notice.
func (o *Outbox) next(ctx context.Context, domain string, last *outcome, more bool) (b *batch, tell bool, err error) {
	now := o.cfg.Clock.Now()
	flight := o.flight.Add(1)
	err = o.cfg.DB.Write(ctx, func(tx *db.Tx) (err error) {
		b, tell = nil, false
		if last != nil {
			if tell, err = o.record(tx, last, now); err != nil {
				return err
			}
		}
		if more {
			b, err = o.claim(tx, domain, flight, now)
		}
		return err
	})
	return b, tell, err
}

// claimRounds is how often a claim looks again after it has lost every race.
const claimRounds = 3

// claim takes the letter that is due longest. Another worker may win the race for one, so a few are tried. Where all of
// them were one letter's recipients, who are waited for until they are the winner's, those behind them may still be due.
func (o *Outbox) claim(tx *db.Tx, domain string, flight int64, now time.Time) (*batch, error) {
	for range claimRounds {
		due, err := dueEntries(tx, domain, now)
		if err != nil || len(due) == 0 {
			return nil, err
		}
		for _, id := range due {
			b, err := o.claimEntry(tx, ID(id), domain, flight, now)
			if b != nil || err != nil {
				return b, err
			}
		}
	}
	return nil, nil
}

// dueEntries are the letters with due recipients in domain that waited longest, of which there may be more.
func dueEntries(tx *db.Tx, domain string, now time.Time) (due []int64, err error) {
	err = tx.Query(sqlDueEntries, []any{domain, now.UnixMicro(), int64(8)}, func(r db.Row) error {
		if id := r.Int64(0); len(due) == 0 || due[len(due)-1] != id {
			due = append(due, id)
		}
		return nil
	})
	return due, err
}

func (o *Outbox) claimEntry(tx *db.Tx, id ID, domain string, flight int64, now time.Time) (*batch, error) {
	b := &batch{flight: flight}
	err := tx.Query(sqlClaim, []any{id, domain, now.UnixMicro(), o.holder, int64(claimRecipients), flight}, func(r db.Row) error {
		rc, err := scanRcpt(r)
		b.to = append(b.to, &try{rcpt: rc})
		return err
	})
	if err != nil || len(b.to) == 0 {
		return nil, err
	}
	e, err := readEntry(tx, id)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, errs.Wrap(errs.Internal, fmt.Errorf("queue %d has recipients and no letter", id), "")
	}
	b.letter = &letter{entry: *e, sig: e.sig}
	return b, nil
}

// record writes down what became of a batch. A row that was taken over meanwhile, by another process or by this one, is
// left alone.
func (o *Outbox) record(tx *db.Tx, out *outcome, now time.Time) (tell bool, err error) {
	l := out.letter
	there, err := lockEntry(tx, l.ID, l.sig)
	if err != nil || !there {
		return false, err
	}
	var told []Told
	for _, t := range out.to {
		if out.aborted && !t.settled {
			tx.Exec(sqlGiveBack, l.ID, t.n, o.holder, out.flight, now.UnixMicro())
			continue
		}
		v := o.judge(l, t, now)
		if err := o.recordTry(tx, t, out.flight, v, now); err != nil {
			return tell, err
		}
		tell = tell || v.Tell
		told = append(told, Told{t.Address, v.Fate, t.res})
	}
	if err := o.note(tx, l.ID, told); err != nil {
		return tell, err
	}
	return tell, o.dropIfDone(tx, l.ID)
}

// note lets whoever asks know what became of recipients.
func (o *Outbox) note(tx *db.Tx, id ID, told []Told) error {
	if o.cfg.Fates == nil || len(told) == 0 {
		return nil
	}
	return o.cfg.Fates.Note(tx, id, told)
}

func (o *Outbox) judge(l *letter, t *try, now time.Time) Verdict {
	return Judge(o.cfg.Policy, Facts{
		Result: t.res, Attempts: t.attempts + 1, Created: time.UnixMicro(l.Created), Until: l.Until, Now: now,
		Warned: t.warned, Notify: t.Notify, NullSender: l.From.IsNull(), Random: o.cfg.Random(),
	})
}

func (o *Outbox) recordTry(tx *db.Tx, t *try, flight int64, v Verdict, now time.Time) error {
	if v.Fate != Delayed && !v.Tell {
		n, err := tx.Change(sqlSent, t.queue, t.n, o.holder, flight)
		o.fence(n, t)
		return err
	}
	state, due, fate := rowWaiting, v.Next, Unknown
	if v.Fate != Delayed {
		state, due = rowTelling, now
	}
	if v.Tell {
		fate = v.Fate
	}
	n, err := tx.Change(sqlAfterTry, t.queue, t.n, o.holder, flight, int64(state), due.UnixMicro(), int64(t.attempts+1),
		int64(fate), now.UnixMicro(), int64(t.res.Code), t.res.Status, t.res.Text, t.res.Host)
	o.fence(n, t)
	return err
}

// fence notes a lease that was lost: this process was silent for longer than Policy.Lease, or has recorded the batch
// already without hearing that it did.
func (o *Outbox) fence(changed int64, t *try) {
	if changed == 0 {
		o.cfg.Log.Warn("a lease ran out while a letter was being sent; it may arrive twice", "queue", int64(t.queue), "recipient", t.n)
	}
}
