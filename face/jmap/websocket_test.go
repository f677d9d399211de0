package jmap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/platform/clock"
	"haven/platform/errs"
)

func (w *world) socket(c *jmapclient.Client) *jmapclient.Socket {
	w.t.Helper()
	s, err := c.Socket(within(w.t), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Conn.CloseNow() })
	return s
}

func next(t *testing.T, s *jmapclient.Socket) jmapclient.Message {
	t.Helper()
	m, err := s.Next(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRFC8887_4_3_Requests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	s := w.socket(c)
	if s.Conn.Subprotocol() != "jmap" {
		t.Errorf("subprotocol %q", s.Conn.Subprotocol())
	}
	r, err := s.Call(within(t), jmapclient.Call{Name: "Core/echo", Args: args{"a": 1}, ID: "x"})
	if err != nil || len(r.Answers) != 1 || r.Answers[0].ID != "x" || r.State != c.Session.State {
		t.Errorf("%+v, %v", r, err)
	}
	for i := range 20 { // pipelined
		if err := s.Write(within(t), jmapclient.Request{Type: "Request", ID: string(rune('a' + i)), Using: c.Using, Calls: []jmapclient.Call{{Name: "Core/echo", ID: "0"}}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		if m := next(t, s); m.Type != "Response" || m.RequestID != string(rune('a'+i)) {
			t.Errorf("%+v", m)
		}
	}
}

func TestRFC8887_4_3_4_RequestErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.RequestOctets = 100_000 })
	s := w.socket(w.as(anna))
	for _, x := range []struct{ name, body, typ, limit, id string }{
		{"no JSON", `{`, typeNotJSON, "", ""},
		{"a member twice", `{"@type":"Request","@type":"Request"}`, typeNotJSON, "", ""},
		{"an unknown type", `{"@type":"Response","id":"1"}`, typeNotRequest, "", "1"},
		{"no type", `{"id":"1"}`, typeNotRequest, "", "1"},
		{"no object", `[]`, typeNotRequest, "", ""},
		{"no request", `{"@type":"Request","id":"2"}`, typeNotRequest, "", "2"},
		{"an unknown capability", `{"@type":"Request","id":"3","using":["x"],"methodCalls":[]}`, typeUnknownCapability, "", "3"},
		{"too long", `{"@type":"Request","id":"4","x":"` + strings.Repeat("x", 100_000) + `"}`, typeLimit, "maxSizeRequest", ""},
		{"too deep", `{"@type":"Request","id":"5","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, typeLimit, "maxDepth", ""},
		{"types without end", `{"@type":"WebSocketPushEnable","dataTypes":["x"` + strings.Repeat(`,"x"`, 100) + `]}`, typeNotRequest, "", ""},
	} {
		if err := s.Conn.Write(within(t), websocket.MessageText, []byte(x.body)); err != nil {
			t.Fatal(err)
		}
		if m := next(t, s); m.Type != "RequestError" || m.Problem.Type != x.typ || m.Problem.Limit != x.limit || m.RequestID != x.id {
			t.Errorf("%s: %+v", x.name, m.Problem)
		}
	}
	if err := s.Conn.Write(within(t), websocket.MessageBinary, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if m := next(t, s); m.Problem.Type != typeNotJSON {
		t.Errorf("binary: %+v", m)
	}
	if err := s.Conn.Write(within(t), websocket.MessageText, make([]byte, 200_001)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(within(t)); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("far too long: %v", err)
	}
}

// A long message is one of its person's requests while it comes; a short one is read whatever else there is, and refused under its own id.
func TestRFC8887_LongMessagesTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.Requests = 1 })
	c := w.as(anna)
	s := w.socket(c)
	ask := func(octets int) jmapclient.Message {
		t.Helper()
		if err := s.Write(within(t), jmapclient.Request{Type: "Request", ID: "x", Using: c.Using, Calls: []jmapclient.Call{{Name: "Core/echo", Args: args{"a": strings.Repeat("x", octets)}, ID: "0"}}}); err != nil {
			t.Fatal(err)
		}
		return next(t, s)
	}
	one, ok := w.srv.busy.take(w.people.no[anna])
	if !ok {
		t.Fatal("somebody is busy already")
	}
	for octets, id := range map[int]string{10: "x", 200_000: ""} {
		if m := ask(octets); m.Problem.Limit != "maxConcurrentRequests" || m.RequestID != id {
			t.Errorf("%d octets, while another is answered: %+v", octets, m)
		}
	}
	one.done()
	for _, octets := range []int{10, 200_000, readAlways} {
		if m := ask(octets); m.Type != "Response" || m.RequestID != "x" || len(m.Answers) != 1 || len(m.Answers[0].Args) < octets {
			t.Errorf("%d octets, alone: %s %+v", octets, m.Type, m.Problem)
		}
	}
}

func TestRFC8887_4_3_5_Push(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	s := w.socket(c)
	w.put(anna, "before it was asked for")
	if err := s.Enable(within(t), []string{"Thing"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Call(within(t), jmapclient.Call{Name: "Core/echo"}); err != nil { // it is enabled by then
		t.Fatal(err)
	}
	w.put(pharmacy, "a")
	m := next(t, s)
	if m.Type != "StateChange" || !reflect.DeepEqual(m.Changed, map[string]map[string]string{w.account(pharmacy): {"Thing": "1"}}) || m.PushState == "" {
		t.Errorf("%+v", m)
	}
	known := m.PushState
	if err := s.Disable(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Call(within(t), jmapclient.Call{Name: "Core/echo"}); err != nil {
		t.Fatal(err)
	}
	w.put(anna, "b")
	if r, err := s.Call(within(t), jmapclient.Call{Name: "Core/echo"}); err != nil || len(r.Answers) != 1 {
		t.Fatal(err)
	}
	if err := s.Enable(within(t), nil, &known); err != nil {
		t.Fatal(err)
	}
	if m := next(t, s); len(m.Changed) != 3 || m.Changed[w.account(anna)]["Thing"] != "2" || m.Changed[w.account(anna)][sessionType] == "" {
		t.Errorf("since %s: %+v", known, m)
	}
}

// Rights taken away or given while a socket is open hold from the next look, and are told (Rules 3).
func TestRFC8887_RightsChangeInTheOpenSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(ben)
	s := w.socket(c)
	if err := s.Enable(within(t), nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Call(within(t), jmapclient.Call{Name: "Core/echo"}); err != nil {
		t.Fatal(err)
	}
	own, box := w.account(ben), w.account(pharmacy)
	w.grant(ben, pharmacy, 0)
	m := next(t, s)
	if len(m.Changed) != 1 || m.Changed[own][sessionType] == "" || m.Changed[own][sessionType] == c.Session.State {
		t.Errorf("closed: %+v", m.Changed)
	}
	r, err := s.Call(within(t), jmapclient.Call{Name: "Thing/get", Args: args{"accountId": box}})
	if err != nil || r.Answers[0].Error() != "accountNotFound" || r.State != m.Changed[own][sessionType] {
		t.Errorf("%+v, %v", r, err)
	}
	w.put(pharmacy, "not ben's any more")
	w.grant(ben, pharmacy, haven.Read)
	m = next(t, s)
	if m.Changed[box]["Thing"] != "1" || m.Changed[own][sessionType] == "" {
		t.Errorf("opened: %+v", m.Changed)
	}
	w.put(pharmacy, "ben's again")
	if m = next(t, s); m.Changed[box]["Thing"] != "2" || len(m.Changed) != 1 {
		t.Errorf("%+v", m.Changed)
	}
}

func wantClosed(t *testing.T, s *jmapclient.Socket, code websocket.StatusCode, reason string) {
	t.Helper()
	for {
		_, err := s.Next(within(t))
		if err == nil {
			continue
		}
		var e websocket.CloseError
		if !errors.As(err, &e) || e.Code != code || e.Reason != reason {
			t.Errorf("%v, want %v %s", err, code, reason)
		}
		return
	}
}

func TestRFC8887_SocketEndsWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, e := w.socket(w.browser(anna)), w.events(w.as(ben), "*", "no", "0", "")
	w.end(&errs.Error{Kind: errs.Private, Rule: "session.ended", Say: "You have logged out."})
	wantClosed(t, s, websocket.StatusPolicyViolation, "session.ended")
	if _, err := e.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("the event source: %v", err)
	}
}

// Nobody announces that a session locks by idle time: the socket knows when that is.
func TestRFC8887_SocketEndsWhenTheSessionLocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.mu.Lock()
	w.people.until = w.Clock.Now().Add(10 * time.Second)
	w.people.mu.Unlock()
	s := w.socket(w.browser(anna))
	if _, err := s.Call(within(t), jmapclient.Call{Name: "Core/echo"}); err != nil {
		t.Fatal(err)
	}
	w.people.mu.Lock()
	w.people.fault = &errs.Error{Kind: errs.Private, Rule: "session.locked", Say: "Give your password."}
	w.people.mu.Unlock()
	begin := w.Clock.Now()
	stop := w.ticking(100 * time.Millisecond)
	wantClosed(t, s, websocket.StatusPolicyViolation, "session.locked")
	stop()
	if took := w.Clock.Now().Sub(begin); took > 25*time.Second { // well before it is asked again anyway
		t.Errorf("closed after %v", took)
	}
}

func TestRFC8887_4_1_Handshake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.browser(anna)
	for _, x := range []struct {
		name   string
		header http.Header
		status int
		rule   string
	}{
		{"from another site", http.Header{"Origin": {"https://elsewhere.test"}}, 403, "jmap.cross-origin"},
		{"from a browser that says nothing", http.Header{"Origin": nil}, 403, "jmap.cross-origin"},
		{"of somebody else's page", http.Header{"Haven-Person": {w.account(ben)}}, 403, "session.other-person"},
		{"of a page that does not say whose it is", http.Header{"Haven-Person": nil}, 403, "jmap.person"},
		{"of nobody", http.Header{"Cookie": nil}, 401, "jmap.nobody"},
	} {
		s, err := c.Socket(within(t), x.header)
		if err == nil {
			_ = s.Conn.CloseNow()
		}
		wantStatus(t, x.name, err, x.status, x.rule)
	}
	h := c.Header.Clone()
	h.Del(personHeader)
	conn, _, err := websocket.Dial(within(t), c.Session.SocketURL()+"?person="+c.Session.Person, &websocket.DialOptions{HTTPHeader: h, Subprotocols: []string{"jmap"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.CloseNow()
	_, resp, err := websocket.Dial(within(t), c.Session.SocketURL(), &websocket.DialOptions{HTTPHeader: c.Header})
	if err == nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("without the subprotocol: %v", err)
	}
}

func TestRFC8887_MostSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.Sockets, o.Policy.SocketsTotal = 2, 3 })
	w.socket(w.as(anna))
	w.events(w.as(anna), "*", "no", "0", "")
	_, err := w.as(anna).Socket(within(t), nil)
	wantStatus(t, "a third", err, http.StatusTooManyRequests, "")
	s := w.socket(w.as(ben))
	_, err = w.as(ben).Socket(within(t), nil)
	wantStatus(t, "a fourth of all", err, http.StatusServiceUnavailable, "")
	_ = s.Close()
	w.srv.sockets.await(2)
	w.socket(w.as(ben))
}

// A client that takes nothing, or says nothing, holds nothing for long.
func TestRFC8887_SlowAndSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.Policy.WriteWithin, o.Policy.PingEvery, o.Clock = 200*time.Millisecond, time.Second, clock.Real{}
	})
	silent, slow, half := w.socket(w.as(anna)), w.socket(w.as(anna)), w.socket(w.as(ben))
	big := jmapclient.Request{Type: "Request", Using: []string{coreURN}, Calls: []jmapclient.Call{{Name: "Core/echo", Args: args{"a": strings.Repeat("x", 8<<20)}, ID: "0"}}}
	go func() { // what it asks for it never reads
		for slow.Write(context.Background(), big) == nil {
		}
	}()
	wr, err := half.Conn.Writer(context.Background(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wr.Write(make([]byte, 64<<10)); err != nil { // and never an end
		t.Fatal(err)
	}
	w.srv.sockets.await(0)
	_ = silent
}

func TestRFC8887_Close(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, e := w.socket(w.as(anna)), w.events(w.as(anna), "*", "no", "0", "")
	done := make(chan struct{})
	go func() { w.srv.Close(); close(done) }()
	wantClosed(t, s, websocket.StatusGoingAway, "the service restarts")
	if _, err := e.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	<-done
}

// Not parallel: it measures the memory of the process.
func TestIdleSocketsAreCheap(t *testing.T) {
	const n = 500
	w := newWorld(t, func(o *Options) { o.Policy.Sockets = 2 * n })
	auth := w.as(anna).Header.Get("Authorization")
	var all []net.Conn
	open := func() {
		for range n {
			all = append(all, w.bareSocket(auth))
		}
	}
	open() // what is made once is there now
	before := used()
	open()
	each := (used() - before) / n
	t.Logf("%d octets an idle socket", each)
	if each > 40<<10 {
		t.Errorf("an idle socket costs %d octets", each)
	}
	for _, c := range all {
		_ = c.Close()
	}
}

// bareSocket is a WebSocket with push, whose client holds nothing but a connection.
func (w *world) bareSocket(auth string) net.Conn {
	w.t.Helper()
	host := w.http.Listener.Addr().String()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		w.t.Fatal(err)
	}
	enable := []byte(`{"@type":"WebSocketPushEnable","dataTypes":null}`)
	frame := append([]byte{0x81, 0x80 | byte(len(enable)), 0, 0, 0, 0}, enable...) // masked with zeros
	echo := []byte(`{"@type":"Request","using":[],"methodCalls":[]}`)
	frame = append(append(frame, 0x81, 0x80|byte(len(echo)), 0, 0, 0, 0), echo...)
	head := "GET /jmap/ws HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: " + auth + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: jmap\r\n\r\n"
	if _, err := conn.Write(append([]byte(head), frame...)); err != nil {
		w.t.Fatal(err)
	}
	answer := make([]byte, 4096)
	for got := 0; !bytes.Contains(answer[:got], []byte("sessionState")); {
		k, err := conn.Read(answer[got:])
		if err != nil {
			w.t.Fatalf("%v after %s", err, answer[:got])
		}
		got += k
	}
	return conn
}

// used is the memory of the process that goroutines, buffers and all else hold.
func used() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// await waits until no more than so many are open.
func (s *sockets) await(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.all > most {
		s.left.Wait()
	}
}

// After what was told, all that changes within the delay is told together, as it is at last.
func TestRFC8887_ChangesGoTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.PushDelay = 10 * time.Minute })
	s := w.socket(w.as(anna))
	if err := s.Enable(t.Context(), []string{"Thing"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Call(t.Context(), jmapclient.Call{Name: "Core/echo"}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"1", "4"} {
		for range 1 + 2*i {
			w.put(anna, "a")
		}
		stop := w.ticking(time.Second)
		m, err := s.Next(within(t))
		stop()
		if err != nil || m.Changed[w.account(anna)]["Thing"] != want {
			t.Errorf("%+v, %v, want %s", m.Change, err, want)
		}
	}
}
