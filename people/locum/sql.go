package locum

import "haven/platform/db"

// Schema is the passes, and comes after sharedmailbox's. Of a code there is the hash, which finds the locum who reads it out.
var Schema = db.Schema{Concept: "locum", Steps: []string{`
CREATE TABLE locum_code (
	no {int} NOT NULL PRIMARY KEY REFERENCES person (no), hash {blob} NOT NULL, until {int} NOT NULL);
CREATE UNIQUE INDEX locum_code_hash ON locum_code (hash);
CREATE TABLE locum_try (
	no {int} NOT NULL REFERENCES person (no), at {int} NOT NULL, tries {int} NOT NULL,
	PRIMARY KEY (no, at)) {norowid};
CREATE TABLE locum_colleagues (
	an {int} NOT NULL PRIMARY KEY REFERENCES shared_mailbox (an));
CREATE TABLE locum_pass (
	an {int} NOT NULL REFERENCES shared_mailbox (an), given {int} NOT NULL, person {int} NOT NULL REFERENCES person (no),
	given_by {int} REFERENCES person (no), since {int} NOT NULL, until {int} NOT NULL, colleague {int} NOT NULL,
	PRIMARY KEY (an, given, person)) {norowid};
CREATE INDEX locum_pass_person ON locum_pass (person, an, given);
`}}

const (
	sqlPutCode = `INSERT INTO locum_code (no, hash, until) VALUES ($1, $2, $3)
		ON CONFLICT (no) DO UPDATE SET hash = excluded.hash, until = excluded.until`
	sqlTaken    = `SELECT no FROM locum_code WHERE hash = $1`
	sqlByCode   = `SELECT no FROM locum_code WHERE hash = $1 AND until > $2`
	sqlDropCode = `DELETE FROM locum_code WHERE no = $1`
	sqlOldCodes = `DELETE FROM locum_code WHERE until <= $1`

	sqlTries    = `SELECT COALESCE(SUM(tries), 0) FROM locum_try WHERE no = $1 AND at > $2`
	sqlTry      = `INSERT INTO locum_try (no, at, tries) VALUES ($1, $2, 1) ON CONFLICT (no, at) DO UPDATE SET tries = locum_try.tries + 1`
	sqlOldTries = `DELETE FROM locum_try WHERE no = $1 AND at <= $2`

	sqlAllowed  = `SELECT an FROM locum_colleagues WHERE an = $1`
	sqlAllow    = `INSERT INTO locum_colleagues (an) VALUES ($1) ON CONFLICT (an) DO NOTHING`
	sqlDisallow = `DELETE FROM locum_colleagues WHERE an = $1`

	sqlPutPass = `INSERT INTO locum_pass (an, given, person, given_by, since, until, colleague) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlPasses  = `SELECT COUNT(*) FROM locum_pass WHERE person = $1 AND an = $2 AND given > $3`
	sqlHistory = `SELECT person, COALESCE(given_by, 0), given, since, until, colleague FROM locum_pass WHERE an = $1 ORDER BY given DESC, person LIMIT $2`
)
