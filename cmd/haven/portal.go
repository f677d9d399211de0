package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"haven"
	"haven/face/adminapi"
	"haven/face/jmap"
	"haven/face/portal"
	"haven/face/web"
	"haven/platform/audit"
	"haven/platform/cert"
	"haven/platform/clock"
	"haven/platform/config"
	"haven/platform/errs"
	"haven/platform/notify"
)

// startPortal opens the pages on an address of their own: over HTTPS, or on the machine itself over HTTP, for a demo or for a
// server in front that speaks HTTPS.
func (s *serving) startPortal(context.Context) error {
	addr := s.h.conf.Listen.Portal
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	pages, err := s.pages()
	if err != nil {
		return err
	}
	srv := httpServer(pages, s.h.log)
	s.onStop(srv.Shutdown)
	if config.IsLoopback(host) {
		return s.listen("portal", addr, srv.Serve)
	}
	secure := cert.Config(s.h.certificate)
	secure.NextProtos = []string{"h2", "http/1.1"}
	return s.listen("portal", addr, func(l net.Listener) error { return srv.Serve(tls.NewListener(l, secure)) })
}

// pages is the portal, and the admin API beside it.
func (s *serving) pages() (http.Handler, error) {
	api, err := s.adminAPI()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.portal())
	mux.Handle("/admin/v1/", api)
	mux.Handle(web.Root, web.New())
	for _, path := range jmap.Paths() {
		mux.Handle(path, s.jmapFace())
	}
	return newFront(&s.h.conf.Config, s.portalIsLocal(), s.h.log).behind(mux), nil
}

// adminAPI makes the admin API, for programs.
func (s *serving) adminAPI() (*adminapi.Server, error) {
	h := s.h
	return adminapi.New(adminapi.Options{Operators: h.operators, Accounts: h.accounts, Places: h.organisations, Shared: h.shared, Helpdesk: h.helpdesk,
		Registration: h.registration, Activation: h.activation, Notices: h.notices, Texts: h.texts, Queue: h.outbox, Held: originals{h}, Policy: h.conf.Policy.Operator, Clock: h.clock, Logger: h.log, Version: version})
}

// portal makes the pages. Browsers come to them over HTTP only where nobody said that they come over HTTPS.
func (s *serving) portal() http.Handler {
	h := s.h
	var move func(time.Duration) error
	if m, ok := h.clock.(*clock.Movable); ok {
		move = func(by time.Duration) error { return moveClock(m, h.path(clockFile), by) }
	}
	pages := portal.New(portal.Options{MoveClock: move, Accounts: h.accounts, Sessions: h.sessions, Shared: h.shared, Activation: h.activation,
		SecondFactor: h.second, Profiles: h.profiles, Requests: h.requests, Leavers: h.leavers, Directory: h.directory, Forms: h.forms, Hours: h.hours, Legal: h.legal, Locum: h.locum, Vouch: h.vouch, Review: h.review, Vacation: h.vacation, Handover: h.handover, Signatures: h.signatures, Audit: s.concerning, Notices: h.notify, Reset: h.reset, Lockout: h.lockouts, Helpdesk: h.helpdesk, Places: h.organisations, Registration: h.registration, Operators: h.operators, StatusNotices: h.notices, Texts: h.texts, OpenOutbox: h.demo, Policy: h.conf.Policy, Clock: h.clock, Logger: h.log,
		Loopback: s.plainPages(), Status: s.status,
		Programs: s.programs()})
	s.onStop(func(context.Context) error { pages.Close(); return nil })
	return pages
}

// programs is where mail programs find the service.
func (s *serving) programs() portal.Programs {
	p := portal.Programs{Domains: s.h.conf.Service.Domains, IMAPPort: s.ports["imaps"], SMTPPort: s.ports["submissions"]}
	p.IMAPHost, p.SMTPHost = s.h.conf.ProgramHosts()
	return p
}

// concerning reads the audit records of an account.
func (s *serving) concerning(ctx context.Context, id haven.AccountID, before audit.Place, most int) ([]audit.Found, error) {
	return audit.Newest(ctx, s.h.db, audit.Filter{Concerns: id}, before, most)
}

// plainPages reports whether browsers come to the pages over HTTP: on this machine, where nobody said that they come over HTTPS.
func (s *serving) plainPages() bool {
	return !strings.HasPrefix(s.h.conf.Service.Portal, "https://") && s.portalIsLocal()
}

// portalIsLocal reports whether the pages are on this machine alone.
func (s *serving) portalIsLocal() bool {
	for _, addr := range []string{s.h.conf.Listen.Portal, s.h.conf.Listen.HTTP} {
		host, _, err := net.SplitHostPort(addr)
		if err == nil && !config.IsLoopback(host) && (addr == s.h.conf.Listen.Portal || s.h.conf.Listen.PagesOnHTTP) {
			return false
		}
	}
	return true
}

// longWait is after how long waiting mail is a problem that the status page names.
const longWait = 15 * time.Minute

// status is what anybody may know of how the service does.
func (s *serving) status() portal.Status {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	st := portal.Status{Working: true}
	q, err := s.h.outbox.Stats(ctx)
	if err == nil && q.Waiting+q.Sending > 0 {
		st.Lines = append(st.Lines, fmt.Sprintf("On their way to other services: %d recipients of letters.", q.Waiting+q.Sending))
	}
	switch {
	case err != nil:
		st.Working = false
		st.Lines = append(st.Lines, "The database does not answer. Mail is not lost; other servers send it again.")
		if errs.IsStorageFull(err) {
			st.Lines = []string{"A disk is full. Mail can be read; nothing new is taken until there is room."}
		}
	case s.h.bodies.Err() != nil:
		st.Working = false
		st.Lines = append(st.Lines, "Letters can't be stored at the moment. Other servers send them again.")
	case !q.Oldest.IsZero() && s.h.clock.Now().Sub(q.Oldest) > longWait:
		st.Lines = append(st.Lines, fmt.Sprintf("Some letters to other services have waited for longer than %d minutes. They are tried again for five days.", int(longWait.Minutes())))
	}
	for _, kind := range []struct {
		ch  notify.Channel
		say string
	}{{notify.Text, "Texts to mobiles"}, {notify.Email, "E-mails to personal addresses"}} {
		if late, err := s.h.notify.Late(ctx, kind.ch); err == nil && late { // an error is the database's, of which is told above
			st.Lines = append(st.Lines, kind.say+" are late. They are tried again by themselves, for as long as they are good.")
		}
	}
	return st
}

// httpServer is a server with bounds on what one browser may hold.
func httpServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}
