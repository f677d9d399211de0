package jmap

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
)

func TestRFC8621_2_Mailbox(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	a := p.deliver("Message-ID: <a@x.example>\nSubject: one\n\nx\n", "References: <a@x.example>\nSubject: two\n\nx\n", "Subject: three\n\nx\n")
	inbox, trash := p.folder("inbox"), p.folder("trash")
	p.do("Email/set", args{"update": args{a[0]: args{"keywords/$seen": true, "mailboxIds": args{p.folder("archive"): true}}, a[2]: args{"mailboxIds": args{trash: true}}}})
	counts := func(id string) string {
		f := p.list("Mailbox/get", args{"ids": []string{id}, "properties": countProperties})[0]
		return text([]any{f["totalEmails"], f["unreadEmails"], f["totalThreads"], f["unreadThreads"]})
	}
	for id, want := range map[string]string{inbox: "[1,1,1,1]", p.folder("archive"): "[1,0,1,1]", trash: "[1,1,1,1]", p.folder("sent"): "[0,0,0,0]"} {
		if got := counts(id); got != want {
			t.Errorf("%s counts %s, want %s", id, got, want)
		}
	}
	f := p.list("Mailbox/get", args{"ids": []string{inbox}})[0]
	if f["name"] != "Inbox" || f["parentId"] != nil || f["isSubscribed"] != true || text(f["myRights"]) != `{"mayAddItems":true,"mayCreateChild":true,"mayDelete":false,"mayReadItems":true,"mayRemoveItems":true,"mayRename":false,"maySetKeywords":true,"maySetSeen":true,"maySubmit":true}` {
		t.Error(text(f))
	}
}

func TestRFC8621_2_5_MailboxSet(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	out := p.do("Mailbox/set", args{"create": args{"child": args{"name": "2026", "parentId": "#parent"}, "parent": args{"name": "Clinic", "sortOrder": 7, "isSubscribed": false}}})
	made := out["created"].(map[string]any)
	parent, child := made["parent"].(map[string]any)["id"].(string), made["child"].(map[string]any)["id"].(string)
	got := p.list("Mailbox/get", args{"ids": []string{child, parent}, "properties": []string{"name", "parentId", "sortOrder", "isSubscribed"}})
	if text(got) != text([]args{{"id": child, "name": "2026", "parentId": parent, "sortOrder": 10, "isSubscribed": true}, {"id": parent, "name": "Clinic", "parentId": nil, "sortOrder": 7, "isSubscribed": false}}) {
		t.Error(text(got))
	}
	state := out["newState"]
	for name, x := range map[string]struct {
		a    args
		want string
	}{
		"a name that is there":  {args{"create": args{"x": args{"name": "Clinic"}}}, "invalidProperties"},
		"no name":               {args{"create": args{"x": args{"role": "important"}}}, "invalidProperties"},
		"a bad name":            {args{"create": args{"x": args{"name": "a/b"}}}, "invalidProperties"},
		"a role that is taken":  {args{"create": args{"x": args{"name": "y", "role": "sent"}}}, "invalidProperties"},
		"a role that is none":   {args{"create": args{"x": args{"name": "y", "role": "shoes"}}}, "invalidProperties"},
		"a parent that is none": {args{"create": args{"x": args{"name": "y", "parentId": "F1"}}}, "invalidProperties"},
		"a server's property":   {args{"create": args{"x": args{"name": "y", "totalEmails": 3}}}, "invalidProperties"},
		"into itself":           {args{"update": args{parent: args{"parentId": child}}}, "invalidProperties"},
		"the Inbox's name":      {args{"update": args{p.folder("inbox"): args{"name": "x"}}}, "forbidden"},
		"none":                  {args{"update": args{"F1": args{"name": "x"}}}, "notFound"},
		"with a child":          {args{"destroy": []string{parent}}, "mailboxHasChild"},
		"the Inbox":             {args{"destroy": []string{p.folder("inbox")}}, "forbidden"},
	} {
		out := p.do("Mailbox/set", x.a)
		if all := text([]any{out["notCreated"], out["notUpdated"], out["notDestroyed"]}); !strings.Contains(all, `"type":"`+x.want+`"`) {
			t.Errorf("%s: %s", name, text(out))
		}
	}
	id := p.deliver("Subject: x\n\nx\n")[0]
	p.do("Email/set", args{"update": args{id: args{"mailboxIds": args{child: true}}}})
	if e := text(p.do("Mailbox/set", args{"destroy": []string{child}})["notDestroyed"]); !strings.Contains(e, "mailboxHasEmail") {
		t.Error(e)
	}
	out = p.do("Mailbox/set", args{"destroy": []string{parent, child}, "onDestroyRemoveEmails": true})
	if len(texts(out["destroyed"])) != 2 || p.ids(args{}) != "" {
		t.Error(text(out))
	}
	ch := p.do("Mailbox/changes", args{"sinceState": state})
	if d := strings.Join(texts(ch["destroyed"]), " "); !strings.Contains(d, parent) || !strings.Contains(d, child) || text(ch["created"]) != "[]" {
		t.Error(text(ch))
	}
}

