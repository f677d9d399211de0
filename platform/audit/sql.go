package audit

import "haven/platform/db"

// Schema is the tables of the audit log.
var Schema = db.Schema{Concept: "audit", Steps: []string{`
CREATE TABLE audit (
	at {int} NOT NULL, nonce {int} NOT NULL,
	person {blob} NOT NULL, as_account {blob} NOT NULL, on_account {blob} NOT NULL, other {blob} NOT NULL,
	what {text} NOT NULL, rule {text} NOT NULL, note {text} NOT NULL, place {text} NOT NULL, program {text} NOT NULL,
	PRIMARY KEY (at, nonce)) {norowid};
CREATE INDEX audit_person ON audit (person, at);
CREATE INDEX audit_on ON audit (on_account, at);
CREATE INDEX audit_other ON audit (other, at);
CREATE TABLE audit_todo (at {int} NOT NULL, nonce {int} NOT NULL, PRIMARY KEY (at, nonce)) {norowid};
CREATE TABLE audit_seal (
	n {int} PRIMARY KEY, at {int} NOT NULL, nonce {int} NOT NULL, hash {blob} NOT NULL, UNIQUE (at, nonce));
CREATE TABLE audit_head (one {int} PRIMARY KEY, n {int} NOT NULL, hash {blob} NOT NULL, note {text} NOT NULL);
INSERT INTO audit_head (one, n, hash, note) VALUES (1, 0, '', '')`,
	`CREATE INDEX audit_as ON audit (as_account, at)`,
}}

const (
	columns = `a.at, a.nonce, a.person, a.as_account, a.on_account, a.other, a.what, a.rule, a.note, a.place, a.program`

	sqlRecord = `INSERT INTO audit (at, nonce, person, as_account, on_account, other, what, rule, note, place, program)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlTodo = `INSERT INTO audit_todo (at, nonce) VALUES ($1, $2)`

	sqlAbout = `SELECT ` + columns + `, COALESCE(s.n, 0) FROM audit a
		LEFT JOIN audit_seal s ON s.at = a.at AND s.nonce = a.nonce
		WHERE a.person = $1 OR a.on_account = $1 OR a.other = $1 ORDER BY a.at DESC, a.nonce DESC LIMIT $2`

	filtered = `SELECT ` + columns + `, COALESCE(s.n, 0), s.hash FROM audit a
		LEFT JOIN audit_seal s ON s.at = a.at AND s.nonce = a.nonce
		WHERE a.at >= $3 AND a.at < $4 AND ($5 = 1 OR a.person = $6 OR a.as_account = $6 OR a.on_account = $6 OR a.other = $6)
		AND ($7 = 1 OR a.person = $8) AND substr(a.what, 1, length($9)) = $9 AND ($10 = '' OR a.rule = $10) AND `
	sqlNewest = filtered + `(a.at, a.nonce) < ($1, $2) ORDER BY a.at DESC, a.nonce DESC LIMIT $11`
	sqlOldest = filtered + `(a.at, a.nonce) > ($1, $2) ORDER BY a.at, a.nonce LIMIT $11`

	// What concerns one account is found by its indexes, however long the log is.
	sqlConcerning = `SELECT ` + columns + `, COALESCE(s.n, 0), s.hash FROM audit a
		LEFT JOIN audit_seal s ON s.at = a.at AND s.nonce = a.nonce
		WHERE (a.person = $3 OR a.as_account = $3 OR a.on_account = $3 OR a.other = $3) AND (a.at, a.nonce) < ($1, $2)
		ORDER BY a.at DESC, a.nonce DESC LIMIT $4`

	sqlAnyTodo  = `SELECT at FROM audit_todo LIMIT 1`
	sqlLockHead = `UPDATE audit_head SET n = n WHERE one = 1 RETURNING n, hash`
	sqlNext     = `SELECT ` + columns + ` FROM audit_todo t JOIN audit a ON a.at = t.at AND a.nonce = t.nonce
		ORDER BY t.at, t.nonce LIMIT $1`
	sqlSeal    = `INSERT INTO audit_seal (n, at, nonce, hash) VALUES ($1, $2, $3, $4)`
	sqlDone    = `DELETE FROM audit_todo WHERE at = $1 AND nonce = $2`
	sqlSetHead = `UPDATE audit_head SET n = $1, hash = $2, note = $3 WHERE one = 1`

	sqlHead  = `SELECT n, hash, note FROM audit_head WHERE one = 1`
	sqlChain = `SELECT s.n, s.hash, a.at, ` + columns + ` FROM audit_seal s
		LEFT JOIN audit a ON a.at = s.at AND a.nonce = s.nonce
		WHERE s.n > $1 AND s.n <= $2 ORDER BY s.n`
	sqlWaiting = `SELECT COUNT(*) FROM audit_todo`
	sqlBeside  = `SELECT a.at, a.nonce, CASE WHEN EXISTS (SELECT 1 FROM audit_seal s WHERE s.at = a.at AND s.nonce = a.nonce)
			OR EXISTS (SELECT 1 FROM audit_todo t WHERE t.at = a.at AND t.nonce = a.nonce) THEN 0 ELSE 1 END
		FROM audit a WHERE (a.at, a.nonce) > ($1, $2) ORDER BY a.at, a.nonce LIMIT $3`
)
