package form

import "haven/platform/db"

// Schema is the table of half-filled forms, beside account's tables. page is the path of the page; sealed is what was typed, under the person's own key.
var Schema = db.Schema{Concept: "form", Steps: []string{`
CREATE TABLE half_filled (
	person {int} NOT NULL REFERENCES person (no),
	page {text} NOT NULL,
	at {int} NOT NULL,
	sealed {blob} NOT NULL,
	PRIMARY KEY (person, page)) {norowid};
CREATE INDEX half_filled_at ON half_filled (at);
`}}

const (
	sqlKeep   = `INSERT INTO half_filled (person, page, at, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (person, page) DO UPDATE SET at = excluded.at, sealed = excluded.sealed`
	sqlOf     = `SELECT at, sealed FROM half_filled WHERE person = $1 AND page = $2 AND at > $3`
	sqlDrop   = `DELETE FROM half_filled WHERE person = $1 AND page = $2`
	sqlOldest = `DELETE FROM half_filled WHERE person = $1 AND page IN (SELECT page FROM half_filled WHERE person = $1 ORDER BY at DESC, page LIMIT 1000 OFFSET $2)`
	sqlAged   = `DELETE FROM half_filled WHERE at <= $1 AND (person, page) IN (SELECT person, page FROM half_filled WHERE at <= $1 ORDER BY at LIMIT $2)`
)
