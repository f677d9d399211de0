package jmap

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/vacation"
	"haven/platform/policy"
)

// standardArguments are those of RFC 8620 §5, by method.
var standardArguments = map[string][]string{
	"get":          {"accountId", "ids", "properties"},
	"changes":      {"accountId", "sinceState", "maxChanges"},
	"set":          {"accountId", "ifInState", "create", "update", "destroy"},
	"copy":         {"fromAccountId", "accountId", "ifFromInState", "ifInState", "create", "onSuccessDestroyOriginal", "destroyFromIfInState"},
	"query":        {"accountId", "filter", "sort", "position", "anchor", "anchorOffset", "limit", "calculateTotal"},
	"queryChanges": {"accountId", "filter", "sort", "sinceQueryState", "maxChanges", "upToId", "calculateTotal"},
}

func TestEveryTypeIsDescribed(t *testing.T) {
	t.Parallel()
	types, described := map[string]DataType{}, Describe()
	for _, d := range described.Types {
		types[d.Name] = d
		all, _ := d.reads.Properties()
		same(t, d.Name+"'s properties", all, d.Shape.names())
	}
	own := map[string]bool{}
	for _, m := range described.Methods {
		own[m.Name] = true
	}
	srv := New(Options{})
	defer srv.Close()
	used, there := map[string]bool{}, slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(described.Names, maps.Keys(srv.methods)))))
	for _, name := range there {
		of, verb, _ := strings.Cut(name, "/")
		used[of] = true
		if standardArguments[verb] == nil && !own[name] || types[of].Name == "" && !own[name] {
			t.Errorf("%s is described by no type and no method of descriptions", name)
		}
	}
	for name, d := range types {
		if !used[name] {
			t.Errorf("%s is described, and has no method", name)
		}
		if asks := slices.Contains(there, name+"/query"); asks != (d.query != nil) || asks != (d.Conditions != nil) || asks != (d.Sorts != nil) {
			t.Errorf("%s: query, Conditions and Sorts are for a type that has /query, and no other", name)
		}
	}
	for name := range own {
		if !slices.Contains(there, name) {
			t.Errorf("%s is described, and there is no such method", name)
		}
	}
}

// What a method reads of its arguments is what is described: each is called with a member that nobody reads, at which it stops.
func TestEveryArgumentIsDescribed(t *testing.T) {
	t.Parallel()
	w := dryCalls(t)
	for name, m := range w.srv.methods {
		if name == "Core/echo" {
			continue
		}
		c := w.call(t, name, `{"accountId":"`+accountID(idOf(1))+`","fromAccountId":"`+accountID(idOf(2))+`","nobody":1}`)
		if _, err := m.fn(c); asMethodError(err).Type != "invalidArguments" {
			t.Errorf("%s took an argument that nobody knows: %v", name, err)
		}
		same(t, name+"'s arguments", slices.Collect(maps.Keys(c.args.asked)), describedArguments(name))
	}
}

func describedArguments(name string) []string {
	for _, m := range Describe().Methods {
		if m.Name == name {
			return m.Arguments.names()
		}
	}
	of, verb, _ := strings.Cut(name, "/")
	for _, d := range Describe().Types {
		if d.Name == of {
			of := slices.DeleteFunc(slices.Clone(standardArguments[verb]), func(name string) bool { return d.OfPerson && (name == "accountId" || name == "ifInState") })
			return append(of, d.Arguments[verb].names()...)
		}
	}
	return nil
}

func typeNamed(name string) DataType {
	all := Describe().Types
	return all[slices.IndexFunc(all, func(d DataType) bool { return d.Name == name })]
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("%s are %q, described are %q", what, got, want)
	}
}

// dry has calls that end before any service is asked.
type dry struct {
	srv      *Server
	session  Session
	accounts []Account
}

func dryCalls(t *testing.T) dry {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	d := dry{srv: New(Options{Policy: p.JMAP})}
	t.Cleanup(d.srv.Close)
	for _, of := range descriptions { // also what only some houses have
		d.srv.methods = join(d.srv.methods, of.table)
	}
	d.srv.features = nil // each account has all of them
	for _, urn := range Describe().Needs {
		d.srv.features = append(d.srv.features, capability{urn: urn})
	}
	for no := range haven.AccountNo(2) {
		d.accounts = append(d.accounts, Account{No: no + 1, ID: idOf(no + 1), Rights: ^haven.Rights(0)})
	}
	return d
}

