package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"haven/e2e/stage"
)

const (
	senders  = 4
	restarts = 3
)

// tally is what happened to what was tried.
type tally struct {
	mu    sync.Mutex
	good  map[string]bool // Message-IDs acknowledged
	codes map[string]int  // answers, by what they were
	bad   []string
}

func (c *tally) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.codes[what]++
}

func (c *tally) keep(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.good[id] = true
}

func (c *tally) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bad = append(c.bad, fmt.Sprintf(format, args...))
}

func (c *tally) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.good)
}

func TestRestart(t *testing.T) {
	server := stage.Server(t)
	h := stage.Serve(t, stage.Postgres(server), stage.Setting{Table: "policy.sending", Lines: "receive_per_hour = 0"})
	aisha := h.Person("Aisha", "Rahman")

	c := &tally{good: map[string]bool{}, codes: map[string]int{}}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for n := range senders {
		all.Go(func() { send(h, c, n, aisha.Address, stop) })
	}
	all.Go(func() { read(h, c, aisha, stop) })
	for range restarts {
		target := c.count() + 50
		stage.Eventually(t, "letters are taken", func() bool { return c.count() >= target })
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	target, began := c.count()+50, time.Now()
	stage.Eventually(t, "letters are taken after the last restart", func() bool { return c.count() >= target })
	t.Logf("50 letters within %s of the last restart", time.Since(began).Round(time.Millisecond))
	close(stop)
	all.Wait()
	for _, b := range c.bad {
		t.Error(b)
	}
	t.Logf("%d letters acknowledged; otherwise %v", len(c.good), c.codes)
	compare(t, h, aisha, c)
}

// send delivers over one connection until stop; one that the service closes with 421 is opened again.
func send(h *stage.House, c *tally, n int, to string, stop <-chan struct{}) {
	client, err := h.SMTP()
	if err != nil {
		c.fault("no connection: %v", err)
		return
	}
	defer func() { _ = client.Close() }()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		id := fmt.Sprintf("s%d-%d@pg.example", n, i)
		err := client.SendMail("ward@outside.example", []string{to}, strings.NewReader(stage.Letter("ward@outside.example", to, id, id, "Two tablets at night.")))
		switch code := stage.Answers(err); {
		case err == nil:
			c.keep(id)
		case code/100 == 4:
			c.note(fmt.Sprintf("SMTP %d", code))
			if code != 421 && client.Reset() == nil {
				continue
			}
			_ = client.Close() // the service has closed it
			if client, err = h.SMTP(); err != nil {
				c.fault("no connection again: %v", err)
				return
			}
		default:
			c.fault("a letter is answered %v", err)
			return
		}
	}
}

// read signs in once and opens and lists the Inbox until stop.
func read(h *stage.House, c *tally, p stage.Person, stop <-chan struct{}) {
	client, err := h.TryIMAP(p.Address, p.Password, nil)
	if err != nil {
		c.fault("no session: %v", err)
		return
	}
	defer func() { _ = client.Close() }()
	for {
		select {
		case <-stop:
			return
		default:
		}
		sel, err := client.Select("INBOX", nil).Wait()
		if err == nil && sel.NumMessages > 0 {
			_, err = client.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Envelope: true}).Collect()
		}
		var answer *imap.Error
		switch {
		case err == nil:
			c.note("IMAP OK")
		case errors.As(err, &answer) && answer.Type == imap.StatusResponseTypeNo && answer.Code == imap.ResponseCodeUnavailable:
			c.note("IMAP NO [UNAVAILABLE]")
		default:
			c.fault("reading is answered %v", err)
			return
		}
	}
}

// compare wants every acknowledged letter once.
func compare(t *testing.T, h *stage.House, p stage.Person, c *tally) {
	t.Helper()
	there := map[string]int{}
	for _, m := range stage.Envelopes(t, h.IMAP(p, nil), "INBOX") {
		there[m.Envelope.MessageID]++
	}
	for id := range c.good {
		if there[id] != 1 {
			t.Errorf("%s was acknowledged and is there %d times", id, there[id])
		}
	}
	for id, n := range there {
		if n > 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
}
