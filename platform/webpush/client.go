package webpush

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"haven/platform/clock"
)

// Bounds of one request, whatever the push service does.
const (
	defaultLimit = 15 * time.Second
	dialLimit    = 5 * time.Second
	triedAtMost  = 4 // addresses of one name
	answerHead   = 16 << 10
	answerBody   = 4 << 10
	idleFor      = 90 * time.Second
	idleMost     = 100
	perHost      = 16
)

// Resolver says which addresses a name has; *net.Resolver does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options are what a client stands on; Identity, Clock and Resolver are needed.
type Options struct {
	Identity *Identity
	Clock    clock.Clock
	Resolver Resolver
	Limit    time.Duration  // of one push with everything; default 15 s
	Hosts    []string       // push services that may be spoken to; ".push.example" is all below it; none: any
	Refused  []netip.Prefix // networks that are not, beside those that are not public
	Roots    *x509.CertPool // who certifies push services; nil: whom the machine trusts
	Loopback bool           // for tests: this machine itself, any port of it, and http:// there
}

// Client pushes. It is safe for many goroutines.
type Client struct {
	o    Options
	http *http.Client
}

// NewClient makes a client. It uses no proxy: what is behind one could not be looked at.
func NewClient(o Options) *Client {
	if o.Limit <= 0 {
		o.Limit = defaultLimit
	}
	c := &Client{o: o}
	c.http = &http.Client{
		Transport: &http.Transport{DialContext: c.dial, TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: dialLimit, ResponseHeaderTimeout: o.Limit, MaxResponseHeaderBytes: answerHead, MaxIdleConns: idleMost, MaxIdleConnsPerHost: perHost,
			MaxConnsPerHost: perHost, IdleConnTimeout: idleFor, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// Close gives up connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// PublicKey is the key that browsers subscribe with.
func (c *Client) PublicKey() string { return c.o.Identity.PublicKey() }

// Push hands a message to the push service, once, and says what became of it. It ends within the limit, or with ctx.
func (c *Client) Push(ctx context.Context, to Target, m Message) Result {
	ctx, cancel := context.WithTimeout(ctx, c.o.Limit)
	defer cancel()
	r, err := c.request(ctx, to, m)
	if err != nil {
		return Result{Err: err}
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return Result{Err: bare(err)}
	}
	_, _ = io.CopyN(io.Discard, resp.Body, answerBody) // a short answer leaves the connection of use; a long one costs it
	_ = resp.Body.Close()
	return Classify(resp.StatusCode, resp.Header.Get("Retry-After"), c.o.Clock.Now())
}

func (c *Client) request(ctx context.Context, to Target, m Message) (*http.Request, error) {
	if !isTopic(m.Topic) {
		return nil, errors.New("webpush: no topic")
	}
	body, err := Encrypt(to.Keys, m.Payload)
	if err != nil {
		return nil, err
	}
	who, err := c.o.Identity.authorization(to.Endpoint.origin, c.o.Clock.Now())
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Endpoint.url, bytes.NewReader(body))
	if err != nil {
		return nil, bare(err)
	}
	h := r.Header
	h.Set("Authorization", who)
	h.Set("Content-Encoding", "aes128gcm")
	h.Set("Content-Type", m.Type)
	h.Set("User-Agent", "haven")
	h.Set("TTL", strconv.FormatInt(int64(max(m.TTL, 0)/time.Second), 10))
	if m.Urgency != "" {
		h.Set("Urgency", string(m.Urgency))
	}
	if m.Topic != "" {
		h.Set("Topic", m.Topic)
	}
	return r, nil
}

// bare is an error without the address of the subscription, which is no log's business.
func bare(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// ErrNotPublic is why a name is not connected to that leads to an address that is not public, be it one of several.
var ErrNotPublic = errors.New("webpush: the push service's name leads to an address that is not public")

// dial connects to a push service. Names are resolved here, and every address has to be public: a name with a public and another address is refused, and so
// is one that changes between the question and the connection, since Control looks once more.
func (c *Client) dial(ctx context.Context, network, at string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil, err
	}
	all, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialLimit, Control: c.control}
	for _, a := range all[:min(len(all), triedAtMost)] {
		var conn net.Conn
		if conn, err = d.DialContext(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	all := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		all = append(all, literal)
	} else if all, err = c.o.Resolver.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, fmt.Errorf("webpush: the push service's name can't be resolved: %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("webpush: the push service's name has no address")
	}
	for i, a := range all {
		if a.Is4In6() { // as some resolvers give those of IPv4; what is dialled is IPv4
			all[i] = a.Unmap()
		}
		if !c.allowed(all[i]) {
			return nil, ErrNotPublic
		}
	}
	return all, nil
}

// control looks at the address that is connected to, when nothing can change it any more.
func (c *Client) control(_, at string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(at)
	switch {
	case err != nil:
		return err
	case !c.allowed(a.Addr()):
		return ErrNotPublic
	case a.Port() != 443 && !c.o.Loopback:
		return errors.New("webpush: another port than 443")
	}
	return nil
}

// allowed says whether an address may be connected to.
func (c *Client) allowed(a netip.Addr) bool {
	if c.o.Loopback && a.IsLoopback() {
		return true
	}
	return Public(a) && !within(a, c.o.Refused)
}
