package jmap

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/sending/sendingtest"
	"haven/mail/work"
	"haven/platform/errs"
	"haven/platform/policy"
)

// post is the face over a house in which letters are really sent: alice may send as shop@, ben on its behalf.
type post struct {
	*sendingtest.House
	t *testing.T
	c *jmapclient.Client // alice's
	s *httptest.Server
}

// staff is who works in a post; every password is "secret".
type staff struct{ h *sendingtest.House }

func (p staff) ByPassword(_ context.Context, l Login) (Session, error) {
	name, _, _ := strings.Cut(l.User, "@")
	no := map[string]haven.AccountNo{"alice": p.h.Alice, "ben": p.h.Ben}[name]
	if no == 0 || l.Password != "secret" {
		return Session{}, errs.E(errs.Private, "The user name or the password is wrong.")
	}
	return Session{Person: no, ID: deliverytest.ID(no), Address: haven.MustAddress(name + "@pharmacy.test"), Name: name}, nil
}

func (staff) ByCookie(context.Context, string) (Session, error) {
	return Session{}, errs.E(errs.Private, "")
}

func (p staff) Accounts(_ context.Context, s *Session) (all []Account, err error) {
	for _, no := range []haven.AccountNo{s.Person, p.h.Shop} {
		if r, _, _ := p.h.Store.Grants.In(nil, s.Person, no); r != 0 {
			a, name, _ := p.h.Address(context.Background(), no)
			all = append(all, Account{No: no, ID: deliverytest.ID(no), Address: a, Name: name, Personal: no == s.Person, Rights: r})
		}
	}
	return all, nil
}

func newPost(t *testing.T) *post { t.Helper(); return newPostWith(t, nil) }

func newPostWith(t *testing.T, adjust func(*sendingtest.House, *delivery.Options)) *post {
	t.Helper()
	t.Parallel()
	h := sendingtest.New(t, "sqlite", adjust)
	pol, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	srv := New(Options{People: staff{h}, Mail: h.Store.Service, Hub: h.Store.Hub, Submissions: h.Sending, Identities: h.Sending, MDNs: h.Sending, Policy: pol.JMAP, Mailbox: pol.Mailbox,
		Clock: h.Store.Clock, Logger: slog.New(slog.NewTextHandler(testLog{t}, nil))})
	p := &post{House: h, t: t, s: httptest.NewServer(srv)}
	t.Cleanup(func() { srv.Close(); p.s.Close() })
	p.c = p.as("alice")
	return p
}

func (p *post) as(name string) *jmapclient.Client {
	p.t.Helper()
	c, err := jmapclient.Open(p.t.Context(), p.s.Client(), p.s.URL, jmapclient.Basic(name+"@pharmacy.test", "secret"))
	p.Must(err)
	c.Using = []string{coreURN, mailURN, submissionURN}
	return c
}

func (p *post) account(no haven.AccountNo) string { return accountID(deliverytest.ID(no)) }

func (p *post) folder(no haven.AccountNo, role mailbox.Role) string {
	return mailbox.MailboxID(deliverytest.ID(no), p.Folder(no, role))
}

// answer is one method's answer as it came.
type answer1 map[string]any

// at follows names and indices into an answer; nil where they lead nowhere.
func at(v any, path ...any) any {
	for _, step := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[step.(string)]
		case answer1:
			v = x[step.(string)]
		case []any:
			if i := step.(int); i < len(x) {
				v = x[i]
				continue
			}
			return nil
		default:
			return nil
		}
	}
	return v
}

// do calls methods as somebody, and gives each answer with the method's name as "method".
func (p *post) do(c *jmapclient.Client, calls ...jmapclient.Call) (out []answer1) {
	p.t.Helper()
	for _, a := range call1(p.t, c, calls...).Answers {
		r := answer1{}
		p.Must(a.Into(&r))
		r["method"] = a.Name
		out = append(out, r)
	}
	return out
}

func (p *post) one(name string, args jmapclient.Args) answer1 {
	p.t.Helper()
	if args["accountId"] == nil {
		args["accountId"] = p.account(p.Alice)
	}
	return p.do(p.c, jmapclient.Call{Name: name, Args: args})[0]
}

