package request

import "haven/platform/db"

// Schema is the requests, and comes after account's and organisation's. A person has one open request of each kind.
var Schema = db.Schema{Concept: "request", Steps: []string{`
CREATE TABLE request_next (one {int} PRIMARY KEY, next {int} NOT NULL);
INSERT INTO request_next (one, next) VALUES (1, 1);
CREATE TABLE request (
	id {int} PRIMARY KEY, person {int} NOT NULL REFERENCES person (no), kind {int} NOT NULL,
	first {text} NOT NULL, last {text} NOT NULL, spelled {text} NOT NULL, job {text} NOT NULL, was {text} NOT NULL,
	made {int} NOT NULL, state {int} NOT NULL, decided {int} NOT NULL, reason {text} NOT NULL);
CREATE UNIQUE INDEX request_open ON request (person, kind) WHERE state = 1;
CREATE INDEX request_person ON request (person, made);
`}}

const (
	sqlTakeID = `UPDATE request_next SET next = next + 1 WHERE one = 1 RETURNING next - 1`
	sqlPut    = `INSERT INTO request (id, person, kind, first, last, spelled, job, was, made, state, decided, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, '')`
	columns     = `SELECT id, person, kind, first, last, spelled, job, was, made, state, decided, reason FROM request `
	sqlGet      = columns + `WHERE id = $1`
	sqlOpenOf   = columns + `WHERE person = $1 AND state = 1 ORDER BY id`
	sqlNewestOf = columns + `WHERE person = $1 ORDER BY made DESC, id DESC LIMIT $2`
	sqlOpenAt   = columns + `WHERE state = 1 AND person IN
		(SELECT person FROM post WHERE organisation = $1 AND since <= $2 AND (until = 0 OR until > $2)) ORDER BY id LIMIT $3`
	sqlOpen = columns + `WHERE state = 1 AND id > $1 ORDER BY id LIMIT $2`
	sqlEnd  = `UPDATE request SET state = $2, decided = $3, reason = $4 WHERE id = $1 AND state = 1`
)
