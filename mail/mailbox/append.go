package mailbox

import (
	"context"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// maxAppend is how many messages one APPEND may bring (RFC 3502), since they go in one commit.
const maxAppend = 200

// Append puts letters into a mailbox, all or none (RFC 3502 §5). The UIDs are in the order of the items. A copy of
// what the service filed in Sent already is folded into that one (see sentcopy.go).
func (s *Service) Append(ctx context.Context, v Viewer, mb haven.MailboxNo, items []Append) (validity uint32, uids []haven.UID, err error) {
	if len(items) > maxAppend {
		return 0, nil, errs.E(errs.TooMany, "At most %d messages are stored at once.", maxAppend)
	}
	now := s.clock.Now()
	jobs := make([]*appending, len(items))
	for i, it := range items {
		if jobs[i], err = s.prepareAppend(ctx, v, mb, it, now); err != nil {
			return 0, nil, err
		}
	}
	numbers := map[haven.AccountNo]int{v.Account: 2 * len(items)}
	if mb == provisioned(Sent) && v.Person != v.Account {
		numbers[v.Person] = 0 // what the person sent is asked for; nothing changes there
	}
	err = s.writeEach(ctx, numbers, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
		if _, err := s.need(tx, v, haven.Write); err != nil {
			return err
		}
		f, err := folderNo(tx, v.Account, mb)
		if err != nil {
			return err
		}
		if f.Role == Scheduled {
			return errScheduled
		}
		validity, uids = f.UIDValidity, uids[:0]
		for _, j := range jobs {
			uid, err := s.appendOne(tx, v, f, j, locks[v.Account], now)
			if err != nil {
				return err
			}
			uids = append(uids, uid)
		}
		return nil
	})
	return validity, uids, err
}

// appending is an Append with all that is made outside the transaction.
type appending struct {
	Append
	msg             haven.MessageID
	wrapped, sealed []byte
	refs            []int64
	sent            sentKey
}

func (s *Service) prepareAppend(ctx context.Context, v Viewer, mb haven.MailboxNo, it Append, now time.Time) (*appending, error) {
	keys, err := s.keys.Account(ctx, v.Account)
	if err != nil {
		return nil, err
	}
	if it.Received.IsZero() {
		it.Received = now
	}
	j := &appending{Append: it, msg: s.ids.next(now)}
	st := it.Letter.stored
	if j.wrapped, j.sealed, err = sealMessage(keys, j.msg, st.ID, st.Key, nil, it.Letter.meta); err != nil {
		return nil, err
	}
	if j.refs, err = refHashes(keys, references(it.Letter.message)); err != nil {
		return nil, err
	}
	if mb == provisioned(Sent) {
		j.sent, err = s.sentKey(ctx, v.Person, it.Letter.message)
	}
	return j, err
}

func (s *Service) appendOne(tx *db.Tx, v Viewer, f Folder, j *appending, l *lock, now time.Time) (haven.UID, error) {
	if f.No == provisioned(Sent) {
		if uid, err := s.foldSent(tx, v, f.No, j, l, now); err != nil || uid != 0 {
			return uid, err
		}
	}
	p, err := s.appendMessage(tx, v, j, l)
	if err != nil {
		return 0, err
	}
	if f.No == provisioned(Sent) {
		insertSent(tx, v.Person, j.sent.id, sentCopy{v.Account, f.No, j.msg}, true, now.Add(s.policy.SentBefore))
	}
	uid, err := place(tx, v.Account, f.No, []placing{p})
	if err != nil {
		return 0, err
	}
	return uid, s.came(tx, v.Account, l, Coming{Msg: p.msg, Thread: p.thread, Refs: j.refs, At: now})
}

// appendMessage makes a message, and is how it is to be placed.
func (s *Service) appendMessage(tx *db.Tx, v Viewer, j *appending, l *lock) (p placing, err error) {
	size := j.Letter.Size()
	if err := s.room(l, size); err != nil {
		return p, err
	}
	l.bytes += size
	kw, err := s.keywordBits(tx, v.Account, j.Keywords, true)
	if err != nil {
		return p, err
	}
	thread, err := thread(tx, v.Account, j.msg, j.refs)
	if err != nil {
		return p, err
	}
	an := int64(v.Account)
	j.Letter.insertBody(tx)
	tx.Exec(sqlInsertMessage, int64(j.msg), an, int64(j.Letter.stored.ID), j.wrapped, size, micros(j.Received), int64(thread), j.sealed)
	tx.Exec(sqlInsertTodo, int64(j.msg), an, int64(0))
	tx.Exec(sqlUse, an, size, int64(1))
	ps := []placing{{msg: j.msg, thread: thread, flags: j.Flags&settable | j.Letter.attachment, kw: kw, size: size, received: micros(j.Received), seq: l.take()}}
	err = ownSeen(tx, v, l, ps)
	return ps[0], err
}
