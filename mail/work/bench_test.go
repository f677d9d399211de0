package work_test

import (
	"fmt"
	"runtime"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/work"
	"haven/platform/audit"
	"haven/platform/policy"
)

// benchShop is a mailbox with n letters, each a thread of its own, and whose they are.
func benchShop(b *testing.B, n int) (*shop, []haven.MessageID) {
	b.Helper()
	s := mailboxtest.New(b, "sqlite")
	must(b, s.DB.Migrate(b.Context(), audit.Schema, work.Schema))
	p, err := policy.Profile("")
	must(b, err)
	p.Work.Presences = presences
	c := &crowd{people: map[haven.AccountNo]work.Person{}}
	h := &shop{Store: s, crowd: c, box: s.Account()}
	h.Service = work.New(work.Options{DB: s.DB, Mail: s.Service, Access: s.Grants, People: c, Hours: c, Keys: s.Keys, Hub: s.Hub, Policy: p.Work, Clock: s.Clock})
	h.aisha = mailbox.Viewer{Person: s.Account(), Account: h.box}
	s.Grants.Set(h.aisha.Person, h.box, haven.Member)
	for _, no := range []haven.AccountNo{h.box, h.aisha.Person} {
		c.people[no] = work.Person{ID: haven.NewAccountID(), Name: "Aisha Khan"}
	}
	var threads []haven.MessageID
	for len(threads) < n {
		l := s.Letter("From: lee@surgery.test\n\nHello.\n")
		filings := make([]mailbox.Filing, min(100, n-len(threads)))
		for i := range filings {
			filings[i] = mailbox.Filing{Account: h.box, Letter: l}
		}
		filed, err := s.File(b.Context(), filings, nil)
		must(b, err)
		for _, f := range filed {
			threads = append(threads, f.Msg)
		}
	}
	return h, threads
}

// BenchmarkClaim claims one thread after the other.
func BenchmarkClaim(b *testing.B) {
	h, threads := benchShop(b, 2000)
	i := 0
	for b.Loop() {
		w := claim(h.aisha)
		if i >= len(threads) {
			w = done
		}
		_, err := h.Update(b.Context(), h.aisha, threads[i%len(threads)], w)
		must(b, err)
		i++
	}
}

// BenchmarkCount counts, and lists what nobody handles, in 100,000 threads of which one in a hundred was handled.
func BenchmarkCount(b *testing.B) {
	const n = 100_000
	h, threads := benchShop(b, n)
	for i := 0; i < n; i += 100 {
		_, err := h.Update(b.Context(), h.aisha, threads[i], claim(h.aisha))
		must(b, err)
	}
	_, err := h.Count(b.Context(), h.aisha, 0)
	must(b, err)
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			_, err := h.Count(b.Context(), h.aisha, 0)
			must(b, err)
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			_, err := h.List(b.Context(), h.aisha, work.Filter{View: work.Unassigned})
			must(b, err)
		}
	})
}

const presences = 10_000

// BenchmarkPresence is what somebody who is at a thread takes of memory and of time.
func BenchmarkPresence(b *testing.B) {
	h, threads := benchShop(b, 1)
	arrive := func(i int) {
		_, err := h.Arrive(b.Context(), h.aisha, fmt.Sprint(i%presences), threads[0], work.Viewing)
		must(b, err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range presences {
		arrive(i)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	i := 0
	for b.Loop() {
		arrive(i)
		i++
	}
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/presences, "octets/person")
}
