package mailbox

import (
	"context"

	"haven"
	"haven/mail/mime"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// tied is a message with what ties it to its thread.
type tied struct {
	msg     haven.MessageID
	account haven.AccountNo
	thread  haven.MessageID
	refs    []int64
}

// read takes the references from a sealed column that was opened.
func (t *tied) read(keys *secret.AccountKeys, o opened) (err error) {
	var meta mime.Meta
	if err = meta.UnmarshalBinary(o.meta); err == nil {
		t.refs, err = refHashes(keys, metaReferences(&meta))
	}
	return err
}

// looseOf are those without a thread, or with a reference that leads to none, so that a letter to come would not find them.
// Which thread a reference leads to is not asked: two threads that a later letter linked stay two.
func looseOf(tx *db.Tx, all []tied) (loose []tied, err error) {
	type at struct{ i, ref int }
	var refs []at
	for i := range all {
		for k := range all[i].refs {
			refs = append(refs, at{i, k})
		}
	}
	led := make([]int, len(all))
	err = tx.QueryEach(sqlThreadRef, len(refs), func(n int) []any {
		t := all[refs[n].i]
		return []any{int64(t.account), t.refs[refs[n].ref]}
	}, func(n int, _ db.Row) error {
		led[refs[n].i]++
		return nil
	})
	for i, t := range all {
		if t.thread <= 0 || led[i] < len(t.refs) {
			loose = append(loose, t)
		}
	}
	return loose, err
}

// repairThreads ties loose messages again, in the order in which they came. A thread that a message has stays its own.
func (s *Service) repairThreads(ctx context.Context) error {
	var page, loose []tied
	var buf []byte
	var cause error
	err := s.eachMessage(ctx, sqlTied, func(r db.Row) {
		t := tied{msg: haven.MessageID(r.Int64(0)), account: haven.AccountNo(r.Int64(1)), thread: haven.MessageID(r.Int64(2))}
		keys, err := s.keys.Account(ctx, t.account)
		if errs.Is(err, errs.NotFound) {
			return // an account that was deleted for good
		}
		if err != nil {
			cause = err
			return
		}
		var o opened
		if o, buf, err = open(keys, t.msg, r.Bytes(3), buf); err == nil && t.read(keys, o) == nil {
			page = append(page, t)
		}
	}, func(tx *db.Tx) error {
		some, err := looseOf(tx, page)
		loose, page = append(loose, some...), page[:0]
		return err
	})
	if err == nil {
		err = cause
	}
	for i := 0; i < len(loose) && err == nil; i++ {
		err = s.tie(ctx, loose[i])
	}
	return err
}

func (s *Service) tie(ctx context.Context, t tied) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := takeSeq(tx, t.account, 0); err != nil {
			return err
		}
		if t.thread > 0 {
			for _, h := range t.refs {
				tx.Exec(sqlInsertThreadRef, int64(t.account), h, int64(t.thread))
			}
			return nil
		}
		to, err := thread(tx, t.account, t.msg, t.refs)
		tx.Exec(sqlSetThread, int64(t.msg), int64(t.account), int64(to))
		tx.Exec(sqlPlaceThread, int64(t.msg), int64(t.account), int64(to))
		return err
	})
}
