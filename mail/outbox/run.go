package outbox

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"haven/platform/blob"
	"haven/platform/clock"
	"haven/platform/db"
)

// Bounds on what one process keeps in memory about the queue.
const (
	maxHints  = 10_000 // domains with new mail; beyond it the next look at the queue finds them
	scanLimit = 1_000  // domains taken from one look at the queue
	scanEvery = 30 * time.Second
	scanPause = time.Second // least time between two looks that nobody asked for
)

// Outbox is the queue and its workers. Enqueue and the operator's calls work without Start; nothing is sent then.
type Outbox struct {
	db            *db.DB
	bodies        *blob.Store
	sealer        Sealer
	hostname      string
	notices       string
	policy        Policy
	resolver      Resolver
	routes        []Route
	self          map[string]bool
	allowLoopback bool
	source        net.IP
	port          string
	dial          Dialer
	tlsPolicy     TLSPolicy
	roots         *tls.Config
	signer        Signer
	local         Local
	clock         clock.Clock
	random        func() float64
	log           *slog.Logger
	notify        func(Event)

	holder int64 // names this process in leases
	lastID atomic.Int64
	counts counts

	cancel context.CancelFunc // ends what is being sent
	stop   chan struct{}      // closed: nothing new is claimed
	once   sync.Once
	group  sync.WaitGroup
	wake   chan struct{} // capacity 1
	tell   chan struct{} // capacity 1

	mu      sync.Mutex
	closed  bool
	lanes   map[string]*laneWork
	hints   map[string]int // domains with new mail, and how many recipients
	full    bool           // look at the whole queue
	queue   []string       // domains that wait for a worker
	running int
	down    map[string]downMark
}

// laneWork counts a domain's workers.
type laneWork struct {
	running int
	queued  bool // is in Outbox.queue
	again   bool // mail came while all workers of the domain were busy
}

// downMark is a domain whose servers could not be reached: until then nobody tries, and letters get the same result.
type downMark struct {
	until time.Time
	res   Result
}

// New makes an outbox. Start sets it to work.
func New(c Config) *Outbox {
	o := &Outbox{
		db: c.DB, bodies: c.Bodies, sealer: c.Sealer, hostname: c.Hostname, notices: c.Notices,
		policy: c.Policy.withDefaults(), resolver: c.Resolver, routes: c.Routes, allowLoopback: c.AllowLoopback,
		source: c.Source, port: c.Port, dial: c.Dial, tlsPolicy: c.TLS, roots: c.Roots, signer: c.Signer, local: c.Local,
		clock: c.Clock, random: c.Random, log: c.Log, notify: c.Notify,
		self: map[string]bool{hostName(c.Hostname): true},
		stop: make(chan struct{}), wake: make(chan struct{}, 1), tell: make(chan struct{}, 1), cancel: func() {},
		lanes: make(map[string]*laneWork), hints: make(map[string]int), down: make(map[string]downMark),
	}
	for _, s := range c.Self {
		o.self[hostName(s)] = true
	}
	o.fillIn()
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	o.holder = int64(binary.BigEndian.Uint64(b[:])>>1 | 1)
	return o
}

