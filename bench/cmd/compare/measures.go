package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"haven/bench/load"
)

// letter is the size of a delivered message in octets.
const letter = 10 << 10

// The users whose mailboxes are filled; the others get what is delivered.
const (
	reader   = users - 1
	searcher = users - 2
	idler    = users - 3
)

// measure is one thing done to a server, which may give several figures.
type measure struct {
	name    string
	alone   bool // Haven only
	afresh  bool // each run begins with a new process
	once    bool // one run is an average of many already
	prepare func(t load.Target) error
	run     func(t load.Target, i int) ([]float64, error)
	lines   []line // one for each figure
}

// runOn prepares every side, runs the measure on them in turns, and adds its lines to the table.
func (m measure) runOn(sides []*side, runs int, to *table) error {
	if m.alone {
		sides = sides[:1]
	}
	if m.once {
		runs = 1
	}
	got := make([][][]float64, len(sides)) // by side, line, run
	for s, side := range sides {
		got[s] = make([][]float64, len(m.lines))
		if m.prepare != nil {
			if err := m.prepare(side.target); err != nil {
				return fmt.Errorf("%s: %w", side.name, err)
			}
		}
	}
	for i := range runs {
		for s, side := range sides {
			fmt.Fprintf(os.Stderr, "%s: %s, run %d of %d\n", m.name, side.name, i+1, runs)
			if m.afresh && side.again != nil {
				if err := side.again(); err != nil {
					return fmt.Errorf("%s: %w", side.name, err)
				}
			}
			figures, err := m.run(side.target, i)
			if err != nil {
				return fmt.Errorf("%s: %w", side.name, err)
			}
			for l, f := range figures {
				got[s][l] = append(got[s][l], f)
			}
		}
	}
	for l, line := range m.lines {
		r := row{line: line, haven: spread(got[0][l])}
		if len(sides) > 1 {
			pair := spread(got[1][l])
			r.pair = &pair
		}
		to.rows = append(to.rows, r)
	}
	return nil
}

// measures are all of them, in the order in which they run: the first log ins first, while nobody has logged in yet.
func measures(o options, sync time.Duration) []measure {
	all := []measure{logIns(o), deliver(o), latency(o, sync), mixed(o), reading(o)}
	all = append(all, idle(o)...)
	all = append(all, pages(o))
	if o.search > 0 {
		all = append(all, searching(o))
	}
	return append(all, jmaps(o)...)
}

// logIns: the pair compares passwords kept as they are, Haven derives a key (argon2id), so the first has no target.
func logIns(o options) measure {
	each := min(20, users/max(1, o.runs))
	return measure{name: "log ins", lines: []line{
		{"log ins, each user's first", "1/s", none},
		{"log ins again", "1/s", none},
	}, run: func(t load.Target, i int) ([]float64, error) {
		cold, err := t.LogIns(i*each, each)
		if err != nil {
			return nil, err
		}
		warm, err := t.LogIns(i*each, each)
		return []float64{cold, warm}, err
	}}
}

func deliver(o options) measure {
	return measure{name: "delivery", lines: []line{
		{"messages acknowledged and readable, 10 KiB, 20 connections", "1/s", atLeastTimes(5)},
		{"messages acknowledged", "1/s", none},
	}, prepare: func(t load.Target) error {
		_, err := t.Deliver(2*users, 20, letter) // every mailbox is there
		return err
	}, run: func(t load.Target, _ int) ([]float64, error) {
		d, err := t.Deliver(o.messages, 20, letter)
		return []float64{d.Readable, d.Acknowledged}, err
	}}
}

// latency may be what two syncs of this disk take and 2 ms, or what the pair needs if that is more.
func latency(o options, sync time.Duration) measure {
	bound := ms(2*sync + 2*time.Millisecond)
	return measure{name: "latency", lines: []line{
		{"one message on one connection until acknowledged", "ms", atMostPairOr(bound)},
	}, run: func(t load.Target, _ int) ([]float64, error) {
		d, err := t.Deliver(max(50, o.messages/25), 1, letter)
		return []float64{ms(d.Median)}, err
	}}
}

