package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"haven/face/imap"
	"haven/face/jmap"
	"haven/face/managesieve"
	"haven/face/smtp"
	"haven/mail/document"
	"haven/mail/outbox"
	"haven/mail/search"
	"haven/people/sharedmailbox"
	"haven/platform/job"
	"haven/platform/notify"
	"haven/platform/obs"
)

// figures are what /metrics shows beside the process's own.
func (s *serving) figures() {
	r := s.registry
	for name, srv := range s.smtp {
		s.smtpFigures(name, &srv.Counters)
	}
	obs.Counter(r, "db_writes_total", "transactions committed", nil, func() float64 { return float64(s.h.db.Stats().Writes) })
	obs.Counter(r, "db_commits_total", "commits; on SQLite one holds many transactions", nil, func() float64 { return float64(s.h.db.Stats().Groups) })
	obs.Counter(r, "db_queue_wait_seconds_total", "time that transactions waited for the writer", nil, func() float64 { return s.h.db.Stats().QueueWait.Seconds() })
	obs.Gauge(r, "db_longest_closure_seconds", "longest transaction since the start", nil, func() float64 { return s.h.db.Stats().LongestClosure.Seconds() })
	obs.Gauge(r, "db_wal_pages", "pages in SQLite's write-ahead log", nil, func() float64 { return float64(s.h.db.Stats().WALPages) })
	q := &queueFigures{outbox: s.h.outbox}
	for state, read := range map[string]func(outbox.Stats) int64{
		"waiting": func(s outbox.Stats) int64 { return s.Waiting }, "sending": func(s outbox.Stats) int64 { return s.Sending },
		"held": func(s outbox.Stats) int64 { return s.Held },
	} {
		obs.Gauge(r, "queue_recipients", "recipients in the outbox", map[string]string{"state": state}, func() float64 { return float64(read(q.now())) })
	}
	ownerless := &remembered[int64]{read: func(ctx context.Context) (int64, error) { return sharedmailbox.Ownerless(ctx, s.h.db) }}
	obs.Gauge(r, "mailboxes_ownerless", "active shared mailboxes that no owner can act for", nil, func() float64 { return float64(ownerless.now()) })
	waiting := &remembered[int64]{read: func(ctx context.Context) (int64, error) {
		st, err := s.h.directory.State(ctx)
		return st.Waiting, err
	}}
	obs.Gauge(r, "directory_waiting", "accounts that changed and are not brought up to date in the directory yet", nil, func() float64 { return float64(waiting.now()) })
	obs.Counter(r, "directory_limits_total", "people who searched the directory as often as anybody may in a day", nil, func() float64 { return float64(s.h.directory.Limits()) })
	s.noticeFigures()
	s.pushFigures()
	s.searchFigures()
	for _, runner := range []*job.Runner{s.jobs, s.h.turns} {
		for _, st := range runner.Status() {
			s.jobFigures(runner, st.Name)
		}
	}
}

// noticeFigures are those of texts and e-mails to the outside.
func (s *serving) noticeFigures() {
	f := &remembered[map[notify.Channel]notify.Figures]{read: s.h.notify.Figures}
	for kind, ch := range map[string]notify.Channel{"text": notify.Text, "email": notify.Email} {
		labels := map[string]string{"kind": kind}
		obs.Gauge(s.registry, "notices_waiting", "texts and e-mails to the outside that wait to be sent", labels, func() float64 { return float64(f.now()[ch].Waiting) })
		obs.Gauge(s.registry, "notices_lost", "those of the last day that will not arrive", labels, func() float64 { return float64(f.now()[ch].Lost) })
		obs.Gauge(s.registry, "notices_oldest_seconds", "for how long the one waits that waits longest", labels, func() float64 {
			if at := f.now()[ch].Oldest; !at.IsZero() {
				return s.h.clock.Now().Sub(at).Seconds()
			}
			return 0
		})
		obs.Gauge(s.registry, "notices_key_refused", "1: the gateway refuses our key", labels, func() float64 {
			if s.h.notify.KeyRefused(ch) {
				return 1
			}
			return 0
		})
	}
}

// searchFigures are how far the search is behind the mail, and what became of documents.
func (s *serving) searchFigures() {
	f := &remembered[search.Behind]{read: s.h.search.Behind, keep: time.Second}
	for what, read := range map[string]struct {
		n    func(search.Behind) int64
		long func(search.Behind) time.Duration
	}{
		"letters":   {func(b search.Behind) int64 { return b.Letters }, func(b search.Behind) time.Duration { return b.For }},
		"documents": {func(b search.Behind) int64 { return b.Documents }, func(b search.Behind) time.Duration { return b.DocumentsFor }},
	} {
		labels := map[string]string{"of": what}
		obs.Gauge(s.registry, "search_behind", "letters that wait to be indexed, or whose documents wait to be read", labels, func() float64 { return float64(read.n(f.now())) })
		obs.Gauge(s.registry, "search_behind_seconds", "for how long the one waits that waits longest", labels, func() float64 { return read.long(f.now()).Seconds() })
	}
	obs.Gauge(s.registry, "search_rebuilding", "1: the index is being built anew, and older letters are not counted yet", nil, func() float64 {
		if f.now().Rebuilding {
			return 1
		}
		return 0
	})
	for o, name := range document.Outcomes() {
		obs.Counter(s.registry, "documents_total", "documents that were to be read for the search, by what became of them", map[string]string{"outcome": name},
			func() float64 { return float64(s.h.documents.Count(document.Outcome(o))) })
	}
}

