package mailbox

import (
	"bufio"
	"context"

	"haven"
	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// repairs rebuild what is derived of one account. UIDs, flags and placements can't be derived and are never guessed: a
// folder without counters goes on above every UID that is there or is known to have vanished.
var repairs = []string{
	`INSERT INTO mailbox_count (an, mb, uidnext, total, unseen, deleted, bytes, hiseq)
		SELECT m.an, m.mb, 1 + CASE WHEN COALESCE((SELECT MAX(uid) FROM placement p WHERE p.an = m.an AND p.mb = m.mb), 0) >
				COALESCE((SELECT MAX(hi) FROM gone g WHERE g.an = m.an AND g.mb = m.mb), 0)
			THEN (SELECT MAX(uid) FROM placement p WHERE p.an = m.an AND p.mb = m.mb)
			ELSE COALESCE((SELECT MAX(hi) FROM gone g WHERE g.an = m.an AND g.mb = m.mb), 0) END, 0, 0, 0, 0, 1
		FROM mailbox m WHERE m.an = $1 AND NOT EXISTS (SELECT 1 FROM mailbox_count c WHERE c.an = m.an AND c.mb = m.mb)`,
	`UPDATE placement SET seen = flags & 1 WHERE an = $1 AND seen <> flags & 1`,
	`UPDATE placement SET flags = flags | 65536 WHERE an = $1 AND flags & 65536 = 0
		AND msg IN (SELECT msg FROM placement WHERE an = $1 GROUP BY msg HAVING COUNT(*) > 1)`,
	`UPDATE placement SET size = (SELECT m.size FROM message m WHERE m.id = placement.msg)
		WHERE an = $1 AND size <> (SELECT m.size FROM message m WHERE m.id = placement.msg AND m.an = placement.an)`,
	`UPDATE placement SET thread = (SELECT m.thread FROM message m WHERE m.id = placement.msg)
		WHERE an = $1 AND thread <> (SELECT m.thread FROM message m WHERE m.id = placement.msg AND m.an = placement.an)`,
	`UPDATE placement SET flags = flags & ~1048576 WHERE an = $1 AND flags & 1572864 = 1048576`,
	`UPDATE mailbox_count SET
		total = (SELECT COUNT(*) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb),
		unseen = (SELECT COUNT(*) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb AND p.seen = 0),
		deleted = (SELECT COUNT(*) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb AND p.flags & 8 <> 0),
		bytes = (SELECT COALESCE(SUM(size), 0) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb)
		WHERE an = $1`,
	`UPDATE account_seq SET
		bytes = (SELECT COALESCE(SUM(size), 0) FROM (SELECT DISTINCT msg, size FROM placement WHERE an = $1) d),
		messages = (SELECT COUNT(*) FROM (SELECT DISTINCT msg FROM placement WHERE an = $1) d)
		WHERE an = $1`,
	`UPDATE mailbox_count SET reads = (SELECT CASE WHEN a.reads = 0 THEN 0 ELSE 1 END FROM account_seq a WHERE a.an = mailbox_count.an) WHERE an = $1`,
	`DELETE FROM seen_by WHERE an = $1 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = seen_by.msg AND m.an = seen_by.an)`,
	`UPDATE placement SET flags = flags | 262144 WHERE an = $1 AND flags & 262144 = 0
		AND EXISTS (SELECT 1 FROM seen_by s WHERE s.an = placement.an AND s.msg = placement.msg)`,
	// The sequence goes on above every number that anybody may have been told.
	`UPDATE account_seq SET seq = 1 + ` + sqlHighest + ` WHERE an = $1 AND seq <= ` + sqlHighest,
	`UPDATE mailbox_count SET hiseq = (SELECT seq FROM account_seq a WHERE a.an = mailbox_count.an) WHERE an = $1`,
	`DELETE FROM reader_count WHERE an = $1`,
	`INSERT INTO reader_count (an, person, mb, unseen, hiseq)
		SELECT a.an, t.person, t.mb, t.d, a.seq FROM ` + sqlOwnUnseen + ` t JOIN account_seq a ON a.an = $1`,
}

const sqlHighest = `(SELECT MAX(n) FROM (SELECT MAX(hiseq) n FROM mailbox_count WHERE an = $1
	UNION ALL SELECT MAX(changed) FROM placement WHERE an = $1 UNION ALL SELECT MAX(changed) FROM seen_by WHERE an = $1
	UNION ALL SELECT MAX(hiseq) FROM reader_count WHERE an = $1 UNION ALL SELECT MAX(changed) FROM gone WHERE an = $1) top)`

// Repair rebuilds, one account at a time, what Check calls derived: counters, room used, envelopes and structures that
// don't open, from their bodies, and threads that are missing, from the references. done is told how many accounts are finished. Sessions that are open see every folder
// changed once. A body that can't be read leaves its message as it is, for Check to name.
func (s *Service) Repair(ctx context.Context, done func(accounts, of int)) error {
	if err := s.repairSealed(ctx); err != nil {
		return err
	}
	if err := s.repairThreads(ctx); err != nil {
		return err
	}
	accounts, err := s.accounts(ctx)
	if err != nil {
		return err
	}
	for i, an := range accounts {
		err := s.writeEach(ctx, map[haven.AccountNo]int{an: 1}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
			locks[an].take()
			for _, sql := range repairs {
				tx.Exec(sql, int64(an))
			}
			return nil
		})
		if err != nil {
			return err
		}
		done(i+1, len(accounts))
	}
	return nil
}

