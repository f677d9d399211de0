package signature

import "haven/platform/db"

// Schema is the signatures, and comes after account's tables. Each is sealed under its mailbox's own key, and ends with it.
var Schema = db.Schema{Concept: "signature", Steps: []string{`
CREATE TABLE signature (
	an {int} NOT NULL PRIMARY KEY REFERENCES account (no), at {int} NOT NULL, sealed {blob} NOT NULL);
`}}

const (
	sqlOf     = `SELECT sealed FROM signature WHERE an = $1`
	sqlSet    = `INSERT INTO signature (an, at, sealed) VALUES ($1, $2, $3) ON CONFLICT (an) DO UPDATE SET at = excluded.at, sealed = excluded.sealed`
	sqlRemove = `DELETE FROM signature WHERE an = $1`
)
