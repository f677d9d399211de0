package secondfactor

import "haven/platform/db"

// Schema is the second factors. The key is sealed under the person's own data key; recovery codes and browsers are hashes.
var Schema = db.Schema{Concept: "secondfactor", Steps: []string{`
CREATE TABLE second_factor (
	no {int} NOT NULL PRIMARY KEY REFERENCES person (no),
	sealed {blob} NOT NULL,
	confirmed {int} NOT NULL,
	last {int} NOT NULL,
	failed {int} NOT NULL,
	failed_at {int} NOT NULL);
CREATE TABLE recovery_code (
	no {int} NOT NULL REFERENCES person (no),
	hash {blob} NOT NULL,
	PRIMARY KEY (no, hash)) {norowid};
CREATE TABLE trusted_place (
	hash {blob} NOT NULL PRIMARY KEY,
	no {int} NOT NULL REFERENCES person (no),
	until {int} NOT NULL,
	program {text} NOT NULL) {norowid};
CREATE INDEX trusted_place_no ON trusted_place (no, until);
`, `
CREATE TABLE passkey (
	id {text} NOT NULL PRIMARY KEY, no {int} NOT NULL REFERENCES person (no), name {text} NOT NULL, credential {blob} NOT NULL,
	created {int} NOT NULL, used {int} NOT NULL);
CREATE INDEX passkey_no ON passkey (no, created);
CREATE TABLE passkey_asked (
	challenge {text} NOT NULL PRIMARY KEY, no {int} NOT NULL REFERENCES person (no), kind {int} NOT NULL, data {blob} NOT NULL, until {int} NOT NULL);
CREATE INDEX passkey_asked_no ON passkey_asked (no, until);
`, `
CREATE TABLE second_factor_duty (no {int} NOT NULL PRIMARY KEY REFERENCES person (no), asked {int} NOT NULL, once {int} NOT NULL);
CREATE TABLE passkey_anybody (challenge {text} NOT NULL PRIMARY KEY, data {blob} NOT NULL, until {int} NOT NULL);
CREATE INDEX passkey_anybody_until ON passkey_anybody (until);
`}}

const (
	sqlFactor = `SELECT sealed, confirmed, last, failed, failed_at FROM second_factor WHERE no = $1`
	sqlPut    = `INSERT INTO second_factor (no, sealed, confirmed, last, failed, failed_at) VALUES ($1, $2, 0, 0, 0, 0)
		ON CONFLICT (no) DO UPDATE SET sealed = excluded.sealed, last = 0 WHERE second_factor.confirmed = 0`
	sqlConfirm   = `UPDATE second_factor SET confirmed = $2, last = $3 WHERE no = $1 AND confirmed = 0`
	sqlUsed      = `UPDATE second_factor SET last = $2, failed = 0 WHERE no = $1 AND last < $2`
	sqlFailed    = `UPDATE second_factor SET failed = $2, failed_at = $3 WHERE no = $1`
	sqlRemove    = `DELETE FROM second_factor WHERE no = $1`
	sqlCodes     = `SELECT COUNT(*) FROM recovery_code WHERE no = $1`
	sqlPutCode   = `INSERT INTO recovery_code (no, hash) VALUES ($1, $2)`
	sqlHoldsCode = `SELECT 1 FROM recovery_code WHERE no = $1 AND hash = $2`
	sqlSpend     = `DELETE FROM recovery_code WHERE no = $1 AND hash = $2`
	sqlNoCodes   = `DELETE FROM recovery_code WHERE no = $1`
	sqlTrust     = `INSERT INTO trusted_place (hash, no, until, program) VALUES ($1, $2, $3, $4)`
	sqlTrusted   = `SELECT 1 FROM trusted_place WHERE hash = $1 AND no = $2 AND until > $3`
	sqlDistrust  = `DELETE FROM trusted_place WHERE no = $1`
	sqlLapsed    = `DELETE FROM trusted_place WHERE no = $1 AND until <= $2`

	// A row for the wrong codes of somebody who has passkeys and no app.
	sqlPlace = `INSERT INTO second_factor (no, sealed, confirmed, last, failed, failed_at) VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT (no) DO NOTHING`
	sqlNoApp = `UPDATE second_factor SET confirmed = 0, last = 0 WHERE no = $1 AND confirmed <> 0`

	sqlDuty = `SELECT asked, once FROM second_factor_duty WHERE no = $1`
	sqlOn   = `SELECT 1 WHERE EXISTS (SELECT 1 FROM second_factor WHERE no = $1 AND confirmed > 0) OR EXISTS (SELECT 1 FROM passkey WHERE no = $1)`
	sqlDue  = `INSERT INTO second_factor_duty (no, asked, once) VALUES ($1, $2, 0) ON CONFLICT (no) DO NOTHING`
	sqlOnce = `INSERT INTO second_factor_duty (no, asked, once) VALUES ($1, $2, 1) ON CONFLICT (no) DO UPDATE SET once = 1`

	sqlKeys            = `SELECT credential FROM passkey WHERE no = $1 ORDER BY created, id`
	sqlListKeys        = `SELECT id, name, created, used FROM passkey WHERE no = $1 ORDER BY created, id`
	sqlPutKey          = `INSERT INTO passkey (id, no, name, credential, created, used) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (id) DO NOTHING`
	sqlUseKey          = `UPDATE passkey SET credential = $3, used = $4 WHERE id = $1 AND no = $2`
	sqlDropKey         = `DELETE FROM passkey WHERE id = $1 AND no = $2`
	sqlAsk             = `INSERT INTO passkey_asked (challenge, no, kind, data, until) VALUES ($1, $2, $3, $4, $5)`
	sqlAsked           = `SELECT data FROM passkey_asked WHERE challenge = $1 AND no = $2 AND kind = $3 AND until > $4`
	sqlAnswered        = `DELETE FROM passkey_asked WHERE challenge = $1 AND no = $2`
	sqlOldAsked        = `DELETE FROM passkey_asked WHERE no = $1 AND until <= $2`
	sqlAskAnybody      = `INSERT INTO passkey_anybody (challenge, data, until) VALUES ($1, $2, $3)`
	sqlAskedAnybody    = `SELECT data FROM passkey_anybody WHERE challenge = $1 AND until > $2`
	sqlAnsweredAnybody = `DELETE FROM passkey_anybody WHERE challenge = $1`
	sqlOldAnybody      = `DELETE FROM passkey_anybody WHERE until <= $1`
	sqlFewAnybody      = `DELETE FROM passkey_anybody WHERE challenge IN (SELECT challenge FROM passkey_anybody ORDER BY until DESC, challenge LIMIT 1000 OFFSET $1)`

	sqlFewAsked = `DELETE FROM passkey_asked WHERE no = $1 AND challenge NOT IN (SELECT challenge FROM passkey_asked WHERE no = $1 ORDER BY until DESC LIMIT $2)`
)
