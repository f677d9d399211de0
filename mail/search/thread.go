package search

import (
	"cmp"
	"context"
	"slices"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

// Threading is a way of putting messages into threads (RFC 5256 §3).
type Threading uint8

const (
	OrderedSubject Threading = iota + 1
	References
)

// Thread is a message and the answers to it, each with its own. UID 0 is a message that isn't there.
type Thread struct {
	UID     haven.UID
	Answers []*Thread
}

// Threaded is what THREAD looks at of a message.
type Threaded struct {
	UID       haven.UID
	Sent      time.Time // the Date field's, or the time of arrival where that is missing
	Subject   string    // base subject, folded
	Reply     bool      // the subject is that of a reply or a forward
	MessageID string
	Refs      []string // of References, or the first of In-Reply-To where there is none; oldest first
}

// threaded takes from an envelope what THREAD looks at.
func threaded(r *mailbox.Row, info *mailbox.Info) Threaded {
	e := &info.Meta.Envelope
	t := Threaded{UID: r.UID, Sent: r.Received, Refs: info.Meta.References}
	if sent, ok := e.Sent(); ok {
		t.Sent = sent
	}
	base, reply := mime.BaseSubject(e.Subject)
	t.Subject, t.Reply = Collate(base), reply
	if ids := mime.MessageIDs(e.MessageID); len(ids) > 0 {
		t.MessageID = ids[0]
	}
	if len(t.Refs) == 0 {
		if ids := mime.MessageIDs(e.InReplyTo); len(ids) > 0 {
			t.Refs = ids[:1]
		}
	}
	return t
}

// Thread finds the messages that q is true of, as Search does, in threads.
func (s *Service) Thread(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, q Query, how Threading) ([]*Thread, error) {
	if how != OrderedSubject && how != References {
		return nil, errs.E(errs.Invalid, "This way of threading isn't known.")
	}
	var list []Threaded
	err := s.find(ctx, v, mb, q, func(rows []mailbox.Row) error {
		return s.envelopes(ctx, v, rows, func(i int, info *mailbox.Info) {
			list = append(list, threaded(&rows[i], info))
		})
	})
	if err != nil {
		return nil, err
	}
	if how == OrderedSubject {
		return ThreadBySubject(list), nil
	}
	return ThreadByReferences(list), nil
}

// bySent orders by date sent, then by number.
func bySent(a, b *Threaded) int {
	if c := a.Sent.Compare(b.Sent); c != 0 {
		return c
	}
	return cmp.Compare(a.UID, b.UID)
}

// ThreadBySubject is THREAD=ORDEREDSUBJECT: messages of one base subject are a thread, the first by date its parent and
// all others its children; threads in the order of their first messages.
func ThreadBySubject(list []Threaded) []*Thread {
	order := make([]*Threaded, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortFunc(order, bySent)
	var threads []*Thread
	of := map[string]*Thread{}
	for _, m := range order {
		t := &Thread{UID: m.UID}
		if first, ok := of[m.Subject]; ok {
			first.Answers = append(first.Answers, t)
			continue
		}
		of[m.Subject] = t
		threads = append(threads, t)
	}
	return threads
}

// container is a node of the tree that References builds: a message, or an id that was only named.
type container struct {
	msg      *Threaded // nil: a dummy
	parent   *container
	kids     int          // containers whose parent this is
	children []*container // these, from step 2 on
}

// maxAncestors bounds the walk that looks for loops. A chain that is longer is cut there.
const maxAncestors = 10_000

// ThreadByReferences is THREAD=REFERENCES. The steps are numbered as in RFC 5256 §3.
func ThreadByReferences(list []Threaded) []*Thread {
	f := forest{byID: make(map[string]*container, len(list))}
	for i := range list {
		f.add(&list[i])
	}
	roots := prune(f.roots(), true)
	sortThreads(roots, false)
	roots = gatherSubjects(roots)
	sortThreads(roots, true)
	out := make([]*Thread, len(roots))
	for i, c := range roots {
		out[i] = c.thread()
	}
	return out
}

// forest is steps 1 and 2.
type forest struct {
	byID map[string]*container
	all  []*container
}

func (f *forest) get(id string) *container {
	c := f.byID[id]
	if c == nil {
		c = f.new(nil)
		f.byID[id] = c
	}
	return c
}

func (f *forest) new(m *Threaded) *container {
	c := &container{msg: m}
	f.all = append(f.all, c)
	return c
}

// add puts one message in (step 1). A second message of the same id, or one without an id, has an id of its own.
func (f *forest) add(m *Threaded) {
	var parent *container
	for _, id := range m.Refs {
		c := f.get(id)
		if parent != nil && c.parent == nil && !descends(parent, c) {
			c.adopt(parent) // 1 (A): links that are there already stay
		}
		parent = c
	}
	var c *container
	if m.MessageID != "" {
		if c = f.get(m.MessageID); c.msg != nil {
			c = f.new(nil)
		}
	} else {
		c = f.new(nil)
	}
	c.msg = m
	if parent == c || parent != nil && descends(parent, c) {
		parent = nil
	}
	// 1 (B): what the message itself says counts more than what others said of it.
	c.adopt(parent)
}

// descends reports whether c is above of, or the same, or too far to tell.
func descends(of, c *container) bool {
	if of == c {
		return true
	}
	if c.kids == 0 {
		return false
	}
	for n := 0; of != nil; of = of.parent {
		if n++; of == c || n > maxAncestors {
			return true
		}
	}
	return false
}

// adopt puts c under parent, or under none.
func (c *container) adopt(parent *container) {
	if c.parent != nil {
		c.parent.kids--
	}
	if c.parent = parent; parent != nil {
		parent.kids++
	}
}

// roots lists everybody's children and returns the containers without a parent (step 2).
func (f *forest) roots() []*container {
	var out []*container
	for _, c := range f.all {
		if c.parent == nil {
			out = append(out, c)
		} else {
			c.parent.children = append(c.parent.children, c)
		}
	}
	return out
}

// prune takes dummies out (step 3): those without children go; the children of others move up, but to the root only
// if it is a single one.
func prune(list []*container, root bool) []*container {
	out := list[:0:0]
	for _, c := range list {
		c.children = prune(c.children, false)
		switch {
		case c.msg != nil || root && len(c.children) > 1:
			out = append(out, c)
		default:
			out = append(out, c.children...)
		}
	}
	return out
}

// first is the message by which a container is sorted and its subject told: its own, or a dummy's first child's.
func (c *container) first() *Threaded {
	for c.msg == nil {
		c = c.children[0]
	}
	return c.msg
}

// sortThreads orders siblings by date: all of them from the leaves up (step 6), or those at the root only, for which a
// dummy's children must be in order (step 4).
func sortThreads(list []*container, deep bool) {
	for _, c := range list {
		if deep || c.msg == nil {
			sortThreads(c.children, deep)
		}
	}
	slices.SortStableFunc(list, func(a, b *container) int { return bySent(a.first(), b.first()) })
}

// gatherSubjects joins threads of one subject (step 5).
func gatherSubjects(roots []*container) []*container {
	table := make(map[string]*container, len(roots))
	for _, c := range roots {
		m := c.first()
		if m.Subject == "" {
			continue
		}
		old := table[m.Subject]
		if old == nil || old.msg != nil && (c.msg == nil || old.msg.Reply && !m.Reply) {
			table[m.Subject] = c
		}
	}
	gone := map[*container]bool{}
	var added []*container
	for _, c := range roots {
		m := c.first()
		t := table[m.Subject]
		if m.Subject == "" || t == c {
			continue
		}
		switch {
		case t.msg == nil && c.msg == nil:
			t.children = append(t.children, c.children...)
			gone[c] = true
		case t.msg == nil, m.Reply && !t.msg.Reply:
			t.children = append(t.children, c)
			gone[c] = true
		default:
			dummy := &container{children: []*container{t, c}}
			table[m.Subject] = dummy
			added = append(added, dummy)
			gone[t], gone[c] = true, true
		}
	}
	out := slices.DeleteFunc(roots, func(c *container) bool { return gone[c] })
	return append(out, added...)
}

func (c *container) thread() *Thread {
	t := &Thread{}
	if c.msg != nil {
		t.UID = c.msg.UID
	}
	for _, k := range c.children {
		t.Answers = append(t.Answers, k.thread())
	}
	return t
}
