package registration

import (
	"haven/platform/db"
)

// Schema is the tables of applications, which come after account's, organisation's and sharedmailbox's. What an applicant
// wrote of people is sealed, and deleted as soon as nobody needs it; passcodes and tokens are hashes.
var Schema = db.Schema{Concept: "registration", Steps: []string{`
CREATE TABLE registration_premises (
	organisation {int} PRIMARY KEY REFERENCES organisation (id), touched {int} NOT NULL, frozen {int} NOT NULL, made {int} NOT NULL);
CREATE TABLE registration (
	ref {text} PRIMARY KEY, organisation {int} NOT NULL REFERENCES organisation (id), state {int} NOT NULL,
	salt {blob}, passcode {blob}, asked {int} NOT NULL, tries {int} NOT NULL, good {int} NOT NULL, token {blob},
	began {int} NOT NULL, changed {int} NOT NULL, submitted {int} NOT NULL, mailbox {int} NOT NULL, shut {int} NOT NULL);
CREATE INDEX registration_state ON registration (state, changed);
CREATE TABLE registration_ask (
	organisation {int} NOT NULL, at {int} NOT NULL, nonce {blob} NOT NULL, PRIMARY KEY (organisation, at, nonce)) {norowid};
CREATE INDEX registration_ask_at ON registration_ask (at);
CREATE TABLE registration_person (
	ref {text} NOT NULL REFERENCES registration (ref), place {int} NOT NULL, sealed {blob}, written {int} NOT NULL,
	account {int} NOT NULL, state {int} NOT NULL, PRIMARY KEY (ref, place)) {norowid};
CREATE INDEX registration_person_account ON registration_person (account);
CREATE TABLE registration_token (
	hash {blob} PRIMARY KEY, kind {int} NOT NULL, ref {text} NOT NULL REFERENCES registration (ref), place {int} NOT NULL, until {int} NOT NULL);
CREATE INDEX registration_token_ref ON registration_token (ref);
CREATE INDEX registration_token_until ON registration_token (until);
CREATE TABLE registration_task (
	ref {text} NOT NULL REFERENCES registration (ref), kind {int} NOT NULL, place {int} NOT NULL, organisation {int} NOT NULL,
	at {int} NOT NULL, done {int} NOT NULL, PRIMARY KEY (ref, kind, place)) {norowid};
CREATE INDEX registration_task_open ON registration_task (at) WHERE done = 0`, `
CREATE TABLE registration_unproven (
	ref {text} PRIMARY KEY REFERENCES registration (ref), sealed {blob}, written {int} NOT NULL, approved {int} NOT NULL);
CREATE TABLE registration_approval (
	ref {text} NOT NULL REFERENCES registration (ref), side {int} NOT NULL, by_account {int} NOT NULL, at {int} NOT NULL, PRIMARY KEY (ref, side)) {norowid}`,
}}

// States of a person of an application.
const (
	personEntered   = 1
	personMade      = 2 // has a new account
	personNamed     = 3 // has an account already, and is asked in it
	personConfirmed = 4
	personNotMe     = 5
)

// Kinds of tokens.
const (
	tokenNotUs = 1
	tokenNotMe = 2
)

