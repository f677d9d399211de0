package outbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// target is one address to connect to.
type target struct {
	host string // name as in DNS, or the address itself
	addr string // address with port
	rule TLSRule
}

// conn is a connection to a server that has said EHLO. It belongs to one worker.
type conn struct {
	nc       net.Conn
	br       *bufio.Reader
	bw       *bufio.Writer
	times    Timeouts
	host     string
	ext      map[string]string // EHLO keywords in upper case, with their parameters
	secure   bool              // under TLS
	verified bool              // under TLS with a certificate that was approved
	used     int               // letters sent over it
	reset    bool              // a transaction was begun and not ended
	stop     func() bool       // unhooks the context
}

// hostError is a fault of one server or of the way to it: another server of the domain may do.
type hostError struct {
	res Result
}

func (e *hostError) Error() string { return e.res.Text }

func hostFault(host, status, text string, args ...any) *hostError {
	r := later(status, text, args...)
	r.Host = host
	return &hostError{r}
}

// connect dials t, says EHLO and goes under TLS as t.rule wants it. Where TLS is offered, not required and fails, it
// dials again and stays in clear: opportunistic means better than nothing, never worse (RFC 7435 §3).
func (o *Outbox) connect(ctx context.Context, t target) (*conn, error) {
	c, err := o.open(ctx, t, true)
	var fault *tlsFault
	if errors.As(err, &fault) && t.rule.Level == MayTLS {
		o.cfg.Log.Info("TLS failed, the letter goes in clear", "host", t.host, "error", fault.err)
		o.counts.clear.Add(1)
		c, err = o.open(ctx, t, false)
	}
	if errors.As(err, &fault) {
		return nil, hostFault(t.host, "7.5", "TLS with %s failed: %v", t.host, fault.err)
	}
	return c, err
}

type tlsFault struct{ err error }

func (e *tlsFault) Error() string { return "TLS: " + e.err.Error() }

