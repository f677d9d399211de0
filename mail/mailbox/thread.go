package mailbox

import (
	"encoding/binary"
	"slices"

	"haven"
	"haven/platform/db"
	"haven/platform/secret"
)

// refHash is a message id under the account's key: what ties letters into threads without saying what they are.
func refHash(k *secret.AccountKeys, id string) (int64, error) {
	h, err := k.Ref([]byte(id))
	return int64(binary.LittleEndian.Uint64(h[:8])), err
}

func refHashes(k *secret.AccountKeys, ids []string) ([]int64, error) {
	hs := make([]int64, 0, len(ids))
	for _, id := range ids {
		h, err := refHash(k, id)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(hs, h) {
			hs = append(hs, h)
		}
	}
	return hs, nil
}

// thread is the thread of a message with these references: the oldest one that any of them belongs to, else a new one named after the
// message. It remembers all references, so that a parent that comes late joins its children. A thread never changes:
// two threads that a later letter links stay two.
func thread(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, refs []int64) (haven.MessageID, error) {
	found, known, err := threadOf(tx, account, refs)
	if err != nil {
		return 0, err
	}
	if found == 0 {
		found = msg
	}
	for i, h := range refs {
		if !known[i] {
			tx.Exec(sqlInsertThreadRef, int64(account), h, int64(found))
		}
	}
	return found, nil
}

// threadOf is the oldest thread that any of some references belongs to, 0 for none, and which of them belong to one.
func threadOf(tx *db.Tx, account haven.AccountNo, refs []int64) (found haven.MessageID, known []bool, err error) {
	known = make([]bool, len(refs))
	err = tx.QueryEach(sqlThreadRef, len(refs), func(i int) []any { return []any{int64(account), refs[i]} }, func(i int, r db.Row) error {
		known[i] = true
		if t := haven.MessageID(r.Int64(0)); found == 0 || t < found {
			found = t
		}
		return nil
	})
	return found, known, err
}
