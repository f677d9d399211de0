package reset

import "haven/platform/db"

// Schema is the resets under way. Link and code are hashes.
var Schema = db.Schema{Concept: "reset", Steps: []string{`
CREATE TABLE reset (
	link {blob} NOT NULL PRIMARY KEY,
	no {int} NOT NULL REFERENCES person (no),
	code {blob} NOT NULL,
	made {int} NOT NULL,
	tries {int} NOT NULL) {norowid};
CREATE INDEX reset_no ON reset (no, made);
`}}

const (
	sqlPut    = `INSERT INTO reset (link, no, code, made, tries) VALUES ($1, $2, $3, $4, 0)`
	sqlGet    = `SELECT no, code, made, tries FROM reset WHERE link = $1`
	sqlTry    = `UPDATE reset SET tries = tries + 1 WHERE link = $1`
	sqlOf     = `SELECT COUNT(*) FROM reset WHERE no = $1 AND made > $2`
	sqlEnd    = `DELETE FROM reset WHERE no = $1`
	sqlLapsed = `DELETE FROM reset WHERE no = $1 AND made <= $2`
)