func (s *serving) smtpFigures(face string, c *smtp.Counters) {
	labels := map[string]string{"face": face}
	for _, f := range []struct {
		name, help string
		n          *atomic.Int64
	}{
		{"smtp_connections_total", "connections accepted", &c.Accepted}, {"smtp_turned_away_total", "connections turned away", &c.Turned},
		{"smtp_letters_total", "letters taken over", &c.Letters}, {"smtp_letters_refused_total", "letters refused", &c.LettersRefused},
		{"smtp_octets_total", "octets of letters", &c.Octets}, {"smtp_log_ins_total", "log ins that proved themselves", &c.AuthGood},
		{"smtp_log_ins_refused_total", "log ins refused", &c.AuthBad}, {"smtp_panics_total", "faults of ours that ended a connection", &c.Panics},
	} {
		obs.Counter(s.registry, f.name, f.help, labels, func() float64 { return float64(f.n.Load()) })
	}
	obs.Gauge(s.registry, "smtp_connections", "connections open", labels, func() float64 { return float64(c.Open.Load()) })
}

func (s *serving) jobFigures(runner *job.Runner, name string) {
	read := func(pick func(runs, failed int64) int64) func() float64 {
		return func() float64 {
			for _, st := range runner.Status() {
				if st.Name == name {
					return float64(pick(st.Runs, st.Failed))
				}
			}
			return 0
		}
	}
	labels := map[string]string{"job": name}
	obs.Counter(s.registry, "job_runs_total", "runs of a job that ended", labels, read(func(runs, _ int64) int64 { return runs }))
	obs.Counter(s.registry, "job_failures_total", "runs of a job that failed", labels, read(func(_, failed int64) int64 { return failed }))
}

// imapMetrics feeds the registry as sessions go on.
func (s *serving) imapMetrics() imap.Metrics {
	open := prometheus.NewGauge(prometheus.GaugeOpts{Name: "haven_imap_connections", Help: "connections open"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "haven_imap_command_seconds", Help: "time of a command",
		Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9)}, []string{"command", "ok"})
	logins := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "haven_imap_log_ins_total", Help: "log ins"}, []string{"ok"})
	panics := prometheus.NewCounter(prometheus.CounterOpts{Name: "haven_imap_panics_total", Help: "faults of ours that ended a connection"})
	s.registry.MustRegister(open, took, logins, panics)
	return imap.Metrics{
		Connections: func(delta int) { open.Add(float64(delta)) },
		Command: func(name string, d time.Duration, ok bool) {
			took.WithLabelValues(name, strconv.FormatBool(ok)).Observe(d.Seconds())
		},
		Login: func(ok bool) { logins.WithLabelValues(strconv.FormatBool(ok)).Inc() },
		Panic: panics.Inc,
	}
}

// jmapMetrics feeds the registry as requests and sockets go on.
func (s *serving) jmapMetrics() jmap.Metrics {
	open := prometheus.NewGauge(prometheus.GaugeOpts{Name: "haven_jmap_sockets", Help: "WebSockets and event sources open"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "haven_jmap_method_seconds", Help: "time of a method call",
		Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9)}, []string{"method", "error"})
	logins := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "haven_jmap_log_ins_total", Help: "requests that came with a password"}, []string{"ok"})
	panics := prometheus.NewCounter(prometheus.CounterOpts{Name: "haven_jmap_panics_total", Help: "faults of ours that ended a method or a request"})
	s.registry.MustRegister(open, took, logins, panics)
	return jmap.Metrics{
		Sockets: func(delta int) { open.Add(float64(delta)) },
		Method:  func(name string, d time.Duration, err string) { took.WithLabelValues(name, err).Observe(d.Seconds()) },
		Login:   func(ok bool) { logins.WithLabelValues(strconv.FormatBool(ok)).Inc() },
		Panic:   panics.Inc,
	}
}

// sieveMetrics feeds the registry as programs keep filters.
func (s *serving) sieveMetrics() managesieve.Metrics {
	open := prometheus.NewGauge(prometheus.GaugeOpts{Name: "haven_managesieve_connections", Help: "connections open"})
	logins := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "haven_managesieve_log_ins_total", Help: "log ins"}, []string{"ok"})
	panics := prometheus.NewCounter(prometheus.CounterOpts{Name: "haven_managesieve_panics_total", Help: "faults of ours that ended a connection"})
	s.registry.MustRegister(open, logins, panics)
	return managesieve.Metrics{
		Connections: func(delta int) { open.Add(float64(delta)) },
		Login:       func(ok bool) { logins.WithLabelValues(strconv.FormatBool(ok)).Inc() },
		Panic:       panics.Inc,
	}
}

// queueFigures remembers the queue's counts for ten seconds, since counting scans an index.
type queueFigures struct {
	outbox *outbox.Outbox
	last   atomic.Pointer[countedAt]
}

type countedAt struct {
	at    time.Time
	stats outbox.Stats
}

func (q *queueFigures) now() outbox.Stats {
	if c := q.last.Load(); c != nil && time.Since(c.at) < 10*time.Second {
		return c.stats
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	st, err := q.outbox.Stats(ctx)
	if err != nil {
		return outbox.Stats{} // the database is down; readiness says so
	}
	q.last.Store(&countedAt{time.Now(), st})
	return st
}

// remembered is what takes some reading, and so is kept for a while.
type remembered[T any] struct {
	read func(ctx context.Context) (T, error)
	keep time.Duration // 0: a minute
	mu   sync.Mutex
	at   time.Time
	last T
}

func (f *remembered[T]) now() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at.IsZero() || time.Since(f.at) > cmp.Or(f.keep, time.Minute) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if n, err := f.read(ctx); err == nil { // else the database is down; readiness says so
			f.last, f.at = n, time.Now()
		}
	}
	return f.last
}

// holder names this start of this process among those that share a database.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return host + "-" + strconv.Itoa(os.Getpid()) + "-" + rand.Text()[:8]
}
