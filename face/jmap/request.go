package jmap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"haven/platform/errs"
)

// request is a Request object (RFC 8620 §3.3).
type request struct {
	using   []string
	calls   []invocation
	created map[string]string
	given   bool // created ids were given, so that they are given back
	act     bool // the person did something (docs/decisions/025)
}

// invocation is a method call as it came.
type invocation struct {
	name string
	args json.RawMessage
	id   string
}

// api answers POST /jmap/api.
func (v *visit) api() error {
	if kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return requestError(typeNotJSON, errType.Say)
	}
	one, ok := v.srv.busy.take(v.session.Person)
	if !ok {
		return v.srv.tooMany()
	}
	defer one.done()
	body, err := v.body()
	if err != nil {
		return err
	}
	out, err := v.srv.respond(v.ctx(), v.session, one, body)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	last := max(len(out)-1, 0)
	_, _ = v.w.Write(out[:last]) // a client that is gone reads nothing more
	one.done()                   // whoever has the whole answer has the room for the next question
	_, _ = v.w.Write(out[last:])
	return nil
}

// body reads the request, at most policy.JMAP.RequestOctets of it.
func (v *visit) body() ([]byte, error) {
	most := v.srv.o.Policy.RequestOctets
	var b bytes.Buffer
	if n := v.r.ContentLength; n > 0 && n <= most {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := b.ReadFrom(http.MaxBytesReader(v.w, v.r.Body, most))
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return nil, tooLarge(most)
	}
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "The request did not come whole.")
	}
	return b.Bytes(), nil
}

func (s *Server) tooMany() *problem {
	return overLimit("maxConcurrentRequests", fmt.Sprintf("At most %d requests of one person are answered at once.", s.o.Policy.Requests))
}

func tooLarge(most int64) error {
	return overLimit("maxSizeRequest", fmt.Sprintf("A request has at most %d octets.", most))
}

// respond answers a request as it came; the error is a *problem where the request was refused whole. What is held of the answer is held by the request's turn, which
// ends when the answer is sent.
func (s *Server) respond(ctx context.Context, who *Session, by *turn, body []byte) ([]byte, error) {
	return s.respondAs(ctx, who, by, body, response{})
}

// respondTo is respond over a WebSocket, to a request that had an id (RFC 8887 §4.3.2).
func (s *Server) respondTo(ctx context.Context, who *Session, by *turn, body []byte, id string) ([]byte, error) {
	return s.respondAs(ctx, who, by, body, response{Type: "Response", RequestID: id})
}

func (s *Server) respondAs(ctx context.Context, who *Session, by *turn, body []byte, as response) ([]byte, error) {
	req, err := s.parse(body)
	if err != nil {
		return nil, err
	}
	accounts, err := s.o.People.Accounts(ctx, who)
	if err != nil {
		return nil, err
	}
	if req.act && who.Use != nil {
		if err := who.Use(ctx); err != nil {
			return nil, err
		}
	}
	whole := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Policy.AnswerWithin, errSlow)
	defer cancel()
	r := &run{srv: s, session: who, turn: by, using: map[string]bool{}, created: req.created, accounts: accounts}
	for _, urn := range req.using {
		r.using[urn] = true
	}
	for _, inv := range req.calls {
		if whole.Err() != nil {
			return nil, whole.Err() // nobody waits for it any more
		}
		r.perform(ctx, inv)
	}
	as.State = s.stateOf(who, accounts)
	return r.encode(as, req.given)
}

// parse reads a Request object, and refuses it as RFC 8620 §3.6.1 says.
func (s *Server) parse(body []byte) (*request, error) {
	p := s.o.Policy
	switch err := checkIJSON(body, p.Depth, p.Values); {
	case errors.Is(err, errDeep):
		return nil, overLimit("maxDepth", fmt.Sprintf("A request is nested at most %d deep.", p.Depth))
	case errors.Is(err, errValues):
		return nil, overLimit("maxValues", fmt.Sprintf("A request has at most %d values.", p.Values))
	case err != nil:
		return nil, requestError(typeNotJSON, "The request "+err.Error()+" (RFC 7493).")
	}
	req, err := decodeRequest(body)
	if err != nil {
		return nil, requestError(typeNotRequest, "The request is not as RFC 8620 §3.3 says: "+err.Error()+".")
	}
	for _, urn := range req.using {
		if !s.knows(urn) {
			return nil, requestError(typeUnknownCapability, fmt.Sprintf("%q is not supported.", urn))
		}
	}
	if len(req.calls) > p.Calls {
		return nil, overLimit("maxCallsInRequest", fmt.Sprintf("A request has at most %d calls.", p.Calls))
	}
	return req, nil
}

func decodeRequest(body []byte) (*request, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	o.Require("using", "methodCalls")
	req := &request{using: o.Strings("using"), created: map[string]string{}, act: o.Bool("havenAct", false)}
	for _, raw := range o.Array("methodCalls") {
		inv, err := decodeInvocation(raw)
		if err != nil {
			return nil, err
		}
		req.calls = append(req.calls, inv)
	}
	if ids := o.Object("createdIds"); ids != nil {
		req.given = true
		for _, m := range ids.members {
			id := ids.ID(m.name)
			if !isID(m.name) || !isID(id) {
				o.Bad("createdIds", "has what is no id")
			}
			req.created[m.name] = id
		}
	}
	return req, o.Err()
}

