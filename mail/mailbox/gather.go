package mailbox

import (
	"context"

	"haven"
	"haven/platform/db"
)

// Source is where a message lies in its account.
type Source struct {
	Mailbox haven.MailboxNo
	UID     haven.UID
}

// Newest are the rows of a folder with the greatest UIDs, at most that many, the last first. Their flags are as nobody sees them yet where each reads
// for oneself. It is one snapshot, for a few thousand rows at most.
func (s *Service) Newest(ctx context.Context, v Viewer, mb haven.MailboxNo, most int) (rows []Row, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		if _, err := folderNo(tx, v.Account, mb); err != nil {
			return err
		}
		rows = rows[:0]
		return tx.Query(sqlNewest, []any{int64(v.Account), int64(mb), int64(most)}, func(r db.Row) error {
			rows = append(rows, scanRow(r))
			return nil
		})
	})
	return rows, err
}

// Gather copies messages from several folders of an account into one folder of another account, as Copy does, in steps; also runs in the commit of
// each step that made something, with where those came from. What has gone meanwhile is left out. On an error what the steps before made stays, and is
// counted in n.
func (s *Service) Gather(ctx context.Context, from Viewer, all []Source, to Viewer, dst haven.MailboxNo, also func(tx *db.Tx, made []Source) error) (n int, err error) {
	for lo := 0; lo < len(all); lo += s.step {
		made, err := s.gather(ctx, from, all[lo:min(lo+s.step, len(all))], to, dst, also)
		if err != nil {
			return n, err
		}
		n += made
	}
	return n, nil
}

// gather is one step.
func (s *Service) gather(ctx context.Context, from Viewer, step []Source, to Viewer, dst haven.MailboxNo, also func(tx *db.Tx, made []Source) error) (n int, err error) {
	uids := map[haven.MailboxNo][]haven.UID{}
	var folders []haven.MailboxNo // in the order asked
	for _, x := range step {
		if uids[x.Mailbox] == nil {
			folders = append(folders, x.Mailbox)
		}
		uids[x.Mailbox] = append(uids[x.Mailbox], x.UID)
	}
	read := make([][]crossing, len(folders))
	for i, mb := range folders {
		if read[i], _, err = s.readCrossing(ctx, transfer{v: from, mb: mb, to: to, dst: dst}, rangesOf(uids[mb])); err != nil {
			return 0, err
		}
	}
	numbers := map[haven.AccountNo]int{from.Account: s.step, to.Account: s.step}
	err = s.writeEach(ctx, numbers, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
		var made []Source
		for i, mb := range folders {
			if len(read[i]) == 0 {
				continue
			}
			st, err := s.cross(tx, transfer{v: from, mb: mb, to: to, dst: dst}, read[i], locks)
			if err != nil {
				return err
			}
			for _, uid := range st.From {
				made = append(made, Source{mb, uid})
			}
		}
		if n = len(made); n == 0 {
			return nil
		}
		return also(tx, made)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
