package operator

import "haven/platform/db"

// Schema is who has the role. A row stays when the role ends, so that a service that was set up once stays so.
var Schema = db.Schema{Concept: "operator", Steps: []string{`
CREATE TABLE operator (
	no {int} NOT NULL PRIMARY KEY REFERENCES person (no),
	since {int} NOT NULL,
	ended {int} NOT NULL);
`, `
CREATE TABLE admin_token (
	id {int} NOT NULL PRIMARY KEY,
	hash {blob} NOT NULL UNIQUE,
	name {text} NOT NULL,
	made {int} NOT NULL,
	made_by {blob} NOT NULL,
	until {int} NOT NULL,
	used {int} NOT NULL,
	revoked {int} NOT NULL);
CREATE TABLE admin_token_next (one {int} NOT NULL PRIMARY KEY, next {int} NOT NULL);
INSERT INTO admin_token_next (one, next) VALUES (1, 1);
`}}

// Second factor and mobile are the tables of secondfactor and of account's contacts: the role serves by what they say at the moment.
const (
	sqlAny   = `SELECT 1 FROM operator LIMIT 1`
	sqlFacts = `SELECT a.kind, a.state, COALESCE((SELECT 1 FROM operator o WHERE o.no = a.no AND o.ended = 0), 0),
		COALESCE((SELECT 1 FROM second_factor f WHERE f.no = a.no AND f.confirmed > 0), 0),
		COALESCE((SELECT 1 FROM contact c WHERE c.no = a.no AND c.kind = 2 AND c.proven > 0), 0) FROM account a WHERE a.no = $1`
	sqlAdd = `INSERT INTO operator (no, since, ended) VALUES ($1, $2, 0)
		ON CONFLICT (no) DO UPDATE SET since = excluded.since, ended = 0`
	sqlEnd         = `UPDATE operator SET ended = $2 WHERE no = $1 AND ended = 0`
	sqlOthers      = `SELECT COUNT(*) FROM operator o JOIN account a ON a.no = o.no WHERE o.ended = 0 AND a.state = 2 AND o.no <> $1`
	sqlLock        = `UPDATE operator SET since = since WHERE ended = 0`
	tokenColumns   = `SELECT id, name, made, made_by, until, used FROM admin_token `
	sqlTokens      = tokenColumns + `WHERE revoked = 0 AND until > $1 ORDER BY id`
	sqlFindToken   = tokenColumns + `WHERE hash = $1 AND revoked = 0 AND until > $2`
	sqlLockTokens  = `UPDATE admin_token_next SET next = next WHERE one = 1`
	sqlNextToken   = `UPDATE admin_token_next SET next = next + 1 WHERE one = 1 RETURNING next - 1`
	sqlPutToken    = `INSERT INTO admin_token (id, hash, name, made, made_by, until, used, revoked) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)`
	sqlRevokeToken = `UPDATE admin_token SET revoked = $2 WHERE id = $1 AND revoked = 0 AND until > $2`
	sqlUsedToken   = `UPDATE admin_token SET used = $2 WHERE id = $1`

	sqlList = `SELECT no, since FROM operator WHERE ended = 0 ORDER BY since, no`
)
