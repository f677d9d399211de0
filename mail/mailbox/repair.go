package mailbox

import (
	"bufio"
	"context"

	"haven"
	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/db"
)

// repairs rebuild what is derived of one account. UIDs, flags and placements can't be derived and are never guessed.
var repairs = []string{
	`INSERT INTO mailbox_count (an, mb, uidnext, total, unseen, deleted, bytes, hiseq)
		SELECT m.an, m.mb, 1 + COALESCE((SELECT MAX(uid) FROM placement p WHERE p.an = m.an AND p.mb = m.mb), 0), 0, 0, 0, 0, 1
		FROM mailbox m WHERE m.an = $1 AND NOT EXISTS (SELECT 1 FROM mailbox_count c WHERE c.an = m.an AND c.mb = m.mb)`,
	`UPDATE placement SET seen = flags & 1 WHERE an = $1 AND seen <> flags & 1`,
	`UPDATE mailbox_count SET
		total = (SELECT COUNT(*) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb),
		unseen = (SELECT COUNT(*) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb AND p.seen = 0),
		deleted = (SELECT COUNT(*) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb AND p.flags & 8 <> 0),
		bytes = (SELECT COALESCE(SUM(size), 0) FROM placement p WHERE p.an = mailbox_count.an AND p.mb = mailbox_count.mb)
		WHERE an = $1`,
	`UPDATE mailbox_count SET hiseq = (SELECT seq FROM account_seq a WHERE a.an = mailbox_count.an) WHERE an = $1`,
	`UPDATE account_seq SET
		bytes = (SELECT COALESCE(SUM(size), 0) FROM (SELECT DISTINCT msg, size FROM placement WHERE an = $1) d),
		messages = (SELECT COUNT(*) FROM (SELECT DISTINCT msg FROM placement WHERE an = $1) d)
		WHERE an = $1`,
}

// Repair rebuilds, one account at a time, what Check calls derived: counters, room used, and envelopes and structures that
// don't open, from their bodies. done is told how many accounts are finished. Sessions that are open see every folder
// changed once.
func (s *Service) Repair(ctx context.Context, done func(accounts, of int)) error {
	accounts, err := s.accounts(ctx)
	if err != nil {
		return err
	}
	for i, an := range accounts {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			if _, err := takeSeq(tx, an, 1); err != nil {
				return err
			}
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
	return s.repairSealed(ctx)
}

// broken is a message whose sealed column doesn't open.
type broken struct {
	id   haven.MessageID
	an   haven.AccountNo
	body bodyRow
}

// repairSealed reads the bodies of messages whose sealed column doesn't open, and writes the column anew. Trace lines that were in it are lost.
func (s *Service) repairSealed(ctx context.Context) error {
	var list []broken
	faults := map[haven.MessageID]bool{}
	for last, more := int64(0), true; more; {
		n := 0
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			n = 0
			return tx.Query(`SELECT m.id, m.an, m.key, m.sealed, b.id, b.pack, b.off, b.len, b.size FROM message m JOIN body b ON b.id = m.body
				WHERE m.id > $1 ORDER BY m.id LIMIT 500`, []any{last}, func(r db.Row) error {
				n++
				last = r.Int64(0)
				if b, bad := s.brokenRow(ctx, r); bad && !faults[b.id] {
					faults[b.id] = true
					list = append(list, b)
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		more = n == 500
	}
	for _, b := range list {
		if err := s.resealFromBody(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// brokenRow reports whether a message's sealed column doesn't open though its key to the body does.
func (s *Service) brokenRow(ctx context.Context, r db.Row) (broken, bool) {
	b := broken{id: haven.MessageID(r.Int64(0)), an: haven.AccountNo(r.Int64(1))}
	keys, err := s.keys.Account(ctx, b.an)
	if err != nil {
		return b, false
	}
	o, _, err := open(keys, b.id, r.Bytes(3), nil)
	if err == nil {
		var info Info
		if err = o.info(b.id, 0, &info); err == nil {
			return b, false
		}
	}
	key, err := keys.UnwrapBody(r.Bytes(2), r.Int64(4))
	if err != nil {
		return b, false
	}
	b.body = bodyRow{id: blob.ID(r.Int64(4)), key: blob.Key(key), loc: blob.Loc{Pack: r.Int64(5), Off: r.Int64(6), Len: r.Int64(7), Size: r.Int64(8)}}
	return b, true
}

func (s *Service) resealFromBody(ctx context.Context, b broken) error {
	body, err := s.bodies.Open(b.body.loc, b.body.id, b.body.key)
	if err != nil {
		return err
	}
	defer body.Close()
	parser := mime.NewParser(mime.Limits{})
	w := bufio.NewWriterSize(parser, 32<<10)
	if _, err := body.WriteTo(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	meta, err := parser.Close().Meta().AppendBinary(nil)
	if err != nil {
		return err
	}
	keys, err := s.keys.Account(ctx, b.an)
	if err != nil {
		return err
	}
	_, sealed, err := sealMessage(keys, b.id, b.body.id, b.body.key, nil, meta)
	if err != nil {
		return err
	}
	size := body.Size()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := takeSeq(tx, b.an, 1); err != nil {
			return err
		}
		tx.Exec(`UPDATE message SET sealed = $3, size = $4 WHERE id = $1 AND an = $2`, int64(b.id), int64(b.an), sealed, size)
		tx.Exec(`UPDATE placement SET size = $3 WHERE an = $1 AND msg = $2`, int64(b.an), int64(b.id), size)
		for _, sql := range repairs {
			tx.Exec(sql, int64(b.an))
		}
		return nil
	})
}
