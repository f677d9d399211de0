package outbox

import (
	"fmt"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// Schema is the queue's tables. A letter's row is written once; what moves is its recipients' rows, which are narrow
// as long as nothing went wrong. The first index serves the clock, the second the workers of one domain.
var Schema = db.Schema{Concept: "outbox", Steps: []string{`
CREATE TABLE queue (
	id {int} NOT NULL PRIMARY KEY,
	created {int} NOT NULL,
	body {int} NOT NULL,
	key {blob} NOT NULL,
	size {int} NOT NULL,
	trace {blob},
	sig {blob},
	sender {text} NOT NULL,
	an {int} NOT NULL,
	sign_as {text} NOT NULL,
	flags {int} NOT NULL,
	envid {text} NOT NULL
);
CREATE INDEX queue_body ON queue (body);
CREATE TABLE queue_rcpt (
	queue {int} NOT NULL,
	n {int} NOT NULL,
	domain {text} NOT NULL,
	address {text} NOT NULL,
	state {int} NOT NULL,
	due {int} NOT NULL,
	lease {int} NOT NULL,
	attempts {int} NOT NULL,
	fate {int} NOT NULL,
	warned {int} NOT NULL,
	notify {int} NOT NULL,
	orcpt {text} NOT NULL,
	tried {int} NOT NULL,
	code {int} NOT NULL,
	status {text} NOT NULL,
	reply {text} NOT NULL,
	host {text} NOT NULL,
	PRIMARY KEY (queue, n)
) {norowid};
CREATE INDEX queue_rcpt_due ON queue_rcpt (state, due, domain);
CREATE INDEX queue_rcpt_domain ON queue_rcpt (domain, state, due, queue);
CREATE INDEX queue_rcpt_late ON queue_rcpt (queue) WHERE fate = 1 AND warned = 0;
CREATE TABLE queue_holder (
	id {int} NOT NULL PRIMARY KEY,
	until {int} NOT NULL
);
`, `
ALTER TABLE queue_rcpt ADD COLUMN flight {int} NOT NULL DEFAULT 0;
`, `
ALTER TABLE queue ADD COLUMN until {int} NOT NULL DEFAULT 0;
`, `
CREATE INDEX queue_account ON queue (an, id);
`}}

// States as they stand in rows. A recipient that is being sent belongs to the process in lease, and within it to the
// batch in flight: a letter with many recipients in one domain is sent by several workers at once.
const (
	rowWaiting = 0
	rowSending = 1
	rowHeld    = 2
	rowTelling = 3
)

const (
	sqlInsertQueue = `INSERT INTO queue (id, created, body, key, size, trace, sig, sender, an, sign_as, flags, envid, until)
		VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8, $9, $10, $11, $12)`
	sqlInsertRcpt = `INSERT INTO queue_rcpt (queue, n, domain, address, state, due, lease, attempts, fate, warned, notify, orcpt,
		tried, code, status, reply, host) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, $7, $8, 0, 0, '', '', '')`

	entryColumns = `id, created, body, key, size, trace, sig, sender, an, sign_as, flags, envid, until`
	rcptColumns  = `queue, n, domain, address, state, due, lease, attempts, fate, warned, notify, orcpt, tried, code, status, reply, host`

	sqlEntry     = `SELECT ` + entryColumns + ` FROM queue WHERE id = $1`
	sqlLockEntry = `UPDATE queue SET sig = COALESCE(sig, $2) WHERE id = $1`

	sqlDueEntries = `SELECT queue FROM queue_rcpt WHERE domain = $1 AND state = 0 AND due <= $2 ORDER BY due, queue LIMIT $3`
	// The unary plus and the empty string keep planners on the primary key: the other indexes would walk the whole
	// backlog of a domain for each letter.
	sqlClaim = `UPDATE queue_rcpt SET state = 1, lease = $4, flight = $6 WHERE queue = $1 AND +state = 0 AND +due <= $3 AND n IN
		(SELECT n FROM queue_rcpt WHERE queue = $1 AND domain || '' = $2 AND +state = 0 AND +due <= $3 ORDER BY n LIMIT $5)
		RETURNING ` + rcptColumns
	sqlDueDomains = `SELECT domain, COUNT(*) FROM queue_rcpt WHERE state = 0 AND due <= $1 GROUP BY domain ORDER BY MIN(due) LIMIT $2`
	sqlNextDue    = `SELECT MIN(due) FROM queue_rcpt WHERE state = $1 AND due > $2`
	sqlDueTelling = `SELECT DISTINCT queue FROM queue_rcpt WHERE state = 3 AND due <= $1 LIMIT $2`

	sqlDelayTelling = `SELECT DISTINCT queue FROM queue_rcpt WHERE fate = 1 AND warned = 0 LIMIT $1`
	sqlOwed         = `SELECT ` + rcptColumns + ` FROM queue_rcpt WHERE queue = $1 AND (+state = 3 OR (+fate = 1 AND +warned = 0 AND +state <> 1))
		ORDER BY n LIMIT $2`
	sqlDropTelling = `DELETE FROM queue_rcpt WHERE queue = $1 AND +state = 3`

	// The fence of who sends: the row is the batch's yet.
	fenced      = ` WHERE queue = $1 AND n = $2 AND +state = 1 AND lease = $3 AND flight = $4`
	sqlSent     = `DELETE FROM queue_rcpt` + fenced
	sqlAfterTry = `UPDATE queue_rcpt SET state = $5, lease = 0, due = $6, attempts = $7, fate = $8, tried = $9, code = $10, status = $11,
		reply = $12, host = $13` + fenced
	sqlGiveBack = `UPDATE queue_rcpt SET state = 0, lease = 0, due = $5` + fenced

	sqlDropRcpt   = `DELETE FROM queue_rcpt WHERE queue = $1 AND n = $2 AND +state = $3`
	sqlWarned     = `UPDATE queue_rcpt SET warned = 1, fate = 0 WHERE queue = $1 AND n = $2 AND +fate = 1 AND warned = 0`
	sqlTellLater  = `UPDATE queue_rcpt SET due = $2 WHERE queue = $1 AND +state = 3`
	sqlWarnLater  = `UPDATE queue_rcpt SET fate = 0 WHERE queue = $1 AND +fate = 1 AND warned = 0 AND +state <> 1`
	sqlDropEntry  = `DELETE FROM queue WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM queue_rcpt WHERE queue = $1) RETURNING body`
	sqlBodyless   = `SELECT q.id, q.body FROM queue q WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.id = q.body)`
	sqlReferenced = `SELECT 1 FROM queue WHERE body = $1 LIMIT 1`

	sqlHold       = `INSERT INTO queue_holder (id, until) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET until = excluded.until`
	sqlLeased     = `SELECT DISTINCT flight, queue FROM queue_rcpt WHERE state = 1 AND lease = $1`
	sqlFreeStray  = `UPDATE queue_rcpt SET state = 0, lease = 0, due = $4 WHERE queue = $1 AND flight = $2 AND +state = 1 AND lease = $3`
	sqlUnhold     = `DELETE FROM queue_holder WHERE id = $1 OR until < $2`
	sqlOnlyHolder = `DELETE FROM queue_holder WHERE id <> $1`
	sqlFree       = `UPDATE queue_rcpt SET state = 0, lease = 0, due = $1 WHERE state = 1 AND lease NOT IN (SELECT id FROM queue_holder WHERE until >= $1)`
)

// The operator's statements. $1 to $4 are the filter: letter, domain, sender, state; 0, ” and -1 choose all.
const (
	chosen = `(CAST($1 AS BIGINT) = 0 OR r.queue = CAST($1 AS BIGINT)) AND (CAST($2 AS TEXT) = '' OR r.domain = CAST($2 AS TEXT))
		AND (CAST($4 AS BIGINT) < 0 OR r.state = CAST($4 AS BIGINT))
		AND (CAST($3 AS TEXT) = '' OR EXISTS (SELECT 1 FROM queue q WHERE q.id = r.queue AND q.sender = CAST($3 AS TEXT)))`
	sqlListed = `SELECT DISTINCT r.queue FROM queue_rcpt r WHERE r.queue > $5 AND ` + chosen + ` ORDER BY r.queue LIMIT $6`
	sqlChosen = `SELECT r.queue, r.n FROM queue_rcpt r WHERE r.queue >= $5 AND (r.queue > $5 OR r.n > $6) AND ` + chosen + `
		ORDER BY r.queue, r.n LIMIT $7`
	sqlListedRcpts = `SELECT ` + rcptColumns + ` FROM queue_rcpt WHERE queue = $1 AND (CAST($2 AS TEXT) = '' OR domain = CAST($2 AS TEXT))
		AND (CAST($3 AS BIGINT) < 0 OR state = CAST($3 AS BIGINT)) ORDER BY n LIMIT $4`
	sqlMoveTo   = `UPDATE queue_rcpt SET state = $4, due = $5 WHERE queue = $1 AND n = $2 AND state = $3`
	sqlDropTell = `UPDATE queue_rcpt SET state = 3, due = $4, fate = 2, tried = $4, code = 0, status = '5.7.1', reply = $5, host = ''
		WHERE queue = $1 AND n = $2 AND state = $3 AND (notify = 0 OR notify & 4 <> 0)`
	sqlCountStates = `SELECT state, COUNT(*) FROM queue_rcpt GROUP BY state`
	sqlOldest      = `SELECT MIN(created) FROM queue WHERE id = (SELECT MIN(id) FROM queue)`

	// A bound on what is looked at: an account's first letters, which are its oldest.
	sqlWaits = `SELECT q.created FROM (SELECT id, created FROM queue WHERE an = $1 AND created <= $2 ORDER BY id LIMIT $3) q
		WHERE EXISTS (SELECT 1 FROM queue_rcpt r WHERE r.queue = q.id AND +r.state <> 3 AND +r.warned = 0) ORDER BY q.id LIMIT 1`
)

// Flags of a queue row.
const (
	flagUTF8 = 1 << iota
	flagEight
	flagSecure
	flagFull
	flagHeaders
)

// entry is a letter's row.
type entry struct {
	Item
	ID      ID
	Created int64 // Unix microseconds
	sealed  []byte
	sig     []byte // nil: not signed yet
}

// rcpt is a recipient's row.
type rcpt struct {
	Recipient
	queue    ID
	n        int64
	domain   string // lane that it waits in
	state    int64
	due      int64
	lease    int64
	attempts int
	fate     Fate
	warned   bool
	tried    int64
	last     Result
}

func (it *Item) flags() (f int64) {
	for _, b := range []struct {
		on  bool
		bit int64
	}{{it.UTF8, flagUTF8}, {it.Eight, flagEight}, {it.Secure, flagSecure}, {it.Return == ReturnFull, flagFull}, {it.Return == ReturnHeaders, flagHeaders}} {
		if b.on {
			f |= b.bit
		}
	}
	return f
}

func scanEntry(r db.Row, e *entry) error {
	from, err := storedAddress(r.Text(7))
	if err != nil {
		return err
	}
	flags := r.Int64(10)
	*e = entry{ID: ID(r.Int64(0)), Created: r.Int64(1), sealed: clone(r.Bytes(3))}
	if !r.Null(6) {
		e.sig = append([]byte{}, r.Bytes(6)...)
	}
	e.Item = Item{
		Body: blob.ID(r.Int64(2)), Size: r.Int64(4), Trace: clone(r.Bytes(5)), From: from, Account: haven.AccountNo(r.Int64(8)),
		SignAs: r.Text(9), EnvID: r.Text(11), Until: db.Moment(r.Int64(12)),
		UTF8: flags&flagUTF8 != 0, Eight: flags&flagEight != 0, Secure: flags&flagSecure != 0,
	}
	switch {
	case flags&flagFull != 0:
		e.Return = ReturnFull
	case flags&flagHeaders != 0:
		e.Return = ReturnHeaders
	}
	return nil
}

func scanRcpt(r db.Row) (*rcpt, error) {
	to, err := storedAddress(r.Text(3))
	if err != nil {
		return nil, err
	}
	return &rcpt{
		Recipient: Recipient{Address: to, Notify: Notify(r.Int64(10)), ORcpt: r.Text(11)},
		queue:     ID(r.Int64(0)), n: r.Int64(1), domain: r.Text(2), state: r.Int64(4), due: r.Int64(5), lease: r.Int64(6),
		attempts: int(r.Int64(7)), fate: Fate(r.Int64(8)), warned: r.Bool(9), tried: r.Int64(12),
		last: Result{Code: int(r.Int64(13)), Status: r.Text(14), Text: r.Text(15), Host: r.Text(16)},
	}, nil
}

// storedAddress reads an address that we wrote; the null path is "".
func storedAddress(s string) (haven.Address, error) {
	if s == "" {
		return haven.Address{}, nil
	}
	a, err := haven.ParseAddress(s)
	if err != nil {
		return a, errs.Wrap(errs.Internal, fmt.Errorf("a queue row holds no address: %w", err), "")
	}
	return a, nil
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }

// readEntry is nil where the letter has left the queue.
func readEntry(tx *db.Tx, id ID) (*entry, error) {
	var e *entry
	err := tx.Query(sqlEntry, []any{id}, func(r db.Row) error {
		e = new(entry)
		return scanEntry(r, e)
	})
	return e, err
}

// lockEntry takes the letter's row before any recipient's, so that two who settle the last recipients see each
// other; it writes the signature down the first time. It reports whether the letter is still there.
func lockEntry(tx *db.Tx, id ID, sig []byte) (bool, error) {
	n, err := tx.Change(sqlLockEntry, id, sig)
	return n == 1, err
}

// dropIfDone removes the letter once no recipient is left, and lets its body go.
func (o *Outbox) dropIfDone(tx *db.Tx, id ID) error {
	body := int64(0)
	err := tx.Query(sqlDropEntry, []any{id}, func(r db.Row) error {
		body = r.Int64(0)
		return nil
	})
	if err == nil && body != 0 {
		blob.Released(tx, o.cfg.Clock.Now(), blob.ID(body))
	}
	return err
}

// Bodyless calls found with each letter in the queue whose body has no row, for a check.
func Bodyless(tx *db.Tx, found func(what string, body blob.ID)) error {
	return tx.Query(sqlBodyless, nil, func(r db.Row) error {
		found(fmt.Sprintf("letter %d in the queue", r.Int64(0)), blob.ID(r.Int64(1)))
		return nil
	})
}

// Referenced reports whether a letter in the queue needs the body. The sweep of bodies asks it in its transaction.
func Referenced(tx *db.Tx, body blob.ID) (bool, error) {
	found := false
	err := tx.Query(sqlReferenced, []any{int64(body)}, func(db.Row) error {
		found = true
		return nil
	})
	return found, err
}
