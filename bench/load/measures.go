package load

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Delivered is what a run of Deliver saw.
type Delivered struct {
	Acknowledged float64 // messages a second until the last 250
	Readable     float64 // messages a second until IMAP counts them all
	Median, P99  time.Duration
}

// Deliver sends n messages of size octets over c connections, round robin to all users, and waits until IMAP shows them.
func (t Target) Deliver(n, c, size int) (Delivered, error) {
	pool := make([]*imapConn, t.Users)
	for i := range pool {
		var err error
		if pool[i], err = t.login(i, false); err != nil {
			return Delivered{}, err
		}
		defer pool[i].Close()
	}
	want := make([]int, t.Users)
	for i, c := range pool {
		have, err := count(c)
		if err != nil {
			return Delivered{}, err
		}
		want[i] = have + n/t.Users
		if i < n%t.Users {
			want[i]++
		}
	}
	msgs := make([]string, n)
	for i := range msgs {
		msgs[i] = Message(i, size, "sender@elsewhere.test", t.user(i))
	}
	took := make([]time.Duration, n)
	start := time.Now()
	if err := t.sendAll(msgs, c, took); err != nil {
		return Delivered{}, err
	}
	ack := time.Since(start)
	if err := await(pool, want, start.Add(5*time.Minute)); err != nil {
		return Delivered{}, err
	}
	all := time.Since(start)
	slices.Sort(took)
	return Delivered{float64(n) / ack.Seconds(), float64(n) / all.Seconds(), took[n/2], took[n*99/100]}, nil
}

func (t Target) sendAll(msgs []string, c int, took []time.Duration) error {
	var next atomic.Int64
	return parallel(c, func(int) error {
		s, err := dialSMTP(t.SMTP)
		if err != nil {
			return err
		}
		defer s.Close()
		for {
			i := int(next.Add(1)) - 1
			if i >= len(msgs) {
				return s.cmd('2', "QUIT\r\n")
			}
			start := time.Now()
			if err := s.send("sender@elsewhere.test", t.user(i), msgs[i]); err != nil {
				return err
			}
			took[i] = time.Since(start)
		}
	})
}

