package mailbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// Fault is something that Check found wrong. It names ids and numbers, never content.
type Fault struct {
	Account haven.AccountNo
	What    string
	Derived bool // Repair can rebuild it
}

func (f Fault) String() string { return fmt.Sprintf("account %d: %s", f.Account, f.What) }

// Check only reads. It calls found for every broken invariant of the store: counters that differ from what they count, placements without
// message, messages without body, sealed columns that don't open, sequence numbers from the future, flags that differ
// between placements of one message. The error is for what kept it from checking; what could be checked all the same was.
func (s *Service) Check(ctx context.Context, found func(Fault)) error {
	accounts, err := s.accounts(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, an := range accounts {
		for _, k := range checks {
			if err := s.checkAccount(ctx, an, k, found); err != nil {
				failed = append(failed, fmt.Errorf("account %d could not be checked whole: %w", an, err))
			}
			if ctx.Err() != nil || len(failed) == maxFailures {
				return errors.Join(failed...)
			}
		}
	}
	return errors.Join(append(failed, s.checkMessages(ctx, found))...)
}

// maxFailures is after how many questions without an answer Check gives up: the database is away.
const maxFailures = 20

func (s *Service) accounts(ctx context.Context) (out []haven.AccountNo, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		return tx.Query(`SELECT an FROM account_seq ORDER BY an`, nil, func(r db.Row) error {
			out = append(out, haven.AccountNo(r.Int64(0)))
			return nil
		})
	})
	return out, err
}

// check is a statement that returns a row for each fault: a number to name it by, twice. $1 is the account.
type check struct {
	what    string
	derived bool
	sql     string
}

// sqlOwnUnseen counts, for each reader and folder of account $1, how many more messages are unread to the reader than to the folder.
const sqlOwnUnseen = `(SELECT q.person, p.mb, SUM(p.seen - CASE WHEN o.msg IS NOT NULL THEN o.seen WHEN a.changed <= q.since THEN 1 ELSE p.seen END) d
	FROM reader q JOIN placement p ON p.an = q.an AND p.flags & 262144 <> 0
	LEFT JOIN seen_by o ON o.an = p.an AND o.msg = p.msg AND o.person = q.person
	LEFT JOIN seen_by a ON a.an = p.an AND a.msg = p.msg AND a.person = 0
	WHERE q.an = $1 GROUP BY q.person, p.mb)`

