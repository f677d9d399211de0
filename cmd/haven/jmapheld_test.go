package main

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"haven/face/jmap/jmapclient"
)

const workUse = "urn:haven:work"

// Of several who change things at once and name the state before one alone is let through: the state is asked for in the transaction that makes the change.
func TestRFC8620_5_3_StatesAreHeldInTheChange(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	p := w.asker(w.ann)
	p.c.Using = append(p.c.Using, "urn:ietf:params:jmap:submission", "urn:ietf:params:jmap:sieve", workUse)
	shop := p.c.Session.Named(w.shop.Display)
	in := func(args jmapclient.Args) jmapclient.Args {
		args["accountId"] = shop
		return args
	}
	must := func(name string, args jmapclient.Args) jmapclient.Args {
		t.Helper()
		out, fault := p.ask(name, in(args))
		if fault != "" || out["notCreated"] != nil {
			t.Fatalf("%s: %s %v", name, fault, out)
		}
		return out
	}
	state := func(kind string) any { return must(kind+"/get", jmapclient.Args{})["state"] }

	drafts := must("Mailbox/query", jmapclient.Args{"filter": jmapclient.Args{"role": "drafts"}})["ids"].([]any)[0].(string)
	identity := must("Identity/get", jmapclient.Args{})["list"].([]any)[0].(map[string]any)
	letter := func(keywords jmapclient.Args) map[string]any {
		out := must("Email/set", jmapclient.Args{"create": jmapclient.Args{"e": jmapclient.Args{"mailboxIds": jmapclient.Args{drafts: true}, "keywords": keywords,
			"from": []any{jmapclient.Args{"email": identity["email"]}}, "to": []any{jmapclient.Args{"email": w.ann.Address.String()}}, "subject": "Hours",
			"bodyValues": jmapclient.Args{"1": jmapclient.Args{"value": "Open till six."}}, "textBody": []any{jmapclient.Args{"partId": "1", "type": "text/plain"}}}}})
		return out["created"].(map[string]any)["e"].(map[string]any)
	}
	upload, err := p.c.Upload(t.Context(), shop, "application/sieve", strings.NewReader("keep;\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	draft := jmapclient.Args{"$draft": true}
	of, sent, came := letter(draft)["threadId"].(string), letter(draft)["id"].(string), letter(jmapclient.Args{})["id"].(string)
	create := func(o jmapclient.Args) func(string) jmapclient.Args {
		return func(name string) jmapclient.Args {
			made := maps.Clone(o)
			if _, named := o["name"]; named {
				made["name"] = name
			}
			return jmapclient.Args{"create": jmapclient.Args{"k": made}}
		}
	}
	update := func(id string, o jmapclient.Args) func(string) jmapclient.Args {
		return func(string) jmapclient.Args { return jmapclient.Args{"update": jmapclient.Args{id: o}} }
	}
	for _, c := range []struct {
		kind string
		args func(name string) jmapclient.Args
	}{
		{"Mailbox", create(jmapclient.Args{"name": ""})},
		{"Identity", create(jmapclient.Args{"name": "", "email": identity["email"]})},
		{"EmailSubmission", create(jmapclient.Args{"identityId": identity["id"], "emailId": sent})},
		{"SieveScript", create(jmapclient.Args{"name": "", "blobId": upload.Blob})},
		{"WorkItem", update(of, jmapclient.Args{"category": "referral"})},
		{"WorkNote", create(jmapclient.Args{"threadId": of, "text": "Called."})},
		{"WorkDeadline", create(jmapclient.Args{"threadId": of, "rule": "discharge", "withinSeconds": 3600})},
		{"WorkFiling", create(jmapclient.Args{"emailId": came, "nhsNumber": "999 000 0018", "formats": []string{"pdf"}})},
		{"WorkCheck", create(jmapclient.Args{})},
		{"WorkSettings", update("singleton", jmapclient.Args{"stopsSecondReply": false})},
	} {
		is := state(c.kind)
		var all sync.WaitGroup
		var let, refused atomic.Int64
		for _, name := range []string{"One", "Two", "Three", "Four", "Five", "Six"} {
			args := in(c.args(name))
			args["ifInState"] = is
			all.Go(func() {
				out, fault := p.ask(c.kind+"/set", args)
				switch {
				case fault == "stateMismatch":
					refused.Add(1)
				case fault == "" && out["notCreated"] == nil && out["notUpdated"] == nil:
					let.Add(1)
				default:
					t.Errorf("%s: %s %v", c.kind, fault, out)
				}
			})
		}
		all.Wait()
		if let.Load() != 1 || refused.Load() != 5 {
			t.Errorf("%s: %d were let through and %d refused", c.kind, let.Load(), refused.Load())
		}
		args := in(c.args("Seven"))
		args["ifInState"] = state(c.kind)
		if _, fault := p.ask(c.kind+"/set", args); fault != "" {
			t.Errorf("%s, in the state that is: %s", c.kind, fault)
		}
	}
}
