package jmap

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/upload"
	"haven/platform/errs"
	"haven/platform/policy"
)

// world is the face over real HTTP, with people from a table and a type Thing that is kept in memory.
type world struct {
	*mailboxtest.Store
	t      testing.TB
	srv    *Server
	http   *httptest.Server
	people *register
	things *things
}

const (
	anna     = "anna@surgery.test"
	ben      = "ben@surgery.test"
	pharmacy = "pharmacy@surgery.test" // anna owns it, ben is a member
	archive  = "archive@surgery.test"  // anna only reads it; it has no things
)

func idOf(no haven.AccountNo) (id haven.AccountID) { id[15] = byte(no); return id }

// register is who may sign in; every password is "secret", and a cookie is the person's address.
type register struct {
	mu     sync.Mutex
	no     map[string]haven.AccountNo
	rights map[[2]string]haven.Rights
	grants *mailboxtest.Grants
	fault  error // what every question whether a session holds is answered with
	until  time.Time
	used   int
	down   error
}

func (r *register) ByPassword(_ context.Context, l Login) (Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	person, only, _ := strings.Cut(l.User, "/")
	no, ok := r.no[person]
	if r.down != nil {
		return Session{}, r.down
	}
	if !ok || l.Password != "secret" {
		return Session{}, errs.E(errs.Private, "The user name or the password is wrong.")
	}
	s := r.session(person, no)
	if only != "" {
		if s.Only = r.no[only]; r.rights[[2]string{person, only}] == 0 {
			return Session{}, errs.E(errs.NotFound, "There is no such mailbox.")
		}
	}
	s.Lasts, s.Credential = nil, "program"
	return s, nil
}

func (r *register) session(name string, no haven.AccountNo) Session {
	return Session{Person: no, ID: idOf(no), Address: haven.MustAddress(name), Name: name, Credential: "page", Holds: r.holds, Use: r.use,
		Lasts: func(ctx context.Context) (time.Time, error) { return r.lasts(), r.holds(ctx) }}
}

func (r *register) holds(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault
}

func (r *register) lasts() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.until
}

func (r *register) use(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used++
	return nil
}

func (r *register) ByCookie(_ context.Context, token string) (Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	no, ok := r.no[token]
	switch {
	case r.fault != nil:
		return Session{}, r.fault
	case !ok:
		return Session{}, errs.E(errs.Private, "You are not logged in.")
	}
	return r.session(token, no), nil
}

func (r *register) Accounts(_ context.Context, s *Session) (all []Account, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range []string{anna, ben, pharmacy, archive} {
		no := r.no[name]
		rights := r.rights[[2]string{s.Address.String(), name}]
		if rights != 0 && (s.Only == 0 || s.Only == no) {
			all = append(all, Account{No: no, ID: idOf(no), Address: haven.MustAddress(name), Name: name, Personal: no == s.Person, Rights: rights})
		}
	}
	return all, nil
}

// grant gives a person rights over an account, 0 takes them away; whoever waits is told.
func (w *world) grant(person, box string, rights haven.Rights) {
	r := w.people
	r.mu.Lock()
	r.rights[[2]string{person, box}] = rights
	r.grants.Set(r.no[person], r.no[box], rights)
	no := r.no[person]
	r.mu.Unlock()
	w.Hub.Announce(no, 0)
}

// end has every session answered with an error from now on, and whoever waits is told.
func (w *world) end(err error) {
	w.people.mu.Lock()
	w.people.fault = err
	w.people.mu.Unlock()
	for _, no := range w.people.no {
		w.Hub.Announce(no, 0)
	}
}

const thingsURN = "https://surgery.test/things"

// newWorld opens a world; change is applied to the options before the face is made.
func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	return newWorldOver(t, mailboxtest.New(t, "sqlite"), change...)
}

