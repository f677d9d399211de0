package sending

import (
	"time"

	"haven"
	"haven/platform/db"
)

// Schema is the submissions and identities of an account, what is remembered of those that are gone, and what the outbox told until it is read. What can be read
// of them is sealed by the account's key, what the outbox told by the service's. A submission's due is when whoever has work with it (todo) does that; whoever
// takes it moves due on and counts tries, which fences the others. submission_ref names its letter as reports do, hashed under the account's key, and submission_report
// has the messages that report on it.
var Schema = db.Schema{Concept: "sending", Steps: []string{`
CREATE TABLE submission (
	an {int} NOT NULL, id {int} NOT NULL, person {int} NOT NULL, ident {int} NOT NULL, msg {int} NOT NULL, thread {int} NOT NULL,
	created {int} NOT NULL, changed {int} NOT NULL, send_at {int} NOT NULL, undo {int} NOT NULL, todo {int} NOT NULL, due {int} NOT NULL,
	tries {int} NOT NULL, flags {int} NOT NULL, sole {int} NOT NULL, queue {int} NOT NULL, ended {int} NOT NULL, sealed {blob} NOT NULL,
	PRIMARY KEY (an, id)) {norowid};
CREATE INDEX submission_changed ON submission (an, changed);
CREATE INDEX submission_msg ON submission (an, msg) WHERE undo = 0;
CREATE INDEX submission_due ON submission (due) WHERE todo <> 0;
CREATE INDEX submission_queue ON submission (queue) WHERE queue <> 0;
CREATE INDEX submission_ended ON submission (ended) WHERE undo <> 0;
CREATE TABLE submission_fate (
	id {int} NOT NULL PRIMARY KEY, at {int} NOT NULL, an {int} NOT NULL, submission {int} NOT NULL, sealed {blob} NOT NULL);
CREATE TABLE identity (
	an {int} NOT NULL, person {int} NOT NULL, id {int} NOT NULL, own {int} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL, sealed {blob} NOT NULL,
	PRIMARY KEY (an, person, id)) {norowid};
CREATE TABLE sending_gone (
	an {int} NOT NULL, person {int} NOT NULL, id {int} NOT NULL, created {int} NOT NULL, changed {int} NOT NULL, at {int} NOT NULL,
	PRIMARY KEY (an, person, id)) {norowid};
CREATE INDEX sending_gone_at ON sending_gone (at);
CREATE TABLE sending_horizon (an {int} NOT NULL, person {int} NOT NULL, seq {int} NOT NULL, PRIMARY KEY (an, person)) {norowid};
`, `
CREATE TABLE submission_ref (an {int} NOT NULL, ref {int} NOT NULL, id {int} NOT NULL, PRIMARY KEY (an, ref, id)) {norowid};
CREATE INDEX submission_ref_id ON submission_ref (an, id);
CREATE TABLE submission_report (an {int} NOT NULL, id {int} NOT NULL, msg {int} NOT NULL, kind {int} NOT NULL, PRIMARY KEY (an, id, msg)) {norowid};
`, `
CREATE INDEX identity_person ON identity (person);
CREATE INDEX sending_gone_person ON sending_gone (person) WHERE person <> 0;
CREATE INDEX sending_horizon_person ON sending_horizon (person) WHERE person <> 0`,
}}

// What is to be done with a submission.
const (
	todoNothing = 0
	todoSend    = 1
	todoTell    = 2 // its person is to hear that it was not sent, or not to all
)

// Flags of a submission.
const (
	flagProgram   = 1 << iota // a mail program sent it
	flagInSent                // its message was in Sent before
	flagScheduled             // its message stands in Scheduled
)

