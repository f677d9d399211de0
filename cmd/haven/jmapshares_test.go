package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/people/account"
	"haven/people/sharedmailbox"
)

// let gives Ben rights in Ann's mailbox, by Ann's hand; 0 takes them away.
func (w *principalWorld) let(rights haven.Rights) {
	w.t.Helper()
	ctx, by := w.t.Context(), haven.Actor{Person: w.ann.ID, Program: "portal"}
	var err error
	switch opened, _ := w.shared.For(ctx, w.ben.No); {
	case rights == 0:
		err = w.shared.RemoveMember(ctx, by, w.shop.No, w.ben.No)
	case slices.ContainsFunc(opened, func(o sharedmailbox.Opened) bool { return o.Account.No == w.shop.No }):
		err = w.shared.ChangeMember(ctx, by, w.shop.No, sharedmailbox.Change{Person: w.ben.No, Rights: rights})
	default:
		err = w.shared.AddMember(ctx, by, w.shop.No, sharedmailbox.Grant{Person: w.ben.No, Rights: rights})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// notes are a person's notifications of the shop.
func (p *asker) notes(shop account.Account, properties ...string) (list []map[string]any, state string) {
	p.t.Helper()
	args := jmapclient.Args{"ids": nil}
	if properties != nil {
		args["properties"] = append(properties, "objectAccountId")
	}
	out, fault := p.ask("ShareNotification/get", args)
	if fault != "" {
		p.t.Fatal(fault, out)
	}
	for _, n := range out["list"].([]any) {
		if n := n.(map[string]any); n["objectAccountId"] == "A"+shop.ID.String() {
			list = append(list, n)
		}
	}
	return list, out["state"].(string)
}

func TestRFC9670_3_2_ShareNotification(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	ben := w.asker(w.ben)
	if list, _ := ben.notes(w.shop); len(list) != 0 {
		t.Fatalf("before: %v", list)
	}
	w.let(haven.Member)
	list, _ := ben.notes(w.shop)
	if len(list) != 1 {
		t.Fatalf("%v", list)
	}
	n := list[0]
	inbox := "F" + w.shop.ID.String() + "-1"
	if n["created"] != "2026-11-23T09:00:00Z" || n["objectType"] != "Mailbox" || n["objectId"] != inbox || n["name"] != w.shop.Display || n["oldRights"] != nil {
		t.Errorf("%v", n)
	}
	if got, want := jsonOf(t, n["changedBy"]), `{"email":"`+w.ann.Address.String()+`","name":"`+w.ann.Display+`","principalId":"`+principalOf(w.ann)+`"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// What it says is what the Mailbox itself says (RFC 9670 §3.2: myRights).
	ben = w.asker(w.ben)
	box := ben.c.Session.Named(w.shop.Display)
	rights := func() string {
		out, fault := ben.ask("Mailbox/get", jmapclient.Args{"accountId": box, "ids": []string{inbox}, "properties": []string{"myRights"}})
		if fault != "" || len(out["list"].([]any)) != 1 {
			t.Fatalf("%q %v", fault, out)
		}
		return jsonOf(t, out["list"].([]any)[0].(map[string]any)["myRights"])
	}
	if got := jsonOf(t, n["newRights"]); got != rights() || n["objectAccountId"] != box {
		t.Errorf("%s, want %s", got, rights())
	}
	before := rights()
	w.clock.Advance(2 * time.Hour)
	w.let(haven.Read)
	list, _ = ben.notes(w.shop)
	if len(list) != 2 || jsonOf(t, list[1]["oldRights"]) != before || jsonOf(t, list[1]["newRights"]) != rights() {
		t.Errorf("%v", list)
	}
	w.clock.Advance(2 * time.Hour)
	w.let(0)
	list, _ = ben.notes(w.shop)
	if len(list) != 3 || list[2]["newRights"] != nil || list[2]["name"] != w.shop.Display {
		t.Errorf("%v", list)
	}
	// Who changed it is named; where the directory does not show the person, by nothing else.
	if err := w.accounts.SetState(t.Context(), jmapActor, w.ann.No, account.Disabled, "test"); err != nil {
		t.Fatal(err)
	}
	list, _ = ben.notes(w.shop, "changedBy")
	if got, want := jsonOf(t, list[2]["changedBy"]), `{"email":null,"name":"`+w.ann.Display+`","principalId":null}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// The first owner was named by the service.
	if list, _ := w.asker(w.ben).notes(w.elm, "changedBy"); len(list) != 1 || jsonOf(t, list[0]["changedBy"]) != `{"email":null,"name":"The service","principalId":null}` {
		t.Errorf("%v", list)
	}
}

func TestRFC9670_3_4_Changes_3_5_Set(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	ben, ann := w.asker(w.ben), w.asker(w.ann)
	_, state := ben.notes(w.shop)
	w.let(haven.Member)
	list, now := ben.notes(w.shop)
	id := list[0]["id"].(string)
	out, fault := ben.ask("ShareNotification/changes", jmapclient.Args{"sinceState": state})
	if fault != "" || jsonOf(t, out["created"]) != `["`+id+`"]` || jsonOf(t, out["destroyed"]) != "[]" || out["newState"] != now || out["hasMoreChanges"] != false {
		t.Errorf("%q %v", fault, out)
	}
	// Only destroy is there, and only of one's own: another's is as one that never was.
	out, fault = ben.ask("ShareNotification/set", jmapclient.Args{"create": jmapclient.Args{"x": jmapclient.Args{"name": "y"}}, "update": jmapclient.Args{id: jmapclient.Args{"name": "z"}}})
	if fault != "" || strings.Count(jsonOf(t, out), `"type":"forbidden"`) != 2 || out["newState"] != now {
		t.Errorf("%q %v", fault, out)
	}
	never := func(id string) string {
		out, _ := ann.ask("ShareNotification/set", jmapclient.Args{"destroy": []string{id}})
		return strings.ReplaceAll(jsonOf(t, out["notDestroyed"]), id, "ID")
	}
	if got, want := never("S"+strings.Repeat("z", 9)), never(id+"x"); got != want || !strings.Contains(got, `"type":"notFound"`) {
		t.Errorf("%s, want %s", got, want)
	}
	out, _ = ann.ask("ShareNotification/get", jmapclient.Args{"ids": []string{"Szzz", "nothing"}})
	if jsonOf(t, out["list"]) != "[]" || len(out["notFound"].([]any)) != 2 {
		t.Errorf("%v", out)
	}
	ben.wants("stateMismatch", "ShareNotification/set", jmapclient.Args{"ifInState": state, "destroy": []string{id}})
	out, _ = ben.ask("ShareNotification/set", jmapclient.Args{"ifInState": now, "destroy": []string{id}})
	if jsonOf(t, out["destroyed"]) != `["`+id+`"]` || out["oldState"] != now || out["newState"] == now {
		t.Errorf("%v", out)
	}
	if list, _ := ben.notes(w.shop); len(list) != 0 {
		t.Errorf("%v", list)
	}
	out, _ = ben.ask("ShareNotification/changes", jmapclient.Args{"sinceState": now})
	if jsonOf(t, out["destroyed"]) != `["`+id+`"]` || jsonOf(t, out["created"]) != "[]" {
		t.Errorf("%v", out)
	}
	for _, since := range []string{"never", "zzzzz-1", "0-99"} {
		ben.wants("cannotCalculateChanges", "ShareNotification/changes", jmapclient.Args{"sinceState": since})
		ben.wants("cannotCalculateChanges", "ShareNotification/queryChanges", jmapclient.Args{"sinceQueryState": since})
	}
	shop := ann.c.Session.Named(w.shop.Display)
	for _, name := range []string{"ShareNotification/get", "ShareNotification/set", "ShareNotification/query"} {
		ann.wants("accountNotSupportedByMethod", name, jmapclient.Args{"accountId": shop})
		ann.wants("accountNotFound", name, jmapclient.Args{"accountId": ben.c.Session.Own()})
	}
}

func TestRFC9670_3_6_Query_3_7_QueryChanges(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	ben := w.asker(w.ben)
	for i, rights := range []haven.Rights{haven.Member, haven.Read, 0} {
		if w.let(rights); i < 2 {
			w.clock.Advance(2 * time.Hour)
		}
	}
	list, _ := ben.notes(w.shop)
	first, second, third := list[0]["id"].(string), list[1]["id"].(string), list[2]["id"].(string)
	shop := "A" + w.shop.ID.String()
	type args = jmapclient.Args
	for name, x := range map[string]struct {
		filter args
		want   []string
	}{
		"of the mailbox":      {args{"objectAccountId": shop}, []string{first, second, third}},
		"of another":          {args{"objectAccountId": "Anothing"}, nil},
		"of the type":         {args{"objectAccountId": shop, "objectType": "Mailbox"}, []string{first, second, third}},
		"of another type":     {args{"objectType": "Calendar"}, nil},
		"on or after":         {args{"objectAccountId": shop, "after": "2026-11-23T11:00:00Z"}, []string{second, third}},
		"before":              {args{"objectAccountId": shop, "before": "2026-11-23T11:00:00Z"}, []string{first}},
		"between":             {args{"objectAccountId": shop, "after": "2026-11-23T11:00:00Z", "before": "2026-11-23T13:00:00Z"}, []string{second}},
		"after null":          {args{"objectAccountId": shop, "after": nil}, []string{first, second, third}},
		"all of two, and not": {args{"operator": "AND", "conditions": []args{{"objectAccountId": shop}, {"operator": "NOT", "conditions": []args{{"before": "2026-11-23T13:00:00Z"}}}}}, []string{third}},
	} {
		out, fault := ben.ask("ShareNotification/query", args{"filter": x.filter, "sort": []args{{"property": "created"}}, "calculateTotal": true})
		if want := jsonOf(t, append([]string{}, x.want...)); fault != "" || jsonOf(t, out["ids"]) != want || out["canCalculateChanges"] != true || out["total"] != float64(len(x.want)) {
			t.Errorf("%s: %q %v, want %s", name, fault, out, want)
		}
	}
	down := args{"filter": args{"objectAccountId": shop}, "sort": []args{{"property": "created", "isAscending": false}}}
	out, _ := ben.ask("ShareNotification/query", down)
	if want := jsonOf(t, []string{third, second, first}); jsonOf(t, out["ids"]) != want {
		t.Errorf("%v, want %s", out, want)
	}
	w.clock.Advance(2 * time.Hour)
	w.let(haven.Member)
	ben.ask("ShareNotification/set", args{"destroy": []string{second}})
	list, _ = ben.notes(w.shop)
	fourth := list[2]["id"].(string)
	down["sinceQueryState"] = out["queryState"]
	out, fault := ben.ask("ShareNotification/queryChanges", down)
	removed := []any{}
	for _, id := range []string{second, fourth} {
		if slices.Contains(out["removed"].([]any), any(id)) {
			removed = append(removed, id)
		}
	}
	if fault != "" || len(removed) != 2 || len(out["removed"].([]any)) != 2 || jsonOf(t, out["added"]) != `[{"id":"`+fourth+`","index":0}]` {
		t.Errorf("%q %v", fault, out)
	}
	ben.wants("unsupportedSort", "ShareNotification/query", args{"sort": []args{{"property": "name"}}})
	ben.wants("unsupportedFilter", "ShareNotification/query", args{"filter": args{"name": "x"}})
	ben.wants("invalidArguments", "ShareNotification/query", args{"filter": args{"after": "yesterday"}})
}

// A person who waits is told at once that rights changed, and so are the person's other programs when one dismisses it (RFC 9670 §7.4).
func TestRFC9670_7_4_StateIsPushed(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	c := w.asker(w.ben).c
	s := w.socket(c)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Enable(ctx, []string{"ShareNotification"}, nil); err != nil {
		t.Fatal(err)
	}
	w.echo(s)
	next := func(what string) {
		t.Helper()
		m, err := s.Next(ctx)
		if err != nil || len(m.Changed) != 1 || len(m.Changed[c.Session.Own()]) != 1 {
			t.Fatalf("%s: %+v, %v", what, m, err)
		}
		if _, state := w.asker(w.ben).notes(w.shop); m.Changed[c.Session.Own()]["ShareNotification"] != state {
			t.Errorf("%s: %v, want %s", what, m.Changed, state)
		}
	}
	w.let(haven.Member)
	next("let in")
	list, _ := w.asker(w.ben).notes(w.shop)
	w.asker(w.ben).ask("ShareNotification/set", jmapclient.Args{"destroy": []any{list[0]["id"]}})
	next("dismissed")
}
