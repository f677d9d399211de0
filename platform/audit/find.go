package audit

import (
	"context"
	"fmt"
	"time"

	"haven"
	"haven/platform/db"
)

// Filter says which records are looked for. A zero field lets all through.
type Filter struct {
	Concerns     haven.AccountID // did it, had it done as or to it, or was the other
	By           haven.AccountID // did it
	What         string          // begins so: "sharedmailbox.", "session.opened"
	Rule         haven.Rule
	Since, Until time.Time // Until is not included
}

// Place is where a record stands among all, to go on behind it.
type Place struct{ at, nonce int64 }

// String writes a place for ParsePlace.
func (p Place) String() string { return fmt.Sprintf("%d.%d", p.at, p.nonce) }

// ParsePlace reads what String wrote; anything else is the zero place.
func ParsePlace(s string) (p Place) {
	if n, err := fmt.Sscanf(s, "%d.%d", &p.at, &p.nonce); n != 2 || err != nil {
		return Place{}
	}
	return p
}

// Found is a record with its place, and its link of the chain; nil while it has none.
type Found struct {
	Sealed
	Hash  []byte
	Place Place
}

func (f Filter) args(at, nonce int64, most int) []any {
	since, until := int64(0), int64(1<<62)
	if !f.Since.IsZero() {
		since = f.Since.UnixMicro()
	}
	if !f.Until.IsZero() {
		until = f.Until.UnixMicro()
	}
	any1, any2 := int64(0), int64(0)
	if f.Concerns.IsZero() {
		any1 = 1
	}
	if f.By.IsZero() {
		any2 = 1
	}
	return []any{at, nonce, since, until, any1, f.Concerns[:], any2, f.By[:], f.What, string(f.Rule), int64(most)}
}

// Newest lists what a filter lets through before a place, the newest first; the zero place is the end of the log.
func Newest(ctx context.Context, d *db.DB, f Filter, before Place, most int) ([]Found, error) {
	if before == (Place{}) {
		before = Place{1 << 62, 1 << 62}
	}
	if f == (Filter{Concerns: f.Concerns}) && !f.Concerns.IsZero() {
		return find(ctx, d, sqlConcerning, []any{before.at, before.nonce, f.Concerns[:], int64(most)})
	}
	return find(ctx, d, sqlNewest, f.args(before.at, before.nonce, most))
}

// Oldest lists what a filter lets through behind a place, the oldest first; the zero place is the log's beginning.
func Oldest(ctx context.Context, d *db.DB, f Filter, after Place, most int) ([]Found, error) {
	return find(ctx, d, sqlOldest, f.args(after.at, after.nonce, most))
}

func find(ctx context.Context, d *db.DB, sql string, args []any) (all []Found, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sql, args, func(r db.Row) error {
			one := Found{Sealed: scanSealed(r), Place: Place{r.Int64(0), r.Int64(1)}}
			if !r.Null(12) {
				one.Hash = append([]byte(nil), r.Bytes(12)...)
			}
			all = append(all, one)
			return nil
		})
	})
	return all, err
}
