package directory

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// BenchmarkTyped is a search as its words are typed, a letter after the other, in a directory of HAVEN_BENCH_ENTRIES people (20,000 unless told; Rules 8 has
// 2 million, of which loading takes a quarter of an hour):
//
//	HAVEN_TEST_POSTGRES_BUFFERS=2GB HAVEN_BENCH_ENTRIES=2000000 go run ./platform/db/dbtest/withpostgres go test -run '^$' -bench Typed -benchtime 3000x -timeout 2h ./people/directory
func BenchmarkTyped(b *testing.B) {
	n := 20_000
	if s := os.Getenv("HAVEN_BENCH_ENTRIES"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	for _, engine := range dbtest.Engines() {
		b.Run(engine, func(b *testing.B) {
			c := loaded(b, dbtest.Open(b, engine, append(peopletest.Schemas(), Schema)...), n)
			for kind, texts := range map[string]func(*rand.Rand) []string{"a name": c.name, "a name and a place": c.nameAndPlace, "two common words": c.common} {
				b.Run(kind, func(b *testing.B) { c.measure(b, texts) })
			}
		})
	}
}

// measure types what texts gives, over and over.
func (c *crowd) measure(b *testing.B, texts func(*rand.Rand) []string) {
	random := rand.New(rand.NewPCG(1, 2))
	var took, busy []time.Duration
	for b.Loop() {
		for _, text := range texts(random) {
			begin, used := time.Now(), processorTime()
			if _, err := c.s.Search(context.Background(), c.who, text); err != nil {
				b.Fatal(text, err)
			}
			took, busy = append(took, time.Since(begin)), append(busy, processorTime()-used)
		}
	}
	for name, all := range map[string][]time.Duration{"ms": took, "cpu-ms": busy} {
		slices.Sort(all)
		for share, at := range map[string]float64{"p50-": 0.5, "p99-": 0.99} {
			b.ReportMetric(float64(all[int(at*float64(len(all)-1))].Microseconds())/1000, share+name)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// processorTime is what the process has had of the processors: on a machine that others use too it tells more than the time that went by. Of a search on
// PostgreSQL it holds our own part alone.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// crowd are people whose names are as unevenly common as real ones.
type crowd struct {
	s                   *Service
	who                 haven.Actor
	first, last, towns  []string
	firsts, lasts, town *rand.Zipf
}

func newCrowd(seed uint64) *crowd {
	random := rand.New(rand.NewPCG(seed, 1))
	c := &crowd{first: invented(random, 600, 2), last: invented(random, 20_000, 3), towns: invented(random, 1200, 2)}
	c.firsts, c.lasts, c.town = rand.NewZipf(random, 1.1, 8, 599), rand.NewZipf(random, 1.05, 20, 19_999), rand.NewZipf(random, 1.1, 8, 1199)
	return c
}

// invented are words that read like names, the shorter ones first, each once.
func invented(random *rand.Rand, n, syllables int) []string {
	seen := map[string]bool{}
	var all []string
	for len(all) < n {
		w := ""
		for range 1 + random.IntN(syllables) {
			w += string("bcdfghjklmnprstvw"[random.IntN(17)]) + string("aeiou"[random.IntN(5)])
		}
		if w += string("nmrstld"[random.IntN(7)]); len(w) > 2 && !seen[w] {
			seen[w] = true
			all = append(all, strings.ToUpper(w[:1])+w[1:])
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return all
}

// typed are the requests that a page sends while a text is typed.
func typed(text string) (all []string) {
	for i := 2; i <= len(text); i++ {
		if i == len(text) || text[i] != ' ' {
			all = append(all, text[:i])
		}
	}
	return all
}

func (c *crowd) name(*rand.Rand) []string {
	return typed(c.first[c.firsts.Uint64()] + " " + c.last[c.lasts.Uint64()])
}

func (c *crowd) nameAndPlace(*rand.Rand) []string {
	return typed(c.last[c.lasts.Uint64()] + " " + c.towns[c.town.Uint64()])
}

// common are words that a great many have: the worst that somebody can ask.
func (c *crowd) common(random *rand.Rand) []string {
	return typed([]string{"pharmacist", "pharmacy", "dispenser", c.towns[0]}[random.IntN(4)] + " " + c.first[random.IntN(10)])
}

// loaded puts n people at n/100 premises into a database, as Refresh would, but in order and all at once.
func loaded(b *testing.B, d *db.DB, n int) *crowd {
	b.Helper()
	c, began := newCrowd(7), time.Now()
	var all []stray
	const step = 5000
	for from := 1; from <= n; from += step {
		var keys []stray
		insert(b, d, func(tx *db.Tx) {
			keys = keys[:0]
			for no := from; no < min(from+step, n+1); no++ {
				keys = append(keys, c.put(tx, no, n)...)
			}
		})
		all = append(all, keys...)
	}
	slices.SortFunc(all, func(a, b stray) int {
		return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.part, b.part), cmp.Compare(a.no, b.no))
	})
	for some := range slices.Chunk(all, 10*step) {
		insert(b, d, func(tx *db.Tx) {
			for _, k := range some {
				tx.Exec(sqlPutWord, k.word, int64(k.part), int64(k.no))
			}
		})
	}
	insert(b, d, func(tx *db.Tx) { tx.Exec(`UPDATE account_next SET next = $1`, int64(n+1)) })
	if d.Engine() == "postgres" {
		insert(b, d, func(tx *db.Tx) { tx.Exec(`ANALYZE`) })
	}
	b.Logf("%s: %d people, %d rows of the index, loaded in %s", d.Engine(), n, len(all), time.Since(began).Round(time.Second))
	h := peopletest.New(b, d)
	h.Policy.Directory.SearchesADay = 1 << 40
	c.s = New(Options{DB: d, Policy: h.Policy.Directory, Clock: h.Clock})
	if err := d.Read(b.Context(), func(tx *db.Tx) error {
		who, err := account.ByNoIn(tx, haven.AccountNo(n/2))
		c.who = haven.Actor{Person: who.ID}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return c
}

func insert(b *testing.B, d *db.DB, fn func(*db.Tx)) {
	b.Helper()
	if err := d.Write(context.Background(), func(tx *db.Tx) error { fn(tx); return nil }); err != nil {
		b.Fatal(err)
	}
}

// townOf is where premises are: half of them in the fifty largest towns.
func (c *crowd) townOf(premises int64) string {
	if premises%2 == 0 {
		return c.towns[premises%100/2]
	}
	return c.towns[premises%1200]
}

// put writes one person, the premises where it is the first who works there, and returns the rows of the index.
func (c *crowd) put(tx *db.Tx, no, n int) (rows []stray) {
	first, last := c.first[c.firsts.Uint64()], c.last[c.lasts.Uint64()]
	premises, at := int64(no/100+1), peopletest.Start.Add(-time.Hour)
	if no == 1 || no%100 == 0 {
		tx.Exec(`INSERT INTO organisation (id, kind, code, name, place, line1, line2, line3, line4, line5, postcode, telephone, status, sub_type, opened, closed, parent, joined, left_on, care_board, changed, indexed)
			VALUES ($1, 1, $2, $3, $4, '', '', '', '', '', 'LS1 1AA', '', 1, 1, 0, 0, '', 0, 0, '', 0, 1)`, premises, fmt.Sprintf("F%06d", premises), c.last[premises%2000]+" Pharmacy", c.townOf(premises))
	}
	id, role := haven.NewAccountID(), []string{"pharmacist", "dispenser", "counter assistant"}[no%3]
	local := strings.ToLower(first+"."+last) + strconv.Itoa(no)
	tx.Exec(`INSERT INTO account (no, id, kind, state, since, display, access_ver, created) VALUES ($1, $2, 1, 2, 0, $3, 0, 0)`, int64(no), id[:], first+" "+last)
	tx.Exec(`INSERT INTO person (no, kind, first, last) VALUES ($1, 1, $2, $3)`, int64(no), first, last)
	tx.Exec(`INSERT INTO address (key, no, role, local, domain, since, until) VALUES ($1, $2, 1, $3, $4, 0, 0)`, local+"@"+peopletest.Domain, int64(no), local, peopletest.Domain)
	tx.Exec(`INSERT INTO post (person, organisation, role, since, until) VALUES ($1, $2, $3, $4, 0)`, int64(no), premises, role, at.UnixMicro())
	name, rest := wordsOf(facts{account: account.Account{Kind: haven.Personal, State: account.Active, Display: first + " " + last, Address: haven.Address{Local: local}},
		posts:      []organisation.Post{{Role: role, From: at}},
		postPlaces: []Place{{ID: organisation.ID(premises), Code: organisation.Code(fmt.Sprintf("F%06d", premises)), Name: c.last[premises%2000] + " Pharmacy", Town: c.townOf(premises)}}}, peopletest.Start)
	keys := keysOf(name, rest)
	tx.Exec(sqlPutEntry, int64(no), writeKeys(keys), int64(len(keys)))
	for _, k := range keys {
		rows = append(rows, stray{k, haven.AccountNo(no)})
	}
	return rows
}
