package jmap

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
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
	ids    map[string]haven.AccountNo
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
	s.Lasts = nil
	return s, nil
}

func (r *register) session(name string, no haven.AccountNo) Session {
	return Session{Person: no, ID: idOf(no), Address: haven.MustAddress(name), Name: name, Holds: r.holds, Use: r.use,
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
	store := mailboxtest.New(t, "sqlite")
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

// things keeps things of accounts in memory, with what happened to them.
type things struct {
	mu   sync.Mutex
	of   map[haven.AccountNo]*shelf
	next int
}

type shelf struct {
	things map[string]record
	log    []string // ids in the order in which something happened to them; its length is the state
	made   map[string]int
}

func newThings() *things { return &things{of: map[haven.AccountNo]*shelf{}} }

func (t *things) shelf(no haven.AccountNo) *shelf {
	if t.of[no] == nil {
		t.of[no] = &shelf{things: map[string]record{}, made: map[string]int{}}
	}
	return t.of[no]
}

func (s *shelf) state() string { return fmt.Sprint(len(s.log)) }

func (t *things) lock() func() { t.mu.Lock(); return t.mu.Unlock }

func (t *things) States(_ context.Context, _ *Session, accounts []Account) (map[haven.AccountNo]map[string]string, error) {
	defer t.lock()()
	all := map[haven.AccountNo]map[string]string{}
	for _, a := range accounts {
		all[a.No] = map[string]string{"Thing": t.shelf(a.No).state(), "Other": "0"}
	}
	return all, nil
}

func (t *things) State(_ *call, v mailbox.Viewer) (string, error) {
	defer t.lock()()
	return t.shelf(v.Account).state(), nil
}

func (t *things) Properties() (all, usual []string) {
	return []string{"id", "name", "size", "tags", "partOf", "secret"}, []string{"id", "name", "size", "tags"}
}

func (t *things) Accepts(property string) bool { return strings.HasPrefix(property, "x:") }

func (t *things) ids(no haven.AccountNo) (ids []string) {
	for id := range t.shelf(no).things {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (t *things) All(_ *call, v mailbox.Viewer) ([]string, error) {
	defer t.lock()()
	return t.ids(v.Account), nil
}

func (t *things) Read(_ *call, v mailbox.Viewer, ids []string, want properties, add func(string, any)) error {
	defer t.lock()()
	for _, id := range ids {
		if o := t.shelf(v.Account).things[id]; o != nil {
			for _, name := range want.Names() {
				if strings.HasPrefix(name, "x:") {
					o[name] = want.Has(name)
				}
			}
			add(id, o)
		}
	}
	return nil
}

func (t *things) Changes(_ *call, v mailbox.Viewer, since string, most int) (changed, error) {
	defer t.lock()()
	s, from := t.shelf(v.Account), 0
	if n, err := fmt.Sscanf(since, "%d", &from); n != 1 || err != nil || from > len(s.log) {
		return changed{}, errCantCalculate
	}
	to := len(s.log)
	if most > 0 {
		to = min(to, from+most)
	}
	ch := changed{NewState: fmt.Sprint(to), More: to < len(s.log), Extra: record{"hint": true}}
	for _, id := range s.log[from:to] {
		switch {
		case s.things[id] == nil:
			ch.Destroyed = append(ch.Destroyed, id)
		case s.made[id] > from:
			ch.Created = append(ch.Created, id)
		default:
			ch.Updated = append(ch.Updated, id)
		}
	}
	return ch, nil
}

func (t *things) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		if id, err := t.create(c, v, x.Object); err != nil {
			s.NotCreated(x.CID, err)
		} else {
			s.Created(x.CID, id, record{"size": 0})
		}
	}
	for _, x := range s.Update {
		switch err := t.update(v, x); {
		case err != nil:
			s.NotUpdated(x.ID, err)
		default:
			s.Updated(x.ID, nil)
		}
	}
	defer t.lock()()
	shelf := t.shelf(v.Account)
	for _, id := range s.Destroy {
		switch {
		case id == "singleton":
			s.NotDestroyed(id, errSingleton)
		case id == "unsaid":
		case shelf.things[id] == nil:
			s.NotDestroyed(id, errNotFound)
		default:
			delete(shelf.things, id)
			shelf.log = append(shelf.log, id)
			s.Destroyed(id)
		}
	}
	return nil
}

// faults are names by which a test asks for an error.
var faults = map[string]error{
	"forbidden": errs.E(errs.Denied, "Not you."), "overQuota": errs.E(errs.OverQuota, "Full."), "rateLimit": errs.E(errs.TooMany, "Slow down."),
	"tooLarge": refuse("tooLarge", "Too large."), "serverFail": fmt.Errorf("the password is secret"), "stateMismatch": errs.E(errs.Conflict, "Changed."),
	"serverUnavailable": errs.E(errs.Transient, "Later."), "notFound": errs.E(errs.NotFound, "Gone."),
}

func (t *things) create(c *call, v mailbox.Viewer, o *object) (string, error) {
	o.Require("name")
	name, tags, partOf := o.String("name"), o.Set("tags"), o.ID("partOf")
	o.UTCDate("at")
	if err := o.Done(); err != nil {
		return "", err
	}
	if err := faults[name]; err != nil {
		return "", err
	}
	part, ok := c.resolve(partOf)
	if !ok {
		return "", refuse("invalidProperties", "There is no such thing.", "partOf")
	}
	defer t.lock()()
	t.next++
	id := fmt.Sprintf("T%03d", t.next)
	s := t.shelf(v.Account)
	s.things[id] = record{"id": id, "name": name, "size": int64(len(name)), "tags": tagsOf(tags), "partOf": part, "secret": "not by default"}
	s.log = append(s.log, id)
	s.made[id] = len(s.log)
	return id, nil
}

func tagsOf(names []string) record {
	r := record{}
	for _, n := range names {
		r[n] = true
	}
	return r
}

func (t *things) update(v mailbox.Viewer, x updating) error {
	defer t.lock()()
	s := t.shelf(v.Account)
	o := s.things[x.ID]
	if o == nil {
		return errNotFound
	}
	if err := x.Patch.Only("name", "tags"); err != nil {
		return err
	}
	after, err := x.Patch.Apply(record{"name": o["name"], "tags": o["tags"]})
	if err != nil {
		return err
	}
	name, tags := after.String("name"), after.Set("tags")
	if err := after.Done(); err != nil {
		return err
	}
	o["name"], o["tags"] = name, tagsOf(tags)
	s.log = append(s.log, x.ID)
	return nil
}

func (t *things) Copy(c *call, from, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		unlock := t.lock()
		o := t.shelf(from.Account).things[s.Original(x.CID)]
		unlock()
		if o == nil {
			s.NotCreated(x.CID, errNotFound)
			continue
		}
		made, err := parseObject([]byte(fmt.Sprintf(`{"name":%q}`, o["name"])))
		if err != nil {
			return err
		}
		id, err := t.create(c, v, made)
		if err != nil {
			s.NotCreated(x.CID, err)
			continue
		}
		s.Created(x.CID, id, nil)
	}
	return nil
}

func (t *things) Query(_ *call, v mailbox.Viewer, q asking) (found, error) {
	defer t.lock()()
	s := t.shelf(v.Account)
	f := found{State: s.state(), Calculate: true, Extra: record{"hint": true}}
	var ids names
	for _, id := range t.ids(v.Account) {
		ok, err := matches(q.Filter, s.things[id])
		if err != nil {
			return f, err
		}
		if ok {
			ids = append(ids, id)
		}
	}
	for _, c := range q.Sort {
		if c.Property != "name" || c.Collation != "" {
			return f, fail("unsupportedSort", "Sort by name.")
		}
		slices.SortStableFunc(ids, func(a, b string) int {
			n := strings.Compare(s.things[a]["name"].(string), s.things[b]["name"].(string))
			if c.Descending {
				return -n
			}
			return n
		})
	}
	f.IDs = ids
	return f, nil
}

func matches(f *filter, o record) (bool, error) {
	if f == nil {
		return true, nil
	}
	if f.Condition != nil {
		name := f.Condition.String("name")
		if f.Condition.Done() != nil {
			return false, fail("unsupportedFilter", "Filter by name.")
		}
		return strings.Contains(o["name"].(string), name), nil
	}
	for _, sub := range f.Of {
		ok, err := matches(sub, o)
		if err != nil {
			return false, err
		}
		switch {
		case f.Op == "AND" && !ok, f.Op == "NOT" && ok:
			return false, nil
		case f.Op == "OR" && ok:
			return true, nil
		}
	}
	return f.Op != "OR", nil
}

func (t *things) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	f, err := t.Query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	defer t.lock()()
	s, from := t.shelf(v.Account), 0
	if n, err := fmt.Sscanf(since, "%d", &from); n != 1 || err != nil || from > len(s.log) {
		return delta{}, errCantCalculate
	}
	return delta{found: f, Touched: s.log[from:], Immutable: len(q.Sort) == 0}, nil
}

// put makes a thing and says its id.
func (w *world) put(box, name string) string {
	w.t.Helper()
	c := w.as(anna)
	var out struct {
		Created map[string]struct{ ID string }
	}
	r := call1(w.t, c, jmapclient.Call{Name: "Thing/set", Args: jmapclient.Args{"accountId": w.account(box), "create": jmapclient.Args{"a": jmapclient.Args{"name": name}}}})
	if err := r.Answers[0].Into(&out); err != nil || out.Created["a"].ID == "" {
		w.t.Fatalf("%s", r.Answers[0].Args)
	}
	w.Hub.Announce(w.people.no[box], 0)
	return out.Created["a"].ID
}

// has reports whether a person has anything under way.
func (t *turns) has(no haven.AccountNo) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now[no] > 0
}
