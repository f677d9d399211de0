package search

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strings"
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
	Refs      []string // the last of References, or the first of In-Reply-To where there is none; oldest first
}

// maxRefs is how many references of a message count. The last ones do, since the very last is the parent (RFC 5256 §3)
// and those before it matter only where it isn't there. A letter may name 1,000, and everybody's chain can be another.
const maxRefs = 30

// threaded takes from an envelope what THREAD looks at. Nothing of info is kept.
func threaded(r *mailbox.Row, info *mailbox.Info) Threaded {
	e := &info.Meta.Envelope
	refs := info.Meta.References
	t := Threaded{UID: r.UID, Sent: r.Received}
	if sent, ok := e.Sent(); ok {
		t.Sent = sent
	}
	base, reply := mime.BaseSubject(e.Subject)
	t.Subject, t.Reply = brief(Collate(base)), reply
	if ids := mime.MessageIDs(e.MessageID); len(ids) > 0 {
		t.MessageID = brief(ids[0])
	}
	if len(refs) == 0 {
		refs = mime.MessageIDs(e.InReplyTo)
		refs = refs[:min(1, len(refs))]
	}
	for _, id := range refs[max(0, len(refs)-maxRefs):] {
		t.Refs = append(t.Refs, brief(id))
	}
	return t
}

// brief stands for a text that is only compared for equality: a copy of it, or its hash where that is shorter. What was
// decoded together is one piece of memory; a piece of it would keep all of it for every message of the mailbox.
func brief(s string) string {
	const long = 128
	if len(s) <= long {
		return strings.Clone(s)
	}
	sum := sha256.Sum256([]byte(s))
	return string(sum[:])
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
	return ThreadByReferences(ctx, list)
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

// ThreadByReferences is THREAD=REFERENCES. The steps are numbered as in RFC 5256 §3. Strangers decide how deep the tree
// is, so no step recurses, and each but the sorting takes time by the number of messages and references. The error is
// ctx's.
func ThreadByReferences(ctx context.Context, list []Threaded) ([]*Thread, error) {
	f := forest{byID: make(map[string]*container, len(list)), walk: freeWalk}
	for i := range list {
		if i%1_000 == 0 {
			if err := stopped(ctx); err != nil {
				return nil, err
			}
		}
		f.add(&list[i])
	}
	roots := prune(f.roots())
	if err := stopped(ctx); err != nil {
		return nil, err
	}
	sortRoots(roots)
	roots = gatherSubjects(roots)
	sortAll(roots)
	return threadsOf(roots), stopped(ctx)
}

// forest is steps 1 and 2.
type forest struct {
	byID map[string]*container
	all  []*container
	walk int // ancestors that the search for loops may still look at
}

// Real mail is seldom more than a few dozen answers deep. The search for loops may look at walkEach ancestors for each
// message and reference, and freeWalk on top; a link that it can't check any more isn't made.
const (
	walkEach = 100
	freeWalk = 100_000
)

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
	f.walk += walkEach * (1 + len(m.Refs))
	var parent *container
	for _, id := range m.Refs {
		c := f.get(id)
		if parent != nil && c.parent == nil && !f.descends(parent, c) {
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
	if parent == c || parent != nil && f.descends(parent, c) {
		parent = nil
	}
	// 1 (B): what the message itself says counts more than what others said of it.
	c.adopt(parent)
}

// descends reports whether c is above of, or the same, or too far to tell.
func (f *forest) descends(of, c *container) bool {
	if of == c {
		return true
	}
	if c.kids == 0 {
		return false
	}
	for ; of != nil; of = of.parent {
		if f.walk--; of == c || f.walk < 0 {
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
// if it is a single one. So a message's children are then the nearest messages below it, in the order of the tree.
func prune(roots []*container) []*container {
	out := roots[:0:0]
	for _, c := range roots {
		c.skipDummies()
		switch {
		case c.msg != nil || len(c.children) > 1:
			out = append(out, c)
		default:
			out = append(out, c.children...)
		}
	}
	return out
}

// skipDummies leaves nothing but messages below root.
func (root *container) skipDummies() {
	type visit struct{ c, above *container } // above: the root, or the nearest message
	var stack []visit
	descend := func(c, above *container) {
		for _, k := range slices.Backward(c.children) {
			stack = append(stack, visit{k, above})
		}
		c.children = nil
	}
	descend(root, root)
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if v.c.msg == nil {
			descend(v.c, v.above)
			continue
		}
		v.above.children = append(v.above.children, v.c)
		descend(v.c, v.c)
	}
}

// first is the message by which a container is sorted and its subject told: its own, or a dummy's first child's.
func (c *container) first() *Threaded {
	for c.msg == nil {
		c = c.children[0]
	}
	return c.msg
}

// sortRoots orders the threads by date, for which a dummy's children must be in order (step 4).
func sortRoots(roots []*container) {
	for _, c := range roots {
		if c.msg == nil {
			sortSiblings(c.children)
		}
	}
	sortSiblings(roots)
}

// sortAll orders all siblings by date, those below before those above (step 6).
func sortAll(roots []*container) {
	all := slices.Clone(roots)
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].children...)
	}
	for _, c := range slices.Backward(all) {
		sortSiblings(c.children)
	}
	sortSiblings(roots)
}

func sortSiblings(list []*container) {
	if len(list) > 1 {
		slices.SortStableFunc(list, func(a, b *container) int { return bySent(a.first(), b.first()) })
	}
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

// threadsOf writes the tree as it is given away.
func threadsOf(roots []*container) []*Thread {
	top := &Thread{}
	type visit struct {
		t    *Thread
		from []*container
	}
	stack := []visit{{top, roots}}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, c := range v.from {
			t := &Thread{}
			if c.msg != nil {
				t.UID = c.msg.UID
			}
			v.t.Answers = append(v.t.Answers, t)
			if len(c.children) > 0 {
				stack = append(stack, visit{t, c.children})
			}
		}
	}
	return top.Answers
}
