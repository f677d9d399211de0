package notify

import "haven/platform/db"

// Schema is the notices. Who gets one, and what it says, is sealed; the column is emptied once nobody may read it any more.
var Schema = db.Schema{Concept: "notify", Steps: []string{`
CREATE TABLE notice (
	id {int} NOT NULL PRIMARY KEY,
	at {int} NOT NULL,
	due {int} NOT NULL,
	lapses {int} NOT NULL,
	lease {int} NOT NULL,
	state {int} NOT NULL,
	channel {int} NOT NULL,
	template {text} NOT NULL,
	masked {text} NOT NULL,
	sealed {blob},
	about {blob} NOT NULL,
	tries {int} NOT NULL,
	reason {text} NOT NULL,
	ref {text} NOT NULL
);
CREATE INDEX notice_due ON notice (due) WHERE state <= 2 AND due > 0;
CREATE INDEX notice_at ON notice (at);
CREATE INDEX notice_about ON notice (about, at);
`, `
DROP INDEX notice_due;
CREATE INDEX notice_lane ON notice (channel, due) WHERE state <= 2 AND due > 0;
CREATE INDEX notice_waiting ON notice (channel, at) WHERE state = 1;
CREATE INDEX notice_lost ON notice (at) WHERE state >= 4 AND state <= 5;
CREATE INDEX notice_sealed ON notice (at) WHERE sealed IS NOT NULL;
`}}

const (
	sqlPut = `INSERT INTO notice (id, at, due, lapses, lease, state, channel, template, masked, sealed, about, tries, reason, ref)
		VALUES ($1, $2, $2, $3, 0, $4, $5, $6, $7, $8, $9, 0, '', '')`
	sqlDue = `SELECT id, at, lapses, state, template, tries, ref, sealed FROM notice WHERE channel = $1 AND state <= 2 AND due > 0 AND due <= $2 AND lease <= $2
		ORDER BY due LIMIT $3`
	sqlClaim = `UPDATE notice SET lease = $2 WHERE id = $1 AND lease <= $3 AND state = $4 AND due <= $3`
	// The fence: the lease is the one that was taken. It only grows while a notice is claimed again and again.
	sqlResult = `UPDATE notice SET state = $2, due = $3, tries = $4, reason = $5, ref = $6, lease = 0 WHERE id = $1 AND lease = $7`

	sqlReturned = `UPDATE notice SET state = 4, due = 0, lease = 0, reason = $2 WHERE id = $1 AND channel = $3 AND state <= 3`

	columns    = `id, at, channel, template, masked, state, reason, about, tries, due`
	sqlList    = `SELECT ` + columns + ` FROM notice WHERE at < $1 ORDER BY at DESC, id DESC LIMIT $2`
	sqlAbout   = `SELECT ` + columns + ` FROM notice WHERE about = $1 ORDER BY at DESC, id DESC LIMIT $2`
	sqlOpen    = `SELECT sealed, template, about FROM notice WHERE id = $1`
	sqlForget  = `UPDATE notice SET sealed = NULL WHERE id IN (SELECT id FROM notice WHERE at < $1 AND sealed IS NOT NULL ORDER BY at LIMIT $2)`
	sqlDrop    = `DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at < $1 ORDER BY at LIMIT $2)`
	sqlWaiting = `SELECT channel, COUNT(*), MIN(at) FROM notice WHERE state = 1 GROUP BY channel`
	sqlLost    = `SELECT channel, COUNT(*) FROM notice WHERE state >= 4 AND state <= 5 AND at > $1 GROUP BY channel`
	sqlLate    = `SELECT 1 FROM notice WHERE channel = $1 AND state = 1 AND (at <= $2 OR reason <> '') LIMIT 1`
	sqlOldest  = `SELECT at FROM notice WHERE sealed IS NOT NULL ORDER BY at LIMIT 1`
)
