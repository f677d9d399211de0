package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// BenchmarkSend drains a full queue of small letters to one server over five connections: claim, open, send, record.
func BenchmarkSend(b *testing.B) {
	for _, domains := range []int{1, 20} {
		b.Run(fmt.Sprintf("domains=%d", domains), func(b *testing.B) {
			s := newStranger(b, "EHLO PIPELINING\nSERVE")
			d := dbtest.Open(b, "sqlite", Schema, blob.Schema)
			bodies, err := blob.Open(b.TempDir(), blob.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer bodies.Close()
			events := make(chan Event, 1000)
			o := New(Config{DB: d, Bodies: bodies, Sealer: newTestSealer(b), Hostname: "mail.haven.test",
				Routes: []Route{{Domain: "*", Host: s.addr}}, Notify: func(e Event) { events <- e }, Log: slog.New(slog.DiscardHandler)})
			fill(b, o, b.N, domains)
			b.ResetTimer()
			if err := o.Start(context.Background()); err != nil {
				b.Fatal(err)
			}
			for n := 0; n < b.N; {
				n += (<-events).Delivered
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
			o.Close(context.Background())
		})
	}
}

// fill enqueues n letters on one body, a hundred in each commit.
func fill(b *testing.B, o *Outbox, n, domains int) {
	b.Helper()
	stored, err := o.cfg.Bodies.Put(context.Background(), []byte(testLetter))
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < n; {
		err := o.cfg.DB.Write(context.Background(), func(tx *db.Tx) error {
			if i == 0 {
				blob.Insert(tx, stored)
			}
			for end := min(i+100, n); i < end; i++ {
				_, err := o.Enqueue(tx, Item{Body: stored.ID, Key: stored.Key, Size: stored.Size, From: haven.MustAddress("ann@haven.test"),
					To: []Recipient{{Address: haven.MustAddress(fmt.Sprintf("bob@d%d.test", i%domains))}}})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