// broken is a message whose sealed column doesn't open.
type broken struct {
	id   haven.MessageID
	an   haven.AccountNo
	body blob.ID
	loc  blob.Loc
	key  blob.Key
}

const sqlBrokenMessages = `SELECT m.id, m.an, m.key, m.sealed, b.id, b.pack, b.off, b.len, b.size FROM message m
	JOIN body b ON b.id = m.body WHERE m.id > $1 ORDER BY m.id LIMIT $2`

// repairSealed reads the bodies of messages whose sealed column doesn't open, and writes the column anew. Trace lines that
// were in it are lost.
func (s *Service) repairSealed(ctx context.Context) error {
	var list []broken
	var cause error
	err := s.eachMessage(ctx, sqlBrokenMessages, func(r db.Row) {
		b, bad, err := s.brokenRow(ctx, r)
		if err != nil {
			cause = err
		} else if bad {
			list = append(list, b)
		}
	}, nil)
	if err == nil {
		err = cause
	}
	for i := 0; i < len(list) && err == nil; i++ {
		err = s.resealFromBody(ctx, list[i])
		if err != nil && errs.Is(err, errs.Internal) {
			s.log.Error("a message can't be rebuilt", "message", int64(list[i].id), "error", err)
			err = nil
		}
	}
	return err
}

// brokenRow reports whether a message's sealed column doesn't open though its key to the body does. The error is one of the key store.
func (s *Service) brokenRow(ctx context.Context, r db.Row) (b broken, bad bool, err error) {
	b = broken{id: haven.MessageID(r.Int64(0)), an: haven.AccountNo(r.Int64(1)), body: blob.ID(r.Int64(4)),
		loc: blob.Loc{Pack: r.Int64(5), Off: r.Int64(6), Len: r.Int64(7), Size: r.Int64(8)}}
	keys, err := s.keys.Account(ctx, b.an)
	if errs.Is(err, errs.NotFound) {
		return b, false, nil // an account that was deleted for good
	}
	if err != nil {
		return b, false, err
	}
	o, _, err := open(keys, b.id, r.Bytes(3), nil)
	if err == nil {
		var info Info
		if err = o.info(b.id, 0, &info); err == nil {
			return b, false, nil
		}
	}
	key, err := keys.UnwrapBody(r.Bytes(2), r.Int64(4))
	b.key = blob.Key(key)
	return b, err == nil, nil
}

func (s *Service) resealFromBody(ctx context.Context, b broken) error {
	var parsed *mime.Message
	err := blob.Follow(ctx, s.db, b.body, b.loc, func(loc blob.Loc) (err error) {
		parsed, err = s.parseBody(loc, b)
		return err
	})
	if err != nil {
		return err
	}
	meta, err := parsed.Meta().AppendBinary(nil)
	if err != nil {
		return err
	}
	keys, err := s.keys.Account(ctx, b.an)
	if err != nil {
		return err
	}
	_, sealed, err := sealMessage(keys, b.id, b.body, b.key, nil, meta)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := takeSeq(tx, b.an, 0); err != nil {
			return err
		}
		tx.Exec(sqlReseal, int64(b.id), int64(b.an), sealed, b.loc.Size)
		return nil
	})
}

func (s *Service) parseBody(loc blob.Loc, b broken) (*mime.Message, error) {
	body, err := s.bodies.Open(loc, b.body, b.key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	parser := mime.NewParser(mime.Limits{})
	w := bufio.NewWriterSize(parser, 32<<10)
	if _, err := body.WriteTo(w); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return parser.Close(), nil
}
