package notice

import "haven/platform/db"

// Schema is the notices. They are public; nothing of them is sealed.
var Schema = db.Schema{Concept: "notice", Steps: []string{`
CREATE TABLE status_notice (
	id {int} NOT NULL PRIMARY KEY,
	kind {int} NOT NULL,
	title {text} NOT NULL,
	body {text} NOT NULL,
	begins {int} NOT NULL,
	until {int} NOT NULL,
	posted {int} NOT NULL,
	posted_by {blob} NOT NULL,
	ended {int} NOT NULL);
CREATE INDEX status_notice_posted ON status_notice (posted);
CREATE INDEX status_notice_open ON status_notice (until) WHERE ended = 0;
CREATE TABLE status_notice_lock (one {int} NOT NULL PRIMARY KEY);
INSERT INTO status_notice_lock (one) VALUES (1);
`}}

const (
	columns    = `SELECT id, kind, title, body, begins, until, posted, posted_by, ended FROM status_notice `
	sqlLock    = `UPDATE status_notice_lock SET one = one WHERE one = 1`
	sqlPut     = `INSERT INTO status_notice (id, kind, title, body, begins, until, posted, posted_by, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`
	sqlOpen    = columns + `WHERE ended = 0 AND (until = 0 OR until > $1) ORDER BY begins, posted, id LIMIT $2`
	sqlHistory = columns + `WHERE ended <> 0 OR (until <> 0 AND until <= $1) ORDER BY posted DESC, id LIMIT $2`
	sqlEnd     = `UPDATE status_notice SET ended = $2 WHERE id = $1 AND ended = 0 AND (until = 0 OR until > $2)`
)
