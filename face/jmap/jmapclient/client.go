// Package jmapclient is a small JMAP client (RFC 8620, RFC 8887), for tests and for load: it sends what it is told and hides nothing.
package jmapclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Core is the capability that every request uses.
const Core = "urn:ietf:params:jmap:core"

// Client talks to one server as one person. Header goes with every request: what signs in, and whatever else.
type Client struct {
	HTTP    *http.Client // nil: the default one
	Header  http.Header
	Session Session // as Open found it
	Using   []string
}

// Session is the session resource (RFC 8620 §2).
type Session struct {
	Capabilities    map[string]json.RawMessage `json:"capabilities"`
	Accounts        map[string]Account         `json:"accounts"`
	PrimaryAccounts map[string]string          `json:"primaryAccounts"`
	Username        string                     `json:"username"`
	APIURL          string                     `json:"apiUrl"`
	DownloadURL     string                     `json:"downloadUrl"`
	UploadURL       string                     `json:"uploadUrl"`
	EventSourceURL  string                     `json:"eventSourceUrl"`
	State           string                     `json:"state"`
	Person          string                     `json:"havenPerson"` // in a browser alone
}

// Account is an account of the session.
type Account struct {
	Name         string                     `json:"name"`
	Personal     bool                       `json:"isPersonal"`
	ReadOnly     bool                       `json:"isReadOnly"`
	Capabilities map[string]json.RawMessage `json:"accountCapabilities"`
}

// Own is the id of the person's own account; "" where there is none.
func (s Session) Own() string {
	for id, a := range s.Accounts {
		if a.Personal {
			return id
		}
	}
	return ""
}

// Named is the id of the account of that name; "" where there is none.
func (s Session) Named(name string) string {
	for id, a := range s.Accounts {
		if a.Name == name {
			return id
		}
	}
	return ""
}

// Problem is an answer of RFC 7807: why a request was refused whole.
type Problem struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Limit  string `json:"limit"`
	Rule   string `json:"rule"`
	Header http.Header
}

func (p *Problem) Error() string {
	return fmt.Sprintf("%d %s %s %s", p.Status, p.Type, p.Limit, p.Detail)
}

// Basic is what signs in with a password.
func Basic(user, password string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}}
}

// Open reads the session resource of the server at base, such as https://mail.example.
func Open(ctx context.Context, client *http.Client, base string, header http.Header) (*Client, error) {
	c := &Client{HTTP: client, Header: header, Using: []string{Core}}
	return c, c.Refresh(ctx, base)
}

// Refresh reads the session resource again.
func (c *Client) Refresh(ctx context.Context, base string) error {
	c.Session = Session{}
	resp, err := c.Send(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/.well-known/jmap", "", nil, nil)
	if err != nil {
		return err
	}
	return decode(resp, &c.Session)
}

// Send sends one HTTP request; a status of 400 and above is a *Problem.
func (c *Client) Send(ctx context.Context, method, url, contentType string, body io.Reader, more http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	for _, h := range []http.Header{c.Header, more} {
		for name, values := range h {
			r.Header[name] = values
		}
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		p := &Problem{Status: resp.StatusCode, Header: resp.Header}
		raw, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what was not understood is shown as it is
		_ = resp.Body.Close()
		if json.Unmarshal(raw, p) != nil {
			p.Detail = string(raw)
		}
		return nil, p
	}
	return resp, nil
}

func decode(resp *http.Response, into any) error {
	defer resp.Body.Close() //nolint:errcheck // it was only read
	return json.NewDecoder(resp.Body).Decode(into)
}

// Args are the arguments of a call, or any other object.
type Args = map[string]any

// Call is one method call.
type Call struct {
	Name string
	Args Args
	ID   string
}

// MarshalJSON writes the triple of RFC 8620 §3.2.
func (c Call) MarshalJSON() ([]byte, error) {
	args := c.Args
	if args == nil {
		args = Args{}
	}
	return json.Marshal([]any{c.Name, args, c.ID})
}

// Ref is a reference to an earlier answer (RFC 8620 §3.7); it stands under a name that begins with "#".
func Ref(resultOf, name, path string) Args {
	return Args{"resultOf": resultOf, "name": name, "path": path}
}

// Request is a Request object (RFC 8620 §3.3).
type Request struct {
	Type    string            `json:"@type,omitempty"` // over a WebSocket
	ID      string            `json:"id,omitempty"`
	Using   []string          `json:"using"`
	Calls   []Call            `json:"methodCalls"`
	Created map[string]string `json:"createdIds,omitempty"`
	Act     bool              `json:"havenAct,omitempty"`
}

// Answer is one response of a request.
type Answer struct {
	Name string
	Args json.RawMessage
	ID   string
}

// UnmarshalJSON reads the triple of RFC 8620 §3.2.
func (a *Answer) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&a.Name, &a.Args, &a.ID})
}

// Into decodes the arguments.
func (a Answer) Into(v any) error { return json.Unmarshal(a.Args, v) }

// Error is the type of a method error; "" where it is none.
func (a Answer) Error() string {
	var e struct {
		Type string `json:"type"`
	}
	if a.Name != "error" || a.Into(&e) != nil {
		return ""
	}
	return e.Type
}

// Response is a Response object (RFC 8620 §3.4).
type Response struct {
	Answers []Answer          `json:"methodResponses"`
	Created map[string]string `json:"createdIds"`
	State   string            `json:"sessionState"`
}

// Do sends a request.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	if r.Calls == nil {
		r.Calls = []Call{}
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return Response{}, err
	}
	return c.Post(ctx, raw)
}

// Post sends a request as it is.
func (c *Client) Post(ctx context.Context, raw []byte) (out Response, err error) {
	resp, err := c.Send(ctx, http.MethodPost, c.Session.APIURL, "application/json", bytes.NewReader(raw), nil)
	if err != nil {
		return out, err
	}
	return out, decode(resp, &out)
}

// Call makes calls with the client's capabilities; each without an id gets its number, from "0".
func (c *Client) Call(ctx context.Context, calls ...Call) (Response, error) {
	for i := range calls {
		if calls[i].ID == "" {
			calls[i].ID = fmt.Sprint(i)
		}
	}
	return c.Do(ctx, Request{Using: c.Using, Calls: calls})
}

// Uploaded is what an upload is called from now on (RFC 8620 §6.1).
type Uploaded struct {
	Account string `json:"accountId"`
	Blob    string `json:"blobId"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
}

// Upload uploads a file.
func (c *Client) Upload(ctx context.Context, account, contentType string, body io.Reader) (up Uploaded, err error) {
	resp, err := c.Send(ctx, http.MethodPost, strings.ReplaceAll(c.Session.UploadURL, "{accountId}", account), contentType, body, nil)
	if err != nil {
		return up, err
	}
	return up, decode(resp, &up)
}

// Download opens a blob; more may hold a Range. The caller closes the body.
func (c *Client) Download(ctx context.Context, account, blob, name, contentType string, more http.Header) (*http.Response, error) {
	return c.Send(ctx, http.MethodGet, expand(c.Session.DownloadURL, "accountId", account, "blobId", blob, "name", name, "type", contentType), "", nil, more)
}

// expand fills a URI template of level 1 (RFC 6570).
func expand(template string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		template = strings.ReplaceAll(template, "{"+pairs[i]+"}", strings.ReplaceAll(url.QueryEscape(pairs[i+1]), "+", "%20"))
	}
	return template
}
