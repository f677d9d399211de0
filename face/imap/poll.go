package imap

import (
	"context"
	"slices"
	"sync"
	"weak"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// pollMode says what a look at the mailbox may tell.
type pollMode uint8

const (
	pollAll       pollMode = iota
	pollNoExpunge          // numbers may not change now (RFC 9051 §7.5.1)
	pollLook               // tell nothing; only see whether the mailbox is still there
)

// told is what a command's own response said of a message, so that the look at its end doesn't repeat it.
type told struct {
	uid haven.UID
	seq haven.Seq
}

// poll brings the session's view of its mailbox up to date and tells the client. When the mailbox, or the right to
// read it, is gone the session leaves it, and the error says so.
//
// Where numbers may not change and messages are gone, nothing at all is told and the view stays as it is: a client
// that resumes from the highest MODSEQ it saw must not have missed an expunge before it (RFC 7162 §3.2.10).
func (s *session) poll(ctx context.Context, mode pollMode) error {
	sel := s.sel
	own := s.io.told
	s.io.told = nil
	ch, err := s.srv.mail.Changes(ctx, sel.viewer, sel.no, sel.seq)
	if err == nil && ch.Folder.UIDValidity != sel.validity {
		err = errs.E(errs.NotFound, "The mailbox was restored. Select it again.")
	}
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			s.lose()
		}
		return err
	}
	if mode == pollLook || ch.Folder.HighestModSeq <= sel.seq {
		return nil
	}
	var gone []mailbox.Range
	if len(ch.Vanished) > 0 {
		gone = intersect(sel.uids.Ranges(), ch.Vanished)
	}
	if mode == pollNoExpunge && len(gone) > 0 {
		return nil
	}
	for i := range ch.Changed { // before anything counts as told: the names may not be had just now
		if err := s.knowKeywords(ctx, ch.Changed[i].Keywords); err != nil {
			return err
		}
	}
	sel.seq = ch.Folder.HighestModSeq
	s.tellExpunged(gone)
	s.tellNew(ch.New)
	s.shareNumbers()
	s.tellChanged(ch.Changed, own)
	return nil
}

// lose leaves a mailbox that is no longer open to the person.
func (s *session) lose() {
	s.stopIdle()
	s.unselect()
	s.io.enc.Raw("* OK [CLOSED] The mailbox is no longer open to you.").CRLF()
}

// unselect forgets the mailbox that is open.
func (s *session) unselect() {
	s.sel, s.saved = nil, nil
	s.state = authenticated
}

// tellExpunged tells what vanished: VANISHED where QRESYNC is on (RFC 7162 §3.2.10), else EXPUNGE from the highest
// number down, so that no line changes the numbers of the next.
func (s *session) tellExpunged(gone []mailbox.Range) {
	if len(gone) == 0 {
		return
	}
	e := s.io.enc
	if s.qresync {
		e.Raw("* VANISHED ").Ranges(wireRanges(gone)).CRLF()
	} else {
		for _, r := range slices.Backward(gone) {
			for uid := r.Hi; uid >= r.Lo; uid-- {
				n, _ := s.sel.uids.Number(uid)
				e.Raw("* ").Num(uint64(n)).Raw(" EXPUNGE").CRLF()
			}
		}
	}
	s.sel.uids = s.sel.uids.Remove(gone)
	s.saved = without(s.saved, gone)
}

func (s *session) tellNew(rows []mailbox.Row) {
	last := s.sel.uids.Last()
	uids := make([]haven.UID, 0, len(rows))
	for _, r := range rows {
		if r.UID > last {
			uids = append(uids, r.UID)
		}
	}
	if len(uids) == 0 {
		return
	}
	s.sel.uids = s.sel.uids.Append(uids...)
	s.tellExists()
}

func (s *session) tellExists() {
	s.io.enc.Raw("* ").Num(uint64(s.sel.uids.Len())).Raw(" EXISTS").CRLF()
}

// tellChanged tells changed flags, except what the command's own responses told already.
func (s *session) tellChanged(rows []mailbox.Row, own []told) {
	for i := range rows {
		r := &rows[i]
		n, ok := s.sel.uids.Number(r.UID)
		if !ok || wasTold(own, r) {
			continue
		}
		s.fetchFlags(n, r, true)
	}
}

func wasTold(own []told, r *mailbox.Row) bool {
	i, ok := slices.BinarySearchFunc(own, r.UID, func(t told, uid haven.UID) int {
		switch {
		case t.uid < uid:
			return -1
		case t.uid > uid:
			return 1
		}
		return 0
	})
	return ok && own[i].seq >= r.Changed
}

// fetchFlags writes a FETCH response with the flags, and the MODSEQ where the client wants to know it.
func (s *session) fetchFlags(n int, r *mailbox.Row, uid bool) {
	e := s.io.enc
	e.Raw("* ").Num(uint64(n)).Raw(" FETCH (")
	if uid {
		e.Raw("UID ").Num(uint64(r.UID)).SP()
	}
	e.Raw("FLAGS (")
	s.flagNames(r)
	e.Byte(')')
	if s.condstore {
		e.Raw(" MODSEQ (").Num(uint64(r.Changed)).Byte(')')
	}
	e.Byte(')').CRLF()
}

// shareNumbers gives the session the numbers that others in the same state of the mailbox have.
func (s *session) shareNumbers() {
	k := viewKey{s.sel.viewer.Account, s.sel.no, s.sel.validity, s.sel.seq}
	s.sel.uids = s.srv.views.share(k, s.sel.uids)
}

// viewKey is a state of a mailbox. Every client that was told it has the same numbers.
type viewKey struct {
	account  haven.AccountNo
	mb       haven.MailboxNo
	validity uint32
	seq      haven.Seq
}

// sharedViews lets sessions that told their clients the same state of a mailbox share its numbers: a mailbox open in a
// hundred programs costs its numbers once, also after a change. It keeps nothing alive.
type sharedViews struct {
	mu sync.Mutex
	at map[viewKey]weak.Pointer[mailbox.Runs]
	n  int // entries at the last sweep
}

// share is the numbers that some session has for this state already, else uids.
func (v *sharedViews) share(k viewKey, uids *mailbox.Runs) *mailbox.Runs {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p, ok := v.at[k]; ok {
		if have := p.Value(); have != nil && have.Len() == uids.Len() && have.Last() == uids.Last() {
			return have
		}
	}
	if v.at == nil {
		v.at = map[viewKey]weak.Pointer[mailbox.Runs]{}
	}
	v.at[k] = weak.Make(uids)
	if len(v.at) > 2*v.n+64 {
		for k, p := range v.at {
			if p.Value() == nil {
				delete(v.at, k)
			}
		}
		v.n = len(v.at)
	}
	return uids
}
