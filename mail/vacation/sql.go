package vacation

import "haven/platform/db"

// Schema is the replies, whom they were told, and whom they are owed. What a reply says is sealed by its account's key; whom it is owed, by the service's.
var Schema = db.Schema{Concept: "vacation", Steps: []string{`
CREATE TABLE vacation (
	an {int} NOT NULL PRIMARY KEY, enabled {int} NOT NULL, since {int} NOT NULL, until {int} NOT NULL, ver {int} NOT NULL, sealed {blob} NOT NULL);
CREATE TABLE vacation_told (
	an {int} NOT NULL, ver {int} NOT NULL, sender {blob} NOT NULL, at {int} NOT NULL,
	PRIMARY KEY (an, ver, sender)) {norowid};
CREATE INDEX vacation_told_at ON vacation_told (an, at);
CREATE TABLE vacation_owed (
	id {int} NOT NULL PRIMARY KEY, an {int} NOT NULL, at {int} NOT NULL, due {int} NOT NULL, tries {int} NOT NULL, sealed {blob} NOT NULL);
CREATE INDEX vacation_owed_due ON vacation_owed (due);
`}}

const (
	sqlGet = `SELECT enabled, since, until, ver, sealed FROM vacation WHERE an = $1`
	sqlPut = `INSERT INTO vacation (an, enabled, since, until, ver, sealed) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (an) DO UPDATE SET enabled = excluded.enabled, since = excluded.since, until = excluded.until, ver = excluded.ver, sealed = excluded.sealed`
	sqlForget = `DELETE FROM vacation_told WHERE an = $1 AND ver <> $2 AND ver > 0`
	sqlStand  = `SELECT an, since, until FROM vacation WHERE enabled = 1 AND an IN ` + db.Among

	sqlOwe    = `INSERT INTO vacation_owed (id, an, at, due, tries, sealed) VALUES ($1, $2, $3, $4, 0, $5)`
	sqlDue    = `SELECT id, an, tries, sealed FROM vacation_owed WHERE due <= $1 ORDER BY due, id LIMIT $2`
	sqlTake   = `UPDATE vacation_owed SET due = $3, tries = tries + 1 WHERE id = $1 AND tries = $2`
	sqlSettle = `DELETE FROM vacation_owed WHERE id = $1`
	sqlOldest = `SELECT MIN(at) FROM vacation_owed`

	sqlTell = `INSERT INTO vacation_told (an, ver, sender, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (an, ver, sender) DO UPDATE SET at = excluded.at WHERE vacation_told.at <= $5`
	sqlLapse = `DELETE FROM vacation_told WHERE an = $1 AND at < $2 AND ver < 0`
	sqlSince = `SELECT COUNT(*) FROM vacation_told WHERE an = $1 AND at > $2`
)
