package mailbox

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// maxFilings is how many accounts one commit may file into.
const maxFilings = 101 // 100 recipients and a Sent copy

// File puts letters into accounts, and does what also does, in one commit: after it every filing is durable and
// readable, or none is. also, which may be nil, runs last and sees what was filed. No viewer is asked: who calls it has
// decided that the letter is to be delivered.
func (s *Service) File(ctx context.Context, filings []Filing, also func(tx *db.Tx) error) ([]Filed, error) {
	if len(filings) > maxFilings {
		return nil, errs.E(errs.TooMany, "At most %d mailboxes take a message at once.", maxFilings)
	}
	jobs := make([]*filing, len(filings))
	now := s.clock.Now()
	for i, f := range filings {
		job, err := s.prepare(ctx, f, now)
		if err != nil {
			return nil, err
		}
		jobs[i] = job
	}
	sorted := slices.Clone(jobs)
	slices.SortStableFunc(sorted, func(a, b *filing) int { return cmp.Compare(a.Account, b.Account) })
	err := s.fileSorted(ctx, sorted, also)
	if err != nil {
		return nil, err
	}
	out := make([]Filed, len(jobs))
	for i, j := range jobs {
		out[i] = j.filed
	}
	return out, nil
}

// fileSorted files in one commit. Where a program stored its own copy in the last moment, in an account that is not
// locked, it begins anew with that one locked too.
func (s *Service) fileSorted(ctx context.Context, jobs []*filing, also func(tx *db.Tx) error) error {
	for try := 0; ; try++ {
		if err := s.earlyCopies(ctx, jobs); err != nil {
			return err
		}
		err := s.writeEach(ctx, s.numbersFor(jobs), func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
			return s.fileAll(tx, jobs, locks, also)
		})
		if !errors.Is(err, errEarlyCopy) || try == 3 {
			return err
		}
	}
}

// filing is a Filing with all that is made outside the transaction: ids, sealed columns, hashes.
type filing struct {
	Filing
	msg     haven.MessageID
	size    int64
	wrapped []byte
	sealed  []byte
	refs    []int64
	sent    sentKey
	early   *sentCopy // the program's own copy, where it came before the submission
	report  *Report   // what it reports on a letter that was sent; nil: nothing
	at      time.Time
	filed   Filed
}

func (s *Service) prepare(ctx context.Context, f Filing, now time.Time) (*filing, error) {
	keys, err := s.keys.Account(ctx, f.Account)
	if err != nil {
		return nil, err
	}
	j := &filing{Filing: f, msg: s.ids.next(now), size: f.Letter.Size() + int64(len(f.Trace)), at: now}
	st := f.Letter.stored
	if j.wrapped, j.sealed, err = sealMessage(keys, j.msg, st.ID, st.Key, f.Trace, f.Letter.meta); err != nil {
		return nil, err
	}
	if j.refs, err = refHashes(keys, references(f.Letter.message)); err != nil {
		return nil, err
	}
	j.report = s.reportOf(ctx, keys, f)
	if f.SentBy != 0 {
		j.sent, err = s.sentKey(ctx, f.SentBy, f.Letter.message)
	}
	return j, err
}

// numbersFor are the accounts that the filings change or whose memory of sent letters they ask, and how many numbers each needs.
func (s *Service) numbersFor(jobs []*filing) map[haven.AccountNo]int {
	numbers := map[haven.AccountNo]int{}
	for _, j := range jobs {
		numbers[j.Account]++
		for _, into := range j.Into {
			if into.Create {
				numbers[j.Account] += len(into.Path)
			}
		}
		if j.report != nil {
			numbers[j.Account]++
		}
		if j.Of != nil {
			numbers[j.Account] += sentNumbers
		}
		if j.SentBy != 0 {
			numbers[j.SentBy]++
		}
		if j.early != nil {
			numbers[j.early.account]++
		}
	}
	return numbers
}

func (s *Service) fileAll(tx *db.Tx, jobs []*filing, locks map[haven.AccountNo]*lock, also func(tx *db.Tx) error) error {
	if err := s.roomForAll(jobs, locks); err != nil {
		return err
	}
	bodies := map[*Letter]bool{}
	for _, j := range jobs {
		if !bodies[j.Letter] {
			bodies[j.Letter] = true
			j.Letter.insertBody(tx)
		}
		if err := s.fileOrKeep(tx, j, locks); err != nil {
			return err
		}
	}
	if also != nil {
		return also(tx)
	}
	return nil
}

