package jmap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
)

// one makes one call and decodes its answer; an error fails the test.
func one[T any](t testing.TB, c *jmapclient.Client, name string, a args) (out T) {
	t.Helper()
	r := call1(t, c, jmapclient.Call{Name: name, Args: a})
	if r.Answers[0].Error() != "" {
		t.Fatalf("%s: %s", name, r.Answers[0].Args)
	}
	if err := r.Answers[0].Into(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

type got struct {
	AccountID string
	State     string
	List      []map[string]any
	NotFound  []string
}

func TestRFC8620_5_1_Get(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own := w.as(anna), w.account(anna)
	a, b := w.put(anna, "tablets"), w.put(anna, "syrup")
	all := one[got](t, c, "Thing/get", args{"accountId": own})
	if len(all.List) != 2 || all.AccountID != own || all.State != "2" || all.NotFound == nil || len(all.NotFound) != 0 {
		t.Errorf("%+v", all)
	}
	if o := all.List[0]; o["id"] != a || o["name"] != "tablets" || o["secret"] != nil {
		t.Errorf("%+v", o)
	}
	some := one[got](t, c, "Thing/get", args{"accountId": own, "ids": []string{b, "T999", a, b, "T999"}, "properties": []string{"name", "x:weight"}})
	if len(some.List) != 2 || !slices.Equal(some.NotFound, []string{"T999"}) || !reflect.DeepEqual(some.List[0], map[string]any{"id": b, "name": "syrup", "x:weight": true}) {
		t.Errorf("%+v", some)
	}
	if none := one[got](t, c, "Thing/get", args{"accountId": own, "ids": []string{}}); len(none.List) != 0 || none.List == nil {
		t.Errorf("%+v", none)
	}
	if bare := one[got](t, c, "Thing/get", args{"accountId": own, "ids": []string{a}, "properties": []string{}}); len(bare.List[0]) != 1 {
		t.Errorf("%+v", bare)
	}
	wantErrors(t, c, []errorCase{
		{"a property that there is not", "Thing/get", args{"accountId": own, "properties": []string{"colour"}}, "invalidArguments"},
		{"more than may be", "Thing/get", args{"accountId": own, "ids": many(1001)}, "requestTooLarge"},
		{"as many as may be", "Thing/get", args{"accountId": own, "ids": many(1000)}, ""},
	})
}

func many(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("X%d", i))
	}
	return ids
}

func TestRFC8620_5_2_Changes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own := w.as(anna), w.account(anna)
	first := w.put(anna, "a")
	second := w.put(anna, "b")
	one[any](t, c, "Thing/set", args{"accountId": own, "destroy": []string{first}})
	type changes struct {
		OldState, NewState          string
		HasMoreChanges, Hint        bool
		Created, Updated, Destroyed []string
	}
	ch := one[changes](t, c, "Thing/changes", args{"accountId": own, "sinceState": "1"})
	if !reflect.DeepEqual(ch, changes{"1", "3", false, true, []string{second}, []string{}, []string{first}}) {
		t.Errorf("%+v", ch)
	}
	if part := one[changes](t, c, "Thing/changes", args{"accountId": own, "sinceState": "1", "maxChanges": 1}); !part.HasMoreChanges || part.NewState != "2" {
		t.Errorf("%+v", part)
	}
	wantErrors(t, c, []errorCase{
		{"a state that there never was", "Thing/changes", args{"accountId": own, "sinceState": "99"}, "cannotCalculateChanges"},
		{"no state", "Thing/changes", args{"accountId": own}, "invalidArguments"},
		{"at most none", "Thing/changes", args{"accountId": own, "sinceState": "1", "maxChanges": 0}, "invalidArguments"},
		{"at most less", "Thing/changes", args{"accountId": own, "sinceState": "1", "maxChanges": -1}, "invalidArguments"},
		{"at most a half", "Thing/changes", args{"accountId": own, "sinceState": "1", "maxChanges": 1.5}, "invalidArguments"},
		{"more than an Int", "Thing/changes", args{"accountId": own, "sinceState": "1", "maxChanges": json.RawMessage("9007199254740992")}, "invalidArguments"},
		{"a number in quotes", "Thing/changes", args{"accountId": own, "sinceState": "1", "maxChanges": "1"}, "invalidArguments"},
	})
}

type setErr struct {
	Type       string
	Properties []string
}

type didSet struct {
	OldState, NewState                   string
	Created                              map[string]struct{ ID string }
	Updated                              map[string]any
	Destroyed                            []string
	NotCreated, NotUpdated, NotDestroyed map[string]setErr
}

