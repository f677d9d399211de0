package jmapclient

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// Change is a StateChange (RFC 8620 §7.1).
type Change struct {
	Changed   map[string]map[string]string `json:"changed"`
	PushState string                       `json:"pushState"`
}

// Event is one event of an event source.
type Event struct {
	Name, ID, Data string
}

// Change is what a state event says.
func (e Event) Change() (ch Change, err error) {
	err = json.Unmarshal([]byte(e.Data), &ch)
	ch.PushState = e.ID
	return ch, err
}

// Events is an open event source (RFC 8620 §7.3).
type Events struct {
	body  io.ReadCloser
	lines *bufio.Scanner
}

// Events opens an event source; last is the id of the last event of an earlier one, "" for none. It ends with ctx, or Close.
func (c *Client) Events(ctx context.Context, types, closeAfter, ping, last string) (*Events, error) {
	more := http.Header{"Accept": {"text/event-stream"}}
	if last != "" {
		more.Set("Last-Event-ID", last)
	}
	resp, err := c.Send(ctx, http.MethodGet, expand(c.Session.EventSourceURL, "types", types, "closeafter", closeAfter, "ping", ping), "", nil, more)
	if err != nil {
		return nil, err
	}
	return &Events{resp.Body, bufio.NewScanner(resp.Body)}, nil
}

// Next waits for the next event; io.EOF where the server ended it.
func (e *Events) Next() (ev Event, err error) {
	for e.lines.Scan() {
		line := e.lines.Text()
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && ev.Name != "":
			return ev, nil
		case field == "event":
			ev.Name = value
		case field == "id":
			ev.ID = value
		case field == "data":
			ev.Data += value
		}
	}
	if err := e.lines.Err(); err != nil {
		return ev, err
	}
	return ev, io.EOF
}

// Close ends it.
func (e *Events) Close() error { return e.body.Close() }

// Socket is a WebSocket (RFC 8887).
type Socket struct {
	Conn *websocket.Conn
	c    *Client
	n    int
}

// SocketURL is where the server says that its WebSocket is.
func (s Session) SocketURL() string {
	var c struct {
		URL string `json:"url"`
	}
	_ = json.Unmarshal(s.Capabilities["urn:ietf:params:jmap:websocket"], &c) // "" then
	return c.URL
}

// Socket opens the WebSocket; more goes with the handshake.
func (c *Client) Socket(ctx context.Context, more http.Header) (*Socket, error) {
	h := c.Header.Clone()
	for name, values := range more {
		h[name] = values
	}
	conn, resp, err := websocket.Dial(ctx, c.Session.SocketURL(), &websocket.DialOptions{HTTPClient: c.HTTP, HTTPHeader: h, Subprotocols: []string{"jmap"}})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			p := &Problem{Status: resp.StatusCode, Header: resp.Header}
			if resp.Body != nil {
				_ = json.NewDecoder(resp.Body).Decode(p) // what there is of it
			}
			return nil, p
		}
		return nil, err
	}
	conn.SetReadLimit(256 << 20)
	return &Socket{Conn: conn, c: c}, nil
}

// Message is whatever a server sends over a WebSocket.
type Message struct {
	Type      string `json:"@type"`
	RequestID string `json:"requestId"`
	Response
	Change
	Problem Problem `json:"-"` // of a RequestError
}

// Write sends a message as JSON.
func (s *Socket) Write(ctx context.Context, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.Conn.Write(ctx, websocket.MessageText, raw)
}

// Next waits for the next message.
func (s *Socket) Next(ctx context.Context) (m Message, err error) {
	_, raw, err := s.Conn.Read(ctx)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, err
	}
	if m.Type == "RequestError" {
		err = json.Unmarshal(raw, &m.Problem)
	}
	return m, err
}

// Call makes calls as Client.Call does, and waits for the response. What is pushed meanwhile is lost.
func (s *Socket) Call(ctx context.Context, calls ...Call) (Response, error) {
	for i := range calls {
		if calls[i].ID == "" {
			calls[i].ID = fmt.Sprint(i)
		}
	}
	s.n++
	id := fmt.Sprintf("r%d", s.n)
	if err := s.Write(ctx, Request{Type: "Request", ID: id, Using: s.c.Using, Calls: calls}); err != nil {
		return Response{}, err
	}
	for {
		m, err := s.Next(ctx)
		if err != nil || m.RequestID == id && m.Type == "Response" {
			return m.Response, err
		}
		if m.RequestID == id && m.Type == "RequestError" {
			return Response{}, &m.Problem
		}
	}
}

// Enable has the server push changes of some types, nil for all; since is the push state of before, nil for that of now.
func (s *Socket) Enable(ctx context.Context, types []string, since *string) error {
	m := Args{"@type": "WebSocketPushEnable", "dataTypes": types}
	if since != nil {
		m["pushState"] = *since
	}
	return s.Write(ctx, m)
}

// Disable ends the pushing.
func (s *Socket) Disable(ctx context.Context) error {
	return s.Write(ctx, Args{"@type": "WebSocketPushDisable"})
}

// Close ends the socket.
func (s *Socket) Close() error { return s.Conn.Close(websocket.StatusNormalClosure, "") }
