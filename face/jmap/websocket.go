package jmap

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"haven/platform/errs"
)

// socketURN is the capability of RFC 8887.
const socketURN = "urn:ietf:params:jmap:websocket"

func socketCapability(v *visit) record {
	return record{"url": "ws" + strings.TrimPrefix(v.origin(), "http") + socketPath, "supportsPush": true}
}

// socket is one WebSocket. One goroutine reads messages and answers them one after the other, so that a client that sends more
// than it waits for is held back by its own connection; a second one pushes, asks whether the client is there, and ends it with its session.
type socket struct {
	srv     *Server
	session *Session
	conn    *websocket.Conn
	watch   *watcher
	busy    atomic.Bool // a request is being answered: nothing is read, so no pong either
}

// socket answers GET of the WebSocket URL (RFC 8887 §4).
func (v *visit) socket() error {
	if v.cookie && v.r.Header.Get("Origin") == "" {
		return errCross // browsers name the origin of every WebSocket
	}
	if !offersJMAP(v.r.Header) {
		return errs.E(errs.Invalid, "A WebSocket here has the subprotocol jmap (RFC 8887 §4.1).")
	}
	done, err := v.srv.enlist(v.session)
	if err != nil {
		return err
	}
	conn, err := websocket.Accept(thrifty{v.w}, v.r, &websocket.AcceptOptions{Subprotocols: []string{"jmap"}, InsecureSkipVerify: true}) // signIn has verified the origin, with its scheme
	if err != nil {
		done()
		return nil // answered by Accept
	}
	s := &socket{srv: v.srv, session: v.session, conn: conn, watch: newWatcher(v.srv, v.session)}
	go func() { // what the request held is let go of; enlist counts the goroutine, and Close waits for it
		defer done()
		s.serve()
	}()
	return nil
}

// thrifty takes a connection over with small buffers: most sockets say little, and there are many. What is large passes them by.
type thrifty struct{ http.ResponseWriter }

const socketBuffer = 512 // octets

func (t thrifty) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, was, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := was.Reader.Peek(was.Reader.Buffered()) // what came with the handshake
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(early), conn), max(socketBuffer, len(early)))
	if _, err := r.Peek(len(early)); err != nil { // so that it is in the buffer, where Accept looks for it
		return nil, nil, errors.Join(err, conn.Close())
	}
	return conn, bufio.NewReadWriter(r, bufio.NewWriterSize(conn, socketBuffer)), nil
}

func offersJMAP(h http.Header) bool {
	for _, line := range h.Values("Sec-WebSocket-Protocol") {
		if slices.ContainsFunc(strings.Split(line, ","), func(p string) bool { return strings.EqualFold(strings.TrimSpace(p), "jmap") }) {
			return true
		}
	}
	return false
}

func (s *socket) serve() {
	ctx, cancel := context.WithCancel(context.Background()) // which ends without a word; the service's own end is told
	defer cancel()
	defer s.watch.close()
	s.conn.SetReadLimit(2 * s.srv.o.Policy.RequestOctets) // up to there a request is refused, beyond it the socket ends
	pushing := make(chan struct{})
	go func() {
		defer close(pushing)
		s.guarded(func() { s.push(ctx) })
		cancel()
	}()
	s.guarded(func() { s.read(ctx) })
	cancel()
	<-pushing
	_ = s.conn.CloseNow()
}

// guarded runs fn, and ends the socket where it fails by a fault of ours.
func (s *socket) guarded(fn func()) {
	defer func() {
		if p := recover(); p != nil {
			s.srv.panicked("a WebSocket", p)
		}
	}()
	fn()
}

// push runs until the client is gone, or the session ends, and then closes the socket.
func (s *socket) push(ctx context.Context) {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.srv.ctx, cancel)()
	err := s.watch.run(watching, s.srv.o.Policy.PingEvery, func(ch stateChange) error { return s.send(ctx, ch) }, func() error { return s.ping(ctx) })
	switch {
	case err != nil && ctx.Err() == nil:
		p := asProblem(err)
		reason := p.Rule
		if reason == "" {
			reason = "session ended"
		}
		s.end(websocket.StatusPolicyViolation, reason)
	case s.srv.ctx.Err() != nil:
		s.end(websocket.StatusGoingAway, "the service restarts")
	}
}

// end closes the socket, without waiting for long until the client agrees.
func (s *socket) end(code websocket.StatusCode, reason string) {
	_ = s.conn.Close(code, reason)
}

// ping asks whether the client is there. While a request is answered nothing is read, and so nothing asked.
func (s *socket) ping(ctx context.Context) error {
	if s.busy.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.srv.o.Policy.WriteWithin)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil && !s.busy.Load() {
		return err
	}
	return nil
}