var checks = []check{
	{"folder %d: total, unseen, deleted or bytes differ from what is there", true,
		`SELECT c.mb, c.mb FROM mailbox_count c LEFT JOIN (SELECT mb, COUNT(*) n, SUM(1 - seen) u, SUM(CASE WHEN flags & 8 <> 0 THEN 1 ELSE 0 END) d, SUM(size) b
			FROM placement WHERE an = $1 GROUP BY mb) p ON p.mb = c.mb
		WHERE c.an = $1 AND (c.total <> COALESCE(p.n, 0) OR c.unseen <> COALESCE(p.u, 0) OR c.deleted <> COALESCE(p.d, 0) OR c.bytes <> COALESCE(p.b, 0))`},
	{"folder %d: a UID is not below UIDNEXT", false,
		`SELECT c.mb, c.mb FROM mailbox_count c WHERE c.an = $1 AND c.uidnext <= (SELECT COALESCE(MAX(uid), 0) FROM placement p WHERE p.an = c.an AND p.mb = c.mb)`},
	{"folder %d: a change is newer than the folder's modseq", true,
		`SELECT c.mb, c.mb FROM mailbox_count c WHERE c.an = $1 AND (c.hiseq < (SELECT COALESCE(MAX(changed), 0) FROM placement p WHERE p.an = c.an AND p.mb = c.mb)
			OR c.hiseq < (SELECT COALESCE(MAX(changed), 0) FROM gone g WHERE g.an = c.an AND g.mb = c.mb))`},
	{"folder %d: its modseq is newer than the account's", true,
		`SELECT c.mb, c.mb FROM mailbox_count c JOIN account_seq a ON a.an = c.an WHERE c.an = $1 AND c.hiseq > a.seq`},
	{"folder %d: it has no counters", true,
		`SELECT m.mb, m.mb FROM mailbox m LEFT JOIN mailbox_count c ON c.an = m.an AND c.mb = m.mb WHERE m.an = $1 AND c.mb IS NULL`},
	{"folder %d: its parent is missing", false,
		`SELECT m.mb, m.mb FROM mailbox m LEFT JOIN mailbox p ON p.an = m.an AND p.mb = m.parent WHERE m.an = $1 AND m.parent <> 0 AND p.mb IS NULL`},
	{"folder %d: it holds UID %d, and there is no such folder", false,
		`SELECT p.mb, p.uid FROM placement p LEFT JOIN mailbox m ON m.an = p.an AND m.mb = p.mb WHERE p.an = $1 AND m.mb IS NULL`},
	{"folder %d: UID %d has no message", false,
		`SELECT p.mb, p.uid FROM placement p LEFT JOIN message m ON m.id = p.msg AND m.an = p.an WHERE p.an = $1 AND m.id IS NULL`},
	{"folder %d: UID %d is there and has vanished", false,
		`SELECT p.mb, p.uid FROM placement p JOIN gone g ON g.an = p.an AND g.mb = p.mb AND g.hi >= p.uid AND g.lo <= p.uid WHERE p.an = $1`},
	{"folder %d: UID %d has a seen column that differs from its flags", true,
		`SELECT mb, uid FROM placement WHERE an = $1 AND seen <> flags & 1`},
	{"message %d: its flags differ between places", false,
		`SELECT msg, COUNT(*) FROM placement WHERE an = $1 GROUP BY msg HAVING MIN(flags & 23) <> MAX(flags & 23) OR MIN(kw) <> MAX(kw)`},
	{"message %d: it has %d places and is not marked so", true,
		`SELECT msg, COUNT(*) FROM placement WHERE an = $1 GROUP BY msg HAVING COUNT(*) > 1 AND MIN(flags & 65536) = 0`},
	{"folder %d: UID %d vanished and is not below UIDNEXT", false,
		`SELECT c.mb, g.hi FROM mailbox_count c JOIN gone g ON g.an = c.an AND g.mb = c.mb WHERE c.an = $1 AND g.hi >= c.uidnext`},
	{"folder %d: the run that ends with vanished UID %d overlaps another", false,
		`SELECT g.mb, g.hi FROM gone g JOIN gone o ON o.an = g.an AND o.mb = g.mb AND o.hi >= g.lo AND o.hi < g.hi WHERE g.an = $1`},
	{"folder %d: UID %d has another size than its message", true,
		`SELECT p.mb, p.uid FROM placement p JOIN message m ON m.id = p.msg AND m.an = p.an WHERE p.an = $1 AND p.size <> m.size`},
	{"folder %d: UID %d has another thread than its message", true,
		`SELECT p.mb, p.uid FROM placement p JOIN message m ON m.id = p.msg AND m.an = p.an WHERE p.an = $1 AND p.thread <> m.thread`},
	{"folder %d: UID %d says that there is an attachment, and that nobody looked", true,
		`SELECT mb, uid FROM placement WHERE an = $1 AND flags & 1572864 = 1048576`},
	{"room: %d octets are counted as used, %d are", true,
		`SELECT a.bytes, COALESCE(u.b, 0) FROM account_seq a, (SELECT SUM(size) b, COUNT(*) n FROM (SELECT DISTINCT msg, size FROM placement WHERE an = $1) d) u
		WHERE a.an = $1 AND (a.bytes <> COALESCE(u.b, 0) OR a.messages <> u.n)`},
	{"folder %d: its number would be given to the next folder too", false,
		`SELECT m.mb, m.mb FROM mailbox m JOIN account_mail a ON a.an = m.an WHERE m.an = $1 AND m.mb >= a.next_mb`},
	{"folder %d: its UIDVALIDITY %d could be given to another folder", false,
		`SELECT m.mb, m.validity FROM mailbox m JOIN account_mail a ON a.an = m.an WHERE m.an = $1 AND m.validity > a.validity`},
	{"folder %d: its mark of how it is read differs from the account's", true,
		`SELECT c.mb, c.mb FROM mailbox_count c JOIN account_seq a ON a.an = c.an WHERE c.an = $1 AND c.reads <> CASE WHEN a.reads = 0 THEN 0 ELSE 1 END`},
	{"folder %d: the count of unread messages of person %d differs from what the marks say", true,
		`SELECT k.mb, k.person FROM (SELECT mb, person FROM reader_count WHERE an = $1 UNION SELECT mb, person FROM ` + sqlOwnUnseen + ` s) k
			LEFT JOIN reader_count c ON c.an = $1 AND c.mb = k.mb AND c.person = k.person
			LEFT JOIN ` + sqlOwnUnseen + ` t ON t.mb = k.mb AND t.person = k.person WHERE COALESCE(c.unseen, 0) <> COALESCE(t.d, 0)`},
	{"message %d: person %d has a mark on it and is no reader", false,
		`SELECT s.msg, s.person FROM seen_by s LEFT JOIN reader r ON r.an = s.an AND r.person = s.person WHERE s.an = $1 AND r.person IS NULL`},
	{"message %d: person %d has a mark on it, and there is no such message", true,
		`SELECT s.msg, s.person FROM seen_by s LEFT JOIN message m ON m.id = s.msg AND m.an = s.an WHERE s.an = $1 AND m.id IS NULL`},
	{"message %d: people have marks on it, and its place in folder %d doesn't say so", true,
		`SELECT p.msg, p.mb FROM placement p WHERE p.an = $1 AND p.flags & 262144 = 0 AND EXISTS (SELECT 1 FROM seen_by s WHERE s.an = p.an AND s.msg = p.msg)`},
	{"message %d: person %d read it, and nobody did", false,
		`SELECT s.msg, s.person FROM seen_by s LEFT JOIN seen_by a ON a.an = s.an AND a.msg = s.msg AND a.person = 0
			WHERE s.an = $1 AND s.seen = 1 AND (a.msg IS NULL OR a.seen = 0)`},
	{"message %d: the mark of person %d is newer than the account's modseq or the folder's", true,
		`SELECT s.msg, s.person FROM seen_by s JOIN account_seq a ON a.an = s.an WHERE s.an = $1 AND (s.changed > a.seq
			OR EXISTS (SELECT 1 FROM placement p JOIN mailbox_count f ON f.an = p.an AND f.mb = p.mb
				LEFT JOIN reader_count c ON c.an = p.an AND c.mb = p.mb AND c.person = s.person
				WHERE p.msg = s.msg AND +p.an = s.an AND s.changed > f.hiseq AND s.changed > COALESCE(c.hiseq, 0)))`},
	{"folder %d: the modseq of person %d is newer than the account's", true,
		`SELECT c.mb, c.person FROM reader_count c JOIN account_seq a ON a.an = c.an WHERE c.an = $1 AND c.hiseq > a.seq`},
	{"it has no number for the next folder", false,
		`SELECT s.an, s.an FROM account_seq s LEFT JOIN account_mail a ON a.an = s.an WHERE s.an = $1 AND a.an IS NULL`},
}