func decodeInvocation(raw json.RawMessage) (inv invocation, err error) {
	parts, ok := parseArray(raw)
	if !ok || len(parts) != 3 {
		return inv, errors.New("a call is no array of name, arguments and id")
	}
	if !isString(parts[0], &inv.name) || !isString(parts[2], &inv.id) {
		return inv, errors.New("a call has a name or an id that is no string")
	}
	if inv.args = parts[1]; len(inv.args) == 0 || inv.args[0] != '{' {
		return inv, errors.New("a call has arguments that are no object")
	}
	return inv, nil
}

func isString(raw json.RawMessage, into *string) bool {
	return len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, into) == nil
}

// perform answers one call; a fault of ours is told as serverFail, and the next call goes on.
func (r *run) perform(ctx context.Context, inv invocation) {
	begin := r.srv.now()
	c := &call{ctx: ctx, srv: r.srv, session: r.session, name: inv.name, id: inv.id, run: r}
	at := len(r.answers)
	result, err := r.try(c, inv)
	if err == nil {
		var raw json.RawMessage
		if raw, err = encodeJSON(result); err == nil {
			err = r.insert(at, answer{inv.name, inv.id, raw})
		}
	}
	told := ""
	if err != nil {
		m := asMethodError(late(ctx, inv.name, err))
		told = m.Type
		if m.Type == "serverFail" {
			r.srv.log.Error("jmap: a method failed", "method", inv.name, "error", err)
		}
		r.answers = append(r.answers[:at], failed(inv.id, m))
	}
	if f := r.srv.o.Metrics.Method; f != nil {
		f(r.srv.known(inv.name), r.srv.now().Sub(begin), told)
	}
	if err == nil {
		r.follow(ctx, c)
	}
}

// follow performs what a method asked to have done after it.
func (r *run) follow(ctx context.Context, c *call) {
	for _, inv := range c.after {
		r.perform(ctx, inv)
	}
}

// then has a method called after this one, with its call id, as RFC 8620 §5.4 has a copy destroy its originals.
func (c *call) then(name string, args any) {
	raw, err := json.Marshal(args)
	if err != nil {
		c.srv.log.Error("jmap: arguments could not be encoded", "method", name, "error", err)
		return
	}
	c.after = append(c.after, invocation{name, raw, c.id})
}

// known is a method's name for the figures: names that a client makes up are one.
func (s *Server) known(name string) string {
	if _, ok := s.methods[name]; ok {
		return name
	}
	return "unknown"
}

func failed(id string, m *methodError) answer {
	raw, err := json.Marshal(m.object())
	if err != nil {
		raw = json.RawMessage(`{"type":"serverFail"}`)
	}
	return answer{"error", id, raw}
}

// late is why a method failed once the request has taken too long: it did nothing, or, where it changes things, perhaps not all (RFC 8620 §3.6.2).
func late(ctx context.Context, name string, err error) error {
	if ctx.Err() == nil || context.Cause(ctx) != error(errSlow) {
		return err
	}
	_, verb, _ := strings.Cut(name, "/")
	if slices.Contains([]string{"set", "copy", "import", "send", "upload"}, verb) && !errors.Is(err, errSlow) {
		return errCutShort
	}
	return errSlow
}

func (r *run) try(c *call, inv invocation) (result any, err error) {
	if c.ctx.Err() != nil {
		return nil, context.Cause(c.ctx)
	}
	defer func() {
		if p := recover(); p != nil {
			r.srv.panicked("the method "+r.srv.known(inv.name), p)
			err = &methodError{Type: "serverFail"}
		}
	}()
	m, ok := r.srv.methods[inv.name]
	if !ok || !r.using[m.capability] {
		return nil, errUnknownMethod // RFC 8620 §3.6.2: also one of a capability that is not in using
	}
	raw, err := r.refer(inv.args)
	if err != nil {
		return nil, err
	}
	if c.args, err = parseObject(raw); err != nil {
		return nil, err
	}
	return m.fn(c)
}

// add appends a response. It is an error where the answers would be too large together, or with what else is held for the person.
func (r *run) add(a answer) error { return r.insert(len(r.answers), a) }

func (r *run) insert(at int, a answer) error {
	if err := r.hold(r.octets + int64(len(a.result))); err != nil {
		return err
	}
	r.octets += int64(len(a.result))
	r.answers = append(r.answers, answer{})
	copy(r.answers[at+1:], r.answers[at:])
	r.answers[at] = a
	return nil
}

// response is a Response object (RFC 8620 §3.4) without its answers.
type response struct {
	Type      string            `json:"@type,omitempty"` // over a WebSocket (RFC 8887 §4.3.2)
	RequestID string            `json:"requestId,omitempty"`
	Created   map[string]string `json:"createdIds,omitzero"`
	State     string            `json:"sessionState"`
}

// encode writes the response; answers may be large, and are copied once.
func (r *run) encode(out response, created bool) ([]byte, error) {
	if created {
		out.Created = r.created
	}
	head, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, r.octets+int64(len(head)+64*(len(r.answers)+1))))
	b.Write(head[:len(head)-1])
	b.WriteString(`,"methodResponses":[`)
	for i, a := range r.answers {
		name, id := quoted(a.name), quoted(a.id)
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('[')
		b.Write(name)
		b.WriteByte(',')
		b.Write(a.result)
		b.WriteByte(',')
		b.Write(id)
		b.WriteByte(']')
	}
	b.WriteString("]}")
	return b.Bytes(), nil
}

// quoted is a string as JSON.
func quoted(s string) []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`) // never: any string can be encoded
	}
	return raw
}
