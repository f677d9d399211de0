package account

import "haven/platform/db"

// Schema is the tables of accounts. Two walls stand in it:
//
// An address row is never deleted and its key is primary, so an address can't be given to somebody else (Rules 2).
//
// credential and app_password carry the account's kind, checked, and tied to the account's own by a foreign
// key, so that a shared mailbox has no row in either (Rules 3).
var Schema = db.Schema{Concept: "account", Steps: []string{`
CREATE TABLE account_next (one {int} PRIMARY KEY, next {int} NOT NULL);
INSERT INTO account_next (one, next) VALUES (1, 1);
CREATE TABLE account (
	no {int} PRIMARY KEY, id {blob} NOT NULL UNIQUE, kind {int} NOT NULL, state {int} NOT NULL, since {int} NOT NULL,
	display {text} NOT NULL, access_ver {int} NOT NULL, created {int} NOT NULL, UNIQUE (no, kind));
CREATE TABLE address (
	key {text} PRIMARY KEY, no {int} NOT NULL REFERENCES account (no), role {int} NOT NULL,
	local {text} NOT NULL, domain {text} NOT NULL, since {int} NOT NULL, until {int} NOT NULL);
CREATE INDEX address_no ON address (no);
CREATE UNIQUE INDEX address_primary ON address (no) WHERE role = 1;
CREATE TABLE person (
	no {int} PRIMARY KEY, kind {int} NOT NULL CHECK (kind = 1), first {text} NOT NULL, last {text} NOT NULL,
	FOREIGN KEY (no, kind) REFERENCES account (no, kind));
CREATE TABLE credential (
	no {int} PRIMARY KEY, kind {int} NOT NULL CHECK (kind = 1), ver {int} NOT NULL, hash {text} NOT NULL,
	made {int} NOT NULL, expires {int} NOT NULL, must_change {int} NOT NULL,
	FOREIGN KEY (no, kind) REFERENCES account (no, kind));
CREATE TABLE credential_old (
	no {int} NOT NULL REFERENCES credential (no), ver {int} NOT NULL, hash {text} NOT NULL, PRIMARY KEY (no, ver)) {norowid};
CREATE TABLE app_password (
	hash {blob} PRIMARY KEY, no {int} NOT NULL, kind {int} NOT NULL CHECK (kind IN (1, 3)), id {int} NOT NULL,
	target {int} NOT NULL REFERENCES account (no), name {text} NOT NULL, made {int} NOT NULL, used {int} NOT NULL,
	UNIQUE (no, id), FOREIGN KEY (no, kind) REFERENCES account (no, kind));
CREATE TABLE lockout (
	no {int} PRIMARY KEY REFERENCES account (no), since {int} NOT NULL, failures {int} NOT NULL, until {int} NOT NULL) {narrow};
CREATE TABLE known_place (
	no {int} NOT NULL REFERENCES account (no), place {blob} NOT NULL, first {int} NOT NULL, last {int} NOT NULL,
	PRIMARY KEY (no, place)) {norowid}`, `
CREATE TABLE lockout_nobody (
	no {int} PRIMARY KEY, since {int} NOT NULL, failures {int} NOT NULL, until {int} NOT NULL) {narrow}`, `
ALTER TABLE account ADD COLUMN app_ids {int} NOT NULL DEFAULT 0`, `
CREATE TABLE account_changed (no {int} PRIMARY KEY REFERENCES account (no), due {int} NOT NULL);
CREATE INDEX account_changed_due ON account_changed (due, no);
INSERT INTO account_changed (no, due) SELECT no, 0 FROM account`, `
ALTER TABLE account ADD COLUMN shut_to_programs {int} NOT NULL DEFAULT 0`, `
ALTER TABLE account ADD COLUMN vouched_by {int} NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN vouched_until {int} NOT NULL DEFAULT 0`,
}}

// Roles of an address within its account.
const (
	rolePrimary = 1
	roleAlias   = 2
	roleFormer  = 3 // of a former name: works, is shown to few (Rules 2)
)

