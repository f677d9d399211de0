package leaver

import "haven/platform/db"

// Schema is the posts that somebody else than the person has ended, and whether the person says that it was wrong. It comes after organisation's tables.
var Schema = db.Schema{Concept: "leaver", Steps: []string{`
CREATE TABLE post_ended (
	person {int} NOT NULL REFERENCES account (no), org {int} NOT NULL REFERENCES organisation (id), at {int} NOT NULL, disputed {int} NOT NULL,
	PRIMARY KEY (person, org)) {norowid};
`}}

const (
	sqlEnded    = `INSERT INTO post_ended (person, org, at, disputed) VALUES ($1, $2, $3, 0) ON CONFLICT (person, org) DO UPDATE SET at = excluded.at, disputed = 0`
	sqlEndings  = `SELECT org, at, disputed FROM post_ended WHERE person = $1 ORDER BY at DESC, org`
	sqlDisputed = `UPDATE post_ended SET disputed = $3 WHERE person = $1 AND org = $2 AND disputed = 0`
)
