package vouch

import "haven/platform/db"

// Schema is the vouchings, which come after account's and sharedmailbox's tables. A link is a hash. Those that are over are kept: they are what the owner
// of a mailbox answers for.
var Schema = db.Schema{Concept: "vouch", Steps: []string{`
CREATE TABLE vouching (
	person {int} NOT NULL REFERENCES person (no), made {int} NOT NULL, owner {int} NOT NULL REFERENCES person (no),
	mailbox {int} NOT NULL REFERENCES shared_mailbox (an), how {text} NOT NULL, link {blob} NOT NULL, links {int} NOT NULL,
	sent {int} NOT NULL, confirmed {int} NOT NULL, ended {int} NOT NULL, PRIMARY KEY (person, made)) {norowid};
CREATE INDEX vouching_link ON vouching (link);
CREATE INDEX vouching_owner ON vouching (owner, made);
CREATE INDEX vouching_mailbox ON vouching (mailbox) WHERE ended = 0`,
}}

const (
	columns    = `person, made, owner, mailbox, how, links, sent, confirmed, ended`
	sqlPut     = `INSERT INTO vouching (person, made, owner, mailbox, how, link, links, sent, confirmed, ended) VALUES ($1, $2, $3, $4, $5, $6, 1, $2, 0, 0)`
	sqlLast    = `SELECT ` + columns + ` FROM vouching WHERE person = $1 ORDER BY made DESC LIMIT 1`
	sqlByLink  = `SELECT ` + columns + ` FROM vouching WHERE link = $1`
	sqlToday   = `SELECT COUNT(*) FROM vouching WHERE owner = $1 AND made > $2`
	sqlConfirm = `UPDATE vouching SET confirmed = $3 WHERE person = $1 AND made = $2`
	sqlEnd     = `UPDATE vouching SET ended = $2 WHERE person = $1 AND ended = 0`
	sqlRelink  = `UPDATE vouching SET link = $3, links = $4, sent = $5 WHERE person = $1 AND made = $2`
	sqlThrough = `SELECT person FROM vouching WHERE mailbox = $1 AND ended = 0 ORDER BY person`
)