func TestRFC8620_5_3_Set(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own := w.as(anna), w.account(anna)
	a, b := w.put(anna, "a"), w.put(anna, "b")
	d := one[didSet](t, c, "Thing/set", args{"accountId": own, "ifInState": "2", "create": args{"k1": args{"name": "c"}, "k2": args{"name": 5, "colour": "red"}, "k3": args{"tags": args{"x": false}}},
		"update": args{a: args{"name": "A", "tags/urgent": true}, b: args{"name": "B"}, "T999": args{"name": "X"}, "#gone": args{}}, "destroy": []string{b, "T998", b, "singleton", "unsaid", "#k1", "#gone"}})
	if len(d.Created) != 1 || d.Created["k1"].ID == "" || d.OldState != "2" || d.NewState != "5" {
		t.Errorf("%+v", d)
	}
	if e := d.NotCreated["k2"]; e.Type != "invalidProperties" || !slices.Equal(e.Properties, []string{"name", "colour"}) {
		t.Errorf("%+v", e)
	}
	if e := d.NotCreated["k3"]; e.Type != "invalidProperties" || !slices.Equal(e.Properties, []string{"name", "tags/x"}) {
		t.Errorf("%+v", e)
	}
	if v, ok := d.Updated[a]; !ok || v != nil || len(d.Updated) != 1 {
		t.Errorf("updated %+v", d.Updated)
	}
	for id, want := range map[string]string{b: "willDestroy", "T999": "notFound", "#gone": "notFound"} {
		if d.NotUpdated[id].Type != want {
			t.Errorf("update %s: %+v", id, d.NotUpdated[id])
		}
	}
	for id, want := range map[string]string{"T998": "notFound", "singleton": "singleton", "unsaid": "serverFail", "#gone": "notFound", "#k1": "notFound"} {
		if d.NotDestroyed[id].Type != want {
			t.Errorf("destroy %s: %+v", id, d.NotDestroyed[id])
		}
	}
	if !slices.Equal(d.Destroyed, []string{b}) {
		t.Errorf("destroyed %q", d.Destroyed)
	}
	o := one[got](t, c, "Thing/get", args{"accountId": own, "ids": []string{a}})
	if !reflect.DeepEqual(o.List[0]["tags"], map[string]any{"urgent": true}) || o.List[0]["name"] != "A" {
		t.Errorf("%+v", o.List)
	}
	raw := one[map[string]json.RawMessage](t, c, "Thing/set", args{"accountId": own})
	for _, name := range []string{"created", "updated", "destroyed", "notCreated", "notUpdated", "notDestroyed"} {
		if string(raw[name]) != "null" {
			t.Errorf("%s: %s, want null", name, raw[name])
		}
	}
}

// crowded has somebody else make a thing while one /set is under way.
type crowded struct{ *things }

func (t crowded) Set(c *call, v mailbox.Viewer, s *setting) error {
	if err := t.things.Set(c, v, s); err != nil {
		return err
	}
	unlock := t.lock()
	defer unlock()
	shelf := t.shelf(v.Account)
	shelf.things["T900"] = record{"id": "T900", "name": "somebody else's"}
	shelf.log = append(shelf.log, "T900")
	return nil
}

// A client that takes the state after for its own may only do so where nothing came between that it was not told of.
func TestRFC8620_5_3_SetWhileSomebodyElseDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.srv.methods["Thing/crowd"] = method{thingsURN, func(c *call) (any, error) { return c.set(crowded{w.things}) }}
	c, own := w.as(anna), w.account(anna)
	a := w.put(anna, "a")
	change := args{"accountId": own, "update": args{a: args{"name": "b"}}}
	if raw := one[map[string]json.RawMessage](t, c, "Thing/crowd", change); string(raw["oldState"]) != "null" || string(raw["newState"]) != `"3"` {
		t.Errorf("crossed: %s", raw)
	}
	if raw := one[map[string]json.RawMessage](t, c, "Thing/set", change); string(raw["oldState"]) != `"3"` || string(raw["newState"]) != `"4"` {
		t.Errorf("alone: %s", raw)
	}
}

