package job

import "haven/platform/db"

// Schema is the table of leases.
var Schema = db.Schema{Concept: "job", Steps: []string{
	`CREATE TABLE lease (name {text} NOT NULL PRIMARY KEY, holder {text} NOT NULL, until {int} NOT NULL) {norowid}{narrow}`,
}}

const (
	sqlTake = `INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = $2, until = $3 WHERE lease.until <= $4 OR lease.holder = $2`
	sqlRelease = `DELETE FROM lease WHERE name = $1 AND holder = $2`
)
