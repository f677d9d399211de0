package sieve

import "haven/platform/db"

// Schema is the scripts. sieve_state has a row for each account that ever had one: it is the lock of the account's scripts, and says in one look whether a letter is to
// be filtered. What a script says, and its name, are sealed by its account's key. sieve_seen is what the duplicate test remembers, as keyed by its account.
var Schema = db.Schema{Concept: "sieve", Steps: []string{`
CREATE TABLE sieve_state (
	an {int} NOT NULL PRIMARY KEY, state {int} NOT NULL, next {int} NOT NULL, active {int} NOT NULL, told {int} NOT NULL, forgotten {int} NOT NULL DEFAULT 0);
CREATE TABLE sieve_script (
	an {int} NOT NULL, id {int} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL, octets {int} NOT NULL, name {blob} NOT NULL, sealed {blob} NOT NULL,
	PRIMARY KEY (an, id));
CREATE TABLE sieve_gone (
	an {int} NOT NULL, id {int} NOT NULL, created {int} NOT NULL, state {int} NOT NULL, at {int} NOT NULL, PRIMARY KEY (an, id)) {norowid};
CREATE INDEX sieve_gone_at ON sieve_gone (at);
CREATE TABLE sieve_seen (
	an {int} NOT NULL, mark {blob} NOT NULL, until {int} NOT NULL, PRIMARY KEY (an, mark)) {norowid};
CREATE INDEX sieve_seen_until ON sieve_seen (until);
`}}

const (
	sqlLock = `INSERT INTO sieve_state (an, state, next, active, told) VALUES ($1, 1, 1, 0, 0)
		ON CONFLICT (an) DO UPDATE SET state = sieve_state.state + 1 RETURNING state, next, active`
	sqlSettle = `UPDATE sieve_state SET next = $2, active = $3 WHERE an = $1`
	sqlState  = `SELECT state, active, forgotten FROM sieve_state WHERE an = $1`
	sqlActive = `SELECT an, state, active FROM sieve_state WHERE active <> 0 AND an IN ` + db.Among

	sqlScripts = `SELECT id, created, changed, octets, name FROM sieve_script WHERE an = $1 ORDER BY id`
	sqlText    = `SELECT sealed FROM sieve_script WHERE an = $1 AND id = $2`
	sqlPut     = `INSERT INTO sieve_script (an, id, created, changed, octets, name, sealed) VALUES ($1, $2, $3, $3, $4, $5, $6)`
	sqlReplace = `UPDATE sieve_script SET changed = $3, octets = $4, sealed = $5 WHERE an = $1 AND id = $2`
	sqlRename  = `UPDATE sieve_script SET changed = $3, name = $4 WHERE an = $1 AND id = $2`
	sqlTouch   = `UPDATE sieve_script SET changed = $3 WHERE an = $1 AND id = $2`
	sqlDelete  = `DELETE FROM sieve_script WHERE an = $1 AND id = $2`
	sqlGone    = `INSERT INTO sieve_gone (an, id, created, state, at) VALUES ($1, $2, $3, $4, $5)`
	sqlSince   = `SELECT id FROM sieve_gone WHERE an = $1 AND state > $2 AND created <= $2 ORDER BY id`

	sqlForgotten = `SELECT an, id, state FROM sieve_gone WHERE at < $1 ORDER BY at LIMIT $2`
	sqlForget    = `DELETE FROM sieve_gone WHERE an = $1 AND id = $2`
	sqlForgot    = `UPDATE sieve_state SET forgotten = $2 WHERE an = $1 AND forgotten < $2`

	sqlTell = `UPDATE sieve_state SET told = $2 WHERE an = $1 AND told <= $3`

	sqlSeen   = `SELECT 1 FROM sieve_seen WHERE an = $1 AND mark = $2 AND until > $3`
	sqlMark   = `INSERT INTO sieve_seen (an, mark, until) VALUES ($1, $2, $3) ON CONFLICT (an, mark) DO UPDATE SET until = excluded.until`
	sqlMarked = `SELECT COUNT(*) FROM sieve_seen WHERE an = $1`
	sqlLapsed = `SELECT an, mark FROM sieve_seen WHERE until < $1 ORDER BY until LIMIT $2`
	sqlUnmark = `DELETE FROM sieve_seen WHERE an = $1 AND mark = $2 AND until < $3`
)
