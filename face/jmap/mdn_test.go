package jmap

import (
	"strings"
	"testing"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
)

const askingText = "From: Gill <gill@surgery.test>\nTo: alice@pharmacy.test\nDate: Sun, 22 Nov 2026 09:00:00 +0000\nMessage-ID: <7@surgery.test>\nSubject: Repeat\nDisposition-Notification-To: Gill <gill@surgery.test>\n\nHello.\n"

var byHand = jmapclient.Args{"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}

// newReceipts is a post at which notifications are sent.
func newReceipts(t *testing.T) *post {
	t.Helper()
	p := newPost(t)
	p.c.Using = append(p.c.Using, mdnURN)
	return p
}

// receipts sends one MDN each, under the names a, b and so on, with their messages marked.
func (p *post) receipts(of ...jmapclient.Args) []answer1 {
	p.t.Helper()
	send, update := jmapclient.Args{}, jmapclient.Args{}
	for i, o := range of {
		name := string(rune('a' + i))
		send[name], update["#"+name] = o, jmapclient.Args{"keywords/$mdnsent": true}
	}
	return p.do(p.c, jmapclient.Call{Name: "MDN/send", Args: jmapclient.Args{"accountId": p.account(p.Alice), "identityId": p.ident(), "send": send, "onSuccessUpdateEmail": update}})
}

func (p *post) arrived(no haven.AccountNo, text string) string {
	p.t.Helper()
	return emailID(p.Store.Deliver(no, text).Msg)
}

func TestRFC9007_1_3_Capability(t *testing.T) {
	p := newReceipts(t)
	p.want("of the session", string(p.c.Session.Capabilities[mdnURN]), "{}")
	p.want("of the account", string(p.c.Session.Accounts[p.account(p.Alice)].Capabilities[mdnURN]), "{}")
}

// What was sent is answered with all that the client did not say, and an Email/set follows (RFC 9007 §3.1).
func TestRFC9007_2_1_Send(t *testing.T) {
	p := newReceipts(t)
	email := p.arrived(p.Alice, askingText)
	r := p.receipts(jmapclient.Args{"forEmailId": email, "subject": "Read receipt for: Repeat", "textBody": "It was shown.", "reportingUA": "joes-pc; Mail 1.0", "finalRecipient": nil, "disposition": byHand,
		"extensionFields": jmapclient.Args{"X-More": "of it"}})
	if len(r) != 2 || r[1]["method"] != "Email/set" {
		t.Fatalf("%v", r)
	}
	for name, want := range map[string]any{"finalRecipient": "rfc822; alice@pharmacy.test", "originalMessageId": "<7@surgery.test>", "originalRecipient": nil, "includeOriginalMessage": false} {
		p.want(name, at(r[0], "sent", "a", name), want)
	}
	sent := at(r[0], "sent", "a").(map[string]any)
	if _, given := sent["subject"]; given || len(sent) != 6 {
		t.Errorf("what the client said comes back: %v", sent)
	}
	if updated, _ := at(r[1], "updated").(map[string]any); len(updated) != 1 {
		t.Errorf("%v", r[1])
	}
	got := p.one("Email/get", jmapclient.Args{"ids": []string{email}, "properties": []string{"keywords"}})
	p.want("the keyword", at(got, "list", 0, "keywords", "$mdnsent"), true)
	text := p.Only(p.Alice, mailbox.Sent)
	for _, want := range []string{"Subject: Read receipt for: Repeat\r\n", "It was shown.", "Reporting-UA: joes-pc; Mail 1.0\r\n", "X-More: of it\r\n", "Auto-Submitted: auto-replied\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the letter lacks %q:\n%s", want, text)
		}
	}
	if q := p.Queue(); len(q) != 1 || !q[0].From.IsNull() {
		t.Errorf("queued: %+v", q)
	}
	p.want("once more", at(p.receipts(jmapclient.Args{"forEmailId": email, "disposition": byHand})[0], "notSent", "a", "type"), "mdnAlreadySent")
	p.one("Email/set", jmapclient.Args{"update": jmapclient.Args{email: jmapclient.Args{"keywords/$mdnsent": nil}}})
	p.want("after the mark was taken away", at(p.receipts(jmapclient.Args{"forEmailId": email, "disposition": byHand})[0], "notSent", "a", "type"), "mdnAlreadySent")
}

