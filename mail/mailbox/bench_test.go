package mailbox_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
)

// BenchmarkFile is one delivery of 10 KB to one of 100 accounts: parse, seal, sync, rows, sync.
func BenchmarkFile(b *testing.B) {
	s := mailboxtest.New(b, "sqlite")
	var accounts []haven.AccountNo
	for range 100 {
		accounts = append(accounts, s.Account())
	}
	text := []byte(mailboxtest.CRLF(note(1) + strings.Repeat("All work and no play makes a dull line of text to be stored.\n", 160)))
	var n atomic.Int64
	b.SetBytes(int64(len(text)))
	b.SetParallelism(10)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w, err := s.NewLetter(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := w.Write(text); err != nil {
				b.Fatal(err)
			}
			l, err := w.Finish(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.File(b.Context(), []mailbox.Filing{{Account: accounts[n.Add(1)%100], Letter: l}}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