func (o *Outbox) open(ctx context.Context, t target, startTLS bool) (*conn, error) {
	dctx, cancel := context.WithTimeout(ctx, o.cfg.Policy.Times.Connect)
	defer cancel()
	nc, err := o.cfg.Dial.DialContext(dctx, "tcp", t.addr)
	if err != nil {
		return nil, hostFault("", "4.1", "no connection to %s [%s]: %v", t.host, t.addr, plainNetError(err))
	}
	c := newConn(ctx, nc, t.host, o.cfg.Policy.Times)
	if err := c.start(ctx, o, t, startTLS); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func newConn(ctx context.Context, nc net.Conn, host string, times Timeouts) *conn {
	c := &conn{nc: nc, host: host, times: times}
	c.stop = context.AfterFunc(ctx, func() { nc.Close() })
	c.buffers()
	return c
}

func (c *conn) buffers() {
	c.br = bufio.NewReaderSize(c.nc, maxReplyLine)
	c.bw = bufio.NewWriterSize(c.nc, 32<<10)
}

func (c *conn) start(ctx context.Context, o *Outbox, t target, startTLS bool) error {
	if err := c.greeting(o); err != nil {
		return err
	}
	if err := c.hello(o.cfg.Hostname); err != nil {
		return err
	}
	_, offered := c.ext["STARTTLS"]
	if !offered && t.rule.Level > MayTLS {
		return hostFault(c.host, "7.4", "%s must be spoken to under TLS and does not offer it", c.host)
	}
	if !offered || !startTLS {
		return nil
	}
	if err := c.startTLS(ctx, o.tlsConfig(t), t.rule.Level); err != nil {
		return err
	}
	return c.hello(o.cfg.Hostname)
}

// greeting reads the banner. One that bears our own name is ourselves (RFC 5321 §6.3).
func (c *conn) greeting(o *Outbox) error {
	r, err := c.read(c.times.Greeting)
	if err != nil {
		return err
	}
	if r.Code != 220 {
		return &hostError{bannerResult(r, c.host)}
	}
	name, _, _ := strings.Cut(r.Lines[0], " ")
	if o.isSelf(hostName(name)) {
		return &hostError{refused("4.6", "mail for this domain loops back to us at %s", c.host)}
	}
	return nil
}

// bannerResult: only 521 says for good that there is no mail here (RFC 7504 §3); 554 is what overloaded and
// suspicious servers say, so it is worth another try.
func bannerResult(r Reply, host string) Result {
	res := FromReply(r, host, "3.2")
	if r.Code != 521 {
		res.Outcome = TryLater
		res.Status = "4" + strings.TrimLeft(res.Status, "245")
	}
	return res
}

// hello says EHLO, and HELO to a server that refuses EHLO for good, as one does that does not know it (RFC 5321 §3.2).
// One that can't answer it now is asked again later: after HELO it would seem to take neither TLS nor 8-bit letters.
func (c *conn) hello(name string) error {
	r, err := c.cmd(c.times.Command, "EHLO %s", name)
	if err != nil {
		return err
	}
	c.ext = make(map[string]string)
	switch {
	case r.Code == 250:
		for _, line := range r.Lines[1:] {
			word, params, _ := strings.Cut(line, " ")
			c.ext[strings.ToUpper(word)] = params
		}
		return nil
	case r.Code/100 == 4:
		return &hostError{FromReply(r, c.host, "3.2")}
	case r.Code/100 != 5:
		return hostFault(c.host, "5.0", "%s answered EHLO with %d", c.host, r.Code)
	}
	if r, err = c.cmd(c.times.Command, "HELO %s", name); err != nil {
		return err
	}
	if r.Code != 250 {
		res := FromReply(r, c.host, "3.2")
		res.Outcome, res.Status = TryLater, "4"+strings.TrimLeft(res.Status, "245")
		return &hostError{res}
	}
	return nil
}

func (c *conn) startTLS(ctx context.Context, cfg *tls.Config, level TLSLevel) error {
	r, err := c.cmd(c.times.Command, "STARTTLS")
	if err != nil {
		return err
	}
	if r.Code != 220 {
		return &tlsFault{fmt.Errorf("STARTTLS was answered %d %s", r.Code, r.Text())}
	}
	if c.br.Buffered() > 0 { // words sent in clear that would be read as if under TLS (RFC 3207 §6)
		return &tlsFault{errors.New("the server spoke on after STARTTLS")}
	}
	tc := tls.Client(c.nc, cfg)
	hctx, cancel := context.WithTimeout(ctx, c.times.Command)
	defer cancel()
	if err := tc.HandshakeContext(hctx); err != nil {
		return &tlsFault{err}
	}
	c.nc, c.secure, c.verified = tc, true, level == VerifyTLS
	c.buffers()
	return nil
}

// tlsConfig checks certificates exactly where the rule wants it.
func (o *Outbox) tlsConfig(t target) *tls.Config {
	cfg := o.cfg.Roots.Clone()
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	cfg.ServerName = t.host
	switch {
	case t.rule.Level < VerifyTLS:
		cfg.InsecureSkipVerify = true // nothing says what the certificate should be; see RFC 7435
	case t.rule.Verify != nil:
		cfg.InsecureSkipVerify = true // Verify decides in its place
		cfg.VerifyConnection = t.rule.Verify
	}
	return cfg
}

// cmd sends a command and reads its reply.
func (c *conn) cmd(wait time.Duration, format string, args ...any) (Reply, error) {
	c.put(format, args...)
	if err := c.flush(wait); err != nil {
		return Reply{}, err
	}
	return c.read(wait)
}

// put buffers a command. Arguments are addresses and names that were parsed: no line end is in them.
func (c *conn) put(format string, args ...any) { fmt.Fprintf(c.bw, format+"\r\n", args...) }

func (c *conn) flush(wait time.Duration) error {
	c.nc.SetWriteDeadline(time.Now().Add(wait))
	if err := c.bw.Flush(); err != nil {
		return c.fault(err)
	}
	return nil
}

func (c *conn) read(wait time.Duration) (Reply, error) {
	c.nc.SetReadDeadline(time.Now().Add(wait))
	r, err := readReply(c.br)
	if err != nil {
		return r, c.fault(err)
	}
	return r, nil
}

// fault is a connection that ended, went silent, or talks nonsense.
func (c *conn) fault(err error) error {
	if errors.Is(err, errReplySyntax) || errors.Is(err, errReplyLong) {
		return hostFault(c.host, "5.0", "%s: %v", c.host, err)
	}
	return hostFault(c.host, "4.2", "the connection to %s was lost: %v", c.host, plainNetError(err))
}

// has reports an extension.
func (c *conn) has(name string) bool { _, ok := c.ext[name]; return ok }

// sizeLimit is the most octets that the server takes; 0 where it says none (RFC 1870 §3).
func (c *conn) sizeLimit() int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(c.ext["SIZE"]), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// quit ends the connection politely, without waiting long for the answer.
func (c *conn) quit() {
	if _, err := c.cmd(5*time.Second, "QUIT"); err != nil {
		c.close()
		return
	}
	c.close()
}

func (c *conn) close() {
	c.stop()
	c.nc.Close()
}

// plainNetError is an error of the network in words for the sender: the reason without our own addresses.
func plainNetError(err error) string {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "timed out"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	if i := strings.LastIndex(err.Error(), ": "); i >= 0 {
		return err.Error()[i+2:]
	}
	return err.Error()
}