// roomForAll refuses filings that would take some account over its quota.
func (s *Service) roomForAll(jobs []*filing, locks map[haven.AccountNo]*lock) error {
	add := map[haven.AccountNo]int64{}
	for _, j := range jobs {
		add[j.Account] += j.size
	}
	for account, octets := range add {
		if err := s.room(locks[account], octets); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) fileOne(tx *db.Tx, j *filing, locks map[haven.AccountNo]*lock) error {
	seq := locks[j.Account].take()
	kw, err := s.keptKeywords(tx, j.Account, j.Keywords)
	if err != nil {
		return err
	}
	thread, err := thread(tx, j.Account, j.msg, j.refs)
	if err != nil {
		return err
	}
	folders, astray, err := s.foldersFor(tx, j, locks[j.Account])
	if err != nil {
		return err
	}
	mb := folders[0]
	an := int64(j.Account)
	tx.Exec(sqlInsertMessage, int64(j.msg), an, int64(j.Letter.stored.ID), j.wrapped, j.size, micros(j.at), int64(thread), j.sealed)
	tx.Exec(sqlInsertTodo, int64(j.msg), an, int64(0))
	first, err := placeEach(tx, j.Account, folders, placing{msg: j.msg, thread: thread, flags: j.Flags&settable | j.Letter.attachment, kw: kw, size: j.size, received: micros(j.at), seq: seq})
	if err != nil {
		return err
	}
	if j.SentBy == 0 {
		tx.Exec(sqlDeliver, an, j.size)
	} else {
		tx.Exec(sqlUse, an, j.size, int64(1))
	}
	if j.SentBy != 0 {
		if err := s.rememberSent(tx, j, mb, locks); err != nil {
			return err
		}
	}
	coming := Coming{Msg: j.msg, Thread: thread, Role: cmp.Or(j.Role, Inbox), SentBy: j.answeredBy(), Refs: j.refs, At: j.at, Duty: j.Duty}
	if err := s.came(tx, j.Account, locks[j.Account], coming); err != nil {
		return err
	}
	j.filed = Filed{Account: j.Account, Mailbox: mb, UID: first, Msg: j.msg, Seq: seq, Astray: astray}
	if j.report == nil {
		return nil
	}
	report := *j.report
	report.Msg = j.msg
	return s.reported(tx, j.Account, report, locks[j.Account].take())
}

// keptKeywords are the bits of a filing's keywords, as far as the account has room for them.
func (s *Service) keptKeywords(tx *db.Tx, account haven.AccountNo, names []string) (uint64, error) {
	if len(names) == 0 {
		return 0, nil
	}
	set, err := s.keywordSet(tx, account)
	if err != nil {
		return 0, err
	}
	return set.kept(names), nil
}

// placing is a placement about to be made.
type placing struct {
	msg      haven.MessageID
	thread   haven.MessageID
	flags    Flags
	kw       uint64
	size     int64
	received int64
	seq      haven.Seq
}

// placeEach puts a new message into each of some folders, and returns its UID in the first of them.
func placeEach(tx *db.Tx, account haven.AccountNo, folders []haven.MailboxNo, p placing) (first haven.UID, err error) {
	if len(folders) > 1 {
		p.flags |= many
	}
	for i, mb := range folders {
		uid, err := place(tx, account, mb, []placing{p})
		if err != nil {
			return 0, err
		}
		if i == 0 {
			first = uid
		}
	}
	return first, nil
}

// place gives messages UIDs in a mailbox, in order, and returns the first; the rest follow without a gap.
func place(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, ps []placing) (haven.UID, error) {
	var d delta
	for _, p := range ps {
		d.unseen += int64(bit(p.flags, Seen, false))
		d.deleted += int64(bit(p.flags, Deleted, true))
		d.bytes += p.size
		d.seq = max(d.seq, p.seq)
	}
	first := haven.UID(0)
	err := tx.Query(sqlTakeUID, []any{int64(account), int64(mb), int64(len(ps)), d.unseen, d.deleted, d.bytes, int64(d.seq)}, func(r db.Row) error {
		next := r.Int64(0)
		if next >= int64(MaxUID) {
			return errs.E(errs.TooMany, "This folder has given out all its numbers. Move the messages into a new one.")
		}
		first = haven.UID(next) - haven.UID(len(ps))
		return nil
	})
	if err == nil && first == 0 {
		err = errNoFolder
	}
	if err != nil {
		return 0, err
	}
	for i, p := range ps {
		tx.Exec(sqlInsertPlacement, int64(account), int64(mb), int64(first)+int64(i), int64(p.msg), int64(p.flags),
			p.flags&Seen != 0, int64(p.kw), p.size, p.received, int64(p.seq), int64(p.thread))
	}
	return first, countPlaced(tx, account, mb, ps)
}