const (
	briefColumns = `id, ident, msg, thread, send_at, undo, created, changed`
	sqlInsert    = `INSERT INTO submission (an, id, person, ident, msg, thread, created, changed, send_at, undo, todo, due, tries, flags, sole, queue, ended, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, 0, 1, $9, 0, $10, $11, 0, 0, $12)`
	sqlOverdue  = `SELECT COALESCE(MIN(send_at), 0) FROM submission WHERE an = $1 AND undo = 0 AND todo = 1 AND send_at <= $2`
	sqlWaiting  = `SELECT COUNT(*) FROM submission WHERE an = $1 AND undo = 0`
	sqlBriefs   = `SELECT ` + briefColumns + ` FROM submission WHERE an = $1`
	sqlGet      = `SELECT ` + briefColumns + `, sealed, flags FROM submission WHERE an = $1 AND id = $2`
	sqlSince    = `SELECT id, created, changed FROM submission WHERE an = $1 AND changed > $2`
	sqlState    = `SELECT COALESCE(MAX(changed), 0) FROM submission WHERE an = $1`
	sqlCancel   = `UPDATE submission SET undo = 2, todo = 0, changed = $3, ended = $4 WHERE an = $1 AND id = $2 AND undo = 0`
	sqlWithdraw = `UPDATE submission SET undo = 2, todo = 0, changed = $3, ended = $4 WHERE an = $1 AND msg = $2 AND undo = 0 AND flags & 4 <> 0`
	sqlDelete   = `DELETE FROM submission WHERE an = $1 AND id = $2 AND undo <> 0`

	workColumns = `an, id, person, ident, msg, created, send_at, undo, todo, tries, flags, sole, sealed`
	sqlDue      = `SELECT ` + workColumns + ` FROM submission WHERE todo <> 0 AND due <= $1 ORDER BY due, an, id LIMIT $2`
	sqlNextDue  = `SELECT MIN(due) FROM submission WHERE todo <> 0`
	sqlTake     = `UPDATE submission SET due = $4, tries = tries + 1 WHERE an = $1 AND id = $2 AND tries = $3 AND todo <> 0`
	sqlTakeUp   = `UPDATE submission SET due = $1 WHERE todo <> 0 AND tries > 0 AND due > $1`
	sqlDrop     = `UPDATE submission SET undo = CASE WHEN undo = 0 THEN 2 ELSE undo END, todo = 0, ended = $4 WHERE an = $1 AND id = $2 AND tries = $3`
	sqlPutOff   = `UPDATE submission SET due = $4 WHERE an = $1 AND id = $2 AND tries = $3 AND todo <> 0`
	sqlEnd      = `UPDATE submission SET undo = $4, todo = $5, queue = $6, sealed = $7, changed = $8, ended = $9, due = $9 WHERE an = $1 AND id = $2 AND tries = $3 AND undo = 0 AND todo = 1`
	sqlTold     = `UPDATE submission SET todo = 0 WHERE an = $1 AND id = $2 AND tries = $3 AND todo = 2`

	sqlQueued     = `SELECT an, id FROM submission WHERE queue = $1`
	sqlInsertFate = `INSERT INTO submission_fate (id, at, an, submission, sealed) VALUES ($1, $2, $3, $4, $5)`
	sqlFates      = `SELECT id, an, submission, sealed, at FROM submission_fate WHERE at > $1 OR at = $1 AND id > $2 ORDER BY at, id LIMIT $3`
	sqlDropFate   = `DELETE FROM submission_fate WHERE id = $1`
	sqlOldestFate = `SELECT MIN(at) FROM submission_fate`
	sqlSealed     = `SELECT sealed FROM submission WHERE an = $1 AND id = $2`
	sqlReseal     = `UPDATE submission SET sealed = $3, changed = $4 WHERE an = $1 AND id = $2`

	sqlEnded      = `SELECT an, id, created FROM submission WHERE undo <> 0 AND todo = 0 AND ended < $1 ORDER BY ended LIMIT $2`
	sqlGoneDue    = `SELECT an, person, id, changed FROM sending_gone WHERE at < $1 ORDER BY at LIMIT $2`
	sqlInsertGone = `INSERT INTO sending_gone (an, person, id, created, changed, at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlDropGone   = `DELETE FROM sending_gone WHERE an = $1 AND person = $2 AND id = $3`
	sqlGoneSince  = `SELECT id, created, changed FROM sending_gone WHERE an = $1 AND person = $2 AND changed > $3`
	sqlGoneState  = `SELECT COALESCE(MAX(changed), 0) FROM sending_gone WHERE an = $1 AND person = $2`
	sqlHorizon    = `SELECT seq FROM sending_horizon WHERE an = $1 AND person = $2`
	sqlSetHorizon = `INSERT INTO sending_horizon (an, person, seq) VALUES ($1, $2, $3)
		ON CONFLICT (an, person) DO UPDATE SET seq = CASE WHEN sending_horizon.seq < excluded.seq THEN excluded.seq ELSE sending_horizon.seq END`

	sqlIdentities     = `SELECT id, own, created, changed, sealed FROM identity WHERE an = $1 AND person = $2 ORDER BY created, id`
	sqlIdentityState  = `SELECT COALESCE(MAX(changed), 0) FROM identity WHERE an = $1 AND person = $2`
	sqlIdentitySince  = `SELECT id, created, changed FROM identity WHERE an = $1 AND person = $2 AND changed > $3`
	sqlInsertIdentity = `INSERT INTO identity (an, person, id, own, created, changed, sealed) VALUES ($1, $2, $3, $4, $5, $5, $6)`
	sqlSetIdentity    = `UPDATE identity SET sealed = $4, changed = $5 WHERE an = $1 AND person = $2 AND id = $3`
	sqlDropIdentity   = `DELETE FROM identity WHERE an = $1 AND person = $2 AND id = $3`
)

const (
	sqlForgetIdentities = `DELETE FROM identity WHERE person = $1`
	sqlForgetGone       = `DELETE FROM sending_gone WHERE person = $1 AND person <> 0`
	sqlForgetHorizon    = `DELETE FROM sending_horizon WHERE person = $1 AND person <> 0`
)

const (
	sqlInsertRef     = `INSERT INTO submission_ref (an, ref, id) VALUES ($1, $2, $3) ON CONFLICT (an, ref, id) DO NOTHING`
	sqlReferred      = `SELECT s.id FROM submission_ref r JOIN submission s ON s.an = r.an AND s.id = r.id WHERE r.an = $1 AND r.ref = $2 AND s.undo <> 2 ORDER BY s.created DESC`
	sqlReports       = `SELECT msg, kind FROM submission_report WHERE an = $1 AND id = $2 ORDER BY msg`
	sqlReportCount   = `SELECT COUNT(*) FROM submission_report WHERE an = $1 AND id = $2`
	sqlInsertReport  = `INSERT INTO submission_report (an, id, msg, kind) VALUES ($1, $2, $3, $4)`
	sqlTouchReported = `UPDATE submission SET changed = $3 WHERE an = $1 AND id = $2`
	sqlDropRefs      = `DELETE FROM submission_ref WHERE an = $1 AND id = $2`
	sqlDropReports   = `DELETE FROM submission_report WHERE an = $1 AND id = $2`
)

// erase takes the row of a submission away that waits for nothing, with what is known of its letter.
func erase(tx *db.Tx, account haven.AccountNo, id ID) (gone bool, err error) {
	n, err := tx.Change(sqlDelete, int64(account), int64(id))
	if err != nil || n == 0 {
		return false, err
	}
	tx.Exec(sqlDropRefs, int64(account), int64(id))
	tx.Exec(sqlDropReports, int64(account), int64(id))
	return true, nil
}

func scanBrief(r db.Row) Brief {
	return Brief{ID: ID(r.Int64(0)), Identity: ID(r.Int64(1)), Msg: haven.MessageID(r.Int64(2)), Thread: haven.MessageID(r.Int64(3)),
		SendAt: db.Moment(r.Int64(4)), Undo: Undo(r.Int64(5)), Created: haven.Seq(r.Int64(6)), Changed: haven.Seq(r.Int64(7))}
}

// Withdrawn notes that somebody took a message out of the folder of letters that are sent later: it is not sent. It is mailbox.Options.Withdrawn.
func Withdrawn(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, seq haven.Seq, now time.Time) error {
	_, err := tx.Change(sqlWithdraw, int64(account), int64(msg), int64(seq), now.UnixMicro())
	return err
}

// forget takes a row away and remembers that it went; person is 0 for a submission.
func forget(tx *db.Tx, account, person haven.AccountNo, id ID, created, seq haven.Seq, now time.Time) {
	tx.Exec(sqlInsertGone, int64(account), int64(person), int64(id), int64(created), int64(seq), now.UnixMicro())
}
