package search

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
)

// benchSize is how many messages the mailbox of a benchmark holds; HAVEN_SEARCH_MESSAGES=100000 for the size that the
// targets name.
func benchSize(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("HAVEN_SEARCH_MESSAGES"))
	if err != nil {
		n = 3_000
	}
	return n
}

// zipf draws words of a language: few are common, most are rare.
type zipf struct {
	*rand.Zipf
	words []string
}

func newZipf() *zipf {
	rnd := rand.New(rand.NewPCG(5, 6))
	z := &zipf{Zipf: rand.NewZipf(rnd, 1.1, 4, 39_999), words: make([]string, 40_000)}
	const letters = "etaoinshrdlucmfwypvbgkjqxz"
	for i := range z.words {
		var w strings.Builder
		for range 2 + rnd.IntN(4) + rnd.IntN(6) {
			w.WriteByte(letters[min(rnd.IntN(26), rnd.IntN(26))])
		}
		z.words[i] = w.String()
	}
	return z
}

func (z *zipf) text(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(z.words[z.Uint64()])
		b.WriteByte(" \n"[min(1, i%12/11)])
	}
	return b.String()
}

// fillMailbox delivers n letters of 200 words; one in 1,000 is about metformin.
func fillMailbox(b *testing.B, h *house, n int) haven.AccountNo {
	b.Helper()
	z, no := newZipf(), h.Account()
	for done := 0; done < n; {
		var batch []mailbox.Filing
		for range min(100, n-done) {
			word := "paracetamol"
			if done%1_000 == 0 {
				word = "metformin"
			}
			batch = append(batch, mailbox.Filing{Account: no, Letter: h.Letter(fmt.Sprintf(
				"From: %s <%s@clinic.example>\nTo: anna@pharmacy.test\nSubject: %s\nMessage-ID: <%d@clinic.example>\n"+
					"Date: 2 Nov 2026 10:00:00 +0000\n\nthecommonword %s %s\n", z.text(2), z.words[z.Uint64()], z.text(5), done, word, z.text(200)))})
			done++
		}
		if _, err := h.File(b.Context(), batch, nil); err != nil {
			b.Fatal(err)
		}
	}
	return no
}

// BenchmarkIndex shows how fast the index takes mail and what it costs, with the beginnings of words and without.
func BenchmarkIndex(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			h := newHouse(b, engine)
			n := benchSize(b)
			no := fillMailbox(b, h, n)
			b.ResetTimer()
			begin := time.Now()
			for b.Loop() {
				if err := h.search.Rebuild(b.Context()); err != nil {
					b.Fatal(err)
				}
				begin = time.Now()
				for k := 1; k > 0; {
					var err error
					if k, err = h.search.Step(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "messages/s")
			b.ReportMetric(float64(indexSize(b, h))/float64(n), "index-B/message")
			tokens, words := countTokens(b, h, no)
			b.ReportMetric(tokens, "tokens/message")
			b.ReportMetric(words, "words/message")
		})
	}
}

func indexSize(b *testing.B, h *house) (size int64) {
	b.Helper()
	e, ok := h.search.index.engine.(fileEngine)
	d, sql := h.DB, `SELECT CAST(pg_total_relation_size('index_word') AS BIGINT)`
	if ok {
		d, sql = e.db, `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	}
	err := d.Read(b.Context(), func(tx *db.Tx) error {
		return tx.Query(sql, nil, func(r db.Row) error { size = r.Int64(0); return nil })
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// countTokens is how many tokens, and how many different words, some messages have on average.
func countTokens(b *testing.B, h *house, no haven.AccountNo) (tokens, words float64) {
	b.Helper()
	const some = 50
	var rows []mailbox.Row
	err := h.Rows(b.Context(), mailboxtest.Own(no), inbox, []mailbox.Range{{Lo: 1, Hi: some}}, 0, func(r []mailbox.Row) error {
		rows = append(rows, r...)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	hs, err := h.search.worker.hasher(b.Context(), no)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range rows {
		c, err := h.search.worker.content(b.Context(), todo{msg: r.Msg, account: no})
		if err != nil {
			b.Fatal(err)
		}
		list, err := tokensOf(c, hs.hash)
		if err != nil {
			b.Fatal(err)
		}
		tokens, words = tokens+float64(len(list)), words+float64(len(c.body)+len(c.head))
	}
	return tokens / float64(len(rows)), words / float64(len(rows))
}

// BenchmarkSearch asks for words that are rare, in half of the messages, and in all, and for what has no index.
func BenchmarkSearch(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		h := newHouse(b, engine)
		no := fillMailbox(b, h, benchSize(b))
		h.t = b
		h.settle()
		for _, q := range []struct {
			name string
			Query
		}{
			{"flags", Flags(mailbox.Seen)},
			{"rare word", Words{Text, "metformin"}},
			{"rare beginning", Words{Text, "metfo"}},
			{"word in all", Words{Text, "thecommonword"}},
			{"two words", Words{Text, "paracetamol metformin"}},
			{"subject", Subject("metformin")},
		} {
			b.Run(engine+"/"+strings.ReplaceAll(q.name, " ", "-"), func(b *testing.B) {
				for b.Loop() {
					h.find(no, q.Query)
				}
			})
		}
	}
}
