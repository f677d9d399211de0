package mailbox

import (
	"cmp"
	"container/list"
	"context"
	"slices"
	"sync"
	"time"

	"haven"
	"haven/platform/db"
)

// State is how far an account's mail had come: all changes up to Seq are in what was told with it. Epoch is another after a
// restore, when numbers that were told are given again (RFC 8620 §5.1; STORE.md).
type State struct {
	Seq   haven.Seq
	Epoch uint32
}

// States are an account's, as a viewer sees it.
type States struct {
	Mail      haven.Seq // messages and folders
	Threads   haven.Seq // which messages there are
	Delivered haven.Seq // messages came
	Horizon   haven.Seq // what went before that is not remembered any more
	Epoch     uint32
	reads     reads
	strange   bool // each reads for oneself, and the viewer is no reader yet
}

// states reads the states of an account.
func states(tx *db.Tx, v Viewer) (st States, err error) {
	found := false
	err = tx.Query(sqlStates, []any{int64(v.Account)}, func(r db.Row) error {
		found = true
		st = States{reads: reads(r.Int64(0)), Threads: haven.Seq(r.Int64(1)), Delivered: haven.Seq(r.Int64(2)), Horizon: haven.Seq(r.Int64(3)), Epoch: uint32(r.Int64(7))}
		st.Mail = haven.Seq(max(r.Int64(4), r.Int64(5), r.Int64(6), r.Int64(3)))
		return nil
	})
	if err == nil && !found {
		err = errNoMailbox
	}
	if err != nil || st.reads == asOne {
		return st, err
	}
	err = tx.Query(sqlOwnState, []any{int64(v.Account), int64(v.Person)}, func(r db.Row) error {
		st.Mail = max(st.Mail, haven.Seq(r.Int64(0)))
		st.strange = st.reads == each && r.Int64(1) == 0 && v.Person > 0
		return nil
	})
	return st, err
}

// States are the states of an account's mail.
func (s *Service) States(ctx context.Context, v Viewer) (st States, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		st, err = states(tx, v)
		return err
	})
	return st, err
}

// Brief is what an overview knows of a message.
type Brief struct {
	Msg, Thread haven.MessageID
	Received    int64 // microseconds since 1970
	Size        int64
	Keywords    uint64
	Flags       Flags             // without Deleted
	Folder      haven.MailboxNo   // where it is,
	More        []haven.MailboxNo // and where else; hardly ever any
	Created     haven.Seq         // of the oldest of these places
	thread      int32             // its thread's place among the overview's
}

// In reports whether a message is in a folder.
func (b *Brief) In(mb haven.MailboxNo) bool { return b.Folder == mb || slices.Contains(b.More, mb) }

// Unread reports whether a message counts as unread (RFC 8621 §2 unreadEmails).
func (b *Brief) Unread() bool { return b.Flags&(Seen|Draft) == 0 }

// Attached reports whether there is an attachment; known is false where nobody looked yet.
func (b *Brief) Attached() (has, known bool) { return b.Flags&attached != 0, b.Flags&weighed != 0 }

// ReceivedAt is when it came.
func (b *Brief) ReceivedAt() time.Time { return fromMicros(b.Received) }

// Overview is all messages of an account but what is sealed of them, as a viewer sees them at one state, in memory. A place
// that carries \Deleted is left out (RFC 8621 §4.1.1), and so is a message that has no other.
type Overview struct {
	state   States
	names   []string // of keywords
	slots   []Brief
	free    []int32
	order   []int32 // slots by the time of arrival, then the message's number
	at      map[haven.MessageID]int32
	threads map[haven.MessageID]int32
	counts  map[haven.MailboxNo]Counts // nil: to be counted
	trash   haven.MailboxNo
	marks   []uint32 // by thread: scratch of who holds mu
	mark    uint32
	lists   map[string][]haven.MessageID // answers to queries that were asked before
	listed  []string                     // their names, the oldest first
}

// overviewName is whose overview: of an account, and where each reads for oneself, of a person.
type overviewName struct{ account, person haven.AccountNo }

func overviewKey(v Viewer, st States) overviewName {
	if st.reads == asOne {
		return overviewName{v.Account, 0}
	}
	return overviewName{v.Account, v.Person}
}

// overviewEntry is an overview and what guards it: mu is held while it is read.
type overviewEntry struct {
	mu     sync.Mutex
	o      *Overview
	name   overviewName
	octets int64 // as the cache counts it
}

// overviewCache keeps the overviews of accounts that were looked at lately, as far as there is room.
type overviewCache struct {
	mu     sync.Mutex
	most   int64 // octets
	octets int64
	order  *list.List // of *overviewEntry, the newest first
	at     map[overviewName]*list.Element
}

func newOverviewCache(most int64) overviewCache {
	return overviewCache{most: most, order: list.New(), at: map[overviewName]*list.Element{}}
}

// get is the entry of a name, which is made where there is none.
func (c *overviewCache) get(name overviewName) *overviewEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.at[name]; ok {
		c.order.MoveToFront(e)
		return e.Value.(*overviewEntry)
	}
	e := &overviewEntry{name: name}
	c.at[name] = c.order.PushFront(e)
	return e
}