// checkAccount holds an account against one invariant, in a snapshot of its own: a large account takes long.
func (s *Service) checkAccount(ctx context.Context, an haven.AccountNo, k check, found func(Fault)) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(k.sql, []any{int64(an)}, func(r db.Row) error {
			nums := []any{r.Int64(0), r.Int64(1)}
			found(Fault{an, fmt.Sprintf(k.what, nums[:strings.Count(k.what, "%d")]...), k.derived})
			return nil
		})
	})
}

// sqlCheckMessages reads message rows in the order in which they lie, each with its body's row and whether anything leads to it.
const sqlCheckMessages = `SELECT m.id, m.an, m.body, m.key, m.thread, m.sealed, b.id,
	CASE WHEN EXISTS (SELECT 1 FROM placement p WHERE +p.an = m.an AND p.msg = m.id) THEN 1
		WHEN EXISTS (SELECT 1 FROM gone g WHERE +g.an = m.an AND g.msg = m.id AND g.msg <> 0) THEN 1 ELSE 0 END
	FROM message m LEFT JOIN body b ON b.id = m.body WHERE m.id > $1 ORDER BY m.id LIMIT $2`

// checkMessages goes through all message rows once: each has a body, something leads to it, what is sealed opens, and its references
// lead to a thread.
func (s *Service) checkMessages(ctx context.Context, found func(Fault)) error {
	var buf []byte
	var page []tied
	return s.eachMessage(ctx, sqlCheckMessages, func(r db.Row) {
		id, an := r.Int64(0), haven.AccountNo(r.Int64(1))
		if r.Null(6) {
			found(Fault{an, fmt.Sprintf("message %d: its body %d has no row", id, r.Int64(2)), false})
		}
		if !r.Bool(7) {
			found(Fault{an, fmt.Sprintf("message %d: it is in no folder and was expunged from none", id), false})
		}
		var t tied
		if t, buf = s.checkSealed(ctx, r, buf, found); t.msg != 0 {
			page = append(page, t)
		}
	}, func(tx *db.Tx) error {
		loose, err := looseOf(tx, page)
		for _, t := range loose {
			found(Fault{t.account, fmt.Sprintf("message %d: it has no thread, or its references lead to none", int64(t.msg)), true})
		}
		page = page[:0]
		return err
	})
}

