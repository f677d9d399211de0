package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
	"haven/mail/vacation"
	"haven/people/account"
	"haven/people/sharedmailbox"
)

// ask calls one method as a person with a program, and gives its answer as text, or the type of its error.
func (w *jmapWorld) ask(a account.Account, of, name string, args jmapclient.Args) (text, fault string) {
	w.t.Helper()
	c := w.client(jmapclient.Basic(a.Address.String(), jmapPassword))
	c.Using = []string{jmapclient.Core, "urn:ietf:params:jmap:vacationresponse", "urn:ietf:params:jmap:quota"}
	for id, acc := range c.Session.Accounts {
		if acc.Personal == (of == "own") {
			args["accountId"] = id
		}
	}
	r, err := c.Call(w.t.Context(), jmapclient.Call{Name: name, Args: args, ID: "0"})
	if err != nil {
		w.t.Fatal(err)
	}
	var e struct{ Type string }
	if r.Answers[0].Name == "error" {
		if err := json.Unmarshal(r.Answers[0].Args, &e); err != nil {
			w.t.Fatal(err)
		}
	}
	return string(r.Answers[0].Args), e.Type
}

func holds(t *testing.T, what, text string, want ...string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(text, s) {
			t.Errorf("%s: %s, want %s", what, text, s)
		}
	}
}

func TestRFC8621_8_VacationResponse(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	set := func(patch jmapclient.Args) string {
		t.Helper()
		out, fault := w.ask(w.ann, "own", "VacationResponse/set", jmapclient.Args{"update": jmapclient.Args{"singleton": patch}})
		if fault != "" {
			t.Fatal(fault)
		}
		return out
	}
	get := func() string {
		out, _ := w.ask(w.ann, "own", "VacationResponse/get", jmapclient.Args{"ids": nil})
		return out
	}
	holds(t, "at first", get(), `"isEnabled":false`, `"textBody":null`, `"id":"singleton"`)
	first := get()
	holds(t, "turned on", set(jmapclient.Args{"isEnabled": true, "textBody": "Away.", "subject": "Gone", "toDate": "2026-12-01T00:00:00Z"}), `"updated":{"singleton":null}`)
	holds(t, "then", get(), `"isEnabled":true`, `"textBody":"Away."`, `"subject":"Gone"`, `"toDate":"2026-12-01T00:00:00Z"`, `"fromDate":null`)
	if get() == first {
		t.Error("the state is the same")
	}
	r, err := w.vacation.Of(t.Context(), w.ann.No, w.ann.No)
	if err != nil || r.Inside != "Away." || r.Outside != "Away." {
		t.Errorf("%+v, %v", r, err)
	}
	r.Outside = ""
	if err := w.vacation.Set(t.Context(), jmapActor, vacation.Whose{Person: w.ann.No, Account: w.ann.No, ID: w.ann.ID}, r); err != nil {
		t.Fatal(err)
	}
	set(jmapclient.Args{"textBody": "Still away."})
	if r, err = w.vacation.Of(t.Context(), w.ann.No, w.ann.No); err != nil || r.Inside != "Still away." || r.Outside != "" {
		t.Errorf("what the pages say to strangers: %+v, %v", r, err)
	}
	holds(t, "HTML", set(jmapclient.Args{"htmlBody": "<p>x</p>"}), `"invalidProperties"`, "htmlBody")
	holds(t, "on without a text", set(jmapclient.Args{"textBody": nil}), `"invalidProperties"`)
	out, _ := w.ask(w.ann, "own", "VacationResponse/set", jmapclient.Args{"create": jmapclient.Args{"x": jmapclient.Args{}}, "destroy": []string{"singleton"}, "update": jmapclient.Args{"other": jmapclient.Args{}}})
	holds(t, "a second one", out, `"notCreated":{"x":{"type":"singleton"`, `"notUpdated":{"other":{"type":"notFound"`)
	ben := w.person("Ben", "Other")
	if err := w.shared.AddMember(t.Context(), jmapActor, w.shop.No, sharedmailbox.Grant{Person: ben.No, Rights: haven.Member}); err != nil {
		t.Fatal(err)
	}
	if _, fault := w.ask(ben, "shared", "VacationResponse/get", jmapclient.Args{}); fault != "accountNotSupportedByMethod" {
		t.Errorf("a member who is no owner: %q", fault)
	}
}

