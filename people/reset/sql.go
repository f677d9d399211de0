package reset

import "haven/platform/db"

// Schema is the resets under way, and the tries with whatever but link and code. Link and code are hashes, and so is for whom somebody tries, whether or not there is such an account.
var Schema = db.Schema{Concept: "reset", Steps: []string{`
CREATE TABLE reset (
	link {blob} NOT NULL PRIMARY KEY,
	no {int} NOT NULL REFERENCES person (no),
	code {blob} NOT NULL,
	made {int} NOT NULL,
	tries {int} NOT NULL) {norowid};
CREATE INDEX reset_no ON reset (no, made);
`, `
CREATE TABLE reset_try (
	who {blob} NOT NULL PRIMARY KEY,
	since {int} NOT NULL,
	tries {int} NOT NULL) {norowid};
CREATE INDEX reset_try_since ON reset_try (since);
`}}

const (
	sqlPut    = `INSERT INTO reset (link, no, code, made, tries) VALUES ($1, $2, $3, $4, 0)`
	sqlGet    = `SELECT no, code, made, tries FROM reset WHERE link = $1`
	sqlCodes  = `SELECT code, made FROM reset WHERE no = $1 AND made > $2`
	sqlTry    = `UPDATE reset SET tries = tries + 1 WHERE link = $1`
	sqlOf     = `SELECT COUNT(*) FROM reset WHERE no = $1 AND made > $2`
	sqlEnd    = `DELETE FROM reset WHERE no = $1`
	sqlLapsed = `DELETE FROM reset WHERE no = $1 AND made <= $2`

	sqlTryFor = `INSERT INTO reset_try AS t (who, since, tries) VALUES ($1, $2, 1) ON CONFLICT (who) DO UPDATE SET
		tries = CASE WHEN t.since > $3 THEN t.tries + 1 ELSE 1 END, since = CASE WHEN t.since > $3 THEN t.since ELSE excluded.since END RETURNING tries`
	sqlTried    = `DELETE FROM reset_try WHERE who = $1`
	sqlOldTries = `DELETE FROM reset_try WHERE who IN (SELECT who FROM reset_try WHERE since <= $1 LIMIT 100)`
)
