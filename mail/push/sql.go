package push

import "haven/platform/db"

// Schema is the subscriptions, and how many a person made in an hour. Address, keys, code, device and types are sealed under the person's key. cred names what
// the person signed in with; changed is when a row last was another one to those who send.
var Schema = db.Schema{Concept: "push", Steps: []string{`
CREATE TABLE push_subscription (
	id {int} NOT NULL PRIMARY KEY,
	person {int} NOT NULL,
	cred {text} NOT NULL,
	made {int} NOT NULL,
	expires {int} NOT NULL,
	changed {int} NOT NULL,
	verified {int} NOT NULL,
	told {int} NOT NULL,
	failing {int} NOT NULL,
	sealed {blob} NOT NULL);
CREATE INDEX push_subscription_person ON push_subscription (person, id);
CREATE INDEX push_subscription_cred ON push_subscription (cred);
CREATE INDEX push_subscription_changed ON push_subscription (changed, id);
CREATE TABLE push_maker (person {int} NOT NULL PRIMARY KEY, hour {int} NOT NULL, made {int} NOT NULL) {norowid};
`}}

const (
	sqlMaker = `INSERT INTO push_maker (person, hour, made) VALUES ($1, $2, 1)
		ON CONFLICT (person) DO UPDATE SET made = CASE WHEN push_maker.hour = $2 THEN push_maker.made + 1 ELSE 1 END, hour = $2 RETURNING made`
	sqlCount  = `SELECT COUNT(*) FROM push_subscription WHERE person = $1`
	sqlInsert = `INSERT INTO push_subscription (id, person, cred, made, expires, changed, verified, told, failing, sealed) VALUES ($1, $2, $3, $4, $5, $4, 0, 0, 0, $6)`

	columns   = `id, person, cred, made, expires, changed, verified, told, failing, sealed`
	sqlOwn    = `SELECT ` + columns + ` FROM push_subscription WHERE person = $1 AND cred = $2 ORDER BY id`
	sqlByID   = `SELECT ` + columns + ` FROM push_subscription WHERE id = $1`
	sqlLock   = `UPDATE push_subscription SET changed = CASE WHEN changed < $4 THEN $4 ELSE changed + 1 END WHERE id = $1 AND person = $2 AND cred = $3 RETURNING ` + columns
	sqlUpdate = `UPDATE push_subscription SET expires = $2, verified = $3, sealed = $4 WHERE id = $1`

	sqlDestroy = `DELETE FROM push_subscription WHERE id = $1 AND person = $2 AND cred = $3`
	sqlEnd     = `DELETE FROM push_subscription WHERE id = $1`
	sqlEndCred = `DELETE FROM push_subscription WHERE cred = $1`
	sqlEndAll  = `DELETE FROM push_subscription`

	sqlEndPerson   = `DELETE FROM push_subscription WHERE person = $1`
	sqlForgetMaker = `DELETE FROM push_maker WHERE person = $1`

	sqlSince   = `SELECT id, person, cred, changed FROM push_subscription WHERE changed >= $1 AND (changed > $2 OR changed = $2 AND id > $3) ORDER BY changed, id LIMIT $4`
	sqlPage    = `SELECT ` + columns + ` FROM push_subscription WHERE id > $1 ORDER BY id LIMIT $2`
	sqlTold    = `UPDATE push_subscription SET told = 1 WHERE id = $1`
	sqlFailing = `UPDATE push_subscription SET failing = $2 WHERE id = $1`
)
