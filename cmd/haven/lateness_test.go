package main

import (
	"testing"
	"time"

	"haven/face/jmap/jmapclient"
)

// A letter that waits to be sent is told of in the account from which it goes, and in no other.
func TestLateness(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	p := w.asker(w.ann)
	p.c.Using = append(p.c.Using, "urn:ietf:params:jmap:submission", "urn:haven:lateness")
	shop := p.c.Session.Named(w.shop.Display)
	must := func(name, account string, args jmapclient.Args) jmapclient.Args {
		t.Helper()
		args["accountId"] = account
		out, fault := p.ask(name, args)
		if fault != "" || out["notCreated"] != nil {
			t.Fatalf("%s: %s %v", name, fault, out)
		}
		return out
	}
	late := func(account string) (arriving, leaving any) {
		t.Helper()
		one := must("Lateness/get", account, jmapclient.Args{})["list"].([]any)[0].(map[string]any)
		if one["id"] != "singleton" {
			t.Errorf("it is %v", one)
		}
		return one["arrivingSince"], one["leavingSince"]
	}
	others := func() {
		t.Helper()
		for id := range p.c.Session.Accounts {
			if arriving, leaving := late(id); arriving != nil || leaving != nil && id != shop {
				t.Errorf("of %s: %v, %v", id, arriving, leaving)
			}
		}
	}
	others()
	drafts := must("Mailbox/query", shop, jmapclient.Args{"filter": jmapclient.Args{"role": "drafts"}})["ids"].([]any)[0].(string)
	identity := must("Identity/get", shop, jmapclient.Args{})["list"].([]any)[0].(map[string]any)
	letter := must("Email/set", shop, jmapclient.Args{"create": jmapclient.Args{"e": jmapclient.Args{"mailboxIds": jmapclient.Args{drafts: true}, "keywords": jmapclient.Args{"$draft": true},
		"from": []any{jmapclient.Args{"email": identity["email"]}}, "to": []any{jmapclient.Args{"email": w.ann.Address.String()}}, "subject": "Hours",
		"bodyValues": jmapclient.Args{"1": jmapclient.Args{"value": "Open till six."}}, "textBody": []any{jmapclient.Args{"partId": "1", "type": "text/plain"}}}}})
	must("EmailSubmission/set", shop, jmapclient.Args{"create": jmapclient.Args{"s": jmapclient.Args{"identityId": identity["id"], "emailId": letter["created"].(map[string]any)["e"].(map[string]any)["id"]}}})
	sent := w.clock.Now()
	w.clock.Advance(w.conf.Policy.JMAP.LateAfter - time.Second)
	if _, leaving := late(shop); leaving != nil {
		t.Errorf("before it is late it is so since %v", leaving)
	}
	w.clock.Advance(time.Second)
	if _, leaving := late(shop); leaving != sent.Format(time.RFC3339) {
		t.Errorf("what waits leaves late since %v, want %s", leaving, sent)
	}
	others()
}

func TestEarliest(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, x := range []struct{ a, b, want time.Time }{
		{time.Time{}, time.Time{}, time.Time{}},
		{at, time.Time{}, at},
		{time.Time{}, at, at},
		{at.Add(time.Minute), at, at},
	} {
		if got := earliest(x.a, x.b); !got.Equal(x.want) {
			t.Errorf("of %v and %v: %v", x.a, x.b, got)
		}
	}
}