func TestRFC8621_2_2_MailboxChanges(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	state := p.do("Mailbox/get", args{"ids": []string{}})["state"]
	p.deliver("Subject: x\n\nx\n")
	ch := p.do("Mailbox/changes", args{"sinceState": state})
	if text(ch["updated"]) != text([]string{p.folder("inbox")}) || text(ch["updatedProperties"]) != text(countProperties) {
		t.Error(text(ch))
	}
	p.do("Mailbox/set", args{"update": args{p.folder("archive"): args{"isSubscribed": false}}})
	ch = p.do("Mailbox/changes", args{"sinceState": ch["newState"]})
	if text(ch["updated"]) != text([]string{p.folder("archive")}) || ch["updatedProperties"] != nil {
		t.Error(text(ch))
	}
	for _, bad := range []string{"", "x", "1-1-1-1", "zzzzzzzzzzzzz-1", "0-0"} {
		if _, err := p.try("Mailbox/changes", args{"sinceState": bad}); err != "cannotCalculateChanges" && err != "invalidArguments" {
			t.Errorf("since %q: %q", bad, err)
		}
	}
}

func TestRFC8621_2_3_MailboxQuery(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	out := p.do("Mailbox/set", args{"create": args{"b": args{"name": "Beta"}, "a": args{"name": "alpha", "parentId": "#b"}}})
	made := out["created"].(map[string]any)
	beta, alpha := made["b"].(map[string]any)["id"].(string), made["a"].(map[string]any)["id"].(string)
	query := func(a args) string { return text(p.do("Mailbox/query", a)["ids"]) }
	for name, x := range map[string]struct {
		a    args
		want []string
	}{
		"by name":        {args{"filter": args{"hasAnyRole": false}, "sort": []any{args{"property": "name"}}}, []string{alpha, beta}},
		"as a tree":      {args{"filter": args{"hasAnyRole": false}, "sort": []any{args{"property": "name"}}, "sortAsTree": true}, []string{beta, alpha}},
		"at the root":    {args{"filter": args{"operator": "AND", "conditions": []any{args{"parentId": nil}, args{"role": nil}}}}, []string{beta}},
		"below":          {args{"filter": args{"parentId": beta}}, []string{alpha}},
		"a role":         {args{"filter": args{"role": "junk"}}, []string{p.folder("junk")}},
		"a piece":        {args{"filter": args{"name": "ALP"}}, []string{alpha}},
		"a tree's piece": {args{"filter": args{"name": "alp"}, "filterAsTree": true}, []string{}},
	} {
		if got := query(x.a); got != text(x.want) {
			t.Errorf("%s: %s, want %s", name, got, text(x.want))
		}
	}
	if _, err := p.try("Mailbox/query", args{"filter": args{"size": 3}}); err != "unsupportedFilter" {
		t.Errorf("an unknown filter: %q", err)
	}
	if _, err := p.try("Mailbox/query", args{"sort": []any{args{"property": "size"}}}); err != "unsupportedSort" {
		t.Errorf("an unknown sort: %q", err)
	}
}

func TestRFC8621_3_Thread(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	a := p.deliver("Message-ID: <c@x.example>\nReferences: <p@x.example>\nSubject: Re: x\n\nThe child, first.\n")
	thread := p.email(a[0], "threadId")["threadId"]
	state := p.do("Thread/get", args{"ids": []string{}})["state"]
	a = append(a, p.deliver("Message-ID: <p@x.example>\nSubject: x\n\nThe parent, late.\n")...)
	got := p.list("Thread/get", args{"ids": []any{thread, "Tzz"}})
	if text(got) != text([]args{{"id": thread, "emailIds": a}}) {
		t.Error(text(got))
	}
	ch := p.do("Thread/changes", args{"sinceState": state})
	if text(ch["updated"]) != text([]any{thread}) || text(ch["created"]) != "[]" {
		t.Error(text(ch))
	}
	p.do("Email/set", args{"update": args{a[0]: args{"keywords/$seen": true}}})
	if again := p.do("Thread/get", args{"ids": []string{}})["state"]; again != ch["newState"] {
		t.Errorf("a flag changed the threads' state from %v to %v", ch["newState"], again)
	}
	p.do("Email/set", args{"destroy": a})
	ch = p.do("Thread/changes", args{"sinceState": ch["newState"]})
	if text(ch["destroyed"]) != text([]any{thread}) {
		t.Error(text(ch))
	}
}

