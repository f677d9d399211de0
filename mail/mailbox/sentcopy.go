package mailbox

import (
	"context"
	"time"

	"haven"
	"haven/mail/mime"
	"haven/platform/db"
)

// Mail programs put a copy of what they sent into a Sent folder; the service files its own copy when it accepts the
// submission. Whichever comes first, one stays: the service's, under the UID that the program was told (STORE.md,
// Copies). Table sent remembers both kinds by person and letter.

// sentKey names a letter that a person sent, under the person's own key.
type sentKey struct {
	person haven.AccountNo
	hash   int64
}

// sentCopy is where a copy lies.
type sentCopy struct {
	account haven.AccountNo
	mb      haven.MailboxNo
	msg     haven.MessageID
}

// sentKey names a letter by its Message-ID; without one, by From, Date and Subject.
func (s *Service) sentKey(ctx context.Context, person haven.AccountNo, m *mime.Message) (sentKey, error) {
	keys, err := s.keys.Account(ctx, person)
	if err != nil {
		return sentKey{}, err
	}
	id := m.Envelope.MessageID
	if id == "" {
		id = m.Header.Get("From") + "\x00" + m.Header.Get("Date") + "\x00" + m.Header.Get("Subject")
	}
	hash, err := refHash(keys, "sent\x00"+id)
	return sentKey{person, hash}, err
}

func findSent(tx *db.Tx, key sentKey, appended bool, now time.Time) (c *sentCopy, err error) {
	err = tx.Query(sqlSent, []any{int64(key.person), key.hash, appended, micros(now)}, func(r db.Row) error {
		c = &sentCopy{haven.AccountNo(r.Int64(0)), haven.MailboxNo(r.Int64(1)), haven.MessageID(r.Int64(2))}
		return nil
	})
	return c, err
}

// earlyCopy looks for a copy that the person's program stored before it submitted, so that its account can be locked in order.
func (s *Service) earlyCopy(ctx context.Context, key sentKey, now time.Time) (c *sentCopy, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		c, err = findSent(tx, key, true, now)
		return err
	})
	return c, err
}

// rememberSent records the service's copy, and takes away a program's own that came before it.
func (s *Service) rememberSent(tx *db.Tx, j *filing, mb haven.MailboxNo, locks map[haven.AccountNo]*lock) error {
	if c := j.early; c != nil {
		r := remover{tx: tx, account: c.account, lock: locks[c.account], now: micros(j.at)}
		if _, err := r.removeCopy(c, true); err != nil {
			return err
		}
	}
	tx.Exec(sqlInsertSent, int64(j.sent.person), j.sent.hash, int64(j.Account), int64(mb), int64(j.msg), false, micros(j.at.Add(s.policy.SentMemory)))
	return nil
}

// removeCopy takes a copy's placement away, where it is still in its folder.
func (r *remover) removeCopy(c *sentCopy, last bool) (g going, err error) {
	var found bool
	err = r.tx.Query(`SELECT uid, flags, kw, size, received FROM placement WHERE an = $1 AND msg = $2 AND mb = $3 ORDER BY uid LIMIT 1`,
		[]any{int64(c.account), int64(c.msg), int64(c.mb)}, func(row db.Row) error {
			found = true
			g = going{placed{c.mb, haven.UID(row.Int64(0)), Flags(row.Int64(1)), uint64(row.Int64(2))}, c.msg, row.Int64(3), row.Int64(4)}
			return nil
		})
	if err != nil || !found {
		return going{}, err
	}
	if err := r.remove(c.mb, g, last); err != nil {
		return going{}, err
	}
	r.finish(c.mb)
	return g, nil
}

// foldSent answers an APPEND to a Sent folder of what the service filed already. It returns the UID to tell the program, or 0
// when the letter is to be stored like any other.
func (s *Service) foldSent(tx *db.Tx, v Viewer, mb haven.MailboxNo, it *appending, l *lock, now time.Time) (haven.UID, error) {
	c, err := findSent(tx, it.sent, false, now)
	if err != nil || c == nil {
		return 0, err
	}
	if c.account != v.Account || c.mb != mb {
		return passingUID(tx, v.Account, mb, l.take(), micros(now))
	}
	r := remover{tx: tx, account: v.Account, lock: l, now: micros(now)}
	g, err := r.removeCopy(c, false)
	if err != nil || g.uid == 0 {
		return 0, err
	}
	return place(tx, v.Account, mb, []placing{{msg: g.msg, flags: g.flags, kw: g.kw, size: g.size, received: g.received, seq: l.take()}})
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
	tx.Exec(sqlInsertGone, int64(account), int64(mb), int64(uid), int64(seq), int64(0), now)
	return uid, err
}