const (
	appColumns = `a.ref, a.organisation, a.state, a.salt, a.passcode, a.asked, a.tries, a.good, a.token, a.began, a.changed, a.submitted, a.mailbox,
		COALESCE((SELECT p.frozen FROM registration_premises p WHERE p.organisation = a.organisation), 0),
		COALESCE((SELECT u.approved FROM registration_unproven u WHERE u.ref = a.ref), 0)`
	sqlApp = `SELECT ` + appColumns + ` FROM registration a WHERE a.ref = $1`
	// A premises' row is the lock of everything that is decided about it, an application's of the application.
	sqlLockPremises = `INSERT INTO registration_premises AS p (organisation, touched, frozen, made) VALUES ($1, $2, 0, 0)
		ON CONFLICT (organisation) DO UPDATE SET touched = excluded.touched RETURNING frozen`
	sqlLockApp = `UPDATE registration SET tries = tries WHERE ref = $1 RETURNING organisation`
	sqlFrozen  = `SELECT frozen FROM registration_premises WHERE organisation = $1`
	sqlFreeze  = `UPDATE registration_premises SET frozen = $2 WHERE organisation = $1`
	sqlMade    = `UPDATE registration_premises SET made = made + $2 WHERE organisation = $1`
	sqlGetMade = `SELECT made FROM registration_premises WHERE organisation = $1`

	sqlPutApp = `INSERT INTO registration (ref, organisation, state, salt, passcode, asked, tries, good, token, began, changed, submitted, mailbox, shut)
		VALUES ($1, $2, 1, $3, $4, $5, 0, $6, NULL, $5, $5, 0, 0, 0) ON CONFLICT (ref) DO NOTHING`
	sqlPutFurther = `INSERT INTO registration (ref, organisation, state, salt, passcode, asked, tries, good, token, began, changed, submitted, mailbox, shut)
		VALUES ($1, $2, 3, NULL, NULL, 0, 0, 1, NULL, $3, $3, $3, $4, 0)`
	sqlMadeHere    = `SELECT 1 FROM registration_person p JOIN registration a ON a.ref = p.ref WHERE p.account = $1 AND a.organisation = $2 AND p.state = $3 LIMIT 1`
	sqlOpenFurther = `SELECT COUNT(*) FROM registration_task WHERE organisation = $1 AND kind = $2 AND done = 0`
	sqlIsOpen      = `SELECT at FROM registration_task WHERE ref = $1 AND kind = $2 AND place = $3 AND done = 0`

	sqlAskAgain = `UPDATE registration SET salt = $2, passcode = $3, asked = $4, tries = 0 WHERE ref = $1`
	sqlTried    = `UPDATE registration SET tries = tries + 1 WHERE ref = $1 RETURNING tries`
	sqlProven   = `UPDATE registration SET state = 2, salt = NULL, passcode = NULL, asked = 0, tries = 0, token = $2, changed = $3 WHERE ref = $1`
	sqlChanged  = `UPDATE registration SET changed = $2 WHERE ref = $1`
	sqlSubmit   = `UPDATE registration SET state = 3, submitted = $2, mailbox = $3, salt = NULL, passcode = NULL, asked = 0 WHERE ref = $1`
	// A mailbox is shut by its registration: until its owner says yes, or while it is frozen. One that was blocked for another reason is not.
	sqlShut   = `UPDATE registration SET shut = $2 WHERE mailbox = $1`
	sqlIsShut = `SELECT ref FROM registration WHERE mailbox = $1 AND shut = 1`
	sqlState  = `UPDATE registration SET state = $2, salt = NULL, passcode = NULL, asked = 0 WHERE ref = $1`
	sqlPutAsk = `INSERT INTO registration_ask (organisation, at, nonce) VALUES ($1, $2, $3)`
	sqlAsks   = `SELECT COUNT(*) FROM registration_ask WHERE organisation = $1 AND at > $2`

	sqlDropPeople = `DELETE FROM registration_person WHERE ref = $1`
	sqlPutPerson  = `INSERT INTO registration_person (ref, place, sealed, written, account, state) VALUES ($1, $2, $3, $4, 0, 1)`
	sqlPeople     = `SELECT place, sealed, written, account, state FROM registration_person WHERE ref = $1 ORDER BY place`
	sqlSetPerson  = `UPDATE registration_person SET account = $3, state = $4 WHERE ref = $1 AND place = $2`
	sqlForgetWhat = `UPDATE registration_person SET sealed = NULL WHERE ref = $1 AND place = $2`
	sqlNamedFor   = `SELECT p.ref, p.place, a.organisation, a.submitted FROM registration_person p JOIN registration a ON a.ref = p.ref
		WHERE p.account = $1 AND p.state = 3 ORDER BY a.submitted, p.ref, p.place LIMIT $2`

	sqlPutToken  = `INSERT INTO registration_token (hash, kind, ref, place, until) VALUES ($1, $2, $3, $4, $5)`
	sqlToken     = `SELECT ref, place FROM registration_token WHERE hash = $1 AND kind = $2 AND until > $3`
	sqlDropToken = `DELETE FROM registration_token WHERE hash = $1`

	sqlPutTask = `INSERT INTO registration_task (ref, kind, place, organisation, at, done) VALUES ($1, $2, $3, $4, $5, 0)
		ON CONFLICT (ref, kind, place) DO UPDATE SET at = excluded.at, done = 0`
	sqlTasks    = `SELECT kind, ref, place, organisation, at FROM registration_task WHERE done = 0 ORDER BY at, ref, kind, place LIMIT $1`
	sqlTaskDone = `UPDATE registration_task SET done = $4 WHERE ref = $1 AND kind = $2 AND place = $3 AND done = 0`
	sqlThawed   = `UPDATE registration_task SET done = $2 WHERE organisation = $1 AND kind = 1 AND done = 0`
	sqlBoxes    = `SELECT DISTINCT mailbox FROM registration WHERE organisation = $1 AND mailbox > 0 ORDER BY mailbox`

	sqlOverdue = `SELECT ref FROM registration a WHERE state IN (1, 2) AND changed <= $1
		AND NOT EXISTS (SELECT 1 FROM registration_unproven u WHERE u.ref = a.ref) ORDER BY state, changed LIMIT $2`
	sqlOverdueApproved = `SELECT ref FROM registration a WHERE state IN (1, 2) AND changed <= $1
		AND EXISTS (SELECT 1 FROM registration_unproven u WHERE u.ref = a.ref) ORDER BY state, changed LIMIT $2`
	sqlUndecided = `SELECT ref FROM registration WHERE state = 7 AND changed <= $1 ORDER BY changed LIMIT $2`
	sqlOld       = `SELECT ref FROM registration a WHERE state IN (3, 4, 5, 6, 8) AND changed <= $1
		AND NOT EXISTS (SELECT 1 FROM registration_task t WHERE t.ref = a.ref AND t.done = 0) ORDER BY state, changed LIMIT $2`
	sqlDropAsks   = `DELETE FROM registration_ask WHERE at <= $1`
	sqlDropTokens = `DELETE FROM registration_token WHERE until <= $1`
	sqlDropOfRef  = `DELETE FROM registration_token WHERE ref = $1`
	sqlDropTasks  = `DELETE FROM registration_task WHERE ref = $1`
	sqlDropApp    = `DELETE FROM registration WHERE ref = $1`
	sqlOldest     = `SELECT COALESCE(MIN(written), 0) FROM (SELECT written FROM registration_person WHERE sealed IS NOT NULL
		UNION ALL SELECT written FROM registration_unproven WHERE sealed IS NOT NULL) AS w`

	sqlPutWaiting = `INSERT INTO registration (ref, organisation, state, salt, passcode, asked, tries, good, token, began, changed, submitted, mailbox, shut)
		VALUES ($1, $2, 7, NULL, NULL, 0, 0, 0, NULL, $3, $3, 0, 0, 0) ON CONFLICT (ref) DO NOTHING`
	sqlPutUnproven    = `INSERT INTO registration_unproven (ref, sealed, written, approved) VALUES ($1, $2, $3, 0)`
	sqlUnproven       = `SELECT sealed FROM registration_unproven WHERE ref = $1`
	sqlForgetUnproven = `UPDATE registration_unproven SET sealed = NULL WHERE ref = $1`
	sqlPutApproval    = `INSERT INTO registration_approval (ref, side, by_account, at) VALUES ($1, $2, $3, $4)`
	sqlApprovals      = `SELECT side, by_account, at FROM registration_approval WHERE ref = $1 ORDER BY at, side`
	sqlApproved       = `UPDATE registration_unproven SET approved = $2 WHERE ref = $1`
	sqlPassed         = `UPDATE registration SET state = 1, good = 1, salt = $2, passcode = $3, asked = $4, changed = $4, tries = 0 WHERE ref = $1`
	sqlDropApprovals  = `DELETE FROM registration_approval WHERE ref = $1`
	sqlDropUnproven   = `DELETE FROM registration_unproven WHERE ref = $1`
)