func (o *Outbox) fillIn() {
	if o.notices == "" {
		o.notices = "postmaster@" + o.hostname
	}
	if o.port == "" {
		o.port = "25"
	}
	if o.resolver == nil {
		o.resolver = net.DefaultResolver
	}
	if o.dial == nil {
		d := &net.Dialer{}
		if o.source != nil {
			d.LocalAddr = &net.TCPAddr{IP: o.source}
		}
		o.dial = d
	}
	if o.roots == nil {
		o.roots = &tls.Config{}
	}
	if o.clock == nil {
		o.clock = clock.Real{}
	}
	if o.random == nil {
		o.random = mathrand.Float64
	}
	if o.notify == nil {
		o.notify = func(Event) {}
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
}

// Start sets the workers going. Close ends them.
func (o *Outbox) Start(ctx context.Context) error {
	if err := o.beat(ctx); err != nil {
		return err
	}
	ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, loop := range []func(context.Context){o.dispatch, o.heartbeat, o.tellLoop} {
		o.group.Add(1)
		go func() {
			defer o.group.Done()
			loop(ctx)
		}()
	}
	return nil
}

// Close claims nothing more, gives what is being sent until ctx ends, then cuts it off; what was cut off goes back
// into the queue. It returns once every goroutine has ended.
func (o *Outbox) Close(ctx context.Context) error {
	o.once.Do(func() {
		o.mu.Lock()
		o.closed = true
		o.mu.Unlock()
		close(o.stop)
	})
	done := make(chan struct{})
	go func() { o.group.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	o.cancel()
	<-done
	return o.db.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		now := o.clock.Now().UnixMicro()
		tx.Exec(sqlUnhold, o.holder, now-o.policy.Lease.Microseconds())
		return nil
	})
}

func (o *Outbox) stopping() bool {
	select {
	case <-o.stop:
		return true
	default:
		return false
	}
}

// heartbeat keeps this process's leases alive, and takes up what dead processes left behind.
func (o *Outbox) heartbeat(ctx context.Context) {
	for o.pause(o.policy.Lease / 4) {
		if err := o.beat(ctx); err != nil {
			o.log.Error("the outbox's lease could not be renewed", "error", err)
		}
	}
}

// beat renews the lease, then frees what belongs to nobody alive.
func (o *Outbox) beat(ctx context.Context) error {
	now := o.clock.Now()
	freed := int64(0)
	err := o.db.Write(ctx, func(tx *db.Tx) (err error) {
		tx.Exec(sqlHold, o.holder, now.Add(o.policy.Lease).UnixMicro())
		freed, err = tx.Change(sqlFree, now.UnixMicro())
		return err
	})
	if freed > 0 {
		o.log.Warn("recipients of a process that ended are tried again", "recipients", freed)
		o.Wake()
	}
	return err
}

// pause waits d by the outbox's clock; false says that it is closing.
func (o *Outbox) pause(d time.Duration) bool {
	o.waitFor(nil, d)
	return !o.stopping()
}

// waitFor ends when c is signalled, d has passed, or the outbox closes.
func (o *Outbox) waitFor(c <-chan struct{}, d time.Duration) {
	t := o.clock.NewTimer(max(d, time.Millisecond))
	defer t.Stop()
	select {
	case <-c:
	case <-t.C():
	case <-o.stop:
	}
}

// Wake tells the workers that letters to these recipients have committed; without any, that the queue as a whole
// has changed. Calling it before the commit would find nothing. It never blocks.
func (o *Outbox) Wake(to ...Recipient) {
	o.mu.Lock()
	o.full = o.full || len(to) == 0
	for _, t := range to {
		domain := lane(t)
		if _, ok := o.hints[domain]; !ok && len(o.hints) >= maxHints {
			o.full = true
			break
		}
		o.hints[domain]++
	}
	o.mu.Unlock()
	o.signal(o.wake)
}

func (o *Outbox) signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// dispatch looks for mail that is due and sees to it that somebody works on it.
func (o *Outbox) dispatch(ctx context.Context) {
	var scanAt time.Time // the next look at the queue; zero: at once
	for !o.stopping() {
		now := o.clock.Now()
		if o.takeHints(ctx) || !now.Before(scanAt) {
			scanAt = o.scan(ctx, now)
		}
		o.waitFor(o.wake, scanAt.Sub(o.clock.Now()))
	}
}

// takeHints hands domains with new mail to workers. True says that the whole queue is to be looked at.
func (o *Outbox) takeHints(ctx context.Context) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for domain, n := range o.hints {
		o.offer(ctx, domain, n)
	}
	clear(o.hints)
	full := o.full
	o.full = false
	return full
}

