package mailbox

import (
	"haven/platform/db"
)

// Restored makes a store that was read back from a back-up differ from the one that was backed up: every folder
// gets a new UIDVALIDITY, since UIDs given out after the back-up will be given out again for other letters and a mail program
// would show one patient's letter under another's line (RFC 9051 §2.3.1.1); all messages are put to the search index again.
func Restored(tx *db.Tx, now int64) {
	tx.Exec(`UPDATE account_mail SET validity = CASE WHEN validity < $1 THEN $1 ELSE validity END + 1`, now)
	tx.Exec(`UPDATE mailbox SET validity = (SELECT a.validity FROM account_mail a WHERE a.an = mailbox.an)`)
	tx.Exec(`DELETE FROM index_todo`)
	tx.Exec(`INSERT INTO index_todo (msg, an, gone) SELECT m.id, m.an, 0 FROM message m
		WHERE EXISTS (SELECT 1 FROM placement p WHERE p.an = m.an AND p.msg = m.id)`)
}