// weigh counts what an entry takes now, and lets those go that were not looked at for longest where it is too much. The one
// weighed stays.
func (c *overviewCache) weigh(e *overviewEntry, octets int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.at[e.name]; !ok || at.Value != e {
		return // it was let go while it was looked at
	}
	c.octets += octets - e.octets
	e.octets = octets
	for c.octets > c.most && c.order.Len() > 1 {
		last := c.order.Back()
		old := last.Value.(*overviewEntry)
		c.octets -= old.octets
		delete(c.at, old.name)
		c.order.Remove(last)
	}
}

// Overview calls fn with the overview of an account, brought up to date. fn works in memory alone: others wait for it.
func (s *Service) Overview(ctx context.Context, v Viewer, fn func(*Overview) error) error {
	st, err := s.States(ctx, v)
	if err != nil {
		return err
	}
	if st.strange {
		if err := s.enrolViewer(ctx, v); err != nil {
			return err
		}
	}
	e := s.overviews.get(overviewKey(v, st))
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.o == nil || e.o.state.Epoch != st.Epoch {
		if e.o, err = s.loadOverview(ctx, v); err != nil {
			return err
		}
	}
	if e.o.state.Mail < st.Mail {
		if err := s.advance(ctx, v, e); err != nil {
			e.o = nil
			return err
		}
	}
	s.overviews.weigh(e, e.o.octets())
	return fn(e.o)
}

// State is the overview's.
func (o *Overview) State() States { return o.state }

// Keywords are the account's keywords by bit.
func (o *Overview) Keywords() []string { return o.names }

// KeywordBit is the bit of a keyword in any case, 0 where no message can have it.
func (o *Overview) KeywordBit(name string) uint64 {
	if i := indexFold(o.names, name); i >= 0 && name != "" {
		return 1 << i
	}
	return 0
}

// Len is how many messages there are.
func (o *Overview) Len() int { return len(o.order) }

// Find is a message.
func (o *Overview) Find(msg haven.MessageID) (*Brief, bool) {
	i, ok := o.at[msg]
	if !ok {
		return nil, false
	}
	return &o.slots[i], true
}

// All calls fn with each message in the order of arrival.
func (o *Overview) All(fn func(*Brief)) {
	for _, i := range o.order {
		fn(&o.slots[i])
	}
}

// Threads calls fn with the messages of each of some threads, in the order of arrival; a thread that is not there has none.
func (o *Overview) Threads(threads []haven.MessageID, fn func(i int, msgs []haven.MessageID)) {
	of := map[int32]int{}
	for i, t := range threads {
		if n, ok := o.threads[t]; ok {
			of[n] = i
		}
	}
	found := make([][]haven.MessageID, len(threads))
	if len(of) > 0 {
		o.begin()
		for n := range of {
			o.marks[n] = o.mark
		}
		for _, k := range o.order {
			if b := &o.slots[k]; o.marks[b.thread] == o.mark {
				i := of[b.thread]
				found[i] = append(found[i], b.Msg)
			}
		}
	}
	for i := range threads {
		fn(i, found[i])
	}
}

// begin makes all threads unmarked.
func (o *Overview) begin() {
	if o.mark++; o.mark == 0 || len(o.marks) < len(o.threads) {
		o.marks, o.mark = make([]uint32, len(o.threads)+len(o.threads)/8+64), 1
	}
}

// overviewOctets is about what an overview of an empty account takes.
const overviewOctets = 1 << 10

// octets is about how much memory the overview takes.
func (o *Overview) octets() int64 {
	n := overviewOctets + int64(len(o.slots))*(96+4+24) + int64(len(o.threads))*24 + 4*int64(len(o.marks))
	for _, l := range o.lists {
		n += 8 * int64(len(l))
	}
	return n
}

func (o *Overview) byArrival(a, b int32) int {
	x, y := &o.slots[a], &o.slots[b]
	return cmp.Or(cmp.Compare(x.Received, y.Received), cmp.Compare(x.Msg, y.Msg))
}

// put makes a message what it is now.
func (o *Overview) put(b Brief) {
	o.drop(b.Msg)
	i := o.store(b)
	k, _ := slices.BinarySearchFunc(o.order, i, o.byArrival)
	o.order = slices.Insert(o.order, k, i)
}

// store gives a message a slot, without putting it in order.
func (o *Overview) store(b Brief) (i int32) {
	n, ok := o.threads[b.Thread]
	if !ok {
		n = int32(len(o.threads))
		o.threads[b.Thread] = n
	}
	b.thread = n
	if last := len(o.free) - 1; last >= 0 {
		i, o.free = o.free[last], o.free[:last]
		o.slots[i] = b
	} else {
		i = int32(len(o.slots))
		o.slots = append(o.slots, b)
	}
	o.at[b.Msg] = i
	return i
}

// drop takes a message out.
func (o *Overview) drop(msg haven.MessageID) {
	i, ok := o.at[msg]
	if !ok {
		return
	}
	if k, ok := slices.BinarySearchFunc(o.order, i, o.byArrival); ok {
		o.order = slices.Delete(o.order, k, k+1)
	}
	delete(o.at, msg)
	o.free = append(o.free, i)
}
