package helpdesk

import "haven/platform/db"

// Schema is the calls. What somebody said of themselves is sealed.
var Schema = db.Schema{Concept: "helpdesk", Steps: []string{`
CREATE TABLE call (
	id {int} NOT NULL PRIMARY KEY,
	at {int} NOT NULL,
	kind {text} NOT NULL,
	sealed {blob} NOT NULL,
	closed {int} NOT NULL);
CREATE INDEX call_open ON call (at) WHERE closed = 0;
`}}

const (
	sqlPutCall   = `INSERT INTO call (id, at, kind, sealed, closed) VALUES ($1, $2, $3, $4, 0)`
	sqlCalls     = `SELECT id, at, kind, sealed FROM call WHERE closed = 0 ORDER BY at, id LIMIT $1`
	sqlCallsOf   = `SELECT id, at, kind, sealed FROM call WHERE closed = 0 AND kind = $1`
	sqlCloseCall = `UPDATE call SET closed = $2 WHERE id = $1 AND closed = 0`
)