func TestRFC8620_5_3_SetErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own := w.as(anna), w.account(anna)
	w.put(anna, "a")
	for name := range faults {
		d := one[didSet](t, c, "Thing/set", args{"accountId": own, "create": args{"k": args{"name": name}}})
		if d.NotCreated["k"].Type != name {
			t.Errorf("%s: %+v", name, d.NotCreated)
		}
	}
	big := args{}
	for _, id := range many(501) {
		big[id] = args{"name": "x"}
	}
	wantErrors(t, c, []errorCase{
		{"another state", "Thing/set", args{"accountId": own, "ifInState": "99", "destroy": []string{"T001"}}, "stateMismatch"},
		{"too many creates", "Thing/set", args{"accountId": own, "create": big}, "requestTooLarge"},
		{"too many updates", "Thing/set", args{"accountId": own, "update": big}, "requestTooLarge"},
		{"too many destroys", "Thing/set", args{"accountId": own, "destroy": many(501)}, "requestTooLarge"},
		{"as many as may be", "Thing/set", args{"accountId": own, "destroy": many(500)}, ""},
		{"an object that is none", "Thing/set", args{"accountId": own, "create": args{"k": 1}}, "invalidArguments"},
		{"a patch that is none", "Thing/set", args{"accountId": own, "update": args{"T001": nil}}, "invalidArguments"},
		{"a creation id that is none", "Thing/set", args{"accountId": own, "create": args{"k !": args{"name": "x"}}}, "invalidArguments"},
		{"create that is a list", "Thing/set", args{"accountId": own, "create": []any{}}, "invalidArguments"},
	})
	if all := one[got](t, c, "Thing/get", args{"accountId": own}); len(all.List) != 1 {
		t.Errorf("something was done: %+v", all.List)
	}
}

