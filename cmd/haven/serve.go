package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"haven/face/imap"
	"haven/face/jmap"
	"haven/face/managesieve"
	"haven/face/smtp"
	"haven/face/submission"
	"haven/mail/delivery"
	"haven/mail/document"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/mail/push"
	"haven/mail/sieve/lang"
	"haven/mail/upload"
	"haven/platform/blob"
	"haven/platform/cert"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/job"
	"haven/platform/obs"
)

// shutdownTime is how long faces may take to finish what they are at after SIGTERM.
const shutdownTime = 20 * time.Second

func serveCommand(ctx context.Context, args []string, std stdio) error {
	f := newFlags("serve", "[--config FILE]", "Runs the service until SIGTERM.", std)
	file := configFlag(f)
	if _, err := f.exactly(args, 0); err != nil {
		return err
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	release, err := lockData(conf.Service.Data)
	if err != nil {
		return err
	}
	log := obs.NewLogger(std.err, conf.Log.Level, conf.Log.Format)
	h, err := openHouse(ctx, conf, log)
	if err != nil {
		return errors.Join(err, release())
	}
	s := newServing(h)
	if err := s.start(ctx); err != nil {
		return errors.Join(err, s.stop(), h.close(), release())
	}
	log.Info("serving", "version", version, "domains", conf.Service.Domains, "ports", s.ports)
	err = s.wait(ctx)
	log.Info("stopping")
	return errors.Join(err, s.stop(), h.close(), release())
}

// serving is a house with its doors open: faces that listen and jobs that run.
type serving struct {
	h        *house
	registry *prometheus.Registry
	jobs     *job.Runner
	ports    map[string]int // by the names of demo.json

	mu      sync.Mutex
	stops   []func(context.Context) error
	failed  chan error
	wg      sync.WaitGroup
	jmap    *jmap.Server
	imap    *imap.Server
	smtp    map[string]*smtp.Server
	workers context.CancelFunc
	pushes  *push.Sender // nil: nobody is woken
}

func newServing(h *house) *serving {
	return &serving{h: h, registry: obs.NewRegistry(), ports: map[string]int{}, failed: make(chan error, 8), smtp: map[string]*smtp.Server{}}
}

// start opens the doors; the last one open, everything answers.
func (s *serving) start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.h.openSearch, s.startPostmaster, s.startJobs, s.startWorkers, s.startOutbox, s.startMail, s.startReading, s.startFilters, s.startAdmin, s.startPortal, s.startHTTP} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wait ends with ctx, or with the first part that can't go on.
func (s *serving) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	case <-s.h.bodies.Failed():
		return fmt.Errorf("message bodies can't be made durable any more: %w", s.h.bodies.Err())
	}
}

// stop closes the doors, lets each face finish the command in hand, and ends the jobs.
func (s *serving) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	var all []error
	var wg sync.WaitGroup
	s.mu.Lock()
	stops := s.stops
	s.mu.Unlock()
	for _, stop := range stops {
		wg.Go(func() {
			err := stop(ctx)
			if errs.IsStorageFull(err) { // what it could not note the next start puts in order, as after a crash
				s.h.log.Warn("the disk is full; not all could be noted before the end", "error", err)
				err = nil
			}
			if err != nil {
				s.mu.Lock()
				all = append(all, err)
				s.mu.Unlock()
			}
		})
	}
	wg.Wait()
	if s.workers != nil {
		s.workers()
	}
	s.wg.Wait()
	if s.jobs != nil {
		s.jobs.Stop()
	}
	return errors.Join(all...)
}

func (s *serving) onStop(fn func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = append(s.stops, fn)
}

// listen opens a listener for a face and serves it in a goroutine of s. An empty address leaves the face out.
func (s *serving) listen(name, addr string, serve func(net.Listener) error) error {
	if addr == "" {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen.%s: %w; is another program there? (ss -ltnp shows it)", name, err)
	}
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		s.ports[name] = a.Port
		if name == "portal" || name == "http" && s.h.conf.Listen.PagesOnHTTP {
			at := fmt.Sprintf("http://localhost:%d", a.Port)
			s.h.portalAt.Store(&at)
		}
	}
	s.wg.Go(func() {
		err := serve(l)
		if err != nil && !errors.Is(err, smtp.ErrClosed) && !errors.Is(err, imap.ErrClosed) && !errors.Is(err, managesieve.ErrClosed) && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.failed <- fmt.Errorf("listen.%s: %w", name, err)
		}
	})
	return nil
}

