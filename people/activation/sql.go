package activation

import "haven/platform/db"

// Schema is what a person did at the first log in. Answers are salted hashes.
var Schema = db.Schema{Concept: "activation", Steps: []string{`
CREATE TABLE activation (
	no {int} NOT NULL PRIMARY KEY REFERENCES person (no),
	accepted {int} NOT NULL,
	accepted_at {int} NOT NULL,
	questions {int} NOT NULL,
	directory {int} NOT NULL,
	show_mobile {int} NOT NULL);
CREATE TABLE security_answer (
	no {int} NOT NULL REFERENCES person (no),
	question {int} NOT NULL,
	hash {text} NOT NULL,
	PRIMARY KEY (no, question)) {norowid};
CREATE TABLE invitation (
	no {int} NOT NULL REFERENCES person (no),
	at {int} NOT NULL,
	PRIMARY KEY (no, at)) {norowid};
CREATE TABLE use_policy (
	version {int} NOT NULL PRIMARY KEY,
	since {int} NOT NULL,
	body {text} NOT NULL);
`, `ALTER TABLE use_policy ADD COLUMN holds {int} NOT NULL DEFAULT 0`}}

const (
	sqlProgress   = `SELECT accepted, questions, directory FROM activation WHERE no = $1`
	sqlCurrent    = `SELECT version, since, holds, body FROM use_policy ORDER BY version DESC LIMIT 1`
	sqlVersions   = `SELECT version, since, holds, body FROM use_policy ORDER BY version DESC LIMIT $1`
	sqlPublish    = `INSERT INTO use_policy (version, since, holds, body) VALUES ($1, $2, $3, $4)`
	sqlDue        = `SELECT version, holds, COALESCE((SELECT accepted FROM activation WHERE no = $1), 0) FROM use_policy ORDER BY version DESC LIMIT 1`
	sqlBegin      = `INSERT INTO activation (no, accepted, accepted_at, questions, directory, show_mobile) VALUES ($1, 0, 0, 0, 0, 0) ON CONFLICT (no) DO NOTHING`
	sqlAccept     = `UPDATE activation SET accepted = $2, accepted_at = $3 WHERE no = $1 AND accepted < $2`
	sqlAnswered   = `UPDATE activation SET questions = 1 WHERE no = $1`
	sqlShow       = `UPDATE activation SET directory = 1, show_mobile = $2 WHERE no = $1`
	sqlShown      = `SELECT directory, show_mobile FROM activation WHERE no = $1`
	sqlForget     = `DELETE FROM security_answer WHERE no = $1`
	sqlAnswer     = `INSERT INTO security_answer (no, question, hash) VALUES ($1, $2, $3)`
	sqlInvites    = `SELECT COUNT(*) FROM invitation WHERE no = $1 AND at > $2`
	sqlInvited    = `INSERT INTO invitation (no, at) VALUES ($1, $2) ON CONFLICT (no, at) DO NOTHING`
	sqlOldInvites = `DELETE FROM invitation WHERE no = $1 AND at <= $2`
	sqlAnswers    = `SELECT question, hash FROM security_answer WHERE no = $1 ORDER BY question`
)
