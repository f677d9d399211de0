package main

import (
	"net/http"
	"testing"
	"time"

	"haven/face/jmap/jmapclient"
)

// program opens JMAP as a person's program does.
func (i *installation) program(user, password string) *jmapclient.Client {
	i.t.Helper()
	c, err := jmapclient.Open(i.t.Context(), &http.Client{}, "http://"+i.at("http"), jmapclient.Basic(user, password))
	if err != nil {
		i.t.Fatal(err)
	}
	c.Using = []string{"urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"}
	return c
}

// jmap makes one call and reads its answer.
func (i *installation) jmap(c *jmapclient.Client, name string, args jmapclient.Args, into any) {
	i.t.Helper()
	args["accountId"] = c.Session.Own()
	r, err := c.Call(i.t.Context(), jmapclient.Call{Name: name, Args: args})
	if err != nil {
		i.t.Fatal(err)
	}
	if e := r.Answers[0].Error(); e != "" {
		i.t.Fatalf("%s: %s", name, r.Answers[0].Args)
	}
	if err := r.Answers[0].Into(into); err != nil {
		i.t.Fatal(err)
	}
}

// TestKilledBeforeALetterIsDue: a letter that waits to be sent outlives the process, which is killed; the next one sends it once, and tells so.
func TestKilledBeforeALetterIsDue(t *testing.T) {
	t.Parallel()
	i := install(t, "listen: pages_on_http = true", `policy.sending: undo_delay = "2s"`).founded()
	aisha, secret := i.person("Aisha", "Rahman")
	ben, other := i.person("Ben", "Okafor")
	first := spawn(t, "serve", "--config", i.conf)
	i.log, i.ended = first.out, first.ended
	i.readPorts()
	c := i.program(aisha, secret)
	var list struct {
		List []struct{ ID, Role, Email string }
	}
	i.jmap(c, "Mailbox/get", jmapclient.Args{"ids": nil}, &list)
	drafts := ""
	for _, m := range list.List {
		if m.Role == "drafts" {
			drafts = m.ID
		}
	}
	var made struct {
		Created map[string]struct{ ID string }
	}
	i.jmap(c, "Email/set", jmapclient.Args{"create": jmapclient.Args{"m": jmapclient.Args{"mailboxIds": jmapclient.Args{drafts: true}, "keywords": jmapclient.Args{"$draft": true},
		"from": []any{jmapclient.Args{"email": aisha}}, "to": []any{jmapclient.Args{"email": ben}}, "subject": "Repeat",
		"textBody": []any{jmapclient.Args{"type": "text/plain", "partId": "1"}}, "bodyValues": jmapclient.Args{"1": jmapclient.Args{"value": "Hello."}}}}}, &made)
	email := made.Created["m"].ID
	i.jmap(c, "Identity/get", jmapclient.Args{"ids": nil}, &list)
	if len(list.List) != 1 || list.List[0].Email != aisha {
		t.Fatalf("the identities are %+v", list.List)
	}
	i.jmap(c, "EmailSubmission/set", jmapclient.Args{"create": jmapclient.Args{"s": jmapclient.Args{"identityId": list.List[0].ID, "emailId": email}}}, &made)
	id := made.Created["s"].ID
	if id == "" {
		t.Fatal("the letter was not taken")
	}
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.ended <- <-first.ended

	i.serve()
	c = i.program(aisha, secret)
	events, err := c.Events(t.Context(), "EmailSubmission", "no", "0", "")
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	defer time.AfterFunc(patience, func() { events.Close() }).Stop()
	for {
		var got struct{ List []struct{ UndoStatus string } }
		i.jmap(c, "EmailSubmission/get", jmapclient.Args{"ids": []string{id}}, &got)
		if len(got.List) == 1 && got.List[0].UndoStatus == "final" {
			break
		}
		if _, err := events.Next(); err != nil {
			t.Fatalf("nobody told that it went: %v", err)
		}
	}
	if n := i.letters(ben, other); n != 1 {
		t.Errorf("ben has %d letters, wanted 1", n)
	}
	var there struct{ IDs []string }
	i.jmap(c, "Email/query", jmapclient.Args{}, &there)
	if len(there.IDs) != 1 || there.IDs[0] != email {
		t.Errorf("aisha has %v, wanted %s alone", there.IDs, email)
	}
}
