package sieve

import (
	"context"

	"haven/platform/db"
)

// sweepRows are forgotten in one transaction.
const sweepRows = 200

// Sweep forgets deleted scripts and marks of the duplicate test whose time is over.
func (s *Service) Sweep(ctx context.Context) error {
	for _, step := range []func(*db.Tx) (int, error){s.sweepGone, s.sweepSeen} {
		for n := sweepRows; n == sweepRows; {
			err := s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
				n, err = step(tx)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) sweepGone(tx *db.Tx) (n int, err error) {
	var all [][3]int64
	err = tx.Query(sqlForgotten, []any{s.o.Clock.Now().Add(-s.o.Policy.Known).UnixMicro(), int64(sweepRows)}, func(r db.Row) error {
		all = append(all, [3]int64{r.Int64(0), r.Int64(1), r.Int64(2)})
		return nil
	})
	for _, g := range all {
		tx.Exec(sqlForget, g[0], g[1])
		tx.Exec(sqlForgot, g[0], g[2])
	}
	return len(all), err
}

func (s *Service) sweepSeen(tx *db.Tx) (n int, err error) {
	now := s.o.Clock.Now().UnixMicro()
	type mark struct {
		an   int64
		mark []byte
	}
	var all []mark
	err = tx.Query(sqlLapsed, []any{now, int64(sweepRows)}, func(r db.Row) error {
		all = append(all, mark{r.Int64(0), append([]byte(nil), r.Bytes(1)...)})
		return nil
	})
	for _, m := range all {
		tx.Exec(sqlUnmark, m.an, m.mark, now)
	}
	return len(all), err
}