const draftText = "From: Alice <alice@pharmacy.test>\nTo: ben@pharmacy.test, bob@surgery.test\nDate: Sun, 22 Nov 2026 09:00:00 +0000\nMessage-ID: <one@pharmacy.test>\nSubject: Repeat\n\nHello.\n"

func (p *post) draft(text string) string { return emailID(p.Draft(p.Alice, text)) }

func (p *post) ident() string {
	p.t.Helper()
	return at(p.one("Identity/get", jmapclient.Args{"ids": nil}), "list", 0, "id").(string)
}

// submit creates a submission of a draft of alice's; envelope may be nil.
func (p *post) submit(email string, envelope any) (made, not any) {
	p.t.Helper()
	obj := jmapclient.Args{"identityId": p.ident(), "emailId": email}
	if envelope != nil {
		obj["envelope"] = envelope
	}
	r := p.one("EmailSubmission/set", jmapclient.Args{"create": jmapclient.Args{"k": obj}})
	return at(r, "created", "k"), at(r, "notCreated", "k")
}

func env(from string, params any, to ...string) any {
	list := []any{}
	for _, email := range to {
		list = append(list, jmapclient.Args{"email": email, "parameters": nil})
	}
	return jmapclient.Args{"mailFrom": jmapclient.Args{"email": from, "parameters": params}, "rcptTo": list}
}

func (p *post) pass(d time.Duration) {
	p.t.Helper()
	p.Store.Clock.Advance(d)
	p.Must(p.Sending.Step(p.t.Context()))
}