// newWorldOver is newWorld over a store that the test has made.
func newWorldOver(t testing.TB, store *mailboxtest.Store, change ...func(*Options)) *world {
	t.Helper()
	if err := store.DB.Migrate(context.Background(), upload.Schema); err != nil {
		t.Fatal(err)
	}
	w := &world{Store: store, t: t, things: newThings(), people: &register{no: map[string]haven.AccountNo{}, rights: map[[2]string]haven.Rights{}, grants: store.Grants}}
	for _, name := range []string{anna, ben, pharmacy, archive} {
		w.people.no[name] = store.Account()
	}
	for _, g := range []struct {
		person, box string
		rights      haven.Rights
	}{{anna, anna, haven.Own}, {ben, ben, haven.Own}, {anna, pharmacy, haven.Owner}, {ben, pharmacy, haven.Member}, {anna, archive, haven.Read}} {
		w.grant(g.person, g.box, g.rights)
	}
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	p.JMAP.PushDelay = 0 // the store's clock stands
	o := Options{People: w.people, Mail: store.Service, Hub: store.Hub, States: w.things, Cookie: "haven-session", Policy: p.JMAP, Clock: store.Clock,
		Logger: slog.New(slog.NewTextHandler(testLog{t}, nil))}
	for _, fn := range change {
		fn(&o)
	}
	o.Blobs = blobs{upload.New(upload.Options{DB: store.DB, Bodies: store.Packs, Keys: store.Keys, Access: store.Grants, Room: store.Service, Policy: o.Policy, Clock: store.Clock})}
	w.srv = New(o)
	w.addThings()
	w.http = httptest.NewServer(w.srv)
	t.Cleanup(func() {
		w.srv.Close()
		w.http.Close()
	})
	return w
}

// addThings gives the face a type of the test's own.
func (w *world) addThings() {
	w.srv.features = append(w.srv.features, capability{thingsURN, func(*visit) any { return record{} }, func(a Account) any {
		if a.Address.String() == archive {
			return nil
		}
		return record{"mostTags": 5}
	}})
	t := w.things
	for name, fn := range map[string]func(*call) (any, error){
		"Thing/get":          func(c *call) (any, error) { return c.get(t) },
		"Thing/changes":      func(c *call) (any, error) { return c.changes(t) },
		"Thing/set":          func(c *call) (any, error) { return c.set(t) },
		"Thing/copy":         func(c *call) (any, error) { return c.copy(t, "Thing/set") },
		"Thing/query":        func(c *call) (any, error) { return c.query(t) },
		"Thing/queryChanges": func(c *call) (any, error) { return c.queryChanges(t) },
		"Thing/panic":        func(*call) (any, error) { panic("a fault of ours") },
		"Thing/fail":         func(*call) (any, error) { return nil, fmt.Errorf("the password is secret") },
		"Thing/also": func(c *call) (any, error) {
			if _, err := c.account(haven.Read); err != nil {
				return nil, err
			}
			_ = c.actor(c.session.ID)
			return record{"first": true}, c.also("Thing/set", record{"second": true})
		},
		"Thing/manage": func(c *call) (any, error) { return c.setAs(haven.Manage, t) },
	} {
		w.srv.methods[name] = method{thingsURN, fn}
	}
}

// blobs answers Blobs with uploads alone.
type blobs struct{ s *upload.Service }

func (b blobs) Put(ctx context.Context, v mailbox.Viewer, typ string, r io.Reader) (string, int64, error) {
	u, err := b.s.Put(ctx, v, typ, r)
	return u.ID, u.Size, err
}

func (b blobs) Open(ctx context.Context, v mailbox.Viewer, id string) (Blob, error) {
	f, err := b.s.Open(ctx, v, id)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (b blobs) Copy(ctx context.Context, from, to mailbox.Viewer, id string) (string, error) {
	u, err := b.s.Copy(ctx, from, to, id)
	return u.ID, err
}

// testLog shows the face's log with the test that it is of.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// as opens a client that signs in with a password.
func (w *world) as(user string) *jmapclient.Client {
	w.t.Helper()
	c, err := jmapclient.Open(context.Background(), w.http.Client(), w.http.URL, jmapclient.Basic(user, "secret"))
	if err != nil {
		w.t.Fatal(err)
	}
	c.Using = append(c.Using, thingsURN)
	return c
}

// account is how an account is called over JMAP.
func (w *world) account(name string) string { return accountID(idOf(w.people.no[name])) }

// call makes calls that are to be answered.
func call1(t testing.TB, c *jmapclient.Client, calls ...jmapclient.Call) jmapclient.Response {
	t.Helper()
	r, err := c.Call(context.Background(), calls...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantErrors makes one call each, of which the error is to be of a type.
func wantErrors(t *testing.T, c *jmapclient.Client, cases []errorCase) {
	t.Helper()
	for _, x := range cases {
		r := call1(t, c, jmapclient.Call{Name: x.call, Args: x.args})
		if got := r.Answers[0].Error(); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, string(r.Answers[0].Args), x.want)
		}
	}
}

type errorCase struct {
	name, call string
	args       jmapclient.Args
	want       string
}