func mixed(o options) measure {
	const clients = 20
	return measure{name: "mixed", lines: []line{
		{fmt.Sprintf("daily IMAP commands, %d clients", clients), "1/s", atLeastTimes(1)},
		{"their 99th percentile", "ms", none},
	}, prepare: func(t load.Target) error {
		t.Users = clients
		_, err := t.Deliver(25*clients, 20, letter) // the commands look at the first 20 messages
		return err
	}, run: func(t load.Target, _ int) ([]float64, error) {
		m, err := t.Mixed(clients, o.mixed)
		return []float64{m.PerSecond, ms(m.P99)}, err
	}}
}

func reading(o options) measure {
	return measure{name: "reading", lines: []line{
		{fmt.Sprintf("list %d messages", o.mailbox), "s", atMostTimes(1.5)},
		{"read their bodies", "s", atMostTimes(1.5)},
	}, prepare: func(t load.Target) error { return t.Fill(reader, o.mailbox, letter) },
		run: func(t load.Target, _ int) ([]float64, error) {
			s, err := t.ReadAll(reader)
			if err == nil && s.Messages < o.mailbox {
				err = fmt.Errorf("%d of %d messages were listed", s.Messages, o.mailbox)
			}
			return []float64{s.List.Seconds(), s.Bodies.Seconds()}, err
		}}
}

// pages has 18 people look at the pages, at an even rate.
func pages(o options) measure {
	var readers load.Readers
	return measure{name: "pages", alone: true, lines: []line{
		{fmt.Sprintf("pages, %d requests a second, 95th percentile", pagesPerSecond), "ms", atMost(30)},
		{"their median", "ms", none},
		{"their 99th percentile", "ms", none},
	}, prepare: func(t load.Target) (err error) {
		readers, err = t.LogInOnPages()
		return err
	}, run: func(load.Target, int) ([]float64, error) {
		p, err := readers.Look(pagesPerSecond, o.mixed)
		return []float64{ms(p.P95), ms(p.P50), ms(p.P99)}, err
	}}
}

const pagesPerSecond = 200

// idle sessions look at a mailbox whose numbers have gaps, so that no formula gives them.
func idle(o options) []measure {
	one := func(name string, secure bool, most float64) measure {
		return measure{name: name, afresh: true, once: true, lines: []line{
			{fmt.Sprintf("memory of an idle session, %s, %d of them", name, o.sessions), "KiB", atMost(most)},
			{"the same, of the second half of them", "KiB", none},
			{"sessions opened", "1/s", none},
		}, run: func(t load.Target, _ int) ([]float64, error) {
			i, err := t.Only(idler).Idle(o.sessions, secure, o.hold)
			return []float64{i.KiBEach, i.Further, i.PerSec}, err
		}}
	}
	plain := one("plain", false, 25)
	plain.prepare = func(t load.Target) error {
		if err := t.Fill(idler, o.mailbox, 2<<10); err != nil {
			return err
		}
		return t.Gaps(idler, o.mailbox, o.mailbox/10)
	}
	return []measure{plain, one("TLS", true, 40)}
}

// searching looks for a number that stands in a few subjects. The pair comes without a word index.
func searching(o options) measure {
	word := fmt.Sprint(o.search / 3)
	return measure{name: "search", alone: true, lines: []line{
		{fmt.Sprintf("search a word in %d messages", o.search), "ms", atMost(100)},
		{"the slowest of 20", "ms", none},
	}, prepare: func(t load.Target) error {
		if err := t.Fill(searcher, o.search, 2<<10); err != nil {
			return err
		}
		return awaitIndex(o, t, word)
	}, run: func(t load.Target, _ int) ([]float64, error) {
		median, worst, err := t.Search(searcher, word, 20)
		return []float64{ms(median), ms(worst)}, err
	}}
}

// awaitIndex waits until searching has not got faster for half a minute: what the index has not reached is read instead,
// and it rests while mail is in a rush.
func awaitIndex(o options, t load.Target, word string) error {
	best, same := time.Hour, 0
	for limit := time.Now().Add(10 * time.Minute); same < o.settle && time.Now().Before(limit); time.Sleep(time.Second) {
		took, _, err := t.Search(searcher, word, 1)
		if err != nil {
			return err
		}
		if same++; took < best*8/10 {
			best, same = took, 0
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// syncTime is how long this disk takes to make 4 KiB durable, the median of a hundred times; 0 if it can't be told.
func syncTime(dir string) time.Duration {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0
	}
	defer f.Close()
	took := make([]time.Duration, 100)
	block := make([]byte, 4096)
	for i := range took {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0
		}
		if err := f.Sync(); err != nil {
			return 0
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[len(took)/2]
}
