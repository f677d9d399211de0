package notify

import (
	"fmt"
	"strconv"
	"strings"

	"haven/platform/db"
)

// refOf is the name by which a gateway knows a notice. Nobody guesses another's.
func refOf(id int64) string { return fmt.Sprintf("haven-%016x", id) }

// parseRef is the notice of a name.
func parseRef(ref string) (id int64, ok bool) {
	hex, ok := strings.CutPrefix(strings.ToLower(ref), "haven-")
	if !ok || len(hex) != 16 {
		return 0, false
	}
	id, err := strconv.ParseInt(hex, 16, 64)
	return id, err == nil && id >= 0 && refOf(id) == "haven-"+hex
}

// IsRef reports whether a text has the form of the name by which a gateway knows a notice. There may be no such notice.
func IsRef(ref string) bool {
	_, ok := parseRef(ref)
	return ok
}

// Returned notes, in the transaction, that an e-mail which had gone came back: it did not arrive, for the reason that a mail server's status gives (RFC 3463). A worker
// that still has it in hand notes nothing any more. A name that is no notice's, or that of one known to be lost, is passed over.
func (s *Service) Returned(tx *db.Tx, ref, status string) error {
	return s.lost(tx, ref, returnReason(status))
}

// Dropped notes, in the transaction, that an operator took an e-mail out of the queue before it went. Otherwise it is as Returned.
func (s *Service) Dropped(tx *db.Tx, ref string) error {
	return s.lost(tx, ref, "it was taken out of the queue by hand and never went; whoever needs it asks for it again")
}

func (s *Service) lost(tx *db.Tx, ref, reason string) error {
	id, ok := parseRef(ref)
	if !ok {
		return nil
	}
	n, err := tx.Change(sqlReturned, id, reason, int64(Email))
	if err == nil && n == 1 {
		s.o.Logger.Error("a notice will not arrive", "channel", Email.String(), "reason", reason)
	}
	return err
}