// scan hands every domain with due mail to workers, and tells when to look again.
func (o *Outbox) scan(ctx context.Context, now time.Time) time.Time {
	next := now.Add(scanEvery)
	type found struct {
		domain string
		n      int
	}
	var list []found
	err := o.db.Read(ctx, func(tx *db.Tx) error {
		list = list[:0]
		err := tx.Query(sqlDueDomains, []any{now.UnixMicro(), int64(scanLimit)}, func(r db.Row) error {
			list = append(list, found{r.Text(0), int(r.Int64(1))})
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Query(sqlNextDue, []any{int64(rowWaiting), now.UnixMicro()}, func(r db.Row) error {
			if due := time.UnixMicro(r.Int64(0)); !r.Null(0) && due.Before(next) {
				next = due
			}
			return nil
		})
	})
	if err != nil {
		o.log.Error("the queue could not be looked at", "error", err)
		return now.Add(scanPause)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forgetDown(now)
	for _, f := range list {
		o.offer(ctx, f.domain, f.n)
	}
	if len(list) == scanLimit || next.Before(now.Add(scanPause)) {
		next = now.Add(scanPause)
	}
	return next
}

// offer starts workers for n recipients of a domain as far as the limits allow; the rest waits. o.mu is held.
func (o *Outbox) offer(ctx context.Context, domain string, n int) {
	w := o.lanes[domain]
	if w == nil {
		w = new(laneWork)
		o.lanes[domain] = w
	}
	for ; n > 0; n-- {
		switch {
		case o.closed:
			return
		case w.running >= o.policy.PerDomain:
			w.again = true
			return
		case o.running >= o.policy.Workers:
			if !w.queued {
				w.queued = true
				o.queue = append(o.queue, domain)
			}
			return
		}
		w.running++
		o.running++
		o.group.Add(1)
		go o.work(ctx, domain)
	}
}

// work sends what is due for one domain, one letter after the other over one connection.
func (o *Outbox) work(ctx context.Context, domain string) {
	defer o.group.Done()
	w := &worker{o: o, domain: domain}
	defer w.hangUp()
	var last *outcome
	for turn := 1; ; turn++ {
		more := !o.stopping() && (turn <= o.policy.Turn || !o.othersWait())
		b := w.next(ctx, last, more)
		last = nil
		if b != nil {
			last = w.attempt(ctx, b)
			continue
		}
		w.hangUp() // before the place is another's, so that there are never more connections than places
		if o.leave(ctx, domain, more) {
			return
		}
	}
}

func (o *Outbox) othersWait() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.queue) > 0
}

// leave gives the worker's place up, unless mail came meanwhile. done tells that the domain has nothing due; if not,
// the domain queues for its next turn. The place goes to the domain that waits longest.
func (o *Outbox) leave(ctx context.Context, domain string, done bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.lanes[domain]
	if done && w.again && !o.closed {
		w.again = false
		return false
	}
	w.running--
	o.running--
	if !done && !w.queued && !o.closed {
		w.queued = true
		o.queue = append(o.queue, domain)
	}
	if w.running == 0 && !w.queued {
		delete(o.lanes, domain)
	}
	if len(o.queue) > 0 && !o.closed {
		next := o.queue[0]
		o.queue = o.queue[1:]
		o.lanes[next].queued = false
		o.offer(ctx, next, 1)
	}
	return true
}

// markDown remembers that a domain's servers can't be reached.
func (o *Outbox) markDown(domain string, res Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.down) < maxHints {
		o.down[domain] = downMark{o.clock.Now().Add(o.policy.Down), res}
	}
}

func (o *Outbox) isDown(domain string) (Result, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, ok := o.down[domain]
	return d.res, ok && o.clock.Now().Before(d.until)
}

// forgetDown drops marks that have run out. o.mu is held.
func (o *Outbox) forgetDown(now time.Time) {
	for domain, d := range o.down {
		if !now.Before(d.until) {
			delete(o.down, domain)
		}
	}
}
