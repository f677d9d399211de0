package audit

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/note"

	"haven/platform/db"
)

// Report is what Verify found. A log without Faults is whole up to Head.
type Report struct {
	Head    Head
	Waiting int64   // records not yet sealed: a second's worth, while a sealer runs
	Faults  []Fault // at most faultsNamed
}

// Fault is one place at which the log is not what it was.
type Fault struct {
	N    int64 // number of the record; 0: the log as a whole
	What string
}

const faultsNamed = 100

func (r *Report) fault(n int64, format string, args ...any) {
	if len(r.Faults) < faultsNamed {
		r.Faults = append(r.Faults, Fault{n, fmt.Sprintf(format, args...)})
	}
}

const verifyAtOnce = 1000

// Verify reads the whole log and says where it was altered: a record changed, taken away or put in, the chain
// broken, the head not signed by a known key. Heads that were kept elsewhere (from the log file) are looked for
// in the chain, so that a cut tail shows. It only reads, in short snapshots, beside a running service.
func Verify(ctx context.Context, d *db.DB, keys note.Verifiers, kept ...Head) (Report, error) {
	var rep Report
	head, err := readHead(ctx, d)
	if err != nil {
		return rep, err
	}
	rep.Head = head
	rep.checkNote(head, keys)
	given := make(map[int64][]Head, len(kept))
	for _, k := range kept {
		given[k.N] = append(given[k.N], k)
	}
	last := Head{}
	for last.N < head.N {
		next, err := rep.checkSpan(ctx, d, last, min(last.N+verifyAtOnce, head.N), given)
		if err != nil {
			return rep, err
		}
		last = next
	}
	if last.Hash != head.Hash {
		rep.fault(head.N, "the head's hash is not that of the last record")
	}
	for _, k := range kept {
		if k.N > head.N {
			rep.fault(k.N, "a head for %d records was given out, and there are only %d: the end is cut off", k.N, head.N)
		}
	}
	return rep, rep.checkBeside(ctx, d)
}

func readHead(ctx context.Context, d *db.DB) (h Head, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlHead, nil, func(r db.Row) error {
			h = scanHead(r)
			h.Note = r.Text(2)
			return nil
		})
	})
	return h, err
}

func (r *Report) checkNote(head Head, keys note.Verifiers) {
	if head.N == 0 {
		return
	}
	n, err := note.Open([]byte(head.Note), keys)
	if err != nil {
		r.fault(0, "the head is not signed by the log's key")
		return
	}
	if signed, err := parseHead(n.Text); err != nil || signed.N != head.N || signed.Hash != head.Hash {
		r.fault(0, "the signed head is another one than the stored head")
	}
}

// checkSpan follows the chain from after last up to number to.
func (r *Report) checkSpan(ctx context.Context, d *db.DB, last Head, to int64, given map[int64][]Head) (Head, error) {
	from := last
	faults := len(r.Faults)
	err := d.Read(ctx, func(tx *db.Tx) error {
		last, r.Faults = from, r.Faults[:faults]
		return tx.Query(sqlChain, []any{from.N, to}, func(row db.Row) error {
			r.checkRecord(&last, row)
			for _, k := range given[last.N] {
				if k.Hash != last.Hash {
					r.fault(k.N, "the head given out for this record has another hash: the log was written anew")
				}
			}
			return nil
		})
	})
	if err == nil && last.N < to {
		r.fault(last.N+1, "the chain ends here, and the head says %d", to)
		last.N = to
	}
	return last, err
}

// checkRecord looks at one link and goes on from the hash as stored, so that one fault is one fault.
func (r *Report) checkRecord(last *Head, row db.Row) {
	n := row.Int64(0)
	if n != last.N+1 {
		r.fault(last.N+1, "records %d to %d are missing from the chain", last.N+1, n-1)
	}
	stored := [32]byte{}
	copy(stored[:], row.Bytes(1))
	if row.Null(2) {
		r.fault(n, "the record is gone")
	} else if want := link(n, last.Hash, octets(row, 3)); !bytes.Equal(want[:], stored[:]) {
		r.fault(n, "the record was altered")
	}
	last.N, last.Hash = n, stored
}

// checkBeside finds records that are in no chain and do not wait to be. It goes through the log in short snapshots, in each of
// which every record is in one of the two.
func (r *Report) checkBeside(ctx context.Context, d *db.DB) error {
	err := d.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlWaiting, nil, func(row db.Row) error { r.Waiting = row.Int64(0); return nil })
	})
	beside, at, nonce := 0, int64(math.MinInt64), int64(0)
	for n := verifyAtOnce; n == verifyAtOnce && err == nil; {
		page, last := 0, [2]int64{at, nonce}
		err = d.Read(ctx, func(tx *db.Tx) error {
			n = 0
			return tx.Query(sqlBeside, []any{last[0], last[1], int64(verifyAtOnce)}, func(row db.Row) error {
				n++
				at, nonce = row.Int64(0), row.Int64(1)
				page += int(row.Int64(2))
				return nil
			})
		})
		beside += page
	}
	if beside > 0 {
		r.fault(0, "%d records were put in beside the chain", beside)
	}
	return err
}
