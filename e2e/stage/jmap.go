package stage

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"haven/face/jmap/jmapclient"
)

// JMAP is the setting that has programs speak JMAP on the port for http.
var JMAP = Setting{"listen", "pages_on_http = true # for JMAP"}

// JMAPProgram is a mail program that speaks JMAP (RFC 8620) as a person.
type JMAPProgram struct {
	t testing.TB
	*jmapclient.Client
}

// JMAP opens the house's JMAP as a person, with all that it can.
func (h *House) JMAP(p Person) JMAPProgram {
	h.t.Helper()
	c, err := jmapclient.Open(h.t.Context(), &http.Client{}, "http://"+h.Addr("http"), jmapclient.Basic(p.Address, p.Password))
	if err != nil {
		h.t.Fatal(err)
	}
	for urn := range c.Session.Capabilities {
		c.Using = append(c.Using, urn)
	}
	return JMAPProgram{h.t, c}
}

// Ask makes one call, which has to succeed, and reads its answer.
func (p JMAPProgram) Ask(name string, args jmapclient.Args, into any) {
	p.t.Helper()
	r, err := p.Call(p.t.Context(), jmapclient.Call{Name: name, Args: args})
	if err != nil {
		p.t.Fatal(err)
	}
	if text := string(r.Answers[0].Args); r.Answers[0].Error() != "" || strings.Contains(text, `"notCreated":{`) || strings.Contains(text, `"notUpdated":{`) {
		p.t.Fatalf("%s: %s", name, text)
	}
	if err := r.Answers[0].Into(into); err != nil {
		p.t.Fatal(err)
	}
}

// State is that of a type in an account.
func (p JMAPProgram) State(account, typ string) string {
	p.t.Helper()
	var got struct{ State string }
	p.Ask(typ+"/get", jmapclient.Args{"accountId": account, "ids": []string{}}, &got)
	return got.State
}

// Listener hears over a WebSocket what changes (RFC 8887 §4.3.5).
type Listener struct {
	t testing.TB
	*jmapclient.Socket
	ctx   context.Context
	known map[string]map[string]string
}

// Listen opens a WebSocket that tells of some types; all where none is named.
func (p JMAPProgram) Listen(types ...string) *Listener {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*Patience) // of all that it hears
	p.t.Cleanup(cancel)
	s, err := p.Socket(ctx, nil)
	if err == nil {
		p.t.Cleanup(func() { s.Conn.CloseNow() })
		err = s.Enable(p.t.Context(), types, nil)
	}
	if err == nil {
		_, err = s.Call(p.t.Context(), jmapclient.Call{Name: "Core/echo"}) // what was sent before is heard by then
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return &Listener{p.t, s, ctx, map[string]map[string]string{}}
}

// Within awaits to be told that a type is in a state, a second after since at the latest.
func (l *Listener) Within(since time.Time, account, typ, state string) {
	l.t.Helper()
	for l.known[account][typ] != state {
		m, err := l.Next(l.ctx)
		if err != nil {
			l.t.Fatalf("%s is never told as %s: %v", typ, state, err)
		}
		for account, states := range m.Changed {
			if l.known[account] == nil {
				l.known[account] = map[string]string{}
			}
			maps.Copy(l.known[account], states)
		}
	}
	if took := time.Since(since); took > time.Second {
		l.t.Errorf("%s was told after %s, want a second at the most", typ, took)
	}
}

// Ends awaits that the house closes the socket, a second after since at the latest, and says why.
func (l *Listener) Ends(since time.Time, why string) {
	l.t.Helper()
	for {
		if _, err := l.Next(l.ctx); err != nil {
			var e websocket.CloseError
			if !errors.As(err, &e) || e.Reason != why {
				l.t.Errorf("the socket ends with %v, want %s", err, why)
			}
			break
		}
	}
	if took := time.Since(since); took > time.Second {
		l.t.Errorf("the socket ends after %s, want a second at the most", took)
	}
}
