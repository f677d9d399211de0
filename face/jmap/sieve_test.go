package jmap

import (
	"context"
	"io"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/sieve"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// filterWorld is a world whose accounts keep filters.
type filterWorld struct {
	*mailWorld
	*sieve.Service
	policy policy.Sieve
	factor error // what an owner of a shared mailbox is refused with
}

// OwnIn is sieve.Owners'.
func (w *filterWorld) OwnIn(_ *db.Tx, _ haven.Actor, _ haven.AccountNo, forSafety bool) error {
	if forSafety {
		return nil
	}
	return w.factor
}

func newFilterWorld(t *testing.T) *filterWorld {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	w := &filterWorld{policy: p.Sieve}
	w.policy.Scripts, w.policy.ScriptOctets = 3, 4096
	w.mailWorld = newMailWorld(t, func(o *Options) { o.Filters, o.Sieve, o.States = w, w.policy, w })
	if err := w.DB.Migrate(t.Context(), audit.Schema, sieve.Schema); err != nil {
		t.Fatal(err)
	}
	w.Service = sieve.New(sieve.Options{DB: w.DB, Access: w.Grants, Owners: w, Keys: w.Keys, Hub: w.Hub, Policy: w.policy, Clock: w.Clock})
	return w
}

// States is States.
func (w *filterWorld) States(ctx context.Context, s *Session, accounts []Account) (map[haven.AccountNo]map[string]string, error) {
	all := map[haven.AccountNo]map[string]string{}
	for _, a := range accounts {
		st, err := FilterStates(ctx, w.Service, w.Store.Service, s.viewer(a.No))
		if err != nil {
			return nil, err
		}
		all[a.No] = st
	}
	return all, nil
}

// keeper is a person who keeps the filters of an account with a program.
type keeper struct{ *mailer }

func (w *filterWorld) keeper(t *testing.T, person, account string) keeper {
	t.Helper()
	p := w.mail(t, person, account)
	p.c.Using = append(p.c.Using, sieveURN)
	return keeper{p}
}

// blob uploads what a script is to say.
func (k keeper) blob(text string) string {
	k.t.Helper()
	up, err := k.c.Upload(k.t.Context(), k.account, scriptType, strings.NewReader(text))
	if err != nil {
		k.t.Fatal(err)
	}
	return up.Blob
}

// text downloads what a blob says.
func (k keeper) text(blob string) string {
	k.t.Helper()
	resp, err := k.c.Download(k.t.Context(), k.account, blob, "filter.sieve", scriptType, nil)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return string(b)
}

func (k keeper) set(a args) args { k.t.Helper(); return k.do("SieveScript/set", a) }

// add makes a script and gives its id.
func (k keeper) add(name, text string) string {
	k.t.Helper()
	out := k.set(args{"create": args{"x": args{"name": name, "blobId": k.blob(text)}}})
	id, _ := at(map[string]any(out), "created", "x", "id").(string)
	if id == "" {
		k.t.Fatalf("%v", out)
	}
	return id
}

// script is one script as it is now.
func (k keeper) script(id string) args {
	k.t.Helper()
	list := k.list("SieveScript/get", args{"ids": []string{id}})
	if len(list) != 1 {
		k.t.Fatalf("no script %s", id)
	}
	return list[0]
}

func (k keeper) state() string {
	k.t.Helper()
	return k.do("SieveScript/get", args{"ids": []string{}})["state"].(string)
}

// refused holds an answer to what it is to say of a refusal.
func refused(t *testing.T, what string, out args, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := text(out); !strings.Contains(got, w) {
			t.Errorf("%s: %s, want %s", what, got, w)
		}
	}
}

