package work

import (
	"context"
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

var errNoThread = errs.E(errs.NotFound, "There is no such thread any more.")

func scanItem(r db.Row) Item {
	return Item{Thread: haven.MessageID(r.Int64(0)), Status: Status(r.Int64(1)), Holder: haven.AccountNo(r.Int64(2)), Since: db.Moment(r.Int64(3)),
		DoneBy: haven.AccountNo(r.Int64(4)), AnsweredBy: haven.AccountNo(r.Int64(5)), AnsweredAt: db.Moment(r.Int64(6)), answer: r.Int64(7),
		Category: r.Text(8), Created: haven.Seq(r.Int64(9)), Changed: haven.Seq(r.Int64(10))}
}

// item is what is known of a thread; without a row it is new.
func item(tx *db.Tx, account haven.AccountNo, thread haven.MessageID) (it Item, err error) {
	it = Item{Thread: thread}
	err = tx.Query(sqlItem, []any{int64(account), int64(thread)}, func(r db.Row) error { it = scanItem(r); return nil })
	return it, err
}

// put writes an item under a new number.
func put(c *mailbox.Change, it *Item) {
	it.Changed = c.Seq()
	if it.Created == 0 {
		it.Created = it.Changed
	}
	c.Tx.Exec(sqlPutItem, int64(c.Account), int64(it.Thread), int64(it.Status), int64(it.Holder), db.Micros(it.Since), int64(it.DoneBy), int64(it.AnsweredBy),
		db.Micros(it.AnsweredAt), it.answer, it.Category, int64(it.Created), int64(it.Changed))
}

// Items calls each with the items of threads; a thread that the account has never had is left out.
func (s *Service) Items(ctx context.Context, v mailbox.Viewer, threads []haven.MessageID, each func(Item)) error {
	return s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		for _, t := range threads {
			it, err := item(tx, v.Account, t)
			if err != nil {
				return err
			}
			if it.Created == 0 {
				there, err := mailbox.HasThread(tx, v.Account, t)
				if err != nil {
					return err
				}
				if !there {
					continue
				}
			}
			each(it)
		}
		return nil
	})
}

// Said are the threads of which something was said, the latest change first, at most so many.
func (s *Service) Said(ctx context.Context, v mailbox.Viewer, most int) (threads []haven.MessageID, err error) {
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		return tx.Query(sqlSaid, []any{int64(v.Account), int64(most)}, func(r db.Row) error {
			threads = append(threads, haven.MessageID(r.Int64(0)))
			return nil
		})
	})
	return threads, err
}

// Update makes of a thread's item what is wished, and is what it is then. The viewer may write. It is refused by MayChange, NotFound where there
// is no such thread.
func (s *Service) Update(ctx context.Context, v mailbox.Viewer, thread haven.MessageID, w Wish) (it Item, err error) {
	note, err := s.sealNote(ctx, v, w.Note)
	if err != nil {
		return it, err
	}
	err = s.o.Mail.Change(ctx, v, haven.Write, func(c *mailbox.Change) error {
		it, err = s.update(c, v, thread, w, note)
		return err
	})
	return it, err
}

func (s *Service) update(c *mailbox.Change, v mailbox.Viewer, thread haven.MessageID, w Wish, note *sealedNote) (Item, error) {
	msgs, err := c.Messages(thread, s.o.Policy.Marked)
	if err != nil {
		return Item{}, err
	}
	was, err := item(c.Tx, v.Account, thread)
	if err == nil && len(msgs) == 0 && was.Created == 0 {
		err = errNoThread
	}
	if err == nil {
		err = s.mayChange(c.Tx, v, was, w)
	}
	if err != nil {
		return was, err
	}
	if note != nil {
		if err := s.putNote(c, v, thread, note); err != nil {
			return was, err
		}
	}
	is := was.after(w, v.Person, s.o.Clock.Now())
	if is == was {
		return was, nil
	}
	put(c, &is)
	return is, s.follow(c, v, was, is, msgs)
}

