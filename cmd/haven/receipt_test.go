package main

import (
	"strings"
	"testing"
	"time"

	"haven/face/jmap/jmapclient"
)

const mdnURN = "urn:ietf:params:jmap:mdn"

// desk is a person with a program that speaks JMAP.
type desk struct {
	i    *installation
	c    *jmapclient.Client
	mine string // identity
}

func (i *installation) desk(user, password string) desk {
	i.t.Helper()
	d := desk{i: i, c: i.program(user, password)}
	d.c.Using = append(d.c.Using, mdnURN)
	var list struct{ List []struct{ ID string } }
	i.jmap(d.c, "Identity/get", jmapclient.Args{"ids": nil}, &list)
	if len(list.List) != 1 {
		i.t.Fatalf("%+v", list)
	}
	d.mine = list.List[0].ID
	return d
}

func (d desk) folder(role string) string {
	d.i.t.Helper()
	var list struct{ List []struct{ ID, Role string } }
	d.i.jmap(d.c, "Mailbox/get", jmapclient.Args{"ids": nil}, &list)
	for _, m := range list.List {
		if m.Role == role {
			return m.ID
		}
	}
	d.i.t.Fatalf("there is no %s", role)
	return ""
}

// only is the one message in the Inbox.
func (d desk) only() string {
	d.i.t.Helper()
	var found struct{ IDs []string }
	d.i.jmap(d.c, "Email/query", jmapclient.Args{"filter": jmapclient.Args{"inMailbox": d.folder("inbox")}}, &found)
	if len(found.IDs) != 1 {
		d.i.t.Fatalf("%d messages lie in the Inbox", len(found.IDs))
	}
	return found.IDs[0]
}

// await asks until a state of a type is told in which done is true.
func (d desk) await(typ string, done func() bool) {
	d.i.t.Helper()
	events, err := d.c.Events(d.i.t.Context(), typ, "no", "0", "")
	if err != nil {
		d.i.t.Fatal(err)
	}
	defer events.Close()
	defer time.AfterFunc(patience, func() { events.Close() }).Stop()
	for !done() {
		if _, err := events.Next(); err != nil {
			d.i.t.Fatalf("nobody told: %v", err)
		}
	}
}

// TestRFC9007_AReceiptComesBack: a letter that asks for a receipt gets one, once; whoever sent the letter finds it with the submission, and which letter it is about.
func TestRFC9007_AReceiptComesBack(t *testing.T) {
	t.Parallel()
	i := install(t, "listen: pages_on_http = true", `policy.sending: undo_delay = "0s"`).founded()
	aisha, secret := i.person("Aisha", "Rahman")
	ben, other := i.person("Ben", "Okafor")
	i.serve()
	a, b := i.desk(aisha, secret), i.desk(ben, other)
	var made struct {
		Created map[string]struct{ ID string }
	}
	i.jmap(a.c, "Email/set", jmapclient.Args{"create": jmapclient.Args{"m": jmapclient.Args{"mailboxIds": jmapclient.Args{a.folder("drafts"): true}, "keywords": jmapclient.Args{"$draft": true},
		"from": []any{jmapclient.Args{"email": aisha}}, "to": []any{jmapclient.Args{"email": ben}}, "subject": "Repeat", "header:Disposition-Notification-To:asText": aisha,
		"textBody": []any{jmapclient.Args{"type": "text/plain", "partId": "1"}}, "bodyValues": jmapclient.Args{"1": jmapclient.Args{"value": "Hello."}}}}}, &made)
	email := made.Created["m"].ID
	i.jmap(a.c, "EmailSubmission/set", jmapclient.Args{"create": jmapclient.Args{"s": jmapclient.Args{"identityId": a.mine, "emailId": email}}}, &made)
	id := made.Created["s"].ID
	submission := func() (s struct {
		UndoStatus string
		MDNBlobIDs []string `json:"mdnBlobIds"`
	}) {
		t.Helper()
		got := struct {
			List []struct {
				UndoStatus string
				MDNBlobIDs []string `json:"mdnBlobIds"`
			}
		}{}
		i.jmap(a.c, "EmailSubmission/get", jmapclient.Args{"ids": []string{id}}, &got)
		if len(got.List) != 1 {
			t.Fatalf("no submission %q", id)
		}
		return got.List[0]
	}
	a.await("EmailSubmission", func() bool { return submission().UndoStatus == "final" })

	args := func() jmapclient.Args {
		return jmapclient.Args{"identityId": b.mine, "onSuccessUpdateEmail": jmapclient.Args{"#r": jmapclient.Args{"keywords/$mdnsent": true}}, "send": jmapclient.Args{"r": jmapclient.Args{
			"forEmailId": b.only(), "disposition": jmapclient.Args{"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}}}}
	}
	var sent struct {
		Sent    map[string]struct{ FinalRecipient string }
		NotSent map[string]struct{ Type string }
	}
	i.jmap(b.c, "MDN/send", args(), &sent)
	if sent.Sent["r"].FinalRecipient != "rfc822; "+ben {
		t.Fatalf("%+v", sent)
	}
	i.jmap(b.c, "MDN/send", args(), &sent)
	if sent.NotSent["r"].Type != "mdnAlreadySent" {
		t.Errorf("once more: %+v", sent)
	}

	blobs := submission().MDNBlobIDs
	if len(blobs) != 1 || blobs[0] != a.only() {
		t.Fatalf("the submission has %q", blobs)
	}
	var parsed struct {
		Parsed map[string]struct{ ForEmailID, TextBody string }
	}
	i.jmap(a.c, "MDN/parse", jmapclient.Args{"blobIds": blobs}, &parsed)
	if got := parsed.Parsed[blobs[0]]; got.ForEmailID != email || !strings.Contains(got.TextBody, "was opened") {
		t.Errorf("%+v, and the letter is %s", got, email)
	}
}
