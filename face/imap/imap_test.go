package imap

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/search"
	"haven/platform/errs"
)

// world is a server over a real mail store, with people from a table.
type world struct {
	*mailboxtest.Store
	t      testing.TB
	srv    *Server
	addr   string
	people *register
}

// register is who may sign in, for tests about mail rather than people: every password is "secret".
type register struct {
	mu      sync.Mutex
	no      map[string]haven.AccountNo
	shared  map[string]bool
	grants  *mailboxtest.Grants
	rights  map[[2]string]haven.Rights
	expired bool
	down    bool
	revoked bool // what everybody signed in with
}

func accountID(no haven.AccountNo) (id haven.AccountID) {
	id[15] = byte(no)
	return id
}

func (r *register) Authenticate(_ context.Context, l Login) (Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	person, target, _ := strings.Cut(l.User, "/")
	if l.AuthzID != "" && l.AuthzID != person {
		target = l.AuthzID
	}
	no, ok := r.no[person]
	switch {
	case r.down:
		return Session{}, errs.E(errs.Transient, "Try again in a minute.")
	case !ok || r.shared[person] || l.Password != "secret":
		return Session{}, errs.E(errs.Private, "no such thing")
	case r.expired:
		return Session{}, &errs.Error{Kind: errs.Denied, Rule: "password.expired", Say: "Your password expired. Change it at https://portal.test."}
	case target == "":
		return Session{Person: no, Account: no, AccountID: accountID(no), Address: person, Holds: r.holds}, nil
	case r.rights[[2]string{person, target}] == 0:
		return Session{}, errs.E(errs.Private, "no such thing")
	}
	box := r.no[target]
	return Session{Person: no, Account: box, AccountID: accountID(box), Address: target, Holds: r.holds}, nil
}

func (r *register) holds(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.revoked {
		return &errs.Error{Kind: errs.Denied, Rule: "login.revoked", Say: "Sign in again."}
	}
	return nil
}

func (r *register) revoke() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked = true
}

func (r *register) Shared(_ context.Context, person haven.AccountNo) (out []SharedBox, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, rights := range r.rights {
		if r.no[k[0]] == person && rights != 0 {
			no := r.no[k[1]]
			out = append(out, SharedBox{Account: no, AccountID: accountID(no), Address: k[1], Rights: rights})
		}
	}
	return out, nil
}

func (r *register) Members(_ context.Context, _, account haven.AccountNo) (out []Member, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, rights := range r.rights {
		if r.no[k[1]] == account && rights != 0 {
			out = append(out, Member{Address: k[0], Rights: rights})
		}
	}
	return out, nil
}

func (r *register) SetMember(_ context.Context, _, account haven.AccountNo, address string, of func(haven.Rights) haven.Rights) error {
	for name, no := range r.no {
		if no == account {
			r.mu.Lock()
			now := r.rights[[2]string{address, name}]
			r.mu.Unlock()
			r.grant(address, name, of(now))
			return nil
		}
	}
	return errs.E(errs.NotFound, "There is no such person.")
}

// grant gives a person rights over a shared mailbox, 0 takes them away.
func (r *register) grant(person, box string, rights haven.Rights) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rights[[2]string{person, box}] = rights
	r.grants.Set(r.no[person], r.no[box], rights)
}

const (
	anna     = "anna@surgery.test"
	ben      = "ben@surgery.test"
	pharmacy = "pharmacy@surgery.test"
)

// newWorld starts a server. Anna owns, and ben is a member of, the shared mailbox of the pharmacy.
func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	return newWorldOf(t, mailboxtest.New(t, "sqlite"), change...)
}

