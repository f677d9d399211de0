package mailbox

import (
	"haven/platform/db"
)

// restoredNumbers is how many folders an account may have made between a back-up and its restore, or between two restores
// of it, without one of their numbers being given again.
const restoredNumbers = 100_000

// Restored makes a store that was read back from a back-up differ from the one that was backed up, and from what an
// earlier restore of the same back-up became; now is Unix time in seconds. Every folder gets a UIDVALIDITY above its own,
// above now and above all that the account gave out, since UIDs given out after the back-up will be given out again for
// other letters and a mail program would show one patient's letter under another's line (RFC 9051 §2.3.1.1). Folders made
// from now on get other numbers than those made after the back-up had, since a MAILBOXID is never used again (RFC 8474 §4).
// The search index is begun anew by search.Restored.
//
// Both go by the time, so that they differ from restore to restore. Where the numbers are ahead of it, since folders were made
// faster than seconds pass, the time still is part of the step.
func Restored(tx *db.Tx, now int64) {
	tx.Exec(`UPDATE account_mail SET
		next_mb = CASE WHEN next_mb < $1 THEN $1 ELSE next_mb + $2 END,
		validity = CASE WHEN validity < $3 THEN $3 ELSE validity + $4 END`,
		now*restoredNumbers, int64(restoredNumbers), now+restoredNumbers, restoredNumbers+now%restoredNumbers)
	tx.Exec(`UPDATE mailbox SET validity = (SELECT a.validity FROM account_mail a WHERE a.an = mailbox.an)`)
}