func (s *serving) startMail(context.Context) error {
	h, l := s.h, s.h.conf.Listen
	secure := cert.Config(h.certificate)
	submitting := smtp.LimitsOf(h.conf.Policy, true)
	backend := submission.Backend{Accounts: programs{h}, Delivery: h.delivery}
	for _, f := range []struct {
		name, addr string
		server     *smtp.Server
	}{
		{"smtp", l.SMTP, &smtp.Server{Backend: smtp.Inbound{Delivery: h.delivery}, Limits: smtp.LimitsOf(h.conf.Policy, false)}},
		{"submission", l.Submission, &smtp.Server{Backend: backend, AuthRequired: true, AllowPlaintextAuth: l.AllowPlaintextLogin, Limits: submitting}},
		{"submissions", l.Submissions, &smtp.Server{Backend: backend, AuthRequired: true, ImplicitTLS: true, Limits: submitting}},
	} {
		srv := f.server
		srv.Name, srv.Log, srv.TLS, srv.DSN = h.conf.Service.Hostname, h.log.With("face", f.name), secure, true
		srv.Timeouts = smtp.TimeoutsOf(h.conf.Policy)
		if err := s.listen(f.name, f.addr, srv.Serve); err != nil {
			return err
		}
		s.smtp[f.name] = srv
		s.onStop(srv.Shutdown)
	}
	return nil
}

func (s *serving) startReading(context.Context) error {
	h, l := s.h, s.h.conf.Listen
	secure := cert.Config(h.certificate)
	s.imap = imap.New(imap.Options{Mail: h.mail, People: readers{h}, Search: h.search, Access: lists{h}, TLS: secure,
		AllowPlaintextAuth: l.AllowPlaintextLogin, Metrics: s.imapMetrics(), Logger: h.log.With("face", "imap"),
		Limits: imap.LimitsOf(h.conf.Policy)})
	s.onStop(s.imap.Shutdown)
	if err := s.listen("imap", l.IMAP, s.imap.Serve); err != nil {
		return err
	}
	return s.listen("imaps", l.IMAPS, func(in net.Listener) error { return s.imap.Serve(tls.NewListener(in, secure)) })
}

// startFilters opens the face by which programs keep filters.
func (s *serving) startFilters(context.Context) error {
	h, l := s.h, s.h.conf.Listen
	srv := managesieve.New(managesieve.Options{Scripts: h.filters, People: filterKeepers{h}, Extensions: lang.Extensions(), Redirects: h.conf.Policy.Sieve.Redirects,
		TLS: cert.Config(h.certificate), AllowPlaintextAuth: l.AllowPlaintextLogin, Limits: managesieve.LimitsOf(h.conf.Policy), Metrics: s.sieveMetrics(),
		Logger: h.log.With("face", "managesieve")})
	s.onStop(srv.Shutdown)
	return s.listen("managesieve", l.Managesieve, srv.Serve)
}

// startWorkers sets going what follows deliveries: the search index, letters to crowds, and automatic replies; and what sends letters that lie in mailboxes.
func (s *serving) startWorkers(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	s.workers = cancel
	for _, p := range document.Lacking() {
		s.h.log.Warn(p.Reads+" are not searched inside: a program is not there", "program", p.Name, "package", p.Package)
	}
	s.wg.Go(func() { s.h.search.Run(ctx) })
	s.wg.Go(func() { s.h.delivery.Run(ctx) })
	s.wg.Go(func() { s.h.vacation.Run(ctx, s.h.delivery) })
	s.wg.Go(func() { s.h.sending.Run(ctx) })
	s.wg.Go(func() { s.h.work.Run(ctx) })
	s.wg.Go(func() { s.h.work.Watch(ctx) })
	s.wg.Go(func() { s.h.notify.Run(ctx) })
	s.startPush(ctx)
	return nil
}