// send writes one message. A client that takes none for policy.JMAP.WriteWithin is dropped.
func (s *socket) send(ctx context.Context, message any) error {
	raw, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return s.write(ctx, raw)
}

func (s *socket) write(ctx context.Context, raw []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.srv.o.Policy.WriteWithin)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, raw)
}

// read answers messages until the client is gone.
func (s *socket) read(ctx context.Context) {
	for {
		body, err := s.message(ctx)
		var refused *problem
		switch {
		case errors.As(err, &refused):
			err = s.refuse(ctx, "", refused)
		case err == nil:
			s.busy.Store(true)
			err = s.answer(ctx, body)
			s.busy.Store(false)
		}
		if err != nil {
			return
		}
	}
}

// message reads one message; a *problem is told, and any other error ends the socket. Once one has begun it has to come to its end.
func (s *socket) message(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	kind, r, err := s.conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	defer time.AfterFunc(2*s.srv.o.Policy.WriteWithin, cancel).Stop()
	body, err := s.whole(r)
	if p := (*problem)(nil); errors.As(err, &p) {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return nil, err
		}
	}
	if err == nil && kind != websocket.MessageText {
		err = requestError(typeNotJSON, "A message is text.")
	}
	return body, err
}

// readAlways is how much of a message is read whatever else its person does.
const readAlways = 64 << 10

// whole reads a message. One that is longer than most is read as one of the requests that its person may have at once: no more of them are held in
// memory than over HTTP.
func (s *socket) whole(r io.Reader) ([]byte, error) {
	most := s.srv.o.Policy.RequestOctets
	body, err := io.ReadAll(io.LimitReader(r, min(readAlways, most)+1))
	if err == nil && int64(len(body)) > min(readAlways, most) {
		one, ok := s.srv.busy.take(s.session.Person)
		if !ok {
			return nil, s.srv.tooMany()
		}
		defer one.done()
		var rest []byte
		rest, err = io.ReadAll(io.LimitReader(r, most+1-int64(len(body))))
		body = append(body, rest...)
	}
	if err == nil && int64(len(body)) > most {
		err = tooLarge(most)
	}
	return body, err
}

// envelope is what every message of a client says of itself (RFC 8887 §4.3).
type envelope struct {
	Type      string   `json:"@type"`
	ID        string   `json:"id"`
	DataTypes []string `json:"dataTypes"`
	PushState *string  `json:"pushState"`
}

// answer does what a message asks.
func (s *socket) answer(ctx context.Context, body []byte) error {
	var e envelope
	p := s.srv.o.Policy
	if err := checkIJSON(body, p.Depth, p.Values); err == nil {
		if json.Unmarshal(body, &e) != nil {
			e = envelope{}
		}
	} else if errors.Is(err, errDeep) || errors.Is(err, errValues) {
		e.Type = "Request" // which is refused as one
	} else {
		return s.refuse(ctx, "", requestError(typeNotJSON, "The message "+err.Error()+" (RFC 7493)."))
	}
	switch e.Type {
	case "Request":
		return s.request(ctx, e.ID, body)
	case "WebSocketPushEnable":
		if len(e.DataTypes) > mostTypes {
			return s.refuse(ctx, e.ID, requestError(typeNotRequest, fmt.Sprintf("At most %d types can be named.", mostTypes)))
		}
		if ch, any := s.watch.enable(ctx, e.DataTypes, e.PushState); any {
			return s.send(ctx, ch)
		}
		return nil
	case "WebSocketPushDisable":
		s.watch.disable()
		return nil
	}
	return s.refuse(ctx, e.ID, requestError(typeNotRequest, "A message is a Request, a WebSocketPushEnable or a WebSocketPushDisable (RFC 8887 §4.3)."))
}

// request answers a Request object, if the session still holds.
func (s *socket) request(ctx context.Context, id string, body []byte) error {
	if s.session.Holds != nil {
		if err := s.session.Holds(ctx); err != nil && !errs.Is(err, errs.Transient) {
			s.end(websocket.StatusPolicyViolation, asProblem(err).Rule)
			return err
		}
	}
	one, ok := s.srv.busy.take(s.session.Person)
	if !ok {
		return s.refuse(ctx, id, s.srv.tooMany())
	}
	defer one.done()
	out, err := s.srv.respondTo(ctx, s.session, one, body, id)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p := asProblem(err); p.Status >= http.StatusInternalServerError {
			s.srv.log.Error("jmap: a request could not be answered", "error", err)
		}
		return s.refuse(ctx, id, asProblem(err))
	}
	return s.write(ctx, out)
}

// refuse sends a RequestError (RFC 8887 §4.3.3).
func (s *socket) refuse(ctx context.Context, id string, p *problem) error {
	return s.send(ctx, struct {
		AtType    string `json:"@type"`
		RequestID string `json:"requestId,omitempty"`
		*problem
	}{"RequestError", id, p})
}