// eachMessage runs a query over all messages, some at a time: after $1, at most $2, the id first. after, which may be nil, is called
// at the end of each page, in its snapshot.
func (s *Service) eachMessage(ctx context.Context, sql string, fn func(r db.Row), after func(tx *db.Tx) error) error {
	const some = 500
	for last, n := int64(0), some; n == some; {
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			n = 0
			err := tx.Query(sql, []any{last, int64(some)}, func(r db.Row) error {
				n, last = n+1, r.Int64(0)
				fn(r)
				return nil
			})
			if err == nil && after != nil {
				err = after(tx)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkSealed opens what one message row holds sealed. The result is the zero one where it doesn't open.
func (s *Service) checkSealed(ctx context.Context, r db.Row, buf []byte, found func(Fault)) (tied, []byte) {
	id, an := haven.MessageID(r.Int64(0)), haven.AccountNo(r.Int64(1))
	keys, err := s.keys.Account(ctx, an)
	if errs.Is(err, errs.NotFound) {
		if _, err := s.keys.DestroyedAt(ctx, an); err == nil {
			return tied{}, buf // on purpose: nobody is to read it
		}
	}
	if err != nil {
		found(Fault{an, fmt.Sprintf("message %d: the data key of its account can't be had", id), false})
		return tied{}, buf
	}
	if _, err := keys.UnwrapBody(r.Bytes(3), r.Int64(2)); err != nil {
		found(Fault{an, fmt.Sprintf("message %d: the key to its body doesn't open", id), false})
	}
	o, buf, err := open(keys, id, r.Bytes(5), buf)
	t := tied{msg: id, account: an, thread: haven.MessageID(r.Int64(4))}
	if err == nil {
		err = t.read(keys, o)
	}
	if err != nil {
		found(Fault{an, fmt.Sprintf("message %d: its sealed column doesn't open", id), true})
		return tied{}, buf
	}
	return t, buf
}
