package openinghours

import "haven/platform/db"

// Schema is the hours of premises, by their shared mailbox, and comes after sharedmailbox's. A row is one stretch; a day that is closed by
// exception has one row from 0 to 0.
var Schema = db.Schema{Concept: "openinghours", Steps: []string{`
CREATE TABLE opening_hours (
	an {int} NOT NULL REFERENCES shared_mailbox (an), weekday {int} NOT NULL, opens {int} NOT NULL, closes {int} NOT NULL,
	PRIMARY KEY (an, weekday, opens)) {norowid};
CREATE TABLE opening_exception (
	an {int} NOT NULL REFERENCES shared_mailbox (an), day {text} NOT NULL, opens {int} NOT NULL, closes {int} NOT NULL,
	PRIMARY KEY (an, day, opens)) {norowid};
`}}

const (
	sqlWeek         = `SELECT weekday, opens, closes FROM opening_hours WHERE an = $1 ORDER BY weekday, opens`
	sqlExceptions   = `SELECT day, opens, closes FROM opening_exception WHERE an = $1 ORDER BY day, opens`
	sqlDropWeek     = `DELETE FROM opening_hours WHERE an = $1`
	sqlPutHours     = `INSERT INTO opening_hours (an, weekday, opens, closes) VALUES ($1, $2, $3, $4)`
	sqlDropDay      = `DELETE FROM opening_exception WHERE an = $1 AND day = $2`
	sqlPutException = `INSERT INTO opening_exception (an, day, opens, closes) VALUES ($1, $2, $3, $4)`
	sqlCountDays    = `SELECT COUNT(DISTINCT day) FROM opening_exception WHERE an = $1 AND day >= $2`
	sqlDropBefore   = `DELETE FROM opening_exception WHERE an = $1 AND day < $2`
)
