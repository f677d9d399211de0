package handover

import "haven/platform/db"

// Schema is how much was handed over, and who does it now. Neither says of whom a letter was.
var Schema = db.Schema{Concept: "handover", Steps: []string{`
CREATE TABLE handed_over (
	an {int} NOT NULL, person {int} NOT NULL, at {int} NOT NULL, letters {int} NOT NULL, correspondents {int} NOT NULL,
	PRIMARY KEY (an, person, at)) {norowid};
CREATE TABLE handing_over (
	an {int} NOT NULL, person {int} NOT NULL, since {int} NOT NULL,
	PRIMARY KEY (an, person)) {norowid};
`}}

const (
	sqlHand = `INSERT INTO handed_over (an, person, at, letters, correspondents) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (an, person, at) DO UPDATE SET letters = handed_over.letters + excluded.letters, correspondents = excluded.correspondents`
	sqlHanded = `SELECT at, letters, correspondents FROM handed_over WHERE an = $1 AND person = $2 ORDER BY at DESC LIMIT $3`

	sqlBusy  = `SELECT since FROM handing_over WHERE an = $1 AND person = $2`
	sqlBegin = `INSERT INTO handing_over (an, person, since) VALUES ($1, $2, $3)
		ON CONFLICT (an, person) DO UPDATE SET since = excluded.since WHERE handing_over.since = $4 RETURNING since`
	sqlEnd = `DELETE FROM handing_over WHERE an = $1 AND person = $2 AND since = $3`
)
