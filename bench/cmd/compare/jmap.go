package main

import (
	"fmt"
	"time"

	"haven/bench/load"
)

// people is how many of the load users use JMAP; some of them own the mailboxes that are filled.
const people = 300

// The users whose mailboxes are filled for JMAP. They are none of those who speak IMAP.
const (
	lister = users // lists a full mailbox
	syncer = users + 1
	seeker = users + 2 // the first of those whose letters are looked for
)

// jmaps measures the JMAP face, Haven alone: who else speaks it here?
func jmaps(o options) []measure {
	if o.list == 0 {
		return nil
	}
	all := []measure{jmapList(o), jmapSync(o), jmapDay(o), jmapIndex(o), jmapSearch(o), jmapSockets(o)}
	for i, m := range all {
		if m.prepare != nil {
			all[i].prepare = func(t load.Target) error { return m.prepare(everybody(t)) }
		}
		all[i].run = func(t load.Target, k int) ([]float64, error) { return m.run(everybody(t), k) }
	}
	return all
}

// everybody is the target with all its users.
func everybody(t load.Target) load.Target {
	t.Users = people
	return t
}

// jmapList begins each run with a new process, whose first answer is the cold one.
func jmapList(o options) measure {
	return measure{name: "jmap list", alone: true, afresh: true, lines: []line{
		{fmt.Sprintf("JMAP: list the first 50 of %d letters, 99th percentile", o.list), "ms", atMost(15)},
		{"their median", "ms", none},
		{"the first after a start, threads collapsed", "ms", none},
	}, prepare: func(t load.Target) error { return t.FillWords(lister, o.list) },
		run: func(t load.Target, _ int) ([]float64, error) {
			m, err := t.Mail(lister)
			if err != nil {
				return nil, err
			}
			cold, err := m.First(true)
			if err != nil {
				return nil, err
			}
			l, err := m.List(400)
			return []float64{ms(l.P99), ms(l.P50), ms(cold)}, err
		}}
}

func jmapSync(o options) measure {
	return measure{name: "jmap sync", alone: true, lines: []line{
		{fmt.Sprintf("JMAP: what a list shows of %d letters", o.mailbox), "s", atMost(1)},
	}, prepare: func(t load.Target) error { return t.FillWords(syncer, o.mailbox) },
		run: func(t load.Target, _ int) ([]float64, error) {
			m, err := t.Mail(syncer)
			if err != nil {
				return nil, err
			}
			took, n, err := m.Sync(o.mailbox)
			if err == nil && n < o.mailbox {
				err = fmt.Errorf("%d of %d letters were listed", n, o.mailbox)
			}
			return []float64{took.Seconds()}, err
		}}
}

// jmapDay has people at work.
func jmapDay(o options) measure {
	const perSecond = 1500
	busy := min(o.busy, people)
	var mails []*load.Mail
	return measure{name: "jmap day", alone: true, lines: []line{
		{fmt.Sprintf("JMAP: daily requests of %d people, %d a second, 99th percentile", busy, perSecond), "ms", atMost(100)},
		{"requests answered", "1/s", atLeast(0.99 * perSecond)},
	}, prepare: func(t load.Target) (err error) {
		for i := range busy {
			if err := t.FillWords(i, o.each); err != nil {
				return err
			}
		}
		if _, err := t.AwaitIndex(time.Hour); err != nil {
			return err
		}
		mails, err = t.Mails(busy)
		return err
	}, run: func(load.Target, int) ([]float64, error) {
		if err := load.Look(mails); err != nil {
			return nil, err
		}
		d, err := load.Day(mails, perSecond, o.mixed)
		return []float64{ms(d.P99), d.PerSecond}, err
	}}
}

// jmapIndex looks how far the index is behind when letters have come for a while.
func jmapIndex(o options) measure {
	const perSecond = 500
	return measure{name: "jmap index", alone: true, lines: []line{
		{fmt.Sprintf("until the last of %d letters a second is indexed", perSecond), "s", atMost(5)},
		{"letters delivered", "1/s", atLeast(0.99 * perSecond)},
	}, prepare: func(t load.Target) error {
		_, err := t.AwaitIndex(time.Hour)
		return err
	}, run: func(t load.Target, _ int) ([]float64, error) {
		rate, err := t.Flow(perSecond, 3*o.mixed)
		if err != nil {
			return nil, err
		}
		took, err := t.AwaitIndex(time.Hour)
		return []float64{took.Seconds(), rate}, err
	}}
}

// jmapSearch looks into ten mailboxes that hold the letters together. Each run begins with a new process, which has to read where everything stands first.
func jmapSearch(o options) measure {
	const perSecond, mailboxes = 50, 10
	var mails []*load.Mail
	return measure{name: "jmap search", alone: true, afresh: true, lines: []line{
		{fmt.Sprintf("JMAP: look for words in %d letters, %d times a second, 99th percentile", o.fulltext, perSecond), "ms", atMost(100)},
		{"their median", "ms", none},
		{"the first look into each mailbox after a start, the slowest", "ms", none},
	}, prepare: func(t load.Target) error {
		for i := range mailboxes {
			if err := t.FillWords(seeker+i, o.fulltext/mailboxes); err != nil {
				return err
			}
			m, err := t.Mail(seeker + i)
			if err != nil {
				return err
			}
			mails = append(mails, m)
		}
		_, err := t.AwaitIndex(2 * time.Hour)
		return err
	}, run: func(_ load.Target, i int) ([]float64, error) {
		cold, err := load.SeekOnce(mails)
		if err != nil {
			return nil, err
		}
		l, err := load.Seek(mails, perSecond, 3*o.mixed, uint64(i))
		return []float64{ms(l.P99), ms(l.P50), ms(cold)}, err
	}}
}

func jmapSockets(o options) measure {
	return measure{name: "jmap sockets", alone: true, afresh: true, once: true, lines: []line{
		{fmt.Sprintf("memory of an idle WebSocket, %d of them", o.sockets), "KiB", atMost(40)},
		{"the same, of the second half of them", "KiB", none},
		{"WebSockets opened", "1/s", none},
	}, run: func(t load.Target, _ int) ([]float64, error) {
		mails, err := t.Mails(min(people, o.sockets/10+1)) // each may have twenty
		if err != nil {
			return nil, err
		}
		i, err := t.Sockets(mails, o.sockets, o.hold)
		return []float64{i.KiBEach, i.Further, i.PerSec}, err
	}}
}