func TestRFC8620_5_3_PatchObject(t *testing.T) {
	t.Parallel()
	current := record{"name": "a", "tags": record{"x": true, "a/b": true}, "list": []any{1, 2}, "none": nil}
	for _, x := range []struct{ name, patch, want string }{
		{"nothing", `{}`, `{"list":[1,2],"name":"a","none":null,"tags":{"a/b":true,"x":true}}`},
		{"a property", `{"name":"b"}`, `{"list":[1,2],"name":"b","none":null,"tags":{"a/b":true,"x":true}}`},
		{"back to the default", `{"name":null}`, `{"list":[1,2],"none":null,"tags":{"a/b":true,"x":true}}`},
		{"a member", `{"tags/y":true,"tags/x":null}`, `{"list":[1,2],"name":"a","none":null,"tags":{"a/b":true,"y":true}}`},
		{"a member that is not there taken away", `{"tags/z":null}`, `{"list":[1,2],"name":"a","none":null,"tags":{"a/b":true,"x":true}}`},
		{"an escaped name", `{"tags/a~1b":null}`, `{"list":[1,2],"name":"a","none":null,"tags":{"x":true}}`},
		{"into a list", `{"list/0":5}`, ""},
		{"into null", `{"none/x":5}`, ""},
		{"into a string", `{"name/x":5}`, ""},
		{"into what is not there", `{"gone/x":5}`, ""},
		{"deeper into what is not there", `{"tags/z/x":5}`, ""},
		{"inside of what is replaced", `{"tags":{},"tags/x":true}`, ""},
		{"inside of what is replaced, with others between", `{"tags":{},"tags-2":1,"tags/x":true}`, ""},
		{"the same, written otherwise", `{"tags~1x":1,"tags/x":1,"tags":1}`, ""},
		{"no pointer", `{"a~2":1}`, ""},
		{"an empty one", `{"":1}`, ""},
	} {
		o, err := parseObject([]byte(x.patch))
		if err != nil {
			t.Fatal(err)
		}
		p, err := decodePatch(o)
		var after *object
		if err == nil {
			after, err = p.Apply(current)
		}
		if x.want == "" {
			if err == nil || asSetError(err).Type != "invalidPatch" {
				t.Errorf("%s: %v, want invalidPatch", x.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		raw, err := after.encode()
		if err != nil || !sameJSON(string(raw), x.want) {
			t.Errorf("%s: %s, %v", x.name, raw, err)
		}
	}
	if fmt.Sprint(current) != fmt.Sprint(record{"name": "a", "tags": record{"x": true, "a/b": true}, "list": []any{1, 2}, "none": nil}) {
		t.Errorf("what was there has changed: %v", current)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func TestRFC8620_5_3_PatchByMembers(t *testing.T) {
	t.Parallel()
	o, err := parseObject([]byte(`{"keywords/$seen":true,"mailboxIds":{"M1":true},"keywords/old":null}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := decodePatch(o)
	if err != nil {
		t.Fatal(err)
	}
	if names := p.Properties(); !slices.Equal(names, []string{"keywords", "mailboxIds"}) {
		t.Errorf("%q", names)
	}
	if string(p.Whole("mailboxIds")) != `{"M1":true}` || p.Whole("keywords") != nil {
		t.Errorf("%s, %s", p.Whole("mailboxIds"), p.Whole("keywords"))
	}
	all, err := p.Members("keywords")
	if err != nil || len(all) != 2 || all[0].name != "$seen" || string(all[0].value) != "true" || all[1].name != "old" || all[1].value != nil {
		t.Errorf("%+v, %v", all, err)
	}
	o, _ = parseObject([]byte(`{"keywords/a/b":true}`))
	if p, err = decodePatch(o); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Members("keywords"); err == nil || asSetError(err).Type != "invalidPatch" {
		t.Errorf("%v", err)
	}
}

func TestRFC8620_5_3_InvalidPatchOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own := w.as(anna), w.account(anna)
	a := w.put(anna, "a")
	for _, x := range []struct {
		patch args
		want  string
	}{
		{args{"tags": args{}, "tags/x": true}, "invalidPatch"},
		{args{"name/x": 1}, "invalidPatch"},
		{args{"size": 5}, "invalidProperties"},
		{args{"name": 5}, "invalidProperties"},
	} {
		d := one[didSet](t, c, "Thing/set", args{"accountId": own, "update": args{a: x.patch}})
		if d.NotUpdated[a].Type != x.want {
			t.Errorf("%v: %+v", x.patch, d.NotUpdated)
		}
	}
}

func TestRFC8620_5_4_Copy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own, box := w.as(anna), w.account(anna), w.account(pharmacy)
	a, b := w.put(anna, "a"), w.put(anna, "b")
	type copied struct {
		FromAccountID, AccountID, OldState, NewState string
		Created                                      map[string]struct{ ID string }
		NotCreated                                   map[string]setErr
	}
	r := call1(t, c, jmapclient.Call{Name: "Thing/copy", ID: "c", Args: args{"fromAccountId": own, "accountId": box, "ifFromInState": "2", "ifInState": "0",
		"create": args{"k1": args{"id": a}, "k2": args{"id": "T999"}, "k3": args{"name": "no id"}, "k4": args{"id": "#never"}}, "onSuccessDestroyOriginal": true, "destroyFromIfInState": "2"}})
	var d copied
	if err := r.Answers[0].Into(&d); err != nil || len(d.Created) != 1 || d.Created["k1"].ID == "" || d.FromAccountID != own || d.AccountID != box || d.OldState != "0" || d.NewState != "1" {
		t.Fatalf("%s %v", r.Answers[0].Args, err)
	}
	for _, k := range []string{"k2", "k3", "k4"} {
		if d.NotCreated[k].Type != "notFound" {
			t.Errorf("%s: %+v", k, d.NotCreated[k])
		}
	}
	var gone didSet
	if len(r.Answers) != 2 || r.Answers[1].Name != "Thing/set" || r.Answers[1].ID != "c" || r.Answers[1].Into(&gone) != nil || !slices.Equal(gone.Destroyed, []string{a}) {
		t.Errorf("%+v", r.Answers)
	}
	r = call1(t, c, jmapclient.Call{Name: "Thing/copy", Args: args{"fromAccountId": own, "accountId": box, "create": args{"k": args{"id": b}}, "onSuccessDestroyOriginal": true, "destroyFromIfInState": "1"}})
	if len(r.Answers) != 2 || r.Answers[1].Error() != "stateMismatch" {
		t.Errorf("%+v", r.Answers)
	}
	big := args{}
	for _, id := range many(501) {
		big[id] = args{"id": id}
	}
	wantErrors(t, c, []errorCase{
		{"within an account", "Thing/copy", args{"fromAccountId": own, "accountId": own, "create": args{}}, "invalidArguments"},
		{"from nowhere", "Thing/copy", args{"fromAccountId": w.account(ben), "accountId": own, "create": args{}}, "fromAccountNotFound"},
		{"from what has no things", "Thing/copy", args{"fromAccountId": w.account(archive), "accountId": own, "create": args{}}, "fromAccountNotSupportedByMethod"},
		{"to nowhere", "Thing/copy", args{"fromAccountId": own, "accountId": w.account(ben), "create": args{}}, "accountNotFound"},
		{"another state here", "Thing/copy", args{"fromAccountId": own, "accountId": box, "ifInState": "77", "create": args{"k": args{"id": b}}}, "stateMismatch"},
		{"another state there", "Thing/copy", args{"fromAccountId": own, "accountId": box, "ifFromInState": "77", "create": args{"k": args{"id": b}}}, "stateMismatch"},
		{"too many", "Thing/copy", args{"fromAccountId": own, "accountId": box, "create": big}, "requestTooLarge"},
	})
	w.grant(anna, pharmacy, haven.Read)
	wantErrors(t, c, []errorCase{{"into what is read alone", "Thing/copy", args{"fromAccountId": own, "accountId": box, "create": args{}}, "accountReadOnly"}})
}
