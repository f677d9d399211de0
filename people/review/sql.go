package review

import "haven/platform/db"

// Schema is the last review of each mailbox, which comes after sharedmailbox's tables. Those before stand in the audit log.
var Schema = db.Schema{Concept: "review", Steps: []string{`
CREATE TABLE access_review (
	mailbox {int} PRIMARY KEY REFERENCES shared_mailbox (an), made {int} NOT NULL, owner {blob} NOT NULL, kept {int} NOT NULL, ended {int} NOT NULL);
CREATE INDEX access_review_made ON access_review (made)`,
}}

const (
	sqlOf = `SELECT a.no, a.created, COALESCE(r.made, 0), COALESCE(r.owner, a.id) FROM account a LEFT JOIN access_review r ON r.mailbox = a.no
		WHERE a.kind = 2 AND a.state = 2 AND a.no IN ` + db.Among
	sqlOverdue = `SELECT a.no, COALESCE(r.made, a.created) AS since FROM shared_mailbox s JOIN account a ON a.no = s.an LEFT JOIN access_review r ON r.mailbox = s.an
		WHERE a.state = 2 AND COALESCE(r.made, a.created) <= $1 ORDER BY since, a.no LIMIT $2`
	sqlPut = `INSERT INTO access_review (mailbox, made, owner, kept, ended) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (mailbox) DO UPDATE SET made = excluded.made, owner = excluded.owner, kept = excluded.kept, ended = excluded.ended`
)