// startOutbox sets the outbox going. On a full disk it can't be; the service begins all the same, so that mail is read, and
// nothing is sent until there is room.
func (s *serving) startOutbox(ctx context.Context) error {
	err := s.h.outbox.Start(context.WithoutCancel(ctx))
	if err != nil && !errs.IsStorageFull(err) {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	begun := make(chan struct{})
	s.onStop(func(closing context.Context) error {
		cancel()
		<-begun
		return s.h.outbox.Close(closing)
	})
	if err == nil {
		close(begun)
		return nil
	}
	s.h.log.Warn("the disk is full; nothing is sent until there is room", "error", err)
	s.wg.Go(func() {
		defer close(begun)
		s.awaitOutbox(ctx)
	})
	return nil
}

// outboxPause is between tries to set the outbox going on a full disk.
const outboxPause = 10 * time.Second

// awaitOutbox sets the outbox going once the disk has room, unless ctx ends before.
func (s *serving) awaitOutbox(ctx context.Context) {
	for s.h.clock.Sleep(ctx, outboxPause) == nil {
		err := s.h.outbox.Start(ctx)
		if errs.IsStorageFull(err) {
			continue
		}
		if err != nil && ctx.Err() == nil {
			s.failed <- fmt.Errorf("the outbox can't be started: %w", err)
		}
		if err == nil {
			s.h.log.Info("there is room again; the outbox sends")
		}
		return
	}
}

// startJobs sets going what has to be done again and again.
func (s *serving) startJobs(context.Context) error {
	h := s.h
	s.jobs = job.NewRunner(job.Options{Clock: h.clock, Leases: job.NewLeases(h.db, h.clock, holder()), Logger: h.log})
	keeper := &blob.Keeper{Store: h.bodies, DB: h.db, Referenced: bodyReferenced}
	for _, j := range []job.Job{
		{Name: "audit seal", Every: time.Second, Run: func(ctx context.Context) error { _, err := h.sealer.Seal(ctx); return err }},
		{Name: "lock notices", Every: time.Second, Run: h.tellOfLocks},
		{Name: "deadlines", Every: h.conf.Policy.Work.ClimbEvery, Alone: true, Run: h.work.Climb},
		{Name: "directory", Every: time.Second, Run: h.directory.Refresh},
		{Name: "membership dates", Every: 500 * time.Millisecond, Run: h.shared.Dates().Tell},
		{Name: "noted dates", Every: time.Minute, Alone: true, Run: h.shared.NoteDates},
		{Name: "share notifications", Every: time.Hour, Alone: true, Run: h.shares.Sweep},
		{Name: "other processes", Every: h.hearEvery(), Run: func(ctx context.Context) error { return h.hub.Poll(ctx, versions{h.mail, h.accounts}) }},
		{Name: "applications", Every: time.Hour, Alone: true, Run: h.registration.Sweep},
		{Name: "ended sessions", Every: time.Hour, Alone: true, Run: h.sessions.Sweep},
		{Name: "ended push subscriptions", Every: time.Hour, Alone: true, Run: h.push.Sweep},
		{Name: "half-filled forms", Every: time.Hour, Alone: true, Run: h.forms.Sweep},
		{Name: "uploads", Every: time.Hour, Alone: true, Run: h.uploads.Sweep},
		{Name: "filters", Every: time.Hour, Alone: true, Run: h.filters.Sweep},
		{Name: "ended submissions", Every: time.Hour, Alone: true, Run: h.sending.Sweep},
		{Name: "restore window", Every: time.Hour, Alone: true, Run: h.mail.Maintain},
		{Name: "removed originals", Every: time.Hour, Alone: true, Run: func(ctx context.Context) error { return h.delivery.LetGo(ctx, h.db) }},
		{Name: "body sweep", Every: time.Hour, Alone: true, Run: func(ctx context.Context) error { _, err := keeper.Sweep(ctx); return ignoreHeld(err) }},
		{Name: "pack compaction", Every: 6 * time.Hour, Alone: true, Run: func(ctx context.Context) error { _, err := keeper.Compact(ctx); return ignoreHeld(err) }},
	} {
		if err := s.jobs.Start(j); err != nil {
			return err
		}
	}
	return nil
}

// hearEvery is how often is asked what other processes changed: only a PostgreSQL may have others.
func (h *house) hearEvery() time.Duration {
	if h.db.Engine() == "sqlite" {
		return 30 * time.Second
	}
	return 250 * time.Millisecond
}

// ignoreHeld: a back-up holds the folder; the next run comes.
func ignoreHeld(err error) error {
	if errors.Is(err, blob.ErrHeld) {
		return nil
	}
	return err
}

// bodyReferenced asks every table that may refer to a body.
func bodyReferenced(tx *db.Tx, id blob.ID) (bool, error) {
	for _, refers := range []func(*db.Tx, blob.ID) (bool, error){mailbox.Referenced, outbox.Referenced, delivery.Referenced, upload.Referenced} {
		if used, err := refers(tx, id); used || err != nil {
			return used, err
		}
	}
	return false, nil
}

func (s *serving) startHTTP(context.Context) error {
	s.figures()
	handler := obs.Handler(s.registry,
		obs.Probe{Name: "database", Check: func(ctx context.Context) error { return s.h.db.Read(ctx, func(tx *db.Tx) error { return nil }) }},
		obs.Probe{Name: "body store", Check: func(context.Context) error { return s.h.bodies.Err() }})
	if s.h.conf.Listen.Profiles {
		handler = withProfiles(handler)
	}
	if s.h.conf.Listen.PagesOnHTTP {
		pages, err := s.pages()
		if err != nil {
			return err
		}
		handler = withPages(handler, pages)
	}
	srv := httpServer(handler, s.h.log)
	s.onStop(srv.Shutdown)
	return s.listen("http", s.h.conf.Listen.HTTP, srv.Serve)
}

// withPages adds the pages: what the rest does not know.
func withPages(rest, pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	for _, own := range []string{"/healthz", "/readyz", "/metrics", "/debug/pprof/"} {
		mux.Handle(own, rest)
	}
	return mux
}

// withProfiles adds Go's profiles, for an operator on the machine itself.
func withProfiles(rest http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", rest)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
