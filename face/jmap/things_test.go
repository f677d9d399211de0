package jmap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

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
	return t.now[no].turns > 0
}