func (d dry) call(t *testing.T, name, args string) *call {
	t.Helper()
	o, err := parseObject(json.RawMessage(args))
	if err != nil {
		t.Fatal(err)
	}
	one, _ := newTurns(1, d.srv.o.Policy.AnswerOctets).take(d.session.Person)
	r := &run{srv: d.srv, session: &d.session, turn: one, accounts: d.accounts, created: map[string]string{}, using: map[string]bool{}}
	for _, c := range d.srv.features {
		r.using[c.urn] = true
	}
	return &call{ctx: t.Context(), srv: d.srv, session: &d.session, name: name, args: o, run: r}
}

// in has calls of a person of a house, and the person's account.
func (w *world) in(t *testing.T, name string) (dry, string) {
	t.Helper()
	s := w.people.session(name, w.people.no[name])
	accounts, err := w.people.Accounts(t.Context(), &s)
	if err != nil {
		t.Fatal(err)
	}
	return dry{w.srv, s, accounts}, w.account(name)
}

func TestEveryConditionIsDescribed(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	d, account := m.in(t, anna)
	for _, name := range []string{"Mailbox", "Email", "Quota"} {
		d.conditions(t, name, account)
	}
	k := newDesk(t)
	d, account = k.in(t, anna)
	for _, name := range []string{"WorkItem", "WorkNote", "WorkDeadline", "WorkFiling"} {
		d.conditions(t, name, account)
	}
}

