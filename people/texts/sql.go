package texts

import "haven/platform/db"

// Schema is the versions that operators wrote. They are public; nothing of them is sealed.
var Schema = db.Schema{Concept: "texts", Steps: []string{`
CREATE TABLE page_text (
	name {text} NOT NULL,
	version {int} NOT NULL,
	at {int} NOT NULL,
	by_account {blob} NOT NULL,
	body {text} NOT NULL,
	PRIMARY KEY (name, version));
`}}

const (
	columns    = `SELECT version, at, by_account, body FROM page_text WHERE name = $1 `
	sqlNewest  = columns + `ORDER BY version DESC LIMIT $2`
	sqlVersion = columns + `AND version = $2`
	sqlPut     = `INSERT INTO page_text (name, version, at, by_account, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name, version) DO NOTHING`
)
