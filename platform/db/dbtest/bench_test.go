package dbtest_test

import (
	"context"
	"sync/atomic"
	"testing"

	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// BenchmarkWrite is 64 goroutines that each take a seq and insert three rows, as a delivery does. PostgreSQL does
// not sync here; see package db for SQLite's own figures, which do.
func BenchmarkWrite(b *testing.B) {
	for _, engine := range dbtest.Engines() {
		b.Run(engine, func(b *testing.B) {
			d := dbtest.Open(b, engine, schema)
			ctx := context.Background()
			const accounts = 1000
			must(b, d.Write(ctx, func(tx *db.Tx) error {
				for an := range accounts {
					tx.Exec(`INSERT INTO seq (an, seq) VALUES ($1, 0)`, an)
				}
				return nil
			}))
			var next atomic.Int64
			b.SetParallelism(32)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := next.Add(1)
					must(b, d.Write(ctx, func(tx *db.Tx) error {
						seq, err := numberIn(tx, `UPDATE seq SET seq = seq + 1 WHERE an = $1 RETURNING seq`, id%accounts)
						for i := range int64(3) {
							tx.Exec(`INSERT INTO pair (a, b, name) VALUES ($1, $2, $3)`, id*4+i, seq, "a row of some length")
						}
						return err
					}))
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
		})
	}
}

// BenchmarkQueryEach is one Read with 1,000 reads by key.
func BenchmarkQueryEach(b *testing.B) {
	for _, engine := range dbtest.Engines() {
		b.Run(engine, func(b *testing.B) {
			d := dbtest.Open(b, engine, schema)
			ctx := context.Background()
			ids := make([]int64, 1000)
			for i := range ids {
				ids[i] = int64(i)
			}
			must(b, d.Write(ctx, things(ids...)))
			for b.Loop() {
				must(b, d.Read(ctx, func(tx *db.Tx) error {
					return tx.QueryEach(`SELECT n FROM thing WHERE id = $1`, len(ids),
						func(i int) []any { return []any{ids[i]} },
						func(_ int, r db.Row) error { r.Int64(0); return nil })
				}))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/row")
		})
	}
}
