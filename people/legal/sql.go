package legal

import "haven/platform/db"

// Schema is the particulars by shared mailbox, and comes after sharedmailbox's. They are public by law, so nothing of them is sealed.
var Schema = db.Schema{Concept: "legal", Steps: []string{`
CREATE TABLE legal_particulars (
	an {int} NOT NULL PRIMARY KEY REFERENCES shared_mailbox (an), at {int} NOT NULL, particulars {text} NOT NULL) {narrow};
`}}

const (
	sqlOf  = `SELECT particulars FROM legal_particulars WHERE an = $1`
	sqlSet = `INSERT INTO legal_particulars (an, at, particulars) VALUES ($1, $2, $3) ON CONFLICT (an) DO UPDATE SET at = excluded.at, particulars = excluded.particulars`
)
