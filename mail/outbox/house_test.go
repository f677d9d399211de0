package outbox

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/blob"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

var testStart = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// house is an outbox with its database, bodies and clock, and the mailboxes of senders who live here.
type house struct {
	*Outbox
	t      *testing.T
	db     *db.DB
	clock  *clock.Fake
	dns    *zone
	mail   *mailroom
	events chan Event
	config Config
}

func newHouse(t *testing.T, engine string, change func(*Config)) *house {
	t.Helper()
	d := dbtest.Open(t, engine, Schema, blob.Schema, audit.Schema)
	bodies, err := blob.Open(t.TempDir(), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bodies.Close() })
	h := &house{t: t, db: d, clock: clock.NewFake(testStart), dns: newZone(), events: make(chan Event, 10_000)}
	h.mail = &mailroom{db: d, at: map[haven.Address][][]byte{}}
	h.config = Config{
		DB: d, Bodies: bodies, Sealer: newTestSealer(t), Hostname: "mail.haven.test", Clock: h.clock, Resolver: h.dns,
		Local: h.mail, AllowLoopback: true, Random: func() float64 { return 0.5 },
		Policy: Policy{Linger: 1, Times: Timeouts{Greeting: 5 * time.Second, Command: 5 * time.Second, DataInit: 5 * time.Second,
			DataBlock: 5 * time.Second, DataEnd: 5 * time.Second, Connect: 5 * time.Second}},
		Notify: func(e Event) { h.events <- e },
		Log:    slog.New(slog.NewTextHandler(testWriter{t}, nil)),
	}
	if change != nil {
		change(&h.config)
	}
	h.Outbox = New(h.config)
	return h
}

// start runs the workers until the test ends, and then checks that the queue is sound.
func (h *house) start() *house {
	h.t.Helper()
	if err := h.Start(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			h.t.Errorf("close: %v", err)
		}
		h.sound()
	})
	return h
}

// sound checks what must be true of the queue at every rest: no letter without recipients, none the other way
// round, no lease, and no body released that a letter needs.
func (h *house) sound() {
	h.t.Helper()
	for what, query := range map[string]string{
		"letters without recipients": `SELECT COUNT(*) FROM queue q WHERE NOT EXISTS (SELECT 1 FROM queue_rcpt r WHERE r.queue = q.id)`,
		"recipients without letter":  `SELECT COUNT(*) FROM queue_rcpt r WHERE NOT EXISTS (SELECT 1 FROM queue q WHERE r.queue = q.id)`,
		"leases":                     `SELECT COUNT(*) FROM queue_rcpt WHERE lease <> 0 OR state = 1`,
		"released bodies in use":     `SELECT COUNT(*) FROM queue q JOIN body b ON b.id = q.body WHERE b.zero_since IS NOT NULL`,
		"bodies kept for nobody": `SELECT COUNT(*) FROM body b WHERE b.zero_since IS NULL
			AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.body = b.id)`,
	} {
		if n := h.number(query); n != 0 {
			h.t.Errorf("%d %s", n, what)
		}
	}
}