func newWorldOf(t testing.TB, store *mailboxtest.Store, change ...func(*Options)) *world {
	t.Helper()
	w := &world{Store: store, t: t, people: &register{
		no: map[string]haven.AccountNo{}, shared: map[string]bool{pharmacy: true}, grants: store.Grants, rights: map[[2]string]haven.Rights{},
	}}
	for _, name := range []string{anna, ben, pharmacy} {
		w.people.no[name] = store.Account()
	}
	w.people.grant(anna, pharmacy, haven.Owner)
	w.people.grant(ben, pharmacy, haven.Member)
	o := Options{
		Mail: store.Service, People: w.people, Search: w.openSearch(), Access: w.people, AllowPlaintextAuth: true,
		Now: store.Clock.Now, Logger: slog.New(slog.NewTextHandler(testLog{t}, nil)),
	}
	for _, fn := range change {
		fn(&o)
	}
	w.srv = New(o)
	w.addr = w.listen(nil)
	return w
}

// listen serves on a free port of loopback, with TLS where a configuration is given.
func (w *world) listen(cfg *tls.Config) string {
	w.t.Helper()
	return w.listenOn(func(l net.Listener) net.Listener {
		if cfg != nil {
			return tls.NewListener(l, cfg)
		}
		return l
	})
}

// listenOn serves on what of makes of a listener on a free port of loopback.
func (w *world) listenOn(of func(net.Listener) net.Listener) string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	addr := l.Addr().String()
	l = of(l)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.srv.Serve(l)
	}()
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := w.srv.Shutdown(ctx); err != nil {
			w.t.Error("shutdown:", err)
		}
		<-done
	})
	return addr
}

func (w *world) openSearch() *search.Service {
	w.t.Helper()
	if err := w.DB.Migrate(context.Background(), search.Schema); err != nil {
		w.t.Fatal(err)
	}
	s, err := search.Open(context.Background(), search.Options{
		Main: w.DB, Store: w.Store, Itself: mailboxtest.Own, IndexPath: filepath.Join(w.t.TempDir(), "index.db"), Clock: w.Clock,
		Keys: func(ctx context.Context, no haven.AccountNo) (search.Terms, error) { return w.Keys.Account(ctx, no) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

// letter reads a letter of testdata.
func letter(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "letters", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (w *world) viewer(name string) mailbox.Viewer { return mailboxtest.Own(w.people.no[name]) }

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Logf("%s", p)
	return len(p), nil
}

// client is a raw connection of a test.
type client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

const patience = 10 * time.Second

func dial(t testing.TB, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn)
}

func newClient(t testing.TB, conn net.Conn) *client {
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t: t, conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
}

func (c *client) send(raw string) {
	c.t.Helper()
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write([]byte(raw)); err != nil {
		c.t.Fatalf("sending %.60q: %v", raw, err)
	}
}

// line reads a line without its CRLF; "EOF" at the end of the connection.
func (c *client) line() string {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	s, err := c.r.ReadString('\n')
	if err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			c.t.Fatal("the server says nothing")
		}
		return "EOF"
	}
	if !strings.HasSuffix(s, "\r\n") {
		return s // a bare LF within a literal
	}
	return strings.TrimSuffix(s, "\r\n")
}

// until reads lines up to the one with the tag and gives all of them.
func (c *client) until(tag string) []string {
	c.t.Helper()
	var lines []string
	for {
		l := c.line()
		lines = append(lines, l)
		if strings.HasPrefix(l, tag+" ") || l == "EOF" {
			return lines
		}
	}
}

// do sends a command and gives the lines of its answer, which must be OK.
func (c *client) do(command string) []string {
	c.t.Helper()
	c.send("t " + command + "\r\n")
	lines := c.until("t")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "t OK") {
		c.t.Fatalf("%.80s: %s", command, last)
	}
	return lines
}

// signIn dials, reads the greeting and logs in.
func (w *world) signIn(t testing.TB, user string) *client {
	t.Helper()
	c := dial(t, w.addr)
	if l := c.line(); !strings.HasPrefix(l, "* OK ") {
		t.Fatal(l)
	}
	c.do(fmt.Sprintf("LOGIN %q secret", user))
	return c
}