func TestRFC9661_1_2_1_SieveCapability(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	s := w.as(anna).Session
	if got := text(s.Capabilities[sieveURN]); got != `{"implementation":"Haven"}` {
		t.Errorf("of the session: %s", got)
	}
	got := text(s.Accounts[w.account(anna)].Capabilities[sieveURN])
	for _, want := range []string{`"maxSizeScriptName":512`, `"maxSizeScript":4096`, `"maxNumberScripts":3`, `"maxNumberRedirects":4`, `"fileinto"`, `"notificationMethods":null`, `"externalLists":null`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if s.Accounts[w.account(archive)].Capabilities[sieveURN] != nil {
		t.Error("who only reads an account keeps its filters")
	}
}

func TestRFC9661_2_3_SieveScriptGet(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	first := k.state()
	if list := k.list("SieveScript/get", args{}); len(list) != 0 {
		t.Errorf("at first: %v", list)
	}
	id := k.add("a", "keep;")
	one := k.script(id)
	if one["name"] != "a" || one["isActive"] != false || k.text(one["blobId"].(string)) != "keep;" {
		t.Errorf("%v", one)
	}
	if k.state() == first {
		t.Error("the state is the same")
	}
	out := k.do("SieveScript/get", args{"ids": []string{id, "s99"}, "properties": []string{"name"}})
	refused(t, "some properties", out, `"notFound":["s99"]`, `[{"id":"`+id+`","name":"a"}]`)
	if _, fault := k.try("SieveScript/get", args{"properties": []string{"content"}}); fault != "invalidArguments" {
		t.Errorf("a property that there is not: %q", fault)
	}
}

// A blob never changes: what a script says after another text was put is another blob, and the old one is gone (RFC 9661 §2.2, RFC 8620 §6).
func TestRFC9661_2_2_ScriptContent(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	id := k.add("a", "keep;")
	old := k.script(id)["blobId"].(string)
	out := k.set(args{"update": args{id: args{"blobId": k.blob("discard;"), "name": "b"}}})
	blob, _ := at(map[string]any(out), "updated", id, "blobId").(string)
	if blob == "" || blob == old || k.text(blob) != "discard;" || k.script(id)["blobId"] != blob || k.script(id)["name"] != "b" {
		t.Errorf("%v, %q", out, blob)
	}
	if got := k.text(old); !strings.Contains(got, "404") {
		t.Errorf("what it said before: %s", got)
	}
	k.set(args{"update": args{id: args{"name": "c"}}})
	if k.script(id)["blobId"] != blob {
		t.Error("another name made another blob")
	}
	out = k.set(args{"create": args{"x": args{"name": "d", "blobId": blob}}})
	if copied, _ := at(map[string]any(out), "created", "x", "blobId").(string); k.text(copied) != "discard;" {
		t.Errorf("a copy by the blob of another script: %v", out)
	}
	if got := w.keeper(t, ben, ben).text(blob); !strings.Contains(got, "404") {
		t.Errorf("in another's account: %s", got)
	}
}

func TestRFC9661_2_4_SieveScriptSet(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	out := k.set(args{"create": args{"x": args{"blobId": k.blob("keep;")}}})
	if got := at(map[string]any(out), "created", "x", "name"); got != "Filter 1" || at(map[string]any(out), "created", "x", "isActive") != false {
		t.Errorf("without a name: %v", out)
	}
	id := at(map[string]any(out), "created", "x", "id").(string)
	if _, fault := k.try("SieveScript/set", args{"ifInState": "no", "destroy": []string{id}}); fault != "stateMismatch" {
		t.Errorf("in another state: %q", fault)
	}
	k.set(args{"ifInState": k.state(), "update": args{id: args{"name": "weekend"}}})
	out = k.set(args{"update": args{id: args{"name": nil, "isActive": false}}})
	if at(map[string]any(out), "updated", id, "name") != "Filter 1" {
		t.Errorf("without a name again: %v", out)
	}
	out = k.set(args{"destroy": []string{id}})
	if len(texts(out["destroyed"])) != 1 || len(k.list("SieveScript/get", args{})) != 0 {
		t.Errorf("%v", out)
	}
}

func TestRFC9661_2_4_SieveScriptSetErrors(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	a, b := k.add("a", "keep;"), k.add("b", "keep;")
	k.set(args{"onSuccessActivateScript": a})
	create := func(o args) args { return k.set(args{"create": args{"x": o}}) }
	update := func(o args) args { return k.set(args{"update": args{b: o}}) }
	good := k.blob("stop;")
	refused(t, "a name that is taken", create(args{"name": "a", "blobId": good}), `"type":"alreadyExists"`, `"existingId":"`+a+`"`)
	refused(t, "another's name", update(args{"name": "a"}), `"type":"alreadyExists"`, `"existingId":"`+a+`"`)
	refused(t, "what is no script", create(args{"name": "c", "blobId": k.blob("keep;\r\nfileinto;")}), `"type":"invalidSieve"`, "line 2")
	refused(t, "what is no text", update(args{"blobId": k.blob("keep; # \xff")}), `"type":"invalidSieve"`)
	refused(t, "a long one", create(args{"name": "c", "blobId": k.blob("# " + strings.Repeat("x", 5000))}), `"type":"tooLarge"`)
	refused(t, "no file", create(args{"name": "c", "blobId": "Unothing"}), `"type":"blobNotFound"`, `"notFound":["Unothing"]`)
	refused(t, "no text", update(args{"blobId": nil}), `"type":"invalidProperties"`, "blobId")
	refused(t, "without a text", create(args{"name": "c"}), `"type":"invalidProperties"`, "blobId")
	refused(t, "a control character", update(args{"name": "a\nb"}), `"type":"invalidProperties"`, "name")
	refused(t, "an empty name", create(args{"name": "", "blobId": good}), `"type":"invalidProperties"`, "name")
	refused(t, "active by hand", update(args{"isActive": true}), `"type":"invalidProperties"`, "isActive")
	refused(t, "made active by hand", create(args{"name": "c", "blobId": good, "isActive": true}), `"type":"invalidProperties"`, "isActive")
	refused(t, "one that there is not", k.set(args{"update": args{"s99": args{"name": "x"}}, "destroy": []string{"s98"}}), `"notUpdated":{"s99":{"type":"notFound"`, `"notDestroyed":{"s98":`)
	refused(t, "the active one", k.set(args{"destroy": []string{a}}), `"type":"sieveIsActive"`)
	k.add("c", "keep;")
	refused(t, "a fourth", create(args{"name": "d", "blobId": good}), `"type":"overQuota"`)
	if one := k.script(b); one["name"] != "b" || k.text(one["blobId"].(string)) != "keep;" {
		t.Errorf("after all that: %v", one)
	}
}

// A patch is done whole or not at all: a good text with a name that is taken leaves both as they were.
func TestRFC9661_2_4_PatchIsWhole(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	k.add("a", "keep;")
	b := k.add("b", "keep;")
	refused(t, "a name that is taken", k.set(args{"update": args{b: args{"blobId": k.blob("discard;"), "name": "a"}}}), "alreadyExists")
	if got := k.text(k.script(b)["blobId"].(string)); got != "keep;" {
		t.Errorf("it says %q", got)
	}
}

func TestRFC9661_2_4_Activation(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	out := k.set(args{"create": args{"x": args{"name": "a", "blobId": k.blob("keep;")}}, "onSuccessActivateScript": "#x"})
	a, _ := at(map[string]any(out), "created", "x", "id").(string)
	if at(map[string]any(out), "created", "x", "isActive") != true || k.script(a)["isActive"] != true {
		t.Fatalf("made and active: %v", out)
	}
	b := k.add("b", "keep;")
	out = k.set(args{"onSuccessActivateScript": b})
	if text(out["updated"]) != text(args{a: args{"isActive": false}, b: args{"isActive": true}}) || k.script(b)["isActive"] != true || k.script(a)["isActive"] != false {
		t.Errorf("another one: %v", out)
	}
	for what, call := range map[string]args{
		"one that there is not": {"onSuccessActivateScript": "s99"}, "one that was not created": {"onSuccessActivateScript": "#y"}, "null": {"onSuccessActivateScript": nil},
		"something was refused": {"onSuccessActivateScript": a, "destroy": []string{"s98"}}, "not turned off": {"onSuccessDeactivateScript": false},
		"turned off, and something was refused": {"onSuccessDeactivateScript": true, "destroy": []string{b}},
	} {
		if k.set(call); k.script(b)["isActive"] != true {
			t.Errorf("%s: b is not active any more", what)
			k.set(args{"onSuccessActivateScript": b})
		}
	}
	out = k.set(args{"onSuccessDeactivateScript": true})
	if text(out["updated"]) != text(args{b: args{"isActive": false}}) || k.script(b)["isActive"] != false {
		t.Errorf("turned off: %v", out)
	}
	out = k.set(args{"destroy": []string{b}, "onSuccessActivateScript": b})
	if len(texts(out["destroyed"])) != 1 || out["updated"] != nil {
		t.Errorf("destroyed and turned on: %v", out)
	}
	k.set(args{"onSuccessActivateScript": a})
	out = k.set(args{"onSuccessActivateScript": "s99", "onSuccessDeactivateScript": true})
	if k.script(a)["isActive"] != false {
		t.Errorf("turned off for one that there is not: %v", out)
	}
}

func TestRFC9661_2_5_SieveScriptQuery(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	b, a, c := k.add("Bills", "keep;"), k.add("away", "keep;"), k.add("other bills", "keep;")
	k.set(args{"onSuccessActivateScript": c})
	ids := func(q args) string { return strings.Join(texts(k.do("SieveScript/query", q)["ids"]), " ") }
	by := func(property string, up bool) args { return args{"property": property, "isAscending": up} }
	for _, x := range []struct {
		what string
		q    args
		want []string
	}{
		{"all by name", args{"sort": []any{by("name", true)}}, []string{a, b, c}},
		{"the other way", args{"sort": []any{by("name", false)}}, []string{c, b, a}},
		{"the active one first", args{"sort": []any{by("isActive", false), by("name", true)}}, []string{c, a, b}},
		{"by a piece of the name", args{"filter": args{"name": "bills"}, "sort": []any{by("name", true)}}, []string{b, c}},
		{"active", args{"filter": args{"isActive": true}}, []string{c}},
		{"not active", args{"filter": args{"operator": "NOT", "conditions": []any{args{"isActive": true}}}, "sort": []any{by("name", true)}}, []string{a, b}},
		{"both", args{"filter": args{"name": "bills", "isActive": false}}, []string{b}},
		{"a part", args{"sort": []any{by("name", true)}, "position": 1, "limit": 1}, []string{b}},
	} {
		if got := ids(x.q); got != strings.Join(x.want, " ") {
			t.Errorf("%s: %s, want %v", x.what, got, x.want)
		}
	}
	out := k.do("SieveScript/query", args{"calculateTotal": true})
	if out["total"] != 3.0 || out["canCalculateChanges"] != false || out["queryState"] != k.state() {
		t.Errorf("%v", out)
	}
	wantErrors(t, k.c, []errorCase{
		{"a filter that there is not", "SieveScript/query", args{"accountId": k.account, "filter": args{"size": 1}}, "unsupportedFilter"},
		{"an order that there is not", "SieveScript/query", args{"accountId": k.account, "sort": []any{by("size", true)}}, "unsupportedSort"},
		{"no changes", "SieveScript/changes", args{"accountId": k.account, "sinceState": "x"}, "unknownMethod"},
	})
}

func TestRFC9661_2_6_SieveScriptValidate(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, anna)
	ask := func(blob string) args { return k.do("SieveScript/validate", args{"blobId": blob}) }
	if out := ask(k.blob("keep;")); out["error"] != nil {
		t.Errorf("a good one: %v", out)
	}
	refused(t, "a bad one", ask(k.blob("require \"regex\";\r\nkeep;")), `"type":"invalidSieve"`, "line 1")
	refused(t, "a long one", ask(k.blob("# "+strings.Repeat("x", 5000))), `"type":"tooLarge"`)
	refused(t, "none", ask("Unothing"), `"type":"blobNotFound"`)
	if _, fault := k.try("SieveScript/validate", args{}); fault != "invalidArguments" {
		t.Errorf("without a blob: %q", fault)
	}
	if n := len(k.list("SieveScript/get", args{})); n != 0 {
		t.Errorf("%d scripts were kept", n)
	}
}

