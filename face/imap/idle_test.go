package imap

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"haven"
	"haven/mail/mailbox"
)

// TestIdleStorm: no wake-up is lost, however many idle and however fast letters come; and sessions that heard the same
// share their numbers.
func TestIdleStorm(t *testing.T) {
	t.Parallel()
	const sessions, letters = 60, 25
	w := newWorld(t)
	clients := make([]*client, sessions)
	for i := range clients {
		clients[i] = w.signIn(t, anna)
		clients[i].do("SELECT INBOX")
		clients[i].send("i IDLE\r\n")
		if l := clients[i].line(); l != "+ idling" {
			t.Fatal(l)
		}
	}
	var g errgroup.Group
	for i, c := range clients {
		g.Go(func() error {
			last, heard := fmt.Sprintf("* %d EXISTS", letters), false
			for idling := true; !heard || !idling; {
				switch l := c.line(); {
				case l == "+ idling":
					idling = true
				case strings.HasSuffix(l, " EXISTS"):
					heard = heard || l == last
					if i%3 == 0 && idling && !heard { // in and out of IDLE meanwhile
						idling = false
						c.send("DONE\r\ni IDLE\r\n")
					}
				case l != "i OK IDLE done.":
					return fmt.Errorf("session %d: %s", i, l)
				}
			}
			return nil
		})
	}
	for range letters {
		w.Deliver(w.people.no[anna], letter(t, "hello"))
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := w.distinctNumbers(); n != 1 {
		t.Errorf("%d copies of the same numbers", n)
	}
}

// distinctNumbers counts the Runs that open sessions hold.
func (w *world) distinctNumbers() int {
	w.srv.mu.Lock()
	defer w.srv.mu.Unlock()
	seen := map[*mailbox.Runs]bool{}
	for s := range w.srv.sessions {
		s.mu.Lock()
		if s.sel != nil {
			seen[s.sel.uids] = true
		}
		s.mu.Unlock()
	}
	return len(seen)
}

// TestBlockedPerson: somebody whose own account may be read no longer loses the open mailbox at once.
func TestBlockedPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.signIn(t, ben)
	k.do("SELECT Shared/" + pharmacy)
	k.send("i IDLE\r\n")
	k.line()
	no := w.people.no[ben]
	w.people.grant(ben, pharmacy, 0)
	w.Grants.Set(no, no, 0)
	w.Hub.Announce(no, haven.Seq(0)) // the word comes for the person, not for the mailbox
	for _, want := range []string{"* OK [CLOSED] ", "* BYE ", "EOF"} {
		if l := k.line(); !strings.HasPrefix(l, want) {
			t.Errorf("%s, want %s", l, want)
		}
	}
}

// TestBlockedWithNothingOpen: a connection that idles with no mailbox open ends as soon as its person is blocked, and
// goes on whatever else happens to the account.
func TestBlockedWithNothingOpen(t *testing.T) {
	t.Parallel()
	for _, user := range []string{ben, ben + "/" + pharmacy} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			k := w.signIn(t, user)
			k.send("i IDLE\r\n")
			if l := k.line(); l != "+ idling" {
				t.Fatal(l)
			}
			no, box := w.people.no[ben], w.people.no[pharmacy]
			w.Deliver(no, letter(t, "hello"))
			w.Deliver(box, letter(t, "hello"))
			k.send("DONE\r\nj IDLE\r\n")
			for _, want := range []string{"i OK IDLE done.", "+ idling"} {
				if l := k.line(); l != want {
					t.Fatalf("%s, want %s", l, want)
				}
			}
			w.people.grant(ben, pharmacy, 0)
			w.Grants.Set(no, no, 0)
			w.Hub.Announce(no, haven.Seq(0))
			at := time.Now()
			for _, want := range []string{"* BYE ", "EOF"} {
				if l := k.line(); !strings.HasPrefix(l, want) {
					t.Errorf("%s, want %s", l, want)
				}
			}
			if took := time.Since(at); took > time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// parking is a listener whose connections stop for the test where their session begins to idle and sets the deadline of
// its wait.
type parking struct {
	net.Listener
	parked, free chan struct{}
}

func (p *parking) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	return &parkingConn{Conn: c, p: p}, err
}

type parkingConn struct {
	net.Conn
	p     *parking
	idles bool
}

func (c *parkingConn) Write(b []byte) (int, error) {
	c.idles = c.idles || string(b) == "+ idling\r\n"
	return c.Conn.Write(b)
}

func (c *parkingConn) SetReadDeadline(at time.Time) error {
	if c.idles {
		c.idles = false
		close(c.p.parked)
		<-c.p.free
	}
	return c.Conn.SetReadDeadline(at)
}

// TestIdleWokenWhileParking: a letter that comes just while a session goes to wait is told, and so are those after it.
func TestIdleWokenWhileParking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := &parking{parked: make(chan struct{}), free: make(chan struct{})}
	k := dial(t, w.listenOn(func(l net.Listener) net.Listener { p.Listener = l; return p }))
	free := sync.OnceFunc(func() { close(p.free) })
	t.Cleanup(free)
	k.line()
	k.do("LOGIN " + anna + " secret")
	k.do("SELECT INBOX")
	k.send("i IDLE\r\n")
	if l := k.line(); l != "+ idling" {
		t.Fatal(l)
	}
	<-p.parked
	w.Deliver(w.people.no[anna], letter(t, "hello"))
	w.awaitWaker()
	free()
	if l := k.line(); l != "* 1 EXISTS" {
		t.Error(l)
	}
	w.Deliver(w.people.no[anna], letter(t, "hello"))
	if l := k.line(); l != "* 2 EXISTS" {
		t.Error(l)
	}
}

// awaitWaker waits until the waker has taken every session that there was to wake in hand.
func (w *world) awaitWaker() {
	for {
		w.srv.waker.mu.Lock()
		n := len(w.srv.waker.queue)
		w.srv.waker.mu.Unlock()
		w.srv.mu.Lock()
		for s := range w.srv.sessions {
			if s.queued.Load() {
				n++
			}
		}
		w.srv.mu.Unlock()
		if n == 0 {
			return
		}
		runtime.Gosched()
	}
}
