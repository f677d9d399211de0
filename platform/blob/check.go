package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"haven/platform/db"
	"haven/platform/errs"
)

// Reach is a file that rows point into, and how far.
type Reach struct{ Pack, End int64 }

// Name is the file's within the folder.
func (r Reach) Name() string { return fileName(r.Pack) }

// reachStep is how many files one snapshot asks for.
const reachStep = 200

// Reaches calls fn with every file that rows point into, ascending, in short snapshots.
func Reaches(ctx context.Context, d *db.DB, fn func(Reach) error) error {
	for last, n := int64(0), reachStep; n == reachStep; {
		var page []Reach
		err := d.Read(ctx, func(tx *db.Tx) error {
			page = page[:0]
			for at := last; len(page) < reachStep; {
				r, ok, err := reachAfter(tx, at)
				if err != nil || !ok {
					return err
				}
				page, at = append(page, r), r.Pack
			}
			return nil
		})
		if err != nil {
			return err
		}
		n = len(page)
		for _, r := range page {
			last = r.Pack
			if err := fn(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func reachAfter(tx *db.Tx, pack int64) (r Reach, ok bool, err error) {
	err = tx.Query(`SELECT pack, off + len FROM body WHERE pack = (SELECT MIN(pack) FROM body WHERE pack > $1) ORDER BY off DESC LIMIT 1`,
		[]any{pack}, func(row db.Row) error {
			r, ok = Reach{row.Int64(0), row.Int64(1)}, true
			return nil
		})
	return r, ok, err
}

// CheckFiles tells of every file that rows point into and that is missing, or shorter than they say. It reads no body, and
// may run beside a service.
func (s *Store) CheckFiles(ctx context.Context, d *db.DB, found func(what string)) error {
	return Reaches(ctx, d, func(r Reach) error {
		size := int64(-1)
		fi, err := os.Stat(s.path(r.Pack))
		switch {
		case err == nil:
			size = fi.Size()
		case !errors.Is(err, fs.ErrNotExist):
			return transient(err)
		}
		if size >= r.End {
			return nil
		}
		var now Reach // rows go before their file does
		if err := d.Read(ctx, func(tx *db.Tx) (err error) {
			now, _, err = reachAfter(tx, r.Pack-1)
			return err
		}); err != nil {
			return err
		}
		switch {
		case now.Pack != r.Pack || min(now.End, r.End) <= size:
		case size < 0:
			found(fmt.Sprintf("file %s is missing, and bodies are in it", r.Name()))
		default:
			found(fmt.Sprintf("file %s has %d octets, and bodies are in it up to %d", r.Name(), size, r.End))
		}
		return nil
	})
}

// VerifyRow is Verify for a body whose place was read a while ago: where it is not sound there its row is read again. It is nil
// if the body is gone by now, and has ErrDamaged behind it if the file is missing.
func (s *Store) VerifyRow(ctx context.Context, d *db.DB, b Placed) error {
	for loc := b.Loc; ; {
		err := s.Verify(loc, b.ID)
		if err == nil {
			return nil
		}
		var now Loc
		readErr := d.Read(ctx, func(tx *db.Tx) (err error) {
			now, err = Lookup(tx, b.ID)
			return err
		})
		switch {
		case errs.Is(readErr, errs.NotFound):
			return nil
		case readErr != nil:
			return readErr
		case now != loc:
			loc = now
		case errors.Is(err, ErrMoved):
			return Lost(loc, b.ID)
		default:
			return err
		}
	}
}
