package killed_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"haven/e2e/stage"
)

const (
	senders = 20
	mailbox = 4 // people who receive

	leased = 3 * time.Minute
)

// ledger is what the senders were promised, and what they tried.
type ledger struct {
	mu             sync.Mutex
	promised, sent map[string]string // Message-ID to recipient
}

func newLedger() *ledger { return &ledger{promised: map[string]string{}, sent: map[string]string{}} }

func (l *ledger) try(id, to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[id] = to
}

func (l *ledger) keep(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.promised[id] = l.sent[id]
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.promised)
}

// job is how a sender sends: it signs in perhaps, and sends from an address to somebody.
type job struct {
	open func() (*smtp.Client, error)
	from string
	to   []string // each letter goes to one of them, in turn
}

// send delivers letters until the connection breaks or stop is closed. A refusal that is not the end is a fault.
func (j job) send(l *ledger, name string, stop <-chan struct{}) error {
	c, err := j.open()
	if err != nil {
		return nil // the service is down
	}
	defer func() { _ = c.Close() }()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		id, to := fmt.Sprintf("%s-%d@load.example", name, i), j.to[i%len(j.to)]
		l.try(id, to)
		err := c.SendMail(j.from, []string{to}, strings.NewReader(stage.Letter(j.from, to, "load "+id, id, strings.Repeat("Two tablets at night.\r\n", 1+i%200))))
		switch {
		case err == nil:
			l.keep(id)
		case stage.Answers(err) == 0 || stage.Answers(err) == 421:
			return nil // the line went dead
		default:
			return fmt.Errorf("%s to %s: %w", id, to, err)
		}
	}
}

// play runs the rounds: senders at work, the service killed in the middle, and started again.
func play(t *testing.T, h *stage.House, jobs []job) *ledger {
	l := newLedger()
	for round := range rounds() {
		stop, faults := make(chan struct{}), make(chan error, len(jobs))
		var all sync.WaitGroup
		for n, j := range jobs {
			all.Go(func() { faults <- j.send(l, fmt.Sprintf("r%d-s%d", round, n), stop) })
		}
		target := l.count() + 150*(round+1)
		stage.Eventually(t, "letters are taken", func() bool { return l.count() >= target })
		h.Kill()
		close(stop)
		all.Wait()
		close(faults)
		for err := range faults {
			if err != nil {
				t.Error(err)
			}
		}
		began := time.Now()
		h.Start()
		t.Logf("round %d: %d letters promised so far, started again in %s", round, l.count(), time.Since(began).Round(time.Millisecond))
	}
	return l
}

// held counts letters by Message-ID in somebody's folder.
func held(t *testing.T, h *stage.House, p stage.Person, folder string) map[string]int {
	t.Helper()
	out := map[string]int{}
	c := h.IMAP(p, nil)
	for _, m := range stage.Envelopes(t, c, folder) {
		out[m.Envelope.MessageID]++
	}
	_ = c.Close() // read to the end
	return out
}

// missing counts what was promised to somebody and is not there.
func (l *ledger) missing(to string, there map[string]int) (n int) {
	for id, whose := range l.promised {
		if whose == to && there[id] == 0 {
			n++
		}
	}
	return n
}

// holds compares what was promised to somebody with what is there.
func (l *ledger) holds(t *testing.T, where, to string, there map[string]int) {
	t.Helper()
	if n := l.missing(to, there); n > 0 {
		t.Errorf("%s: %d acknowledged letters are not there", where, n)
	}
	for id, n := range there {
		if n > 1 {
			t.Errorf("%s: %s is there %d times", where, id, n)
		}
		if l.sent[id] != to {
			t.Errorf("%s: %s was sent to %q", where, id, l.sent[id])
		}
	}
}

// rounds is how often the service is killed. HAVEN_KILLS asks for more, as a soak does.
var rounds = sync.OnceValue(func() int {
	if n, err := strconv.Atoi(os.Getenv("HAVEN_KILLS")); err == nil && n > 0 {
		return n
	}
	return 4
})

const noLimits = "receive_per_hour = 0\nsend_per_hour = 0\nsend_rcpts_per_day = 0\nsend_per_mailbox = 0"

func people(h *stage.House, n int) (out []stage.Person, addresses []string) {
	for i := range n {
		p := h.Person("Reader", fmt.Sprintf("Number%c", 'A'+i))
		out, addresses = append(out, p), append(addresses, p.Address)
	}
	return out, addresses
}

func TestFromOutside(t *testing.T) { stage.EachEngine(t, fromOutside) }

func fromOutside(t *testing.T, database stage.Setting) {
	h := stage.Serve(t, database, stage.Setting{Table: "policy.sending", Lines: noLimits})
	readers, addresses := people(h, mailbox)
	jobs := make([]job, senders)
	for i := range jobs {
		jobs[i] = job{open: h.SMTP, from: "ward@outside.example", to: addresses}
	}
	l := play(t, h, jobs)
	for _, p := range readers {
		l.holds(t, p.Name, p.Address, held(t, h, p, "INBOX"))
	}
}

func TestFromInside(t *testing.T) { stage.EachEngine(t, fromInside) }

func fromInside(t *testing.T, database stage.Setting) {
	hospital := stage.NewOutside(t)
	h := stage.Serve(t, database, stage.Setting{Table: "policy.sending", Lines: noLimits},
		stage.Setting{Table: "outbox", Lines: fmt.Sprintf("routes = [\"hospital.example=%s\"]", hospital.Addr)})
	writers, addresses := people(h, mailbox)
	const ward = "ward@hospital.example"
	jobs := make([]job, senders)
	for i := range jobs {
		p := writers[i%len(writers)]
		jobs[i] = job{open: func() (*smtp.Client, error) { return h.Submission(p) }, from: p.Address, to: append([]string{ward}, addresses...)}
	}
	l := play(t, h, jobs)

	copies := map[string]int{}
	for _, p := range writers {
		l.holds(t, p.Name, p.Address, held(t, h, p, "INBOX"))
		for id, n := range held(t, h, p, "Sent") {
			copies[id] += n
		}
	}
	for id := range l.promised {
		if copies[id] != 1 {
			t.Errorf("%s is in Sent %d times", id, copies[id])
		}
	}
	// On PostgreSQL, where other processes may send, what was on its way at a kill is leased to the dead one for two minutes.
	stage.EventuallyWithin(t, leased, "the hospital has every letter that was promised", func() bool { return l.missing(ward, atWard(hospital)) == 0 })
	there := atWard(hospital)
	for id, n := range there {
		// A kill between the hospital's 250 and our note of it sends the letter again: at least once, and seldom twice.
		if n > 1 {
			t.Logf("the hospital has %s %d times", id, n)
			there[id] = 1
		}
	}
	l.holds(t, "the hospital", ward, there)
}

// atWard counts what the hospital's server took by Message-ID.
func atWard(o *stage.Outside) map[string]int {
	out := map[string]int{}
	for _, taken := range o.Letters() {
		_, rest, _ := strings.Cut(taken.Text, "Message-ID: <")
		id, _, _ := strings.Cut(rest, ">")
		out[id]++
	}
	return out
}
