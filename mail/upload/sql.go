package upload

import (
	"fmt"

	"haven/platform/blob"
	"haven/platform/db"
)

// Schema is the table of uploads. person is who uploaded it, for the most that one person may have; typ is sealed.
var Schema = db.Schema{Concept: "upload", Steps: []string{
	`CREATE TABLE upload (id {blob} NOT NULL PRIMARY KEY, an {int} NOT NULL, person {int} NOT NULL, body {int} NOT NULL, wrapped {blob} NOT NULL,
		typ {blob} NOT NULL, size {int} NOT NULL, until {int} NOT NULL) {norowid}`,
	`CREATE INDEX upload_person ON upload (person, until)`,
	`CREATE INDEX upload_body ON upload (body)`,
	`CREATE INDEX upload_until ON upload (until)`,
}}

const (
	sqlInsert   = `INSERT INTO upload (id, an, person, body, wrapped, typ, size, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlGet      = `SELECT body, wrapped, typ, size FROM upload WHERE id = $1 AND an = $2 AND until > $3`
	sqlHeld     = `SELECT COUNT(*), COALESCE(SUM(size), 0) FROM upload WHERE person = $1 AND until > $2`
	sqlLapsed   = `DELETE FROM upload WHERE id IN (SELECT id FROM upload WHERE until <= $1 ORDER BY until LIMIT $2) RETURNING body`
	sqlRefers   = `SELECT 1 FROM upload WHERE body = $1 LIMIT 1`
	sqlBodyless = `SELECT u.an, u.body FROM upload u WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.id = u.body)`
)

// Referenced reports whether a body is an upload: what the sweep asks before a body goes.
func Referenced(tx *db.Tx, id blob.ID) (used bool, err error) {
	err = tx.Query(sqlRefers, []any{int64(id)}, func(db.Row) error { used = true; return nil })
	return used, err
}

// Bodyless calls found with each upload whose body has no row, for a check.
func Bodyless(tx *db.Tx, found func(what string, body blob.ID)) error {
	return tx.Query(sqlBodyless, nil, func(r db.Row) error {
		found(fmt.Sprintf("an upload of account %d", r.Int64(0)), blob.ID(r.Int64(1)))
		return nil
	})
}
