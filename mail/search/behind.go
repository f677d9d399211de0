package search

import (
	"context"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
)

// Behind is how far the index is behind the mail.
type Behind struct {
	Letters, Documents int64         // letters that wait to be indexed; and those whose documents wait to be read
	For, DocumentsFor  time.Duration // how long the one waits that waits longest; while the index is built anew, the age of the oldest letter
	Rebuilding         bool          // older letters are yet to be counted
}

// Behind looks how far the index is behind. What it says of letters lost nobody: they are read when somebody searches. Text inside documents
// is found once they are read.
func (s *Service) Behind(ctx context.Context) (Behind, error) {
	return BehindIn(ctx, s.index.main, s.clock.Now())
}

// BehindIn is Behind where there is only the database.
func BehindIn(ctx context.Context, main *db.DB, now time.Time) (b Behind, err error) {
	err = main.Read(ctx, func(tx *db.Tx) error {
		st, err := readState(tx)
		if err != nil {
			return err
		}
		b.Rebuilding = st.refilling()
		if b.Letters, b.For, err = waitingIn(tx, sqlBehind, now); err != nil {
			return err
		}
		b.Documents, b.DocumentsFor, err = waitingIn(tx, sqlBehindInside, now)
		return err
	})
	return b, err
}

func waitingIn(tx *db.Tx, sql string, now time.Time) (n int64, long time.Duration, err error) {
	err = tx.Query(sql, nil, func(r db.Row) error {
		if n = r.Int64(0); n > 0 {
			long = max(now.Sub(mailbox.FiledAt(haven.MessageID(r.Int64(1)))), 0)
		}
		return nil
	})
	return n, long, err
}