func (p *post) want(what string, got, want any) {
	p.t.Helper()
	if got != want {
		p.t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestSubmissionCapability_RFC8621_1_3_2(t *testing.T) {
	p := newPost(t)
	s := p.c.Session
	own := s.Accounts[p.account(p.Alice)].Capabilities[submissionURN]
	if !strings.Contains(string(own), `"maxDelayedSend":2592000`) || !strings.Contains(string(own), `"FUTURERELEASE":["2592000",`) {
		t.Errorf("alice's account says %s", own)
	}
	p.Store.Grants.Set(p.Ben, p.Shop, haven.Read)
	if _, has := p.as("ben").Session.Accounts[p.account(p.Shop)].Capabilities[submissionURN]; has {
		t.Error("an account that ben only reads can be sent from")
	}
	r := p.do(p.as("ben"), jmapclient.Call{Name: "Identity/get", Args: jmapclient.Args{"accountId": p.account(p.Shop), "ids": nil}})
	p.want("the error", r[0]["type"], "accountNotSupportedByMethod")
}

func TestIdentityGet_RFC8621_6_1(t *testing.T) {
	p := newPost(t)
	p.Sign(p.Alice, "Alice, pharmacist")
	r := p.one("Identity/get", jmapclient.Args{"ids": nil})
	for name, want := range map[string]any{"email": "alice@pharmacy.test", "name": "Alice", "textSignature": "Alice, pharmacist", "mayDelete": false, "replyTo": nil, "bcc": nil} {
		p.want(name, at(r, "list", 0, name), want)
	}
	shop := p.one("Identity/get", jmapclient.Args{"accountId": p.account(p.Shop), "ids": nil})
	p.want("the mailbox's address", at(shop, "list", 0, "email"), "shop@pharmacy.test")
	p.want("what there is not", at(p.one("Identity/get", jmapclient.Args{"ids": []string{"I1", "x"}}), "notFound", 1), "x")
}

func TestIdentityChanges_RFC8621_6_2(t *testing.T) {
	p := newPost(t)
	first := p.one("Identity/get", jmapclient.Args{"ids": nil})
	id, state := at(first, "list", 0, "id"), first["state"]
	p.want("nothing changed", p.one("Identity/changes", jmapclient.Args{"sinceState": state})["newState"], state)
	p.Sign(p.Alice, "Another text")
	r := p.one("Identity/changes", jmapclient.Args{"sinceState": state})
	p.want("what changed with the signature", at(r, "updated", 0), id)
	for _, since := range []string{"", "x", "zzz-1"} {
		p.want("the error", p.one("Identity/changes", jmapclient.Args{"sinceState": since})["type"], "cannotCalculateChanges")
	}
	shop := p.one("Identity/get", jmapclient.Args{"accountId": p.account(p.Shop), "ids": nil})
	p.Store.Grants.Set(p.Alice, p.Shop, haven.Read|haven.SendOnBehalf)
	if r := p.one("Identity/changes", jmapclient.Args{"accountId": p.account(p.Shop), "sinceState": shop["state"]}); len(at(r, "destroyed").([]any)) != 0 {
		t.Errorf("on behalf is a way to send, too: %v", r)
	}
}

func TestIdentitySet_RFC8621_6_3(t *testing.T) {
	p := newPost(t)
	id := p.ident()
	r := p.one("Identity/set", jmapclient.Args{"update": jmapclient.Args{id: jmapclient.Args{"name": "Alice of the shop", "textSignature": "A.",
		"replyTo": []any{jmapclient.Args{"name": "Shop", "email": "shop@pharmacy.test"}}}}})
	if _, ok := at(r, "updated").(map[string]any)[id]; !ok {
		t.Fatalf("not updated: %v", r)
	}
	now := p.one("Identity/get", jmapclient.Args{"ids": []string{id}})
	p.want("the name", at(now, "list", 0, "name"), "Alice of the shop")
	p.want("the address for replies", at(now, "list", 0, "replyTo", 0, "email"), "shop@pharmacy.test")
	p.Sign(p.Alice, "the service's")
	p.want("what alice wrote stays", at(p.one("Identity/get", jmapclient.Args{"ids": []string{id}}), "list", 0, "textSignature"), "A.")

	// In the shop's mailbox its alias may be written with, and another person sees nothing of it.
	made := p.one("Identity/set", jmapclient.Args{"accountId": p.account(p.Shop), "create": jmapclient.Args{"a": jmapclient.Args{"email": "store@pharmacy.test", "name": "Store"},
		"b": jmapclient.Args{"email": "ben@pharmacy.test"}, "c": jmapclient.Args{"name": "x"}, "d": jmapclient.Args{"email": "shop@pharmacy.test", "mayDelete": true}}})
	p.want("an alias can be deleted", at(made, "created", "a", "mayDelete"), true)
	p.want("another's address", at(made, "notCreated", "b", "type"), "forbiddenFrom")
	p.want("no address", at(made, "notCreated", "c", "type"), "invalidProperties")
	p.want("what the service sets", at(made, "notCreated", "d", "type"), "invalidProperties")
	mine := at(made, "created", "a", "id").(string)
	ben := p.do(p.as("ben"), jmapclient.Call{Name: "Identity/get", Args: jmapclient.Args{"accountId": p.account(p.Shop), "ids": nil}})
	p.want("ben's identities", len(at(ben[0], "list").([]any)), 1)

	whole := at(now, "list", 0).(map[string]any)
	whole["name"] = "Alice again"
	if r := p.one("Identity/set", jmapclient.Args{"update": jmapclient.Args{id: whole}}); r["notUpdated"] != nil {
		t.Errorf("given back whole: %v", r)
	}
	r = p.one("Identity/set", jmapclient.Args{"update": jmapclient.Args{id: jmapclient.Args{"email": "x@pharmacy.test"}, "I9": jmapclient.Args{"name": "x"}},
		"destroy": []string{"I8"}})
	p.want("an address that changes", at(r, "notUpdated", id, "type"), "invalidProperties")
	p.want("an update of nothing", at(r, "notUpdated", "I9", "type"), "notFound")
	p.want("an end of nothing", at(r, "notDestroyed", "I8", "type"), "notFound")
	p.want("the given one", at(p.one("Identity/set", jmapclient.Args{"destroy": []string{id}}), "notDestroyed", id, "type"), "forbidden")
	p.want("the own one", at(p.one("Identity/set", jmapclient.Args{"accountId": p.account(p.Shop), "destroy": []string{mine}}), "destroyed", 0), mine)
}

func TestSubmissionGet_RFC8621_7_1(t *testing.T) {
	p := newPost(t)
	email := p.draft(draftText)
	made, _ := p.submit(email, nil)
	id := at(made, "id")
	p.want("undoStatus", at(made, "undoStatus"), "pending")
	p.want("the envelope that was made", at(made, "envelope", "rcptTo", 1, "email"), "bob@surgery.test")
	p.pass(11 * time.Second)
	r := p.one("EmailSubmission/get", jmapclient.Args{"ids": []any{id, "S1"}})
	sub := at(r, "list", 0)
	for name, want := range map[string]any{"emailId": email, "undoStatus": "final", "sendAt": "2026-11-22T09:00:00Z"} {
		p.want(name, at(sub, name), want)
	}
	p.want("mailFrom", at(sub, "envelope", "mailFrom", "email"), "alice@pharmacy.test")
	p.want("ben has it", at(sub, "deliveryStatus", "ben@pharmacy.test", "delivered"), "yes")
	p.want("bob's waits", at(sub, "deliveryStatus", "bob@surgery.test", "delivered"), "queued")
	p.want("displayed", at(sub, "deliveryStatus", "bob@surgery.test", "displayed"), "unknown")
	if reply := at(sub, "deliveryStatus", "bob@surgery.test", "smtpReply"); !strings.HasPrefix(reply.(string), "250 2.") {
		t.Errorf("the reply is %v", reply)
	}
	p.want("what there is not", at(r, "notFound", 0), "S1")
}

// Where nothing is uploaded there is nothing to copy, and no address to upload to.
func TestWithoutBlobs(t *testing.T) {
	p := newPost(t)
	copied := p.do(p.c, jmapclient.Call{Name: "Blob/copy", Args: jmapclient.Args{"fromAccountId": p.account(p.Shop), "accountId": p.account(p.Alice), "blobIds": []string{"Uaaaaaaaaaaaaaaaaaaaaaaaaaa"}}})
	p.want("a copy", at(copied[0], "notCopied", "Uaaaaaaaaaaaaaaaaaaaaaaaaaa", "type"), "notFound")
	_, err := p.c.Upload(t.Context(), p.account(p.Alice), "", strings.NewReader("x"))
	wantStatus(t, "an upload", err, 404, "")
}

// Notices and receipts that come back are blobs of the submission, which whoever reads the account downloads.
func TestSubmissionReports_RFC8621_7(t *testing.T) {
	p := newPost(t)
	made, _ := p.submit(p.draft(draftText), nil)
	id := at(made, "id")
	p.want("at first", len(at(made, "dsnBlobIds").([]any))+len(at(made, "mdnBlobIds").([]any)), 0)
	p.pass(11 * time.Second)
	state := p.one("EmailSubmission/get", jmapclient.Args{"ids": []any{}})["state"]
	report := func(kind, fields string) string {
		return p.arrived(p.Alice, "Subject: x\nContent-Type: multipart/report; report-type="+kind+"; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/"+kind+"\n\n"+fields+
			"\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <one@pharmacy.test>\n\n--b--\n")
	}
	dsn := report("delivery-status", "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; bob@surgery.test\nAction: failed\nStatus: 5.1.1\n")
	mdn := report("disposition-notification", "Final-Recipient: rfc822; ben@pharmacy.test\nDisposition: manual-action/MDN-sent-manually; displayed\n")
	sub := at(p.one("EmailSubmission/get", jmapclient.Args{"ids": []any{id}}), "list", 0)
	p.want("the notice", at(sub, "dsnBlobIds", 0), dsn)
	p.want("the receipt", at(sub, "mdnBlobIds", 0), mdn)
	p.want("what changed", at(p.one("EmailSubmission/changes", jmapclient.Args{"sinceState": state}), "updated", 0), id)
	resp, err := p.c.Download(t.Context(), p.account(p.Alice), at(sub, "mdnBlobIds", 0).(string), "receipt.eml", "message/rfc822", nil)
	p.Must(err)
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !strings.Contains(string(text), "disposition-notification") {
		t.Errorf("%q, %v", text, err)
	}
}

func TestSubmissionChangesAndQueries_RFC8621_7_2_to_7_4(t *testing.T) {
	p := newPost(t)
	state := p.one("EmailSubmission/get", jmapclient.Args{"ids": []string{}})["state"]
	var ids []any
	for _, hold := range []string{"0", "30", "7200"} {
		made, not := p.submit(p.draft(draftText), env("alice@pharmacy.test", jmapclient.Args{"HOLDFOR": hold}, "ben@pharmacy.test"))
		if made == nil {
			t.Fatal(not)
		}
		ids = append(ids, at(made, "id"))
	}
	r := p.one("EmailSubmission/changes", jmapclient.Args{"sinceState": state, "maxChanges": 2})
	p.want("more", r["hasMoreChanges"], true)
	r = p.one("EmailSubmission/changes", jmapclient.Args{"sinceState": r["newState"]})
	p.want("the third", at(r, "created", 0), ids[2])
	p.want("an unknown state", p.one("EmailSubmission/changes", jmapclient.Args{"sinceState": "7-7"})["type"], "cannotCalculateChanges")

	query := func(args jmapclient.Args) []any {
		r := p.one("EmailSubmission/query", args)
		list, _ := r["ids"].([]any)
		return list
	}
	p.pass(0)
	second := p.one("EmailSubmission/get", jmapclient.Args{"ids": ids[1:2]})
	for name, c := range map[string]struct {
		args jmapclient.Args
		want []any
	}{
		"all":            {jmapclient.Args{}, ids},
		"newest first":   {jmapclient.Args{"sort": []any{jmapclient.Args{"property": "sentAt", "isAscending": false}}}, []any{ids[2], ids[1], ids[0]}},
		"by email":       {jmapclient.Args{"sort": []any{jmapclient.Args{"property": "emailId"}}}, ids},
		"pending":        {jmapclient.Args{"filter": jmapclient.Args{"undoStatus": "pending"}}, ids[1:]},
		"after":          {jmapclient.Args{"filter": jmapclient.Args{"after": "2026-11-22T09:01:00Z"}}, ids[2:]},
		"before":         {jmapclient.Args{"filter": jmapclient.Args{"before": "2026-11-22T09:00:30Z"}}, ids[:1]},
		"of one message": {jmapclient.Args{"filter": jmapclient.Args{"emailIds": []any{at(second, "list", 0, "emailId")}}}, ids[1:2]},
		"of a thread":    {jmapclient.Args{"filter": jmapclient.Args{"threadIds": []any{at(second, "list", 0, "threadId")}}}, ids},
		"of nobody":      {jmapclient.Args{"filter": jmapclient.Args{"identityIds": []string{}}}, nil},
		"not pending": {jmapclient.Args{"filter": jmapclient.Args{"operator": "NOT", "conditions": []any{jmapclient.Args{"undoStatus": "pending"},
			jmapclient.Args{"undoStatus": "canceled"}}}}, ids[:1]},
	} {
		if got := query(c.args); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	p.want("an unknown sort", p.one("EmailSubmission/query", jmapclient.Args{"sort": []any{jmapclient.Args{"property": "size"}}})["type"], "unsupportedSort")
	p.want("an unknown condition", p.one("EmailSubmission/query", jmapclient.Args{"filter": jmapclient.Args{"subject": "x"}})["type"], "unsupportedFilter")
	p.want("a condition that can't be meant", p.one("EmailSubmission/query", jmapclient.Args{"filter": jmapclient.Args{"before": "yesterday"}})["type"], "invalidArguments")

	pending := jmapclient.Args{"filter": jmapclient.Args{"undoStatus": "pending"}}
	before := p.one("EmailSubmission/query", pending)
	p.pass(31 * time.Second)
	pending["sinceQueryState"] = before["queryState"]
	delete(pending, "accountId")
	diff := p.one("EmailSubmission/queryChanges", pending)
	p.want("what left", at(diff, "removed", 0), ids[1])
	p.want("nothing came", len(at(diff, "added").([]any)), 0)
}

func TestSubmissionSetRefusals_RFC8621_7_5(t *testing.T) {
	p := newPost(t)
	good := p.draft(draftText)
	for _, c := range []struct {
		name, email string
		envelope    any
		want        string
		member      string // of the error, beside its type
	}{
		{"emailNotFound", "M123", nil, "invalidProperties", "properties"},
		{"an envelope that is none", good, jmapclient.Args{"mailFrom": nil}, "invalidProperties", "properties"},
		{"noRecipients", good, env("alice@pharmacy.test", nil), "noRecipients", ""},
		{"invalidRecipients", good, env("alice@pharmacy.test", nil, "nobody@pharmacy.test"), "invalidRecipients", "invalidRecipients"},
		{"forbiddenMailFrom", good, env("ben@pharmacy.test", nil, "ben@pharmacy.test"), "forbiddenMailFrom", ""},
		{"forbiddenFrom", p.draft(strings.Replace(draftText, "alice@", "ben@", 1)), env("alice@pharmacy.test", nil, "ben@pharmacy.test"), "forbiddenFrom", ""},
		{"invalidEmail", p.draft("To: ben@pharmacy.test\n\nx\n"), nil, "invalidEmail", "properties"},
		{"held for too long", good, env("alice@pharmacy.test", jmapclient.Args{"HOLDFOR": "9999999"}, "ben@pharmacy.test"), "invalidProperties", "properties"},
		{"an unknown parameter", good, env("alice@pharmacy.test", jmapclient.Args{"X": nil}, "ben@pharmacy.test"), "invalidProperties", "properties"},
	} {
		made, not := p.submit(c.email, c.envelope)
		if made != nil || at(not, "type") != c.want || c.member != "" && at(not, c.member) == nil {
			t.Errorf("%s: %v, %v", c.name, made, not)
		}
	}
	many := make([]string, 501)
	for i := range many {
		many[i] = "p" + strings.Repeat("q", i%60) + string(rune('a'+i/60)) + "@surgery.test"
	}
	_, not := p.submit(good, env("alice@pharmacy.test", nil, many...))
	p.want("too many", at(not, "type"), "tooManyRecipients")
	p.want("the most", at(not, "maxRecipients"), float64(500))
	r := p.one("EmailSubmission/set", jmapclient.Args{"create": jmapclient.Args{"a": jmapclient.Args{"identityId": "I7", "emailId": good},
		"b": jmapclient.Args{"emailId": good}, "c": jmapclient.Args{"identityId": p.ident(), "emailId": good, "sendAt": "2026-11-22T09:00:00Z"},
		"d": jmapclient.Args{"identityId": p.ident(), "emailId": "#nothing"}}, "update": jmapclient.Args{"S7": jmapclient.Args{"undoStatus": "canceled"}}, "destroy": []string{"S8"}})
	for cid := range strings.SplitSeq("a b c d", " ") {
		p.want(cid, at(r, "notCreated", cid, "type"), "invalidProperties")
	}
	p.want("an unknown one called back", at(r, "notUpdated", "S7", "type"), "notFound")
	p.want("an unknown one destroyed", at(r, "notDestroyed", "S8", "type"), "notFound")
	p.want("a state that was", p.one("EmailSubmission/set", jmapclient.Args{"ifInState": "1-1"})["type"], "stateMismatch")
	p.pass(time.Hour)
	p.want("ben's letters", len(p.Letters(p.Ben, mailbox.Inbox)), 0)
}

func TestForbiddenToSend_RFC8621_7_5(t *testing.T) {
	p := newPostWith(t, func(_ *sendingtest.House, o *delivery.Options) { o.Policy.SendPerHour = 1 })
	made, not := p.submit(p.draft(draftText), env("alice@pharmacy.test", jmapclient.Args{"HOLDFOR": "0"}, "ben@pharmacy.test"))
	if made == nil {
		t.Fatal(not)
	}
	p.pass(0)
	_, not = p.submit(p.draft(draftText), nil)
	p.want("one more", at(not, "type"), "forbiddenToSend")
}

// firstAnswers has a colleague answer first.
type firstAnswers struct{ times int }

func (f *firstAnswers) MaySend(context.Context, work.Sending) error {
	if f.times++; f.times > 1 {
		return nil
	}
	return &errs.Error{Kind: errs.Denied, Rule: string(work.RuleAnswered), Say: "Ben Okafor answered this at 09:00 on 22 November."}
}

// A second answer is refused when it is put down, and not only when it goes; put down again it passes.
func TestAnsweredByOther(t *testing.T) {
	p := newPostWith(t, func(_ *sendingtest.House, o *delivery.Options) { o.Colleagues = &firstAnswers{} })
	answer := p.draft(strings.Replace(draftText, "Subject:", "In-Reply-To: <ask@surgery.test>\r\nSubject:", 1))
	_, not := p.submit(answer, nil)
	p.want("a second answer", at(not, "type"), "answeredByOther")
	p.want("what is said of it", at(not, "description"), "Ben Okafor answered this at 09:00 on 22 November.")
	if made, not := p.submit(answer, nil); made == nil {
		t.Errorf("put down again it is refused: %v", not)
	}
}

func TestUndo_RFC8621_7(t *testing.T) {
	p := newPost(t)
	made, _ := p.submit(p.draft(draftText), nil)
	id := at(made, "id").(string)
	set := func(to any) answer1 {
		return p.one("EmailSubmission/set", jmapclient.Args{"update": jmapclient.Args{id: jmapclient.Args{"undoStatus": to}}})
	}
	p.want("nonsense", at(set("maybe"), "notUpdated", id, "type"), "invalidProperties")
	p.want("another property", at(p.one("EmailSubmission/set", jmapclient.Args{"update": jmapclient.Args{id: jmapclient.Args{"emailId": "M1"}}}), "notUpdated", id, "type"), "invalidProperties")
	p.want("one that waits is destroyed", at(p.one("EmailSubmission/set", jmapclient.Args{"destroy": []string{id}}), "notDestroyed", id, "type"), "forbidden")
	if at(set("canceled"), "notUpdated") != nil {
		t.Error("it can't be called back")
	}
	p.pass(time.Hour)
	p.want("ben's letters", len(p.Letters(p.Ben, mailbox.Inbox)), 0)
	p.want("it is", at(p.one("EmailSubmission/get", jmapclient.Args{"ids": []string{id}}), "list", 0, "undoStatus"), "canceled")
	made, _ = p.submit(p.draft(draftText), nil)
	id = at(made, "id").(string)
	p.pass(time.Minute)
	p.want("it went", at(set("canceled"), "notUpdated", id, "type"), "cannotUnsend")
	p.want("it is forgotten", at(p.one("EmailSubmission/set", jmapclient.Args{"destroy": []string{id}}), "destroyed", 0), id)
}

// TestOnSuccess_RFC8621_7_5 does what a usual client does in one request: a draft, its submission, and its way into Sent.
func TestOnSuccess_RFC8621_7_5(t *testing.T) {
	p := newPost(t)
	drafts, sent := p.folder(p.Alice, mailbox.Drafts), p.folder(p.Alice, mailbox.Sent)
	request := func(hold string) []answer1 {
		params := jmapclient.Args{}
		if hold != "" {
			params["HOLDFOR"] = hold
		}
		return p.do(p.c,
			jmapclient.Call{Name: "Email/set", Args: jmapclient.Args{"accountId": p.account(p.Alice), "create": jmapclient.Args{"m": jmapclient.Args{
				"mailboxIds": jmapclient.Args{drafts: true}, "keywords": jmapclient.Args{"$draft": true, "$seen": true}, "subject": "Repeat",
				"from": []any{jmapclient.Args{"email": "alice@pharmacy.test"}}, "to": []any{jmapclient.Args{"email": "ben@pharmacy.test"}},
				"bodyStructure": jmapclient.Args{"type": "text/plain", "partId": "1"}, "bodyValues": jmapclient.Args{"1": jmapclient.Args{"value": "Hello."}}}}}},
			jmapclient.Call{Name: "EmailSubmission/set", Args: jmapclient.Args{"accountId": p.account(p.Alice),
				"create":               jmapclient.Args{"s": jmapclient.Args{"identityId": p.ident(), "emailId": "#m", "envelope": env("alice@pharmacy.test", params, "ben@pharmacy.test")}},
				"onSuccessUpdateEmail": jmapclient.Args{"#s": jmapclient.Args{"mailboxIds/" + drafts: nil, "mailboxIds/" + sent: true, "keywords/$draft": nil, "keywords/$answered": true}}}})
	}
	r := request("")
	email := at(r[0], "created", "m", "id")
	if len(r) != 3 || r[2]["method"] != "Email/set" || at(r[2], "notUpdated") != nil {
		t.Fatalf("the answers are %v", r)
	}
	p.pass(11 * time.Second)
	got := p.one("Email/get", jmapclient.Args{"ids": []any{email}, "properties": []string{"mailboxIds", "keywords"}})
	p.want("in Sent", at(got, "list", 0, "mailboxIds", sent), true)
	p.want("a draft", at(got, "list", 0, "keywords", "$draft"), nil)
	p.want("answered", at(got, "list", 0, "keywords", "$answered"), true)
	p.want("letters in Sent", len(p.Letters(p.Alice, mailbox.Sent)), 1)
	p.want("letters in Drafts", len(p.Letters(p.Alice, mailbox.Drafts)), 0)
	p.want("ben's letters", len(p.Letters(p.Ben, mailbox.Inbox)), 1)

	// Sent later, it stands in Scheduled until then, whatever the client says of where it goes.
	r = request("7200")
	email = at(r[0], "created", "m", "id")
	p.want("letters in Scheduled", len(p.Letters(p.Alice, mailbox.Scheduled)), 1)
	p.want("its role", at(p.one("Email/query", jmapclient.Args{"filter": jmapclient.Args{"inMailbox": p.folder(p.Alice, mailbox.Scheduled)}}), "ids", 0), email)
	p.pass(2 * time.Hour)
	p.want("letters in Sent", len(p.Letters(p.Alice, mailbox.Sent)), 2)
	p.want("letters in Scheduled", len(p.Letters(p.Alice, mailbox.Scheduled)), 0)
	p.want("ben's letters", len(p.Letters(p.Ben, mailbox.Inbox)), 2)

	// What did not go well changes nothing.
	lonely := p.draft("From: alice@pharmacy.test\n\nx\n")
	r = p.do(p.c, jmapclient.Call{Name: "EmailSubmission/set", Args: jmapclient.Args{"accountId": p.account(p.Alice),
		"create": jmapclient.Args{"s": jmapclient.Args{"identityId": p.ident(), "emailId": lonely}}, "onSuccessDestroyEmail": []string{"#s"}}})
	p.want("answers", len(r), 1)
	p.want("letters in Drafts", len(p.Letters(p.Alice, mailbox.Drafts)), 1)

	// A client that destroys its draft has the service's copy alone.
	r = p.do(p.c, jmapclient.Call{Name: "EmailSubmission/set", Args: jmapclient.Args{"accountId": p.account(p.Alice),
		"create": jmapclient.Args{"s": jmapclient.Args{"identityId": p.ident(), "emailId": p.draft(draftText)}}, "onSuccessDestroyEmail": []string{"#s"}}})
	p.want("answers", len(r), 2)
	p.want("destroyed", len(at(r[1], "destroyed").([]any)), 1)
	p.pass(11 * time.Second)
	p.want("letters in Sent", len(p.Letters(p.Alice, mailbox.Sent)), 3)

	// Called back, and put back by the client as well as by the service.
	r = request("")
	id, email := at(r[1], "created", "s", "id").(string), at(r[0], "created", "m", "id")
	r = p.do(p.c, jmapclient.Call{Name: "EmailSubmission/set", Args: jmapclient.Args{"accountId": p.account(p.Alice),
		"update":               jmapclient.Args{id: jmapclient.Args{"undoStatus": "canceled"}},
		"onSuccessUpdateEmail": jmapclient.Args{id: jmapclient.Args{"mailboxIds/" + drafts: true, "mailboxIds/" + sent: nil, "keywords/$draft": true}}}})
	if len(r) != 2 || at(r[1], "notUpdated") != nil {
		t.Errorf("called back: %v", r)
	}
	got = p.one("Email/get", jmapclient.Args{"ids": []any{email}, "properties": []string{"mailboxIds", "keywords"}})
	p.want("in Drafts", at(got, "list", 0, "mailboxIds", drafts), true)
	p.want("in Sent", at(got, "list", 0, "mailboxIds", sent), nil)
	p.want("a draft", at(got, "list", 0, "keywords", "$draft"), true)
}

// TestSubmissionStates holds what is pushed against what changed.
func TestSubmissionStates(t *testing.T) {
	p := newPost(t)
	v := mailboxtest.Own(p.Alice)
	before, err := SubmissionStates(t.Context(), p.Sending, v)
	p.Must(err)
	p.submit(p.draft(draftText), nil)
	after, err := SubmissionStates(t.Context(), p.Sending, v)
	p.Must(err)
	if before["EmailSubmission"] == after["EmailSubmission"] || before["Identity"] == after["Identity"] {
		t.Errorf("%v, then %v", before, after)
	}
}
