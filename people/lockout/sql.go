package lockout

import "haven/platform/db"

// Schema is the codes that were sent, keyed hashes, and the locks of which nobody was told yet.
var Schema = db.Schema{Concept: "lockoutcode", Steps: []string{`
CREATE TABLE lockout_code (no {int} NOT NULL REFERENCES person (no), made {int} NOT NULL, hash {blob} NOT NULL, tries {int} NOT NULL,
	PRIMARY KEY (no, made)) {norowid};
CREATE TABLE lockout_untold (no {int} NOT NULL REFERENCES person (no), at {int} NOT NULL, until {int} NOT NULL, place {text} NOT NULL, program {text} NOT NULL,
	mail_program {int} NOT NULL, PRIMARY KEY (no, at)) {norowid};
`}}

const (
	sqlSent   = `SELECT COUNT(*) FROM lockout_code WHERE no = $1 AND made > $2`
	sqlPut    = `INSERT INTO lockout_code (no, made, hash, tries) VALUES ($1, $2, $3, 0) ON CONFLICT (no, made) DO UPDATE SET hash = excluded.hash, tries = 0`
	sqlLive   = `SELECT made, hash, tries FROM lockout_code WHERE no = $1 AND made > $2 ORDER BY made`
	sqlTry    = `UPDATE lockout_code SET tries = tries + 1 WHERE no = $1`
	sqlSpend  = `UPDATE lockout_code SET hash = $2 WHERE no = $1` // the rows stay for how often somebody asked
	sqlLapsed = `DELETE FROM lockout_code WHERE no = $1 AND made <= $2`
	sqlNote   = `INSERT INTO lockout_untold (no, at, until, place, program, mail_program) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (no, at) DO NOTHING`
	sqlUntold = `SELECT no, at, until, place, program, mail_program FROM lockout_untold ORDER BY at, no LIMIT $1`
	sqlTold   = `DELETE FROM lockout_untold WHERE no = $1 AND at = $2`
)
