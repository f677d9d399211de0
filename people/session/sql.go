package session

import "haven/platform/db"

// Schema is the table of sessions. hash is SHA-256 of the token; id is random.
var Schema = db.Schema{Concept: "session", Steps: []string{`
CREATE TABLE session (
	hash {blob} NOT NULL PRIMARY KEY,
	id {int} NOT NULL,
	person {int} NOT NULL,
	ver {int} NOT NULL,
	shared {int} NOT NULL,
	created {int} NOT NULL,
	seen {int} NOT NULL,
	proven {int} NOT NULL,
	place {text} NOT NULL,
	program {text} NOT NULL,
	pending {int} NOT NULL
) {norowid};
CREATE UNIQUE INDEX session_id ON session (id);
CREATE INDEX session_person ON session (person, created);
CREATE INDEX session_created ON session (created);
`}}

const (
	columns   = `id, person, ver, shared, created, seen, proven, place, program, pending`
	sqlInsert = `INSERT INTO session (hash, ` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9)`
	sqlFind   = `SELECT ` + columns + ` FROM session WHERE hash = $1`
	sqlByID   = `SELECT ` + columns + ` FROM session WHERE id = $1 AND person = $2`
	sqlOf     = `SELECT ` + columns + ` FROM session WHERE person = $1 ORDER BY created DESC, id LIMIT $2`
	sqlSeen   = `UPDATE session SET seen = $2 WHERE hash = $1 AND seen < $2`
	sqlProve  = `UPDATE session SET seen = $2, proven = $2, ver = $3 WHERE hash = $1 AND person = $4`
	sqlUnlock = `UPDATE session SET seen = $2 WHERE hash = $1 AND person = $3`
	sqlLock   = `UPDATE session SET seen = 0 WHERE hash = $1 AND seen > 0 RETURNING person`
	sqlPass   = `UPDATE session SET pending = 0 WHERE hash = $1 AND person = $2`
	sqlEnd    = `DELETE FROM session WHERE hash = $1 RETURNING id, person`
	sqlRevoke = `DELETE FROM session WHERE person = $1 AND id = $2 RETURNING id, person`
	sqlOthers = `DELETE FROM session WHERE person = $1 AND hash <> $2 RETURNING id, person`
	sqlOldest = `DELETE FROM session WHERE person = $1 AND hash IN (SELECT hash FROM session WHERE person = $1 ORDER BY created DESC, id LIMIT 1000 OFFSET $2) RETURNING id, person`
	sqlAged   = `DELETE FROM session WHERE hash IN (SELECT hash FROM session WHERE created <= $1 ORDER BY created LIMIT $2)`
)
