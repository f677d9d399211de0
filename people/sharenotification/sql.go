package sharenotification

import (
	"haven"
	"haven/platform/db"
)

// Schema is the notifications, which come after account's tables. One that its person dismissed stays for a while as what went (gone), so that the
// other programs of the person hear of it; what went before share_notification_seq's forgotten is not known any more.
var Schema = db.Schema{Concept: "sharenotification", Steps: []string{`
CREATE TABLE share_notification (
	person {int} NOT NULL REFERENCES account (no), seq {int} NOT NULL, gone {int} NOT NULL, made {int} NOT NULL, changed_by {blob} NOT NULL,
	an {int} NOT NULL REFERENCES account (no), name {text} NOT NULL, old {int} NOT NULL, new {int} NOT NULL, PRIMARY KEY (person, seq)) {norowid};
CREATE INDEX share_notification_made ON share_notification (made);
CREATE TABLE share_notification_seq (person {int} PRIMARY KEY REFERENCES account (no), seq {int} NOT NULL, forgotten {int} NOT NULL)`,
}}

const (
	sqlNext = `INSERT INTO share_notification_seq AS s (person, seq, forgotten) VALUES ($1, 1, 0)
		ON CONFLICT (person) DO UPDATE SET seq = s.seq + 1 RETURNING seq`
	sqlState   = `SELECT seq, forgotten FROM share_notification_seq WHERE person = $1`
	sqlForgot  = `UPDATE share_notification_seq SET forgotten = $2 WHERE person = $1 AND forgotten < $2`
	sqlPut     = `INSERT INTO share_notification (person, seq, gone, made, changed_by, an, name, old, new) VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8)`
	sqlGone    = `UPDATE share_notification SET gone = $3 WHERE person = $1 AND seq = $2 AND gone = 0`
	sqlForget  = `DELETE FROM share_notification WHERE person = $1 AND seq = $2`
	sqlDropAll = `DELETE FROM share_notification WHERE person = $1`
	sqlDropSeq = `DELETE FROM share_notification_seq WHERE person = $1`
	sqlRows    = `SELECT seq, gone, made, changed_by, an, old, new FROM share_notification WHERE person = $1 ORDER BY seq`
	sqlOld     = `SELECT DISTINCT person FROM share_notification WHERE made <= $1 ORDER BY person LIMIT $2`
	sqlToldAll = `SELECT n.seq, n.made, n.name, n.old, n.new, m.id, COALESCE(b.no, 0), COALESCE(b.display, ''), n.changed_by FROM share_notification n
		JOIN account m ON m.no = n.an LEFT JOIN account b ON b.id = n.changed_by WHERE n.person = $1 AND n.gone = 0 ORDER BY n.seq`
)

// rowsOf are a person's rows, those that went too, in order.
func rowsOf(tx *db.Tx, person haven.AccountNo) (all []row, err error) {
	err = tx.Query(sqlRows, []any{int64(person)}, func(r db.Row) error {
		x := row{seq: r.Int64(0), gone: r.Int64(1), made: db.Moment(r.Int64(2)), mailbox: haven.AccountNo(r.Int64(4)), old: haven.Rights(r.Int64(5)), new: haven.Rights(r.Int64(6))}
		copy(x.by[:], r.Bytes(3))
		all = append(all, x)
		return nil
	})
	return all, err
}

// stateOf is the number of the last thing that happened, and before which nothing is known.
func stateOf(tx *db.Tx, person haven.AccountNo) (state, forgotten int64, err error) {
	err = tx.Query(sqlState, []any{int64(person)}, func(r db.Row) error { state, forgotten = r.Int64(0), r.Int64(1); return nil })
	return state, forgotten, err
}

func nextSeq(tx *db.Tx, person haven.AccountNo) (seq int64, err error) {
	err = tx.Query(sqlNext, []any{int64(person)}, func(r db.Row) error { seq = r.Int64(0); return nil })
	return seq, err
}
