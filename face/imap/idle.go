package imap

import (
	"context"
	"time"

	"haven"
	"haven/platform/errs"
)

// idle is IDLE (RFC 2177, RFC 9051 §6.3.13). The command lasts until the client's DONE; meanwhile the session is parked
// and the waker's workers write what is new.
func idle(c *call) error {
	if !c.end() {
		return nil
	}
	s := c.session
	watched := s.who.Account
	if s.sel != nil {
		watched = s.sel.viewer.Account
	}
	s.dirty.Store(false)
	// The person's own account is watched too: what happens to the person may end the right to look.
	s.sub = s.srv.mail.Watch(s.changed, watched, s.who.Person)
	// Changes between the last look and the subscription would be missed: look again.
	if err := s.look(c.ctx); err != nil {
		s.stopIdle()
		return err
	}
	s.idleTag = c.tag
	s.io.enc.Raw("+ idling\r\n")
	c.later = true
	return nil
}

// look tells an idling client what is new in its mailbox. Where none is open there is nothing to tell; the error says
// that the person may not be here any more.
func (s *session) look(ctx context.Context) error {
	if err := s.holds(ctx); err != nil {
		return err
	}
	if s.sel != nil {
		return s.poll(ctx, pollAll)
	}
	_, err := s.srv.mail.Rights(ctx, s.viewer())
	return err
}

// changed is called by the store's hub after a commit; it must not block.
func (s *session) changed(account haven.AccountNo) {
	if account == s.who.Person {
		s.doubt.Store(true)
	}
	if !s.dirty.Swap(true) {
		s.srv.waker.add(s)
	}
}

// idleLine ends IDLE with the client's DONE. Anything else is no command either: the session would be out of step.
func (s *session) idleLine() {
	d, e := s.io.dec, s.io.enc
	word := d.Keyword()
	d.CRLF()
	tag := s.idleTag
	s.stopIdle()
	if d.Err() != nil || word != "DONE" {
		if d.Discard() != nil {
			s.closed = true
		}
		e.Raw(tag).Raw(" BAD IDLE ends with DONE.").CRLF()
		s.spoilt()
		return
	}
	ctx, cancel := context.WithTimeout(s.srv.ctx, s.srv.limits.Command)
	defer cancel()
	if s.goesOn(ctx) != nil {
		return
	}
	if s.sel != nil {
		if err := s.poll(ctx, pollAll); err != nil {
			s.tagged(tag, "IDLE", err)
			return
		}
	}
	e.Raw(tag).Raw(" OK IDLE done.").CRLF()
}

func (s *session) stopIdle() {
	s.idleTag = ""
	if s.sub != nil {
		s.sub.Close()
		s.sub = nil
	}
}

// lookAgain is after how long an idling session is looked after again when the store had no time for it.
const lookAgain = time.Second

// wakePatience is how long one idling client may keep a worker.
const wakePatience = 5 * time.Second

// wake writes what is new to an idling session. A session that is busy looks for itself before it parks.
func (srv *Server) wake(s *session) {
	if !s.mu.TryLock() {
		return
	}
	if s.closed || s.idleTag == "" || s.gone.Load() {
		s.mu.Unlock()
		return
	}
	s.takeBuffers()
	defer srv.recovered(s.cut)
	defer s.leave()
	s.io.slow = wakePatience // the worker is shared: a client that takes nothing is cut soon
	s.dirty.Store(false)
	ctx, cancel := context.WithTimeout(srv.ctx, 10*time.Second)
	defer cancel()
	err := s.look(ctx)
	switch {
	case err == nil:
	case errs.Is(err, errs.Transient):
		time.AfterFunc(lookAgain, func() { s.changed(s.who.Person) }) // a session that has ended by then is passed over
		return
	case errs.Is(err, errs.Internal):
		srv.log.Error("imap: looking for changes failed", "err", err)
		s.bye("", "Something went wrong here. Connect again.")
	case errs.Is(err, errs.Denied):
		s.bye("", oneLine(errs.Say(err)))
	default:
		s.bye("", "This mailbox is no longer open to you.")
	}
	if s.io.enc.Flush() != nil || s.closed {
		s.cut()
	}
}