// Who may only read changes nothing but the own subscriptions, and who may not know of an account hears the same as of one that there is not.
func TestRFC8620_3_6_2_AccountErrors(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, archive)
	id := p.deliver("Subject: x\n\nx\n")[0]
	if _, err := p.try("Email/set", args{"destroy": []string{id}}); err != "accountReadOnly" {
		t.Errorf("a message: %q", err)
	}
	inbox := p.folder("inbox")
	out := p.do("Mailbox/set", args{"update": args{inbox: args{"isSubscribed": false}, p.folder("sent"): args{"sortOrder": 33}}})
	if !strings.Contains(text(out["updated"]), inbox) || !strings.Contains(text(out["notUpdated"]), "forbidden") {
		t.Error(text(out))
	}
	ben := m.mail(t, ben, pharmacy)
	for _, account := range []string{m.account(archive), m.account(anna), "Anothing", ""} {
		if _, err := ben.try("Email/get", args{"accountId": account, "ids": []string{id}}); err != "accountNotFound" {
			t.Errorf("%q: %q", account, err)
		}
	}
	m.grant(anna, archive, haven.Read|haven.Write)
	p.do("Email/set", args{"destroy": []string{id}})
}

// What IMAP marks with \Deleted is not there (RFC 8621 §4.1.1), and comes back when the mark goes.
func TestRFC8621_4_1_1_Deleted(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	a := p.deliver("Subject: x\n\nx\n", "Subject: y\n\ny\n")
	state := p.do("Email/get", args{"ids": []string{}})["state"]
	v := mailbox.Viewer{Person: m.people.no[anna], Account: m.people.no[pharmacy]}
	mark := func(op mailbox.FlagOp) {
		t.Helper()
		if _, err := m.Store.Store(t.Context(), v, 1, []mailbox.Range{{Lo: 1, Hi: 1}}, mailbox.FlagChange{Op: op, Flags: mailbox.Deleted}); err != nil {
			t.Fatal(err)
		}
	}
	mark(mailbox.AddFlags)
	ch := p.do("Email/changes", args{"sinceState": state})
	if p.ids(args{}) != a[1] || text(ch["destroyed"]) != text(a[:1]) || p.list("Mailbox/get", args{"ids": []string{p.folder("inbox")}})[0]["totalEmails"] != 1.0 {
		t.Error(text(ch))
	}
	mark(mailbox.RemoveFlags)
	if p.ids(args{}) != a[1]+" "+a[0] {
		t.Error(p.ids(args{}))
	}
}

// A client may give an object back whole, with what is the service's to set as it was (RFC 8620 §5.3), and written in any order.
func TestRFC8621_2_5_AFolderIsGivenBackWhole(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	made := p.do("Mailbox/set", args{"create": args{"f": args{"name": "Orders"}}})["created"].(args)["f"].(args)["id"].(string)
	whole := p.list("Mailbox/get", args{"ids": []string{made}})[0]
	whole["name"] = "Old orders"
	var rights []string
	for name, may := range whole["myRights"].(args) {
		rights = append(rights, fmt.Sprintf("%q: %v", name, may))
	}
	slices.SortFunc(rights, func(a, b string) int { return strings.Compare(b, a) })
	whole["myRights"] = json.RawMessage("{" + strings.Join(rights, ", ") + "}")
	if out := p.do("Mailbox/set", args{"update": args{made: whole}}); text(out["updated"]) != `{"`+made+`":null}` {
		t.Fatal(text(out))
	}
	if got := p.list("Mailbox/get", args{"ids": []string{made}})[0]; got["name"] != "Old orders" {
		t.Error(text(got))
	}
	for name, value := range map[string]any{"id": "F1", "totalEmails": 7, "myRights": args{}} {
		out := p.do("Mailbox/set", args{"update": args{made: args{name: value}}})
		if e := text(out["notUpdated"]); !strings.Contains(e, `"invalidProperties"`) || !strings.Contains(e, `"`+name+`"`) {
			t.Errorf("%s: %s", name, text(out))
		}
	}
	// A creation that there never was is no folder: nothing lies in it, and not what lies in none.
	if out := p.do("Mailbox/query", args{"filter": args{"parentId": "#never"}}); text(out["ids"]) != "[]" {
		t.Error(text(out))
	}
}
