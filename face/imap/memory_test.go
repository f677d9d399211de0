package imap

import (
	"context"
	"crypto/tls"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
)

// idleSessions is how many sessions TestIdleMemory opens; the environment may ask for more.
func idleSessions() int {
	if n, err := strconv.Atoi(os.Getenv("HAVEN_IDLE_SESSIONS")); err == nil {
		return n
	}
	return 300
}

// TestIdleMemory holds sessions that wait to what a node of 100,000 can afford: 25 KiB each, 40 KiB with TLS, stack and
// selected mailbox with many gaps included. The clients' side is in the figure too, so it is an upper bound.
func TestIdleMemory(t *testing.T) {
	serverTLS, clientTLS := testTLS(t)
	w := newWorld(t, func(o *Options) { o.Limits.PerPlace, o.Limits.PerPerson = 1e6, 1e6 })
	w.fillWithGaps(anna, 1000, 100)
	tlsAddr := w.listen(serverTLS)
	for _, c := range []struct {
		name  string
		limit float64
		dial  func() *client
	}{
		{"plain", 25, func() *client { return dial(t, w.addr) }},
		{"TLS", 40, func() *client {
			conn, err := tls.Dial("tcp", tlsAddr, clientTLS)
			if err != nil {
				t.Fatal(err)
			}
			return newClient(t, conn)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := idleSessions()
			before := memory()
			clients := make([]*client, n)
			for i := range clients {
				k := c.dial()
				k.t = t
				k.line()
				k.do("LOGIN anna@surgery.test secret")
				k.do("SELECT INBOX")
				if i%2 == 0 {
					k.send("i IDLE\r\n")
					k.line()
				}
				k.r = nil // the client's buffer is not ours to count
				clients[i] = k
			}
			each := float64(memory()-before) / float64(n) / 1024
			t.Logf("%d sessions: %.1f KiB each, the clients' connections included", n, each)
			if each > c.limit {
				t.Errorf("%.1f KiB a session, at most %.0f are allowed", each, c.limit)
			}
			for _, k := range clients {
				_ = k.conn.Close()
			}
		})
	}
}

// memory is what the heap and the stacks hold, after collections that let stacks shrink.
func memory() int64 {
	for range 6 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// fillWithGaps puts n messages into an Inbox and makes gaps in their UIDs.
func (w *world) fillWithGaps(name string, n, gaps int) {
	w.t.Helper()
	ctx, v := context.Background(), w.viewer(name)
	w.fill(name, n)
	var gone []mailbox.Range
	for uid := haven.UID(2); uid < haven.UID(n); uid += haven.UID(n / gaps) {
		gone = append(gone, mailbox.Range{Lo: uid, Hi: uid})
	}
	if _, err := w.Store.Store(ctx, v, 1, gone, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Expunge(ctx, v, 1, nil); err != nil {
		w.t.Fatal(err)
	}
}

// fill delivers n letters into an Inbox, 50 in a commit.
func (w *world) fill(name string, n int) {
	w.t.Helper()
	text := []byte(mailboxtest.CRLF(letter(w.t, "report")))
	for ; n > 0; n -= 50 {
		var g errgroup.Group
		filings := make([]mailbox.Filing, min(n, 50))
		for i := range filings {
			g.Go(func() error {
				lw, err := w.NewLetter(context.Background())
				if err != nil {
					return err
				}
				_, _ = lw.Write(text)
				l, err := lw.Finish(context.Background())
				filings[i] = mailbox.Filing{Account: w.people.no[name], Letter: l}
				return err
			})
		}
		err := g.Wait()
		if err == nil {
			_, err = w.File(context.Background(), filings, nil)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}
