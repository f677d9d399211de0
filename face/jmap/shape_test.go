package jmap

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"haven"
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
	types := map[string]DataType{}
	for _, d := range dataTypes {
		types[d.Name] = d
		all, _ := d.get.Properties()
		same(t, d.Name+"'s properties", all, d.Shape.names())
	}
	own := map[string]bool{}
	for _, m := range ownMethods {
		own[m.Name] = true
	}
	used, there := map[string]bool{}, Describe().Names
	for _, name := range there {
		of, verb, _ := strings.Cut(name, "/")
		used[of] = true
		if standardArguments[verb] == nil && !own[name] || types[of].Name == "" && !own[name] {
			t.Errorf("%s is described by no entry of dataTypes or ownMethods", name)
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
	for _, m := range ownMethods {
		if m.Name == name {
			return m.Arguments.names()
		}
	}
	of, verb, _ := strings.Cut(name, "/")
	for _, d := range dataTypes {
		if d.Name == of {
			return append(slices.Clone(standardArguments[verb]), d.Arguments[verb].names()...)
		}
	}
	return nil
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
	d.srv.features = nil // each account has all of them
	for _, urn := range Describe().Of {
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
	return &call{ctx: t.Context(), srv: d.srv, session: &d.session, name: name, args: o, run: &run{srv: d.srv, session: &d.session, accounts: d.accounts, created: map[string]string{}}}
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
	for _, name := range []string{"WorkItem", "WorkNote", "WorkDeadline"} {
		d.conditions(t, name, account)
	}
}

func TestEveryConditionOfSubmissionsIsDescribed(t *testing.T) {
	p := newPost(t)
	s, err := staff{p.House}.ByPassword(t.Context(), Login{User: "alice@pharmacy.test", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := staff{p.House}.Accounts(t.Context(), &s)
	if err != nil {
		t.Fatal(err)
	}
	d := dry{p.s.Config.Handler.(*Server), s, accounts}
	d.conditions(t, "EmailSubmission", accounts[0].JMAP())
}

// conditions has a type query by an empty condition, which tells what it looks for in one, and sort by whatever it might.
func (d dry) conditions(t *testing.T, name, account string) {
	t.Helper()
	of := dataTypes[slices.IndexFunc(dataTypes, func(d DataType) bool { return d.Name == name })]
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
		name := capabilityShapes.session[urn] + capabilityShapes.account[urn]
		i := slices.IndexFunc(structs, func(s Struct) bool { return s.Name == name })
		same(t, urn+"'s members", slices.Collect(maps.Keys(says.(record))), structs[i].Shape.names())
	}
}