// The filters of a shared mailbox are its owners': a member finds no such type there, and no blob.
func TestRFC9661_FiltersAreTheOwners(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, pharmacy)
	id := k.add("a", "keep;")
	member := w.keeper(t, ben, pharmacy)
	for _, name := range []string{"get", "set", "query", "validate"} {
		if _, fault := member.try("SieveScript/"+name, args{}); fault != "accountNotSupportedByMethod" {
			t.Errorf("%s: %q", name, fault)
		}
	}
	if got := member.text(k.script(id)["blobId"].(string)); !strings.Contains(got, "404") {
		t.Errorf("what it says: %s", got)
	}
	w.factor = errs.E(errs.Denied, "Sign in with your second step first.")
	refused(t, "an owner without a second step", k.set(args{"onSuccessActivateScript": id}), `"notUpdated":{"`+id+`":{`, `"type":"forbidden"`, "second step")
	w.factor = nil
	k.set(args{"onSuccessActivateScript": id})
	w.factor = errs.E(errs.Denied, "Sign in with your second step first.")
	if k.set(args{"onSuccessDeactivateScript": true}); k.script(id)["isActive"] != false {
		t.Error("what ends a harm waits for a second step")
	}
}

// Whoever changes a script, by whatever way, is told of to those who keep the account's filters, and to nobody else (RFC 8620 §7.1).
func TestRFC9661_ChangesArePushed(t *testing.T) {
	t.Parallel()
	w := newFilterWorld(t)
	k := w.keeper(t, anna, pharmacy)
	e := w.events(k.c, "SieveScript", "no", "0", "")
	v := sieve.Viewer{Person: w.people.no[anna], Account: w.people.no[pharmacy], ID: idOf(w.people.no[pharmacy])}
	if _, err := w.Put(t.Context(), haven.Actor{}, v, sieve.ByName("by another program"), "keep;"); err != nil {
		t.Fatal(err)
	}
	wantState(t, e, map[string]map[string]string{k.account: {"SieveScript": k.state()}})
	st, err := FilterStates(t.Context(), w.Service, w.Store.Service, mailbox.Viewer{Person: w.people.no[ben], Account: w.people.no[pharmacy]})
	if err != nil || len(st) != 0 {
		t.Errorf("a member: %v, %v", st, err)
	}
}
