package imap

import (
	"context"
	"errors"
	"io"
	"sync"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

const (
	maxHeld   = 1 << 20 // octets rendered while the store's snapshot is held
	infoStep  = 500     // messages whose sealed columns are rendered without waiting for the client
	bodyStep  = 100     // messages read ahead as one lot
	seenStep  = 8       // a client that is cut off in the middle leaves few letters read that it did not get
	ahead     = 4       // bodies read before the client took the one in hand
	smallBody = 1 << 20 // bodies up to this are read ahead whole; larger ones are streamed
	oneChunk  = 64 << 10
	maxHeader = 1 << 20 // octets of a header of which fields are picked
)

var errEncoding = refuse(errs.Invalid, "imap.cte", "A part's encoding is unknown or broken.")

// message is one message of a FETCH on its way out.
type message struct {
	row     mailbox.Row
	number  int
	known   bool      // the client knows it, and it is there
	newSeen bool      // \Seen was set by this command
	static  []byte    // ENVELOPE and the like, rendered while its info was open; in the order of the items
	marks   []int     // where each such item's text ends in static
	spans   []span    // by item, for items of sections
	parts   []binPart // by item, for BINARY
}

// span is where a section lies in the message.
type span struct {
	from, to int64
	ok       bool
}

type binPart struct {
	span
	encoding string
	raw      bool // no encoding to take off
}

// rows answers a batch of rows that the store read; the snapshot is let go by then, so that it may wait for the client.
func (f *fetching) rows(rows []mailbox.Row) error {
	step := len(rows)
	if f.info {
		step = infoStep
	}
	if f.body {
		step = bodyStep
	}
	if f.setSeen {
		step = min(step, seenStep)
	}
	for lo := 0; lo < len(rows); lo += step {
		if err := f.goesOn(f.ctx); err != nil {
			return err
		}
		if err := f.batch(rows[lo:min(lo+step, len(rows))]); err != nil {
			return err
		}
		if f.e.Err() != nil {
			return f.e.Err()
		}
	}
	return nil
}

func (f *fetching) batch(rows []mailbox.Row) error {
	if !f.info && !f.body {
		return f.plain(rows)
	}
	msgs := make([]message, 0, len(rows))
	for i := range rows {
		if n, ok := f.sel.uids.Number(rows[i].UID); ok {
			if err := f.knowKeywords(f.ctx, rows[i].Keywords); err != nil {
				return err
			}
			msgs = append(msgs, message{row: rows[i], number: n, known: !f.info})
		}
	}
	if f.setSeen {
		if err := f.markSeen(msgs); err != nil {
			return err
		}
	}
	for len(msgs) > 0 {
		n, err := f.some(msgs)
		if err != nil {
			return err
		}
		msgs = msgs[n:]
	}
	return nil
}

// some answers as many messages as fit into memory while the store's snapshot is held; n is how many it took on.
func (f *fetching) some(msgs []message) (n int, err error) {
	switch {
	case !f.body:
		return f.withInfo(msgs)
	case f.info:
		if n, err = f.prepare(msgs); err != nil {
			return n, err
		}
	default:
		n = len(msgs)
	}
	return n, f.withBodies(msgs[:n])
}

// errEnough ends a reading of sealed columns early, since the client must take what there is first.
var errEnough = errors.New("enough for now")

// infos calls fn with what is sealed of each message until that made maxHeld octets, and returns how many messages are
// dealt with: those that are gone are, too.
func (f *fetching) infos(msgs []message, fn func(m *message, info *mailbox.Info) (octets int)) (n int, err error) {
	held := 0
	err = f.srv.mail.Infos(f.ctx, f.sel.viewer, messageIDs(msgs), func(i int, info *mailbox.Info) error {
		n = i + 1
		if held += fn(&msgs[i], info); held > maxHeld {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return n, nil
	}
	return len(msgs), err
}

// plain answers from rows alone.
func (f *fetching) plain(rows []mailbox.Row) error {
	for i := range rows {
		r := &rows[i]
		n, ok := f.sel.uids.Number(r.UID)
		if !ok {
			continue
		}
		if err := f.knowKeywords(f.ctx, r.Keywords); err != nil {
			return err
		}
		f.begin(n)
		for k := range f.items {
			if k > 0 {
				f.e.SP()
			}
			f.rowItem(&f.items[k], r)
		}
		f.finish()
	}
	return nil
}

func (f *fetching) begin(n int) { f.e.Raw("* ").Num(uint64(n)).Raw(" FETCH (") }

func (f *fetching) finish() {
	f.e.Byte(')').CRLF()
	f.answered++
}

// rowItem writes an item that a row tells.
func (f *fetching) rowItem(it *fetchItem, r *mailbox.Row) {
	e := f.e
	e.Raw(it.label).SP()
	switch it.kind {
	case itemFlags:
		e.Byte('(')
		f.flagNames(r)
		e.Byte(')')
	case itemUID:
		e.Num(uint64(r.UID))
	case itemDate:
		e.DateTime(r.Received)
	case itemSize:
		e.Num(uint64(r.Size))
	case itemModSeq:
		e.Byte('(').Num(uint64(r.Changed)).Byte(')')
	case itemEmailID:
		e.Byte('(').Raw(mailbox.EmailID(r.Msg)).Byte(')')
	}
}

// infoItem writes an item that the sealed column tells; it reports false for any other kind.
func (f *fetching) infoItem(it *fetchItem, info *mailbox.Info) bool {
	e := f.e
	switch it.kind {
	case itemThreadID:
		e.Raw("THREADID (").Raw(mailbox.ThreadID(info.Thread)).Byte(')')
	case itemEnvelope:
		e.Raw("ENVELOPE ")
		writeEnvelope(e, &info.Meta.Envelope)
	case itemPreview:
		e.Raw("PREVIEW ").String(info.Meta.Preview)
	case itemBody, itemStructure:
		e.Raw(it.label).SP()
		writeStructure(e, info.Meta.Root, it.kind == itemStructure)
	default:
		return false
	}
	return true
}

func messageIDs(msgs []message) []haven.MessageID {
	ids := make([]haven.MessageID, len(msgs))
	for i := range msgs {
		ids[i] = msgs[i].row.Msg
	}
	return ids
}

// withInfo answers from rows and sealed columns. The store's snapshot is held meanwhile, so all stays in memory.
func (f *fetching) withInfo(msgs []message) (int, error) {
	f.e.Hold()
	defer f.e.Release()
	return f.infos(msgs, func(m *message, info *mailbox.Info) int {
		at := f.e.Len()
		f.begin(m.number)
		for k := range f.items {
			if k > 0 {
				f.e.SP()
			}
			if !f.infoItem(&f.items[k], info) {
				f.rowItem(&f.items[k], &m.row)
			}
		}
		f.finish()
		return f.e.Len() - at
	})
}

// prepare renders what the sealed columns tell and finds where the sections lie, so that bodies can be written later.
func (f *fetching) prepare(msgs []message) (int, error) {
	f.e.Hold()
	defer f.e.Release()
	return f.infos(msgs, func(m *message, info *mailbox.Info) int {
		m.known = true
		at := f.e.Len()
		for k := range f.items {
			if it := &f.items[k]; f.infoItem(it, info) {
				m.marks = append(m.marks, f.e.Len()-at)
			} else if it.kind >= itemSection {
				m.locate(it, info.Meta.Root)
			}
		}
		m.static = append([]byte(nil), f.e.Tail(at)...)
		f.e.Truncate(at)
		return len(m.static)
	})
}

// locate finds where an item's octets lie.
func (m *message) locate(it *fetchItem, root *mime.Part) {
	if it.section == mime.WholeSection && len(it.path) == 0 && it.kind != itemBinarySize {
		m.spans = append(m.spans, span{0, m.row.Size, true})
		m.parts = append(m.parts, binPart{span: span{0, m.row.Size, true}, raw: true})
		return
	}
	var s span
	p := binPart{raw: true}
	if root != nil {
		s.from, s.to, s.ok = root.Section(it.path, it.section)
		if q := root.Find(it.path); q != nil && len(it.path) > 0 && q.IsLeaf() {
			p.encoding, p.raw = q.Encoding, false
		}
	}
	p.span = s
	m.spans = append(m.spans, s)
	m.parts = append(m.parts, p)
}

// markSeen sets \Seen on messages whose octets are about to be read (RFC 9051 §6.4.5). Who may not write reads all the same.
func (f *fetching) markSeen(msgs []message) error {
	var unread []haven.UID
	for i := range msgs {
		if msgs[i].row.Flags&mailbox.Seen == 0 {
			unread = append(unread, msgs[i].row.UID)
		}
	}
	if len(unread) == 0 {
		return nil
	}
	res, err := f.srv.mail.Store(f.ctx, f.sel.viewer, f.sel.no, storeRanges(ranges(unread)),
		mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen})
	if errs.Is(err, errs.Denied) {
		return nil
	}
	if err != nil {
		return err
	}
	k := 0
	for i := range res.Rows {
		for k < len(msgs) && msgs[k].row.UID < res.Rows[i].UID {
			k++
		}
		if k < len(msgs) && msgs[k].row.UID == res.Rows[i].UID {
			msgs[k].row, msgs[k].newSeen = res.Rows[i], true
			f.told = append(f.told, told{res.Rows[i].UID, res.Rows[i].Changed})
		}
	}
	return nil
}

// loaded is a message's octets: in memory, or open for reading.
type loaded struct {
	i    int
	data []byte
	big  *mailbox.Body
	err  error
}

var bodyPool = sync.Pool{New: func() any { return new([]byte) }}

// withBodies answers messages in order while a worker reads the next ones ahead.
func (f *fetching) withBodies(msgs []message) error {
	ctx, cancel := context.WithCancel(f.ctx)
	ch := make(chan loaded, ahead)
	go func() {
		defer close(ch)
		defer f.srv.recovered(func() { ch <- loaded{err: errPanic} })
		f.load(ctx, msgs, ch)
	}()
	defer func() { // the worker is gone before the command ends
		cancel()
		for l := range ch {
			l.release()
		}
	}()
	for l := range ch {
		err := l.err
		if err == nil {
			err = f.render(&msgs[l.i], &l)
		}
		l.release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loaded) release() {
	if l.big != nil {
		l.big.Close()
		l.big = nil
	}
	if l.data != nil {
		b := l.data[:0]
		l.data = nil
		bodyPool.Put(&b)
	}
}

// load reads messages in order into ch until ctx ends.
func (f *fetching) load(ctx context.Context, msgs []message, ch chan<- loaded) {
	limit := int64(oneChunk)
	if f.whole {
		limit = smallBody
	}
	send := func(l loaded) error {
		select {
		case ch <- l:
			return l.err
		case <-ctx.Done():
			l.release()
			return ctx.Err()
		}
	}
	for lo := 0; lo < len(msgs); {
		hi := lo
		for hi < len(msgs) && (!msgs[hi].known || msgs[hi].row.Size <= limit) {
			hi++
		}
		if hi > lo {
			if err := f.loadSmall(ctx, msgs, lo, hi, send); err != nil {
				_ = send(loaded{err: err})
				return
			}
			lo = hi
			continue
		}
		b, err := f.srv.mail.Body(ctx, f.sel.viewer, msgs[lo].row.Msg)
		if !errs.Is(err, errs.NotFound) { // one that is gone is left out
			if send(loaded{i: lo, big: b, err: err}) != nil {
				return
			}
		}
		lo++
	}
}

func (f *fetching) loadSmall(ctx context.Context, msgs []message, lo, hi int, send func(loaded) error) error {
	ids := make([]haven.MessageID, 0, hi-lo)
	at := make([]int, 0, hi-lo)
	for i := lo; i < hi; i++ {
		if msgs[i].known {
			ids, at = append(ids, msgs[i].row.Msg), append(at, i)
		}
	}
	return f.srv.mail.Bodies(ctx, f.sel.viewer, ids, func(i int, data []byte) error {
		b := *bodyPool.Get().(*[]byte)
		return send(loaded{i: at[i], data: append(b, data...)})
	})
}

// ReadAt reads the message.
func (l *loaded) ReadAt(p []byte, off int64) (int, error) {
	if l.big != nil {
		return l.big.ReadAt(p, off)
	}
	if off >= int64(len(l.data)) {
		return 0, io.EOF
	}
	n := copy(p, l.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (l *loaded) size() int64 {
	if l.big != nil {
		return l.big.Size()
	}
	return int64(len(l.data))
}