// in has calls of alice, and her account.
func (p *post) in(t *testing.T) (dry, string) {
	t.Helper()
	s, err := staff{p.House}.ByPassword(t.Context(), Login{User: "alice@pharmacy.test", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := staff{p.House}.Accounts(t.Context(), &s)
	if err != nil {
		t.Fatal(err)
	}
	return dry{p.s.Config.Handler.(*Server), s, accounts}, accounts[0].JMAP()
}

func TestEveryConditionOfSubmissionsIsDescribed(t *testing.T) {
	p := newPost(t)
	d, account := p.in(t)
	d.conditions(t, "EmailSubmission", account)
}

// conditions has a type query by an empty condition, which tells what it looks for in one, and sort by whatever it might.
func (d dry) conditions(t *testing.T, name, account string) {
	t.Helper()
	of := typeNamed(name)
	ask := func(args string) (asking, error) {
		c := d.call(t, name+"/query", args)
		v, err := c.account(haven.Read)
		if err != nil {
			t.Fatal(err)
		}
		q := c.asking()
		_, err = of.query.Query(c, v, q)
		return q, err
	}
	q, err := ask(`{"accountId":"` + account + `","filter":{}}`)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	same(t, name+"'s conditions", slices.Collect(maps.Keys(q.Filter.Condition.asked)), append(of.Conditions.names(), "operator"))
	for _, by := range slices.Concat(of.Shape.names(), of.Conditions.names(), of.Sorts, sortOptions) {
		more := ""
		if strings.HasSuffix(by, "Keyword") {
			more = `,"keyword":"$seen"`
		}
		_, err := ask(`{"accountId":"` + account + `","sort":[{"property":"` + by + `"` + more + `}]}`)
		if sorts := err == nil; sorts != slices.Contains(of.Sorts, by) {
			t.Errorf("%s is sorted by %s: %t (%v), described otherwise", name, by, sorts, err)
		}
	}
}

// What capabilities say is what is described of them.
func TestEveryCapabilityIsDescribed(t *testing.T) {
	t.Parallel()
	k, p := newDesk(t), newMailWorld(t)
	for urn, says := range map[string]any{coreURN: k.srv.core(), mailURN: p.srv.mailCapability(Account{}), workURN: k.srv.workCapability(Account{})} {
		d := Describe()
		i := slices.IndexFunc(d.Structs, func(s Struct) bool { return s.Name == d.Session[urn]+d.Account[urn] })
		same(t, urn+"'s members", slices.Collect(maps.Keys(says.(record))), d.Structs[i].Shape.names())
	}
}

// setters are the types that are made or changed.
var setters = map[string]setter{"Mailbox": mailboxes{}, "Email": emails{}, "Identity": identities{}, "EmailSubmission": &submissions{done: map[string]sent{}},
	"WorkItem": workItems{}, "WorkNote": workNotes{}, "WorkDeadline": workDeadlines{}, "WorkFiling": workFilings{}, "WorkPresence": workPresences{}, "WorkSettings": workSettings{}, "VacationResponse": vacations{}}

// set has a type make an object of nothing, which tells what it looks for in one, and change each property of one to what it can't be; "" where
// nothing is ever changed.
func (d dry) set(t *testing.T, name, account, id string) {
	t.Helper()
	of := typeNamed(name)
	c := d.call(t, name+"/set", `{"accountId":"`+account+`"}`)
	v, err := c.account(haven.Read)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := parseObject(json.RawMessage("{}"))
	if err != nil {
		t.Fatal(err)
	}
	s := newSetting(c)
	s.Create = []creating{{"new", empty}}
	if err := setters[name].Set(c, v, s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var taken []string
	for _, p := range of.Shape {
		given := !of.Kept && p.Mark&(ServerSet|UpdateOnly) == 0
		if _, looked := empty.asked[p.Name]; given && !looked {
			t.Errorf("%s/set makes one without looking for %s", name, p.Name)
		}
		if given || !empty.asked[p.Name] { // what is looked for and not taken is refused
			taken = append(taken, p.Name)
		}
		if id != "" {
			d.change(t, of, p, v, id)
		}
	}
	for looked := range empty.asked {
		if !slices.Contains(taken, looked) {
			t.Errorf("%s/set looks for %s, which is not described as given", name, looked)
		}
	}
}

// change holds whether a property can be changed against its marks.
func (d dry) change(t *testing.T, of DataType, p Property, v mailbox.Viewer, id string) {
	t.Helper()
	c := d.call(t, of.Name+"/set", `{}`)
	s := newSetting(c)
	s.Update = []updating{{id, patch{steps: []patchStep{{p.Name, []string{p.Name}, json.RawMessage(`{"no":"such"}`)}}}}}
	if err := setters[of.Name].Set(c, v, s); err != nil {
		t.Fatalf("%s: %v", of.Name, err)
	}
	says := text(s.notUpdated[id])
	fixed := strings.Contains(says, "can't be changed") || strings.Contains(says, "is unknown")
	if can := p.Mark&(ServerSet|Immutable|CreateOnly) == 0; can == fixed {
		t.Errorf("%s of %s is described as changeable: %t; changing it: %s", p.Name, of.Name, can, says)
	}
}

// noReply is automatic replies of nobody.
type noReply struct{}

func (noReply) Of(context.Context, haven.AccountNo, haven.AccountNo) (vacation.Reply, error) {
	return vacation.Reply{}, nil
}

func (noReply) Set(context.Context, haven.Actor, vacation.Whose, vacation.Reply) error { return nil }

func TestWhatIsGivenIsDescribed(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t, func(o *Options) { o.Vacations = noReply{} })
	d, account := m.in(t, anna)
	d.set(t, "VacationResponse", account, singleton)
	d.set(t, "Mailbox", account, m.mail(t, anna, anna).folder("archive"))
	d.set(t, "Email", account, "M1")
	k := newDesk(t)
	thread := k.letter()
	d, _ = k.in(t, anna)
	for name, id := range map[string]string{"WorkItem": thread, "WorkNote": "N1", "WorkDeadline": "", "WorkFiling": "R1", "WorkPresence": thread + "-" + k.box, "WorkSettings": singleton} {
		d.set(t, name, k.box, id)
	}
}

func TestWhatIsGivenToSendIsDescribed(t *testing.T) {
	p := newPost(t)
	d, account := p.in(t)
	d.set(t, "Identity", account, "I1")
	d.set(t, "EmailSubmission", account, "S1")
}