func TestRFC9007_2_1_SendErrors(t *testing.T) {
	p := newReceipts(t)
	email, quiet := p.arrived(p.Alice, askingText), p.arrived(p.Alice, strings.Replace(askingText, "Disposition-Notification-To", "X-To", 1))
	large := p.arrived(p.Alice, askingText+strings.Repeat("x\n", 1<<20))
	shop := p.arrived(p.Shop, askingText)
	with := func(name string, value any) jmapclient.Args {
		o := jmapclient.Args{"forEmailId": email, "disposition": byHand}
		o[name] = value
		return o
	}
	how := func(mode string) jmapclient.Args {
		return jmapclient.Args{"actionMode": "manual-action", "sendingMode": mode, "type": "displayed"}
	}
	for _, x := range []struct {
		what string
		o    jmapclient.Args
		want string
	}{
		{"no message", with("forEmailId", "Mzzz"), "notFound"},
		{"another mailbox's", with("forEmailId", shop), "notFound"},
		{"one that asks for none", with("forEmailId", quiet), "notFound"},
		{"another's name", with("finalRecipient", "rfc822; ben@pharmacy.test"), "forbiddenFrom"},
		{"no address", with("finalRecipient", "nobody"), "invalidProperties"},
		{"what the service says", with("originalMessageId", "<8@x>"), "invalidProperties"},
		{"no such type", with("disposition", jmapclient.Args{"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "seen"}), "invalidProperties"},
		{"without a disposition", jmapclient.Args{"forEmailId": email}, "invalidProperties"},
		{"by no person", with("disposition", how("mdn-sent-automatically")), "forbidden"},
		{"a property that there is not", with("to", "x"), "invalidProperties"},
		{"with a large letter", jmapclient.Args{"forEmailId": large, "disposition": byHand, "includeOriginalMessage": true}, "tooLarge"},
	} {
		r := p.receipts(x.o)
		p.want(x.what, at(r[0], "notSent", "a", "type"), x.want)
		if len(r) != 1 || r[0]["sent"] != nil {
			t.Errorf("%s: %v", x.what, r)
		}
	}
	twice := p.receipts(with("subject", "x"), with("subject", "y"))
	p.want("two in one call", at(twice[0], "notSent", "b", "type"), "mdnAlreadySent")
	p.want("letters", len(p.Queue()), 1)
}

// The call is refused whole where the account or the identity is not there, or a message would not be marked.
func TestRFC9007_2_1_SendRefused(t *testing.T) {
	p := newReceipts(t)
	email := p.arrived(p.Alice, askingText)
	send := jmapclient.Args{"a": jmapclient.Args{"forEmailId": email, "disposition": byHand}}
	good := jmapclient.Args{"#a": jmapclient.Args{"keywords/$mdnsent": true}}
	call := func(account, ident string, update any) answer1 {
		return p.do(p.c, jmapclient.Call{Name: "MDN/send", Args: jmapclient.Args{"accountId": account, "identityId": ident, "send": send, "onSuccessUpdateEmail": update}})[0]
	}
	own, ident := p.account(p.Alice), p.ident()
	for what, r := range map[string]answer1{
		"no account":            call("A9", ident, good),
		"no identity":           call(own, "I9", good),
		"no update":             call(own, ident, nil),
		"an update of nothing":  call(own, ident, jmapclient.Args{}),
		"of another message":    call(own, ident, jmapclient.Args{"#b": jmapclient.Args{"keywords/$mdnsent": true}}),
		"of another keyword":    call(own, ident, jmapclient.Args{"#a": jmapclient.Args{"keywords/$seen": true}}),
		"that takes it away":    call(own, ident, jmapclient.Args{"#a": jmapclient.Args{"keywords/$mdnsent": nil}}),
		"in capitals":           call(own, ident, jmapclient.Args{"#a": jmapclient.Args{"keywords/$MDNSent": true}}),
		"without a list at all": p.one("MDN/send", jmapclient.Args{"identityId": ident}),
	} {
		p.want(what, r["type"], "invalidArguments")
	}
	p.want("letters", len(p.Queue()), 0)
	p.c.Using = []string{coreURN, mdnURN}
	p.want("without mail in using", call(own, "I9", good)["type"], "unknownMethod")
	p.c.Using = []string{coreURN, mailURN, submissionURN, mdnURN}
	if r := call(own, ident, jmapclient.Args{"#a": jmapclient.Args{"keywords": jmapclient.Args{"$mdnsent": true, "$seen": true}}}); at(r, "sent", "a") == nil {
		t.Errorf("with all keywords: %v", r)
	}
}

func TestRFC9007_2_2_Parse(t *testing.T) {
	p := newReceipts(t)
	email := p.arrived(p.Alice, askingText)
	p.receipts(jmapclient.Args{"forEmailId": email, "textBody": "It was shown.", "disposition": byHand, "includeOriginalMessage": true})
	theirs := p.Only(p.Alice, mailbox.Sent)
	blob := p.arrived(p.Alice, theirs)
	stranger := p.arrived(p.Alice, strings.ReplaceAll(theirs, "7@surgery.test", "8@surgery.test"))
	parse := func(ids ...string) answer1 { return p.one("MDN/parse", jmapclient.Args{"blobIds": ids}) }
	r := parse(blob, stranger, email, "Mzzz")
	for name, want := range map[string]any{"forEmailId": email, "subject": "Read: Repeat", "textBody": "It was shown.\n", "finalRecipient": "rfc822; alice@pharmacy.test",
		"originalMessageId": "<7@surgery.test>", "reportingUA": nil, "mdnGateway": nil, "error": nil, "extensionFields": nil, "includeOriginalMessage": true} {
		p.want(name, at(r, "parsed", blob, name), want)
	}
	p.want("how", at(r, "parsed", blob, "disposition", "sendingMode"), "mdn-sent-manually")
	p.want("about no message here", at(r, "parsed", stranger, "forEmailId"), nil)
	p.want("what is none", at(r, "notParsable", 0), email)
	p.want("what there is not", at(r, "notFound", 0), "Mzzz")
	if r = parse(); r["parsed"] != nil || r["notParsable"] != nil || r["notFound"] != nil {
		t.Errorf("of nothing: %v", r)
	}
	p.want("no account", p.one("MDN/parse", jmapclient.Args{"accountId": "A9", "blobIds": []string{blob}})["type"], "invalidArguments")
	p.want("without blobs", p.one("MDN/parse", jmapclient.Args{})["type"], "invalidArguments")
}