// parallel runs fn c times at once and returns the first error.
func parallel(c int, fn func(k int) error) error {
	var wg sync.WaitGroup
	errs := make(chan error, c)
	for k := range c {
		wg.Go(func() {
			if err := fn(k); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// await looks at each Inbox until it has what it is to have. One that has is not asked again: the looks cost the server
// that is measured.
func await(pool []*imapConn, want []int, deadline time.Time) error {
	for i, c := range pool {
		for {
			have, err := count(c)
			if err != nil {
				return err
			}
			if have >= want[i] {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("a mailbox has %d of its %d messages after five minutes", have, want[i])
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

// count is how many messages an Inbox holds.
func count(c *imapConn) (int, error) {
	if err := c.cmd("STATUS INBOX (MESSAGES)"); err != nil {
		return 0, err
	}
	for _, l := range c.last {
		if _, rest, ok := strings.Cut(l, "MESSAGES "); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
			return strconv.Atoi(rest[:max(end, 0)])
		}
	}
	return 0, errors.New("STATUS told no number of messages")
}

// Fill sends messages to one user as fast as it can, until the Inbox holds n.
func (t Target) Fill(user, n, size int) error {
	return t.fill(user, n, func(i int, to string) string { return Message(i, size, "sender@elsewhere.test", to) })
}

// fill is Fill with letters of any kind.
func (t Target) fill(user, n int, letter func(i int, to string) string) error {
	c, err := t.login(user, false)
	if err != nil {
		return err
	}
	defer c.Close()
	have, err := count(c)
	if err != nil {
		return err
	}
	to := t.user(user)
	var made sync.Mutex
	next := have
	err = parallel(20, func(int) error {
		s, err := dialSMTP(t.SMTP)
		if err != nil {
			return err
		}
		defer s.Close()
		for {
			made.Lock()
			if next >= n {
				made.Unlock()
				return nil
			}
			text := letter(next, to)
			next++
			made.Unlock()
			if err := s.send("sender@elsewhere.test", to, text); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	return await([]*imapConn{c}, []int{n}, time.Now().Add(5*time.Minute))
}

// Sync is what a new client does with a full mailbox.
type Sync struct {
	List, Bodies time.Duration
	Messages     int
	Octets       int64
}

// ReadAll lists a user's Inbox as a new client does, then reads all bodies.
func (t Target) ReadAll(user int) (s Sync, err error) {
	c, err := t.login(user, false)
	if err != nil {
		return s, err
	}
	defer c.Close()
	if err := c.cmd("SELECT INBOX"); err != nil {
		return s, err
	}
	start := time.Now()
	if err := c.cmd("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"); err != nil {
		return s, err
	}
	s.List, s.Messages = time.Since(start), c.lines
	start = time.Now()
	if err := c.cmd("UID FETCH 1:* (BODY.PEEK[])"); err != nil {
		return s, err
	}
	s.Bodies, s.Octets = time.Since(start), c.bytes
	return s, nil
}

// Mixed is what a run of daily commands saw.
type Mixed struct {
	PerSecond float64 // commands, log ins apart
	P99       time.Duration
}

// Mixed runs c clients through daily commands for a while: status, select, list, read, flag, search, no-op.
func (t Target) Mixed(c int, d time.Duration) (m Mixed, err error) {
	var done atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	end := time.Now().Add(d)
	start := time.Now()
	err = parallel(c, func(k int) error {
		conn, err := t.login(k, false)
		if err != nil {
			return err
		}
		defer conn.Close()
		rnd := rand.New(rand.NewPCG(uint64(k), 7))
		var own []time.Duration
		for time.Now().Before(end) {
			for _, command := range day(rnd) {
				at := time.Now()
				if err := conn.cmd(command); err != nil {
					return err
				}
				own = append(own, time.Since(at))
				done.Add(1)
			}
		}
		mu.Lock()
		took = append(took, own...)
		mu.Unlock()
		return nil
	})
	if err != nil || len(took) == 0 {
		return m, err
	}
	m.PerSecond = float64(done.Load()) / time.Since(start).Seconds()
	slices.Sort(took)
	m.P99 = took[len(took)*99/100]
	return m, nil
}

// day is one round of what a mail program does with an open mailbox.
func day(rnd *rand.Rand) []string {
	n := 1 + rnd.IntN(20)
	return []string{
		"STATUS INBOX (MESSAGES UNSEEN UIDNEXT)",
		"SELECT INBOX",
		"FETCH 1:20 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
		fmt.Sprintf("FETCH %d (BODY.PEEK[])", n),
		fmt.Sprintf("STORE %d +FLAGS (\\Seen)", n),
		fmt.Sprintf("FETCH %d (BODY.PEEK[HEADER.FIELDS (SUBJECT FROM DATE)])", n),
		"UID SEARCH UNSEEN",
		fmt.Sprintf("STORE %d -FLAGS (\\Seen)", n),
		"NOOP",
		"UID FETCH 1:* (FLAGS)",
	}
}

// LogIns logs c users in at once, from the one given on, and returns log ins a second.
func (t Target) LogIns(from, c int) (float64, error) {
	start := time.Now()
	err := parallel(c, func(k int) error {
		conn, err := t.login(from+k, false)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	return float64(c) / time.Since(start).Seconds(), err
}

// Idle is what idle sessions cost.
type Idle struct {
	KiBEach float64 // all that the server grew by, divided by the sessions
	Further float64 // the same of the second half alone: what the first session pays for all is not in it
	PerSec  float64 // sessions opened a second
}

// Idle opens n sessions that select the Inbox and idle.
func (t Target) Idle(n int, secure bool, hold time.Duration) (Idle, error) {
	return t.grown(n, hold, func(k int) (io.Closer, error) {
		c, err := t.login(k, secure)
		if err != nil {
			return nil, err
		}
		return c, c.idle()
	})
}

// grown opens n sessions, waits for hold, and divides what the server's memory grew by. One is opened and closed before. The
// first look at memory waits until the server has done what it does in the background: up to three times hold.
func (t Target) grown(n int, hold time.Duration, session func(k int) (io.Closer, error)) (Idle, error) {
	first, err := session(0)
	if err == nil {
		err = first.Close()
	}
	if err != nil {
		return Idle{}, err
	}
	before := t.settled(hold)
	conns := make([]io.Closer, 0, n)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	open := func(upto int) (time.Duration, error) {
		start := time.Now()
		for k := len(conns); k < upto; k++ {
			c, err := session(k)
			if c != nil {
				conns = append(conns, c)
			}
			if err != nil {
				return 0, err
			}
		}
		return time.Since(start), nil
	}
	took, err := open(n - n/2)
	if err != nil {
		return Idle{}, err
	}
	time.Sleep(hold / 2)
	half := t.pss()
	more, err := open(n)
	if err != nil {
		return Idle{}, err
	}
	time.Sleep(hold)
	all := t.pss()
	return Idle{(all - before) / float64(n), (all - half) / float64(max(1, n/2)), float64(n) / (took + more).Seconds()}, nil
}

// idle selects the Inbox, begins to idle, and lets go of what the client keeps for reading.
func (c *imapConn) idle() error {
	if err := c.cmd("SELECT INBOX"); err != nil {
		return err
	}
	if _, err := c.Write([]byte("x IDLE\r\n")); err != nil {
		return err
	}
	_, err := c.r.ReadString('\n')
	c.r = nil
	return err
}

// settled is the server's memory once it has kept within a MiB for a fifth of hold.
func (t Target) settled(hold time.Duration) float64 {
	last, since, limit := t.pss(), time.Now(), time.Now().Add(3*hold)
	for time.Since(since) < hold/5 && time.Now().Before(limit) {
		time.Sleep(hold / 60)
		if now := t.pss(); now > last+1024 || now < last-1024 {
			last, since = now, time.Now()
		}
	}
	return t.pss()
}

// pss is the memory of the server's processes in KiB, shared pages divided by who shares them.
func (t Target) pss() float64 {
	total := 0.0
	for _, pid := range t.PIDs() {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue // it ended meanwhile
		}
		for l := range strings.Lines(string(b)) {
			if rest, ok := strings.CutPrefix(l, "Pss:"); ok {
				k, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
				if err == nil {
					total += k
				}
			}
		}
	}
	return total
}

// Gaps expunges every k-th message of a user's Inbox, so that its message numbers have gaps.
func (t Target) Gaps(user, messages, gaps int) error {
	c, err := t.login(user, false)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.cmd("SELECT INBOX"); err != nil {
		return err
	}
	var set []string
	for i := range gaps {
		set = append(set, strconv.Itoa(1+i*(messages/gaps)))
		if len(set) == 200 || i == gaps-1 {
			if err := c.cmd("STORE " + strings.Join(set, ",") + " +FLAGS.SILENT (\\Deleted)"); err != nil {
				return err
			}
			set = set[:0]
		}
	}
	return c.cmd("EXPUNGE")
}

// Search runs a word search n times and returns the median and the slowest.
func (t Target) Search(user int, word string, n int) (median, worst time.Duration, err error) {
	c, err := t.login(user, false)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	if err := c.cmd("SELECT INBOX"); err != nil {
		return 0, 0, err
	}
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		if err := c.cmd("UID SEARCH TEXT " + word); err != nil {
			return 0, 0, err
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[n/2], took[n-1], nil
}
