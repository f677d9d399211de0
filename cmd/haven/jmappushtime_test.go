package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"haven/face/jmap/jmapclient"
)

const (
	pushBound  = 100 * time.Millisecond // from the tagged OK of IMAP until another person hears of it, in the median
	pushTries  = 25
	pushRounds = 4 // what else runs on the machine makes it slower, never faster: one round within the bound will do
)

// told is a StateChange, and when it came.
type toldAt struct {
	changed map[string]map[string]string
	at      time.Time
}

// listening gives what a source of StateChanges says, as it comes, until the source ends.
func listening(next func() (map[string]map[string]string, error)) <-chan toldAt {
	all := make(chan toldAt, 1000)
	go func() {
		defer close(all)
		for {
			changed, err := next()
			if err != nil {
				return
			}
			all <- toldAt{changed, time.Now()}
		}
	}()
	return all
}

// bySocket listens over a WebSocket (RFC 8887 §4.3.5).
func (i *installation) bySocket(c *jmapclient.Client, types ...string) <-chan toldAt {
	i.t.Helper()
	s, err := c.Socket(i.t.Context(), nil)
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = s.Conn.CloseNow() })
	if err := s.Enable(i.t.Context(), types, nil); err != nil {
		i.t.Fatal(err)
	}
	if _, err := s.Call(i.t.Context(), jmapclient.Call{Name: "Core/echo"}); err != nil { // what is read before was answered before
		i.t.Fatal(err)
	}
	return listening(func() (map[string]map[string]string, error) {
		m, err := s.Next(i.t.Context())
		return m.Changed, err
	})
}

// bySource listens over an event source (RFC 8620 §7.3).
func (i *installation) bySource(c *jmapclient.Client, types ...string) <-chan toldAt {
	i.t.Helper()
	e, err := c.Events(i.t.Context(), strings.Join(types, ","), "no", "0", "")
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = e.Close() })
	return listening(func() (map[string]map[string]string, error) {
		ev, err := e.Next()
		if err != nil {
			return nil, err
		}
		ch, err := ev.Change()
		return ch.Changed, err
	})
}

// awaitState takes what is told until an account's type is in a state, and says when that came.
func awaitState(t *testing.T, all <-chan toldAt, account, typ, state string) time.Time {
	t.Helper()
	give := time.After(patience)
	for {
		select {
		case told, open := <-all:
			if !open {
				t.Fatal("the source ended")
			}
			if told.changed[account][typ] == state {
				return told.at
			}
		case <-give:
			t.Fatalf("nobody is told that %s of %s is %s", typ, account, state)
		}
	}
}

// state is that of a type in an account, as its /get says.
func (i *installation) state(c *jmapclient.Client, account, typ string) string {
	i.t.Helper()
	r, err := c.Call(i.t.Context(), jmapclient.Call{Name: typ + "/get", Args: jmapclient.Args{"accountId": account, "ids": []string{}}})
	var got struct{ State string }
	if err == nil {
		err = json.Unmarshal(r.Answers[0].Args, &got)
	}
	if err != nil || got.State == "" {
		i.t.Fatalf("%s, %v", r.Answers[0].Args, err)
	}
	return got.State
}

// TestPushWithin: what one person marks over IMAP in a mailbox that several share, another hears over a WebSocket, and over an event source, within the bound. It
// is not parallel, since it measures.
func TestPushWithin(t *testing.T) {
	i := install(t, "listen: pages_on_http = true").serve()
	aisha, secret := i.person("Aisha", "Rahman")
	ben, other := i.person("Ben", "Whitlock")
	i.admin("organisation", "add", "pharmacy", "FX002", "Test Pharmacy", "Leeds")
	i.admin("account", "contact", aisha, "--mobile", "07700 900123", "--proven")
	shop, _, _ := strings.Cut(strings.TrimSpace(i.admin("mailbox", "add", "FX002", "--owner", aisha, "--member", ben)), " ")
	if err := i.submit(aisha, secret, shop, "Two tablets."); err != nil {
		t.Fatal(err)
	}
	c := i.program(ben, other)
	account := ""
	for id, a := range c.Session.Accounts {
		if !a.Personal {
			account = id
		}
	}
	reader, err := i.signIn(aisha, secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Select("Shared/"+shop, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for name, all := range map[string]<-chan toldAt{"a WebSocket": i.bySocket(c, "Email"), "an event source": i.bySource(c, "Email")} {
		median := 2 * pushBound
		for n := 0; n < pushRounds && median > pushBound; n++ {
			took := make([]time.Duration, 0, pushTries)
			for n := range pushTries {
				done := marks(t, reader, n%2 == 0)
				at := awaitState(t, all, account, "Email", i.state(c, account, "Email"))
				took = append(took, max(at.Sub(done), 0))
			}
			slices.Sort(took)
			median = took[len(took)/2]
			t.Logf("over %s: %v in the median, %v at most", name, median, took[len(took)-1])
		}
		if median > pushBound {
			t.Errorf("over %s it takes %v in the median, want %v at the most", name, median, pushBound)
		}
	}
}

// marks flags the one letter of a folder, or takes the mark away, and says when the server had done so.
func marks(t *testing.T, c *imapclient.Client, on bool) time.Time {
	t.Helper()
	op := imap.StoreFlagsDel
	if on {
		op = imap.StoreFlagsAdd
	}
	if err := c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: op, Silent: true, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	return time.Now()
}