const (
	accountColumns = `a.no, a.id, a.kind, a.state, a.display, a.access_ver, a.created, COALESCE(p.local, ''), COALESCE(p.domain, '')`
	accountTables  = ` FROM account a LEFT JOIN address p ON p.no = a.no AND p.role = 1 `
	addressTables  = ` FROM address x JOIN account a ON a.no = x.no LEFT JOIN address p ON p.no = a.no AND p.role = 1 `

	sqlSetPrograms = `UPDATE account SET shut_to_programs = $2 WHERE no = $1 AND shut_to_programs <> $2`
	sqlPrograms    = `SELECT shut_to_programs FROM account WHERE no = $1`

	sqlVouched    = `SELECT vouched_by, vouched_until FROM account WHERE no = $1`
	sqlSetVouched = `UPDATE account SET vouched_by = $2, vouched_until = $3 WHERE no = $1`

	sqlByNo      = `SELECT ` + accountColumns + accountTables + `WHERE a.no = $1`
	sqlByID      = `SELECT ` + accountColumns + accountTables + `WHERE a.id = $1`
	sqlByAddress = `SELECT ` + accountColumns + addressTables + `WHERE x.key = $1 AND (x.until = 0 OR x.until > $2)`
	sqlSender    = `SELECT ` + accountColumns + `, x.role` + addressTables + `WHERE x.key = $1 AND (x.until = 0 OR x.until > $2)`
	sqlList      = `SELECT ` + accountColumns + accountTables + `WHERE a.no > $1 ORDER BY a.no LIMIT $2`

	sqlVersions = `SELECT no, access_ver FROM account WHERE no IN ` + db.Among

	sqlTakeNo    = `UPDATE account_next SET next = next + 1 WHERE one = 1 RETURNING next - 1`
	sqlLockNames = `UPDATE account_next SET next = next WHERE one = 1 RETURNING next`
	sqlLock      = `UPDATE account SET access_ver = $2 WHERE no = $1 RETURNING state`
	sqlInsert    = `INSERT INTO account (no, id, kind, state, since, display, access_ver, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $5)`
	sqlSetState   = `UPDATE account SET state = $2, since = $3 WHERE no = $1`
	sqlSetDisplay = `UPDATE account SET display = $2 WHERE no = $1`

	sqlAddressOwner = `SELECT no FROM address WHERE key = $1`
	sqlPutAddress   = `INSERT INTO address (key, no, role, local, domain, since, until) VALUES ($1, $2, $3, $4, $5, $6, 0)
		ON CONFLICT (key) DO UPDATE SET role = excluded.role, until = 0`
	sqlAddresses    = `SELECT local, domain, role, until FROM address WHERE no = $1 ORDER BY role, key`
	sqlAliasCount   = `SELECT COUNT(*) FROM address WHERE no = $1 AND role = 2`
	sqlEndAddress   = `UPDATE address SET until = $3 WHERE key = $1 AND no = $2 AND role <> 1 AND until = 0`
	sqlDemote       = `UPDATE address SET role = $2 WHERE no = $1 AND role = 1`
	sqlAddressRange = `SELECT key FROM address WHERE key >= $1 AND key < $2`

	sqlPutPerson = `INSERT INTO person (no, kind, first, last)
		VALUES ($1, (SELECT kind FROM account WHERE no = $1), $2, $3)`
	sqlSetName = `UPDATE person SET first = $2, last = $3 WHERE no = $1`
	sqlPerson  = `SELECT first, last FROM person WHERE no = $1`

	sqlLogin = `SELECT ` + accountColumns + `, COALESCE(c.ver, 0), COALESCE(c.hash, ''), COALESCE(c.expires, 0),
		COALESCE(c.must_change, 0), COALESCE(l.until, 0), COALESCE(k.last, 0)` + addressTables + `
		LEFT JOIN credential c ON c.no = a.no LEFT JOIN lockout l ON l.no = a.no
		LEFT JOIN known_place k ON k.no = a.no AND k.place = $3
		WHERE x.key = $1 AND (x.until = 0 OR x.until > $2)`

	sqlHolds = `SELECT a.kind, a.state, COALESCE(c.ver, 0), COALESCE(c.expires, 0), COALESCE(c.must_change, 0), COALESCE(p.no, 0)
		FROM account a LEFT JOIN credential c ON c.no = a.no LEFT JOIN app_password p ON p.hash = $2 WHERE a.no = $1`

	sqlPasswordState = `SELECT ver, expires, must_change FROM credential WHERE no = $1`
	sqlCredential    = `SELECT ver, hash FROM credential WHERE no = $1`
	sqlOld           = `SELECT hash FROM credential_old WHERE no = $1 ORDER BY ver DESC LIMIT $2`
	sqlKeepOld       = `INSERT INTO credential_old (no, ver, hash) SELECT no, ver, hash FROM credential WHERE no = $1`
	sqlDropOld       = `DELETE FROM credential_old WHERE no = $1 AND ver <= $2`
	sqlPutSecret     = `INSERT INTO credential (no, kind, ver, hash, made, expires, must_change)
		VALUES ($1, (SELECT kind FROM account WHERE no = $1), $2, $3, $4, $5, $6)
		ON CONFLICT (no) DO UPDATE SET ver = excluded.ver, hash = excluded.hash, made = excluded.made,
		expires = excluded.expires, must_change = excluded.must_change`
	sqlRehash = `UPDATE credential SET hash = $3 WHERE no = $1 AND ver = $2`

	// A failure of somebody, and one of nobody, which has to take as long.
	sqlFailure       = `INSERT INTO lockout` + failureCounted
	sqlNobodyFailure = `INSERT INTO lockout_nobody` + failureCounted
	failureCounted   = ` AS l (no, since, failures, until) VALUES ($1, $2, 1, 0)
		ON CONFLICT (no) DO UPDATE SET
		failures = CASE WHEN l.since > $3 THEN l.failures + 1 ELSE 1 END,
		since = CASE WHEN l.since > $3 THEN l.since ELSE excluded.since END
		RETURNING failures`
	sqlLockUntil = `UPDATE lockout SET until = $2 WHERE no = $1 AND until < $3`
	sqlLocked    = `SELECT until FROM lockout WHERE no = $1`
	sqlUnlock    = `DELETE FROM lockout WHERE no = $1 RETURNING until`

	sqlStanding = `SELECT COALESCE(c.ver, 0), COALESCE(c.expires, 0), COALESCE(c.must_change, 0), COALESCE(l.until, 0),
		(SELECT COUNT(*) FROM app_password p WHERE p.no = a.no), (SELECT COALESCE(MAX(used), 0) FROM app_password p WHERE p.no = a.no), a.since
		FROM account a LEFT JOIN credential c ON c.no = a.no LEFT JOIN lockout l ON l.no = a.no WHERE a.no = $1`

	sqlSeePlace = `INSERT INTO known_place (no, place, first, last) VALUES ($1, $2, $3, $3)
		ON CONFLICT (no, place) DO UPDATE SET last = excluded.last`
	sqlDropPlaces = `DELETE FROM known_place WHERE no = $1 AND place NOT IN
		(SELECT place FROM known_place WHERE no = $1 ORDER BY last DESC LIMIT $2)`

	sqlAppLogin = `SELECT no, target, used FROM app_password WHERE hash = $1`
	sqlAppUsed  = `UPDATE app_password SET used = $2 WHERE hash = $1`
	sqlAppNext  = `SELECT (SELECT COUNT(*) FROM app_password WHERE no = $1), CASE WHEN a.app_ids > COALESCE(m.id, 0) THEN a.app_ids ELSE COALESCE(m.id, 0) END
		FROM account a LEFT JOIN (SELECT MAX(id) id FROM app_password WHERE no = $1) m ON 1 = 1 WHERE a.no = $1`
	sqlAppID  = `UPDATE account SET app_ids = $2 WHERE no = $1`
	sqlAppPut = `INSERT INTO app_password (no, kind, hash, id, target, name, made, used)
		VALUES ($1, (SELECT kind FROM account WHERE no = $1), $2, $3, $4, $5, $6, 0)`
	sqlAppList   = `SELECT id, target, name, made, used FROM app_password WHERE no = $1 ORDER BY id`
	sqlAppRevoke = `DELETE FROM app_password WHERE no = $1 AND id = $2`

	sqlPlacesUsed = `SELECT no, MAX(last) FROM known_place WHERE no IN ` + db.Among + ` GROUP BY no`
	sqlAppsUsed   = `SELECT no, MAX(used) FROM app_password WHERE no IN ` + db.Among + ` GROUP BY no`

	sqlAppRevokeSince = `DELETE FROM app_password WHERE no = $1 AND made >= $2`
)