func (h *house) number(query string) (n int64) {
	h.t.Helper()
	err := h.db.Read(context.Background(), func(tx *db.Tx) error {
		return tx.Query(query, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

const testLetter = "From: Ann Example <ann@haven.test>\r\nSubject: Hello\r\nMessage-ID: <1@haven.test>\r\n\r\nHello there.\r\n.dot\r\n"

// post puts a letter into the queue. change may add what the test is about.
func (h *house) post(text string, change func(*Item), to ...string) ID {
	h.t.Helper()
	ctx := context.Background()
	stored, err := h.cfg.Bodies.Put(ctx, []byte(text))
	if err != nil {
		h.t.Fatal(err)
	}
	it := Item{Body: stored.ID, Key: stored.Key, Size: stored.Size, From: haven.MustAddress("ann@haven.test")}
	for _, a := range to {
		it.To = append(it.To, Recipient{Address: haven.MustAddress(a)})
	}
	if change != nil {
		change(&it)
	}
	var id ID
	err = h.db.Write(ctx, func(tx *db.Tx) (err error) {
		blob.Insert(tx, stored)
		id, err = h.Enqueue(tx, it)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Wake(it.To...)
	return id
}

// next waits for the next event.
func (h *house) next() Event {
	h.t.Helper()
	select {
	case e := <-h.events:
		return e
	case <-time.After(20 * time.Second):
		h.t.Fatal("nothing happened for 20 seconds")
	}
	return Event{}
}

// tried waits for the next event that is no notice; told for one that is.
func (h *house) tried() Event { return h.nextWhere(func(e Event) bool { return !e.Notice }) }
func (h *house) told() Event  { return h.nextWhere(func(e Event) bool { return e.Notice }) }

func (h *house) nextWhere(want func(Event) bool) Event {
	h.t.Helper()
	for {
		if e := h.next(); want(e) {
			return e
		}
	}
}

// pass moves the clock and lets the workers look.
func (h *house) pass(d time.Duration) {
	h.clock.Advance(d)
	h.Wake()
}

// mailroom files notices for senders in haven.test.
type mailroom struct {
	db   *db.DB
	mu   sync.Mutex
	at   map[haven.Address][][]byte
	fail error // returned instead of filing, while set
}

func (m *mailroom) File(ctx context.Context, to haven.Address, notice []byte, also func(*db.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if to.Domain != "haven.test" {
		return errs.E(errs.NotFound, "not here")
	}
	if err := m.db.Write(ctx, also); err != nil {
		return err
	}
	m.at[to] = append(m.at[to], notice)
	return nil
}

func (m *mailroom) of(address string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, b := range m.at[haven.MustAddress(address)] {
		all = append(all, string(b))
	}
	return all
}

// testSealer is AES-GCM under a key of the test's own.
type testSealer struct{ aead cipher.AEAD }

func newTestSealer(t testing.TB) testSealer {
	key := make([]byte, 32)
	rand.Read(key)
	return sealerOf(t, key)
}

// fixedSealer is the same in every process.
func fixedSealer(t testing.TB) testSealer { return sealerOf(t, bytes.Repeat([]byte{7}, 32)) }

func sealerOf(t testing.TB, key []byte) testSealer {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return testSealer{aead}
}

func (s testSealer) Seal(dst, plain, ad []byte) ([]byte, error) {
	nonce := make([]byte, 12)
	rand.Read(nonce)
	return s.aead.Seal(append(dst, nonce...), nonce, plain, ad), nil
}

func (s testSealer) Open(dst, sealed, ad []byte) ([]byte, error) {
	return s.aead.Open(dst, sealed[:12], sealed[12:], ad)
}

// zone is DNS. What is not in it does not exist; what is in broken does not answer.
type zone struct {
	mu     sync.Mutex
	mx     map[string][]*net.MX
	hosts  map[string][]string
	broken map[string]bool
}

func newZone() *zone {
	return &zone{mx: map[string][]*net.MX{}, hosts: map[string][]string{}, broken: map[string]bool{}}
}

func (z *zone) LookupMX(_ context.Context, domain string) ([]*net.MX, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	return found(z, z.mx, domain)
}

func (z *zone) LookupHost(_ context.Context, host string) ([]string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	return found(z, z.hosts, host)
}

func found[T any](z *zone, records map[string][]T, name string) ([]T, error) {
	if z.broken[name] {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	if r := records[name]; len(r) > 0 {
		return r, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}

// stranger is a server that plays a script, once for each connection; the last script serves all further ones.
// A line of a script is
//
//	S text   send text and CRLF            C text   expect a line that begins so
//	DATA     take a letter up to its dot   EHLO     220, then EHLO answered with the words given
//	CLOSE    hang up                       FLOOD    send without end until the other side hangs up
//	WAIT     say nothing until the other side hangs up
//	SERVE    take whatever comes until QUIT
type stranger struct {
	t       testing.TB
	addr    string
	ln      net.Listener
	scripts [][]string
	heard   chan string // lines that scripts have read
	took    chan string // letters, for whoever waits
	group   sync.WaitGroup

	mu      sync.Mutex
	n       int
	letters []string
	faults  []string
}

func newStranger(t testing.TB, scripts ...string) *stranger {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{t: t, ln: ln, addr: ln.Addr().String(), heard: make(chan string, 1000), took: make(chan string, 1000)}
	for _, text := range scripts {
		s.scripts = append(s.scripts, strings.Split(strings.TrimSpace(text), "\n"))
	}
	s.group.Add(1)
	go s.accept()
	t.Cleanup(func() {
		ln.Close()
		s.group.Wait()
		for _, f := range s.faults {
			t.Error(f)
		}
	})
	return s
}

func (s *stranger) accept() {
	defer s.group.Done()
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		script := s.scripts[min(s.n, len(s.scripts)-1)]
		s.n++
		s.mu.Unlock()
		s.group.Add(1)
		go func() {
			defer s.group.Done()
			defer c.Close()
			c.SetDeadline(time.Now().Add(30 * time.Second))
			s.play(c, script)
		}()
	}
}

func (s *stranger) play(c net.Conn, script []string) {
	br := bufio.NewReader(c)
	for _, step := range script {
		step = strings.TrimSpace(step)
		word, text, _ := strings.Cut(step, " ")
		switch word {
		case "S":
			fmt.Fprintf(c, "%s\r\n", strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\0`, "\x00").Replace(text))
		case "C":
			line, err := br.ReadString('\n')
			select {
			case s.heard <- line:
			default:
			}
			if err != nil {
				return
			}
			if !strings.HasPrefix(line, text) || !strings.HasSuffix(line, "\r\n") {
				s.note(&s.faults, fmt.Sprintf("the stranger got %q and expected %q", line, text))
				return
			}
		case "EHLO":
			if !s.hello(c, br, text) {
				return
			}
		case "SERVE":
			s.serve(c, br)
			return
		case "DATA":
			letter, err := readDotted(br)
			if err != nil {
				return
			}
			s.note(&s.letters, letter)
		case "CLOSE":
			return
		case "FLOOD":
			for {
				if _, err := fmt.Fprintf(c, "%s\r\n", text); err != nil {
					return
				}
			}
		case "WAIT":
			io.Copy(io.Discard, br)
			return
		default:
			s.note(&s.faults, "no such step: "+step)
		}
	}
}

func (s *stranger) hello(c net.Conn, br *bufio.Reader, words string) bool {
	fmt.Fprintf(c, "220 mx.there.test ESMTP\r\n")
	if _, err := br.ReadString('\n'); err != nil {
		return false
	}
	reply := "250-mx.there.test\r\n"
	for _, w := range strings.Fields(words) {
		reply += "250-" + strings.ReplaceAll(w, "=", " ") + "\r\n"
	}
	fmt.Fprint(c, reply+"250 HELP\r\n")
	return true
}

func (s *stranger) serve(c net.Conn, br *bufio.Reader) {
	bw := bufio.NewWriter(c)
	for {
		if br.Buffered() == 0 {
			bw.Flush()
		}
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		switch line[:min(4, len(line))] {
		case "DATA":
			fmt.Fprint(bw, "354 go on\r\n")
			bw.Flush()
			letter, err := readDotted(br)
			if err != nil {
				return
			}
			s.note(&s.letters, letter)
		case "QUIT":
			fmt.Fprint(bw, "221 bye\r\n")
			bw.Flush()
			return
		}
		fmt.Fprint(bw, "250 2.0.0 ok\r\n")
	}
}

func (s *stranger) note(list *[]string, text string) {
	s.mu.Lock()
	*list = append(*list, text)
	s.mu.Unlock()
	select {
	case s.took <- text:
	default:
	}
}

func (s *stranger) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.letters...)
}

func (s *stranger) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// readDotted reads up to the lone dot and takes stuffed dots away.
func readDotted(br *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return b.String(), err
		}
		if line == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// via sends all mail to a stranger.
func via(s *stranger) func(*Config) {
	return func(c *Config) { c.Routes = []Route{{Domain: "*", Host: s.addr}} }
}

// stampSigner signs with a line that names the domain, after reading the letter to its end.
type stampSigner struct {
	n   *atomic.Int64
	err error
}

func (s stampSigner) Sign(_ context.Context, domain string, letter io.Reader) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.n != nil {
		s.n.Add(1)
	}
	if _, err := io.Copy(io.Discard, letter); err != nil {
		return nil, err
	}
	return []byte("DKIM-Signature: d=" + domain + "\r\n"), nil
}

type panicSigner struct{}

func (panicSigner) Sign(context.Context, string, io.Reader) ([]byte, error) {
	panic("a fault of our own")
}

// countingDialer counts connections.
type countingDialer struct{ now, most, total *atomic.Int64 }

func (d countingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n := d.now.Add(1)
	d.total.Add(1)
	for m := d.most.Load(); n > m && !d.most.CompareAndSwap(m, n); m = d.most.Load() {
	}
	return &countedConn{Conn: c, now: d.now}, nil
}

type countedConn struct {
	net.Conn
	now  *atomic.Int64
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.now.Add(-1) })
	return c.Conn.Close()
}
