package mailbox

import (
	"context"
	"slices"
	"time"

	"haven"
	"haven/mail/mime"
	"haven/platform/db"
	"haven/platform/errs"
)

// Mail programs put a copy of what they sent into a Sent folder; the service files its own copy when it accepts the
// submission. Whichever comes first, one stays: the service's, under the UID that the program was told.
// Table sent remembers both kinds by person and letter.

// sentKey names a letter that a person sent, under the person's own key: by its Message-ID, and by From, Date and
// Subject, since a program that leaves the Message-ID to the service stores a copy without one. Without a Message-ID
// both are the same; 0 is no name.
type sentKey struct {
	person    haven.AccountNo
	id, plain int64
}

// sentCopy is where a copy lies.
type sentCopy struct {
	account haven.AccountNo
	mb      haven.MailboxNo
	msg     haven.MessageID
}

// sentKey makes the names of a letter. One with neither Message-ID nor Date has none: too many would share it.
func (s *Service) sentKey(ctx context.Context, person haven.AccountNo, m *mime.Message) (sentKey, error) {
	keys, err := s.keys.Account(ctx, person)
	if err != nil {
		return sentKey{}, err
	}
	k := sentKey{person: person}
	if date := m.Header.Get("Date"); date != "" {
		if k.plain, err = refHash(keys, "sent\x00"+m.Header.Get("From")+"\x00"+date+"\x00"+m.Header.Get("Subject")); err != nil {
			return sentKey{}, err
		}
	}
	k.id = k.plain
	if id := m.Envelope.MessageID; id != "" {
		k.id, err = refHash(keys, "sent\x00"+id)
	}
	return k, err
}

// findSent is the copy that was remembered under a name, one that a program appended or one that the service filed.
func findSent(tx *db.Tx, person haven.AccountNo, name int64, appended bool, now time.Time) (c *sentCopy, err error) {
	if name == 0 {
		return nil, nil
	}
	err = tx.Query(sqlSent, []any{int64(person), name, appended, micros(now)}, func(r db.Row) error {
		c = &sentCopy{haven.AccountNo(r.Int64(0)), haven.MailboxNo(r.Int64(1)), haven.MessageID(r.Int64(2))}
		return nil
	})
	return c, err
}

func insertSent(tx *db.Tx, person haven.AccountNo, name int64, c sentCopy, appended bool, until time.Time) {
	if name != 0 {
		tx.Exec(sqlInsertSent, int64(person), name, int64(c.account), int64(c.mb), int64(c.msg), appended, micros(until))
	}
}

// errEarlyCopy says that a program's copy lies in an account that is not locked.
var errEarlyCopy error = errs.E(errs.Transient, "The letter is being stored by your mail program at this moment. Try again.")

// earlyCopies looks for copies that a person's program stored before it submitted, so that their accounts can be locked in order.
func (s *Service) earlyCopies(ctx context.Context, jobs []*filing) error {
	jobs = slices.DeleteFunc(slices.Clone(jobs), func(j *filing) bool { return j.SentBy == 0 })
	if len(jobs) == 0 {
		return nil
	}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		for _, j := range jobs {
			var err error
			if j.early, err = earlyCopy(tx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

func earlyCopy(tx *db.Tx, j *filing) (*sentCopy, error) {
	c, err := findSent(tx, j.SentBy, j.sent.id, true, j.at)
	if err != nil || c != nil || j.sent.id == j.sent.plain {
		return c, err
	}
	return findSent(tx, j.SentBy, j.sent.plain, true, j.at)
}

// rememberSent records the service's copy, and takes away a program's own that came before it. The person's account is
// locked here and where a program appends, so that of two at the same moment the later sees the earlier.
func (s *Service) rememberSent(tx *db.Tx, j *filing, mb haven.MailboxNo, locks map[haven.AccountNo]*lock) error {
	c, err := earlyCopy(tx, j)
	if err != nil {
		return err
	}
	if c != nil && (j.Of == nil || c.msg != j.Of.Msg) {
		l := locks[c.account]
		if l == nil {
			return errEarlyCopy
		}
		r := remover{tx: tx, account: c.account, lock: l, now: micros(j.at)}
		if _, err := r.removeCopy(c, left); err != nil {
			return err
		}
	}
	own, until := sentCopy{j.Account, mb, j.msg}, j.at.Add(s.policy.SentMemory)
	insertSent(tx, j.SentBy, j.sent.id, own, false, until)
	if j.sent.plain != j.sent.id {
		insertSent(tx, j.SentBy, j.sent.plain, own, false, until)
	}
	return nil
}

// removeCopy takes a copy's placement away, where it is still in its folder.
func (r *remover) removeCopy(c *sentCopy, why parting) (g going, err error) {
	var found bool
	err = r.tx.Query(sqlCopyIn,
		[]any{int64(c.account), int64(c.msg), int64(c.mb)}, func(row db.Row) error {
			found = true
			g = going{placed{c.mb, haven.UID(row.Int64(0)), Flags(row.Int64(1)), uint64(row.Int64(2))}, c.msg, row.Int64(3), row.Int64(4), haven.Seq(row.Int64(5)), haven.MessageID(row.Int64(6))}
			return nil
		})
	if err != nil || !found {
		return going{}, err
	}
	if err := r.remove(c.mb, g, why); err != nil {
		return going{}, err
	}
	r.finish(c.mb)
	return g, nil
}

// foldSent answers an APPEND to a Sent folder of what the service filed already. It returns the UID to tell the program, or 0
// when the letter is to be stored like any other: also when the service's copy is no longer where it was put, since a person
// may wish to have it again.
func (s *Service) foldSent(tx *db.Tx, v Viewer, mb haven.MailboxNo, it *appending, l *lock, now time.Time) (haven.UID, error) {
	c, err := findSent(tx, it.sent.person, it.sent.id, false, now)
	if err != nil || c == nil {
		return 0, err
	}
	if c.account != v.Account || c.mb != mb {
		there, err := siblings(tx, c.account, c.msg)
		if err != nil || len(there) == 0 {
			return 0, err
		}
		return passingUID(tx, v.Account, mb, l.take(), micros(now))
	}
	r := remover{tx: tx, account: v.Account, lock: l, now: micros(now)}
	g, err := r.removeCopy(c, moved)
	if err != nil || g.uid == 0 {
		return 0, err
	}
	return place(tx, v.Account, mb, []placing{{msg: g.msg, thread: g.thread, flags: g.flags, kw: g.kw, size: g.size, received: g.received, seq: l.take()}})
}

// passingUID gives out a UID that vanishes with it: the program that appended is told of it and then sees it gone.
func passingUID(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, seq haven.Seq, now int64) (uid haven.UID, err error) {
	err = tx.Query(`UPDATE mailbox_count SET uidnext = uidnext + 1, hiseq = $3 WHERE an = $1 AND mb = $2 RETURNING uidnext - 1`,
		[]any{int64(account), int64(mb), int64(seq)}, func(r db.Row) error {
			uid = haven.UID(r.Int64(0))
			return nil
		})
	if err == nil && uid == 0 {
		return 0, errNoFolder
	}
	if err != nil {
		return 0, err
	}
	tx.Exec(sqlInsertGone, int64(account), int64(mb), int64(uid), int64(seq), int64(0), now, int64(0), int64(0), int64(seq))
	return uid, joinGone(tx, account, mb, uid)
}