func (s *Service) mayChange(tx *db.Tx, v mailbox.Viewer, it Item, w Wish) (err error) {
	f := Facts{Item: it, By: v.Person}
	if f.HeldOpens, err = s.opens(tx, it.Holder, v.Account); err != nil {
		return err
	}
	if w.Move && w.Status == Handled {
		if f.NewOpens, err = s.opens(tx, w.Holder, v.Account); err != nil {
			return err
		}
	}
	if who := max(it.Holder, it.DoneBy); who != 0 {
		if f.Name, err = s.nameIn(tx, who); err != nil {
			return err
		}
	}
	return refusal(MayChange(f, w))
}

// follow is what goes with another state: the keyword, the deadlines, the audit record.
func (s *Service) follow(c *mailbox.Change, v mailbox.Viewer, was, is Item, msgs []haven.MessageID) error {
	if was.Status == is.Status && was.Holder == is.Holder {
		return nil
	}
	if was.Status != is.Status {
		if err := c.Mark(msgs, keywordOf(is.Status)); err != nil {
			return err
		}
	}
	var err error
	switch {
	case is.Status == Done:
		c.Tx.Exec(sqlPutDone, int64(c.Account), int64(is.Thread), db.Micros(is.Since))
		err = s.endDeadlines(c, is.Thread, is.Since)
	case was.Status == Done:
		c.Tx.Exec(sqlUndone, int64(c.Account), int64(is.Thread), db.Micros(was.Since))
		err = s.reviveDeadlines(c, is.Thread, was.Since)
	}
	if err != nil {
		return err
	}
	return s.record(c.Tx, v, action(was, is, v.Person), RuleChange, mailbox.ThreadID(is.Thread))
}

func keywordOf(st Status) string {
	switch st {
	case Handled:
		return mailbox.KeywordHandled
	case Done:
		return mailbox.KeywordDone
	}
	return ""
}

// begin sets the deadline that a filter asks for. One that runs already by the same rule stays as it is: a second letter of the thread gives nobody more time. What may
// not be set is left out, since no letter is lost to it.
func (s *Service) begin(c *mailbox.Change, m mailbox.Coming) error {
	if m.Duty.Within == 0 {
		return nil
	}
	all, err := deadlinesOf(c.Tx, c.Account, m.Thread)
	if err != nil || runs(all, m.Duty.Category) {
		return err
	}
	st := Start{Thread: m.Thread, Rule: m.Duty.Category, Starts: m.At, Within: m.Duty.Within, Counts: OpenDays}
	if m.Duty.AllHours {
		st.Counts = AllHours
	}
	_, err = s.SetDeadlineIn(c, st)
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.TooMany) || errs.Is(err, errs.Denied) {
		s.o.Logger.Warn("a deadline that a filter asks for can't be set", "account", int64(c.Account), "rule", m.Duty.Category, "error", err)
		return nil
	}
	return err
}

// Came notes what a message that joins a thread, or of which a filter says something, makes of its item, in the commit that files it, and marks the message as the thread is.
func (s *Service) Came(c *mailbox.Change, m mailbox.Coming) error {
	was, err := item(c.Tx, c.Account, m.Thread)
	if err != nil || was.Created == 0 && m.SentBy == 0 && m.Duty == nil {
		return err
	}
	delivered := !slices.Contains([]mailbox.Role{"", mailbox.Junk, mailbox.Trash, mailbox.Sent, mailbox.Drafts}, m.Role)
	var answer int64
	if len(m.Refs) > 0 {
		answer = m.Refs[0]
	}
	is, changed := was.came(m.SentBy, delivered, answer, m.At)
	if m.Duty != nil {
		is.Category = m.Duty.Category
		changed = changed || is != was
	}
	if changed {
		put(c, &is)
	}
	if m.Duty != nil {
		if err := s.begin(c, m); err != nil {
			return err
		}
	}
	if is.Status == was.Status {
		if is.Status == Unhandled {
			return nil
		}
		return c.Mark([]haven.MessageID{m.Msg}, keywordOf(is.Status))
	}
	msgs, err := c.Messages(m.Thread, s.o.Policy.Marked)
	if err != nil {
		return err
	}
	return c.Mark(msgs, "")
}