// Of several who change the reply at once nobody undoes what another changed, and of those who go by the state before one alone is let through.
func TestRFC8620_5_3_VacationsAtOnce(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	update := func(args jmapclient.Args) (string, string) { return w.ask(w.ann, "own", "VacationResponse/set", args) }
	patches := []jmapclient.Args{{"subject": "Gone"}, {"textBody": "Away."}, {"toDate": "2026-12-01T00:00:00Z"}}
	var all sync.WaitGroup
	for _, p := range patches {
		all.Go(func() {
			if out, fault := update(jmapclient.Args{"update": jmapclient.Args{"singleton": p}}); fault != "" || !strings.Contains(out, `"updated":{"singleton":null}`) {
				t.Errorf("%v: %s, %s", p, out, fault)
			}
		})
	}
	all.Wait()
	out, _ := w.ask(w.ann, "own", "VacationResponse/get", jmapclient.Args{"ids": nil})
	holds(t, "after all of them", out, `"subject":"Gone"`, `"textBody":"Away."`, `"toDate":"2026-12-01T00:00:00Z"`)

	var is struct{ State string }
	if err := json.Unmarshal([]byte(out), &is); err != nil {
		t.Fatal(err)
	}
	var let, refused atomic.Int64
	for i := range 4 {
		all.Go(func() {
			out, fault := update(jmapclient.Args{"ifInState": is.State, "update": jmapclient.Args{"singleton": jmapclient.Args{"subject": strconv.Itoa(i)}}})
			switch {
			case fault == "stateMismatch":
				refused.Add(1)
			case fault == "" && strings.Contains(out, `"updated":{"singleton":null}`):
				let.Add(1)
			default:
				t.Errorf("%s, %s", out, fault)
			}
		})
	}
	all.Wait()
	if let.Load() != 1 || refused.Load() != 3 {
		t.Errorf("%d were let through and %d refused", let.Load(), refused.Load())
	}
}

func TestRFC9425_Quota(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	ask := func(name string, args jmapclient.Args) (string, string) { return w.ask(w.ann, "own", name, args) }
	out, _ := ask("Quota/get", jmapclient.Args{})
	holds(t, "get", out, `"resourceType":"octets"`, `"used":0`, `"hardLimit":4294967296`, `"scope":"account"`, `"types":["Email"]`)
	var got struct{ State string }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	out, _ = ask("Quota/query", jmapclient.Args{"filter": jmapclient.Args{"resourceType": "octets"}, "sort": []any{jmapclient.Args{"property": "used"}}})
	holds(t, "query", out, `"ids":["octets"]`)
	out, _ = ask("Quota/query", jmapclient.Args{"filter": jmapclient.Args{"resourceType": "count"}})
	holds(t, "of another type", out, `"ids":[]`)
	for name, want := range map[string]string{"Mail": `"ids":["octets"]`, "mails": `"ids":[]`} {
		out, _ = ask("Quota/query", jmapclient.Args{"filter": jmapclient.Args{"name": name}})
		holds(t, "named "+name, out, want)
	}
	l, err := w.mail.NewLetter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte("Subject: x\r\n\r\nx\r\n")); err != nil {
		t.Fatal(err)
	}
	letter, err := l.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.mail.File(t.Context(), []mailbox.Filing{{Account: w.ann.No, Letter: letter}}, nil); err != nil {
		t.Fatal(err)
	}
	out, _ = ask("Quota/changes", jmapclient.Args{"sinceState": got.State})
	holds(t, "changes", out, `"updated":["octets"]`, `"updatedProperties":["used"]`)
	out, _ = ask("Quota/queryChanges", jmapclient.Args{"sinceQueryState": got.State})
	holds(t, "queryChanges", out, `"removed":["octets"]`, `"added":[{"id":"octets","index":0}]`)
	for name, args := range map[string]jmapclient.Args{"Quota/changes": {"sinceState": "zzz-1"}, "Quota/queryChanges": {"sinceQueryState": "never"}} {
		if _, fault := ask(name, args); fault != "cannotCalculateChanges" {
			t.Errorf("%s: %q", name, fault)
		}
	}
}
