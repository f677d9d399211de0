package db

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkInsert is 64 goroutines that insert a row each, durably.
func BenchmarkInsert(b *testing.B) {
	d, _ := engineOf(b, Config{})
	data := bytes.Repeat([]byte{1}, 200)
	var next atomic.Int64
	b.SetParallelism(32) // on two cores
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := insert(d, int(next.Add(1)), data); err != nil {
				b.Error(err)
			}
		}
	})
	s := d.Stats()
	b.ReportMetric(float64(s.Writes)/float64(max(s.Groups, 1)), "rows/commit")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkPointRead is a loop of reads by key inside one Read.
func BenchmarkPointRead(b *testing.B) {
	const n = 10_000
	d, _ := engineOf(b, Config{ReadLimit: time.Minute}) // one Read runs for the whole benchmark
	fill(b, d, n)
	b.ReportAllocs()
	b.ResetTimer()
	err := d.Read(context.Background(), func(tx *Tx) error {
		args := make([]any, 1)
		sum := 0
		return tx.QueryEach(`SELECT id, data FROM row WHERE id = $1`, b.N,
			func(i int) []any { args[0] = int64(i * 7919 % n); return args },
			func(_ int, r Row) error { sum += len(r.Bytes(1)); return nil })
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRead is a Read with one read by key, as a face makes it.
func BenchmarkRead(b *testing.B) {
	const n = 10_000
	d, _ := engineOf(b, Config{})
	fill(b, d, n)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		err := d.Read(ctx, func(tx *Tx) error {
			return tx.Query(`SELECT data FROM row WHERE id = $1`, []any{int64(i % n)}, func(r Row) error { r.Bytes(0); return nil })
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func fill(b *testing.B, d *DB, n int) {
	b.Helper()
	err := d.Write(context.Background(), func(tx *Tx) error {
		for id := range n {
			tx.Exec(`INSERT INTO row (id, data) VALUES ($1, $2)`, id, bytes.Repeat([]byte{1}, 200))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
