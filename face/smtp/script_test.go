package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/platform/errs"
)

// post is a backend that knows a few people and keeps what it is given.
type post struct {
	mu      sync.Mutex
	letters []kept
	aborted int
	open    int // sessions
}

type kept struct {
	from haven.Address
	mail MailParams
	to   []haven.Address
	rcpt []RcptParams
	text string
	with string
}

func (p *post) Connect(_ context.Context, peer *Peer) (Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open++
	return &postSession{post: p, peer: peer}, nil
}

func (p *post) last(t *testing.T) kept {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) == 0 {
		t.Fatal("no letter was kept")
	}
	return p.letters[len(p.letters)-1]
}

type postSession struct {
	post *post
	peer *Peer
	kept kept
}

func (s *postSession) Mail(_ context.Context, from haven.Address, p MailParams) error {
	if from.Local == "panic" {
		panic("asked to")
	}
	s.kept = kept{from: from, mail: p, with: s.peer.Protocol(p.UTF8)}
	return nil
}

func (s *postSession) Rcpt(_ context.Context, to haven.Address, p RcptParams) error {
	switch to.Local {
	case "nobody":
		return errs.E(errs.NotFound, "There is no such mailbox here.")
	case "full":
		return errs.E(errs.OverQuota, "The mailbox is full.")
	case "busy":
		return errs.E(errs.Transient, "")
	}
	s.kept.to = append(s.kept.to, to)
	s.kept.rcpt = append(s.kept.rcpt, p)
	return nil
}

func (s *postSession) Data(context.Context) (Letter, error) {
	if s.kept.to[0].Local == "nodata" {
		return nil, errs.E(errs.Denied, "Not today.")
	}
	return &postLetter{s: s}, nil
}

func (s *postSession) Reset() { s.kept = kept{} }

func (s *postSession) Close() {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.open--
}

// keySession is a postSession that people sign in to.
type keySession struct{ *postSession }

func (keySession) Auth(_ context.Context, l Login) error {
	switch {
	case l.User == "alice@pharmacy.test" && l.Password == "correct horse" && (l.As == "" || l.As == "shared@pharmacy.test"):
		return nil
	case l.User == "slow@pharmacy.test":
		return errs.E(errs.Transient, "Too many people sign in at once.")
	case l.User == "late@pharmacy.test":
		return errs.E(errs.Denied, "Your password expired on 3 May. Change it at https://portal.test/.")
	}
	return errs.E(errs.Private, "User name or password is wrong.")
}

type keyPost struct{ *post }

func (p keyPost) Connect(ctx context.Context, peer *Peer) (Session, error) {
	s, err := p.post.Connect(ctx, peer)
	return keySession{s.(*postSession)}, err
}

type postLetter struct {
	s    *postSession
	text bytes.Buffer
}

func (l *postLetter) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("disk full")) {
		return 0, errs.E(errs.Transient, "No room.")
	}
	return l.text.Write(b)
}

func (l *postLetter) Commit(context.Context) (string, error) {
	p := l.s.post
	p.mu.Lock()
	defer p.mu.Unlock()
	k := l.s.kept
	k.text = l.text.String()
	if strings.Contains(k.text, "virus") {
		return "", errs.E(errs.Denied, "This letter is not welcome.")
	}
	p.letters = append(p.letters, k)
	return "id1", nil
}

func (l *postLetter) Abort() {
	l.s.post.mu.Lock()
	defer l.s.post.mu.Unlock()
	l.s.post.aborted++
}

var testTLS = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx.pharmacy.test"},
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"mx.pharmacy.test"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

// serve starts s on a free port and returns its address; it is shut down with the test, and must leave nothing open.
func serve(t *testing.T, s *Server, p *post) string {
	t.Helper()
	s.Name = "mx.pharmacy.test"
	if s.Backend == nil {
		s.Backend = p
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-ended; err != ErrClosed {
			t.Errorf("Serve ended with %v", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open != 0 {
			t.Errorf("%d sessions were left open", p.open)
		}
	})
	return l.Addr().String()
}

// caller is a client that says exactly what it is told to.
type caller struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func call(t *testing.T, addr string) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &caller{t, conn, bufio.NewReader(conn)}
	return c
}

func (c *caller) send(s string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(s)); err != nil {
		c.t.Fatalf("sending %q: %v", s, err)
	}
}

// hear reads one reply, all its lines, without the last CR LF.
func (c *caller) hear() string {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var b strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			if b.Len() == 0 {
				return "closed"
			}
			c.t.Fatalf("reading a reply: %v after %q", err, b.String())
		}
		if !strings.HasSuffix(line, "\r\n") || len(line) > 512 {
			c.t.Fatalf("%q is no reply line", line)
		}
		if line[3] == ' ' {
			return strings.TrimSuffix(b.String(), "\r\n")
		}
	}
}

func (c *caller) want(prefix string) string {
	c.t.Helper()
	got := c.hear()
	last := got[strings.LastIndex(got, "\n")+1:]
	if !strings.HasPrefix(last, prefix) {
		c.t.Fatalf("heard %q, wanted %q", got, prefix)
	}
	return got
}

func (c *caller) startTLS() {
	c.t.Helper()
	tc := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
	if err := tc.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.conn, c.r = tc, bufio.NewReader(tc)
}

// play runs a script: lines that begin with "> " are sent with CR LF, "< " wants a reply that begins so, ">> " sends
// the text with Go's escapes undone and nothing added, "tls" begins TLS.
func (c *caller) play(script string) {
	c.t.Helper()
	for n, line := range strings.Split(strings.TrimSpace(script), "\n") {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case ">":
			c.send(rest + "\r\n")
		case ">>":
			c.send(strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\0`, "\x00", `\d`, "\xff").Replace(rest))
		case "<":
			got := c.hear()
			last := got[strings.LastIndex(got, "\n")+1:]
			if !strings.HasPrefix(last, rest) {
				c.t.Fatalf("line %d: heard %q, wanted %q", n+1, got, rest)
			}
		case "tls":
			c.startTLS()
		case "", "#":
		default:
			c.t.Fatalf("line %d: %q is no step of a script", n+1, line)
		}
	}
}
