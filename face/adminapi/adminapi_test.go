package adminapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/people/account"
	"haven/people/helpdesk"
	"haven/people/notice"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/people/texts"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// letters is a queue with one letter in it, 5, and an original, 7, that is kept for everybody.
type letters struct{ done []string }

func (l *letters) List(_ context.Context, f outbox.Filter) ([]outbox.Listed, error) {
	if f.State == "sideways" {
		return nil, errs.E(errs.Invalid, "no state")
	}
	return []outbox.Listed{{ID: 5, From: haven.MustAddress("a@x.example"), To: []outbox.ListedRecipient{{Address: haven.MustAddress("b@y.example"), State: "waiting"}}}}, nil
}

func (l *letters) Show(_ context.Context, id outbox.ID) (outbox.Listed, error) {
	if id != 5 {
		return outbox.Listed{}, errs.E(errs.NotFound, "no letter")
	}
	return outbox.Listed{ID: 5}, nil
}

func (l *letters) did(what string) (int64, error) { l.done = append(l.done, what); return 1, nil }

func (l *letters) Hold(context.Context, haven.Actor, outbox.Filter) (int64, error) {
	return l.did("hold")
}
func (l *letters) Release(context.Context, haven.Actor, outbox.Filter) (int64, error) {
	return l.did("release")
}
func (l *letters) Retry(context.Context, haven.Actor, outbox.Filter) (int64, error) {
	return l.did("retry")
}

type originals struct{}

func (originals) Held(context.Context, haven.AccountNo) ([]delivery.Held, error) {
	return []delivery.Held{{Body: 7, Size: 3}}, nil
}

func (originals) Release(_ context.Context, _ haven.Actor, _ haven.AccountNo, _ haven.AccountID, body blob.ID) error {
	if body != 7 {
		return errs.E(errs.NotFound, "no original")
	}
	return nil
}

// stand is the API over a house with people in it.
type stand struct {
	*peopletest.House
	t     *testing.T
	api   *Server
	url   string
	token string
	queue *letters
	calls *helpdesk.Service

	applications *registration.Service
}

func newStand(t *testing.T, h *peopletest.House) *stand {
	t.Helper()
	ctx := t.Context()
	keys := h.Keyed()
	if err := h.DB.Migrate(ctx, append(peopletest.Schemas(), registration.Schema, helpdesk.Schema, notice.Schema, texts.Schema)...); err != nil {
		t.Fatal(err)
	}
	sealer, err := keys.Sealer(ctx, "helpdesk.seal")
	if err != nil {
		t.Fatal(err)
	}
	desk := helpdesk.New(helpdesk.Options{DB: h.DB, Places: h.Places, Shared: h.Shared, Sealer: sealer, Clock: h.Clock})
	contacts, err := account.OpenContacts(ctx, h.DB, keys, h.Clock)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := registration.Open(ctx, registration.Options{DB: h.DB, Keys: keys, Accounts: h.Accounts, Contacts: contacts, Notices: untold{}, Shared: h.Shared, Places: h.Places, Clock: h.Clock, Policy: h.Policy})
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{House: h, t: t, queue: &letters{}, calls: desk, applications: reg}
	s.api, err = New(Options{Operators: h.Operators, Accounts: h.Accounts, Places: h.Places, Shared: h.Shared, Helpdesk: desk, Registration: reg, Activation: h.Activation,
		Notices: notice.New(notice.Options{DB: h.DB, Operators: h.Operators, Clock: h.Clock, Policy: h.Policy.Operator}),
		Texts:   texts.New(texts.Options{DB: h.DB, Operators: h.Operators, Clock: h.Clock, Policy: h.Policy.Operator}),
		Queue:   s.queue, Held: originals{}, Policy: h.Policy.Operator, Clock: h.Clock, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.api)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	if s.token, _, err = h.Operators.MakeToken(ctx, peopletest.Operator, "test", h.Clock.Now().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request and returns the code and what was answered.
func (s *stand) ask(method, path, body string, header ...string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode >= 400 && kind != "application/problem+json" {
		s.t.Errorf("%s %s: an error of type %q", method, path, kind)
	}
	return resp.StatusCode, string(out)
}

const owner = "aisha.rahman@" + peopletest.Domain

// asked is a day of a program, in order: each route at least once, with what is answered.
var asked = []struct {
	route, path, body string
	code              int
	want              string
}{
	{"POST /organisations", "/organisations", `{"kind":"gp-practice","code":"B86999","name":"Elder Lane Surgery","place":"Leeds"}`, 200, `"code":"B86999"`},
	{"POST /organisations", "/organisations", `{"kind":"gp-practice","code":"B86999","name":"Elder Lane Surgery","place":"Leeds"}`, 409, `"title":"Conflict"`},
	{"POST /organisations", "/organisations", `{"kind":"shop","code":"B86999","name":"x","place":"y"}`, 422, `is no kind`},
	{"POST /organisations", "/organisations", `{"kind":"pharmacy","code":"F1","name":"x","place":"y"}`, 422, `The ODS code`},
	{"POST /organisations", "/organisations", `{"knid":"pharmacy"}`, 422, `unknown field`},
	{"POST /organisations", "/organisations", `{} {}`, 422, `more than one value`},
	{"POST /organisations", "/organisations", `<script>`, 422, `can't be read`},
	{"GET /organisations", "/organisations?find=elder", "", 200, `"items":[]`}, // it finds premises of the national list alone
	{"GET /organisations", "/organisations?find=", "", 422, `"rule":"premises.find"`},
	{"GET /organisations/{code}", "/organisations/b86999", "", 200, `Elder Lane`},
	{"GET /organisations/{code}", "/organisations/nothing", "", 404, `"status":404`},
	{"POST /accounts", "/accounts", `{"first":"Carys","last":"Morgan"}`, 200, `"state":"invited"`},
	{"POST /accounts", "/accounts", `{"first":"","last":""}`, 422, `"rule":`},
	{"POST /accounts", "/accounts", `{"first":"A","last":"B","address":"nobody"}`, 422, `needs an @`},
	{"GET /accounts", "/accounts?limit=1", "", 200, `"next":`},
	{"GET /accounts", "/accounts?limit=0", "", 422, `limit is`},
	{"GET /accounts", "/accounts?after=nothing", "", 422, `after names`},
	{"GET /accounts/{account}", "/accounts/" + owner, "", 200, `"opens":["nhspharmacy.`},
	{"GET /accounts/{account}", "/accounts/x", "", 404, `no such account`},
	{"PUT /accounts/{account}/state", "/accounts/carys.morgan@" + peopletest.Domain + "/state", `{"state":"blocked"}`, 200, `"state":"blocked"`},
	{"PUT /accounts/{account}/state", "/accounts/" + owner + "/state", `{"state":"disabled"}`, 403, `"rule":"`},
	{"PUT /accounts/{account}/state", "/accounts/" + owner + "/state", `{"state":"asleep"}`, 422, `is no state`},
	{"POST /accounts/{account}/unlock", "/accounts/" + owner + "/unlock", "", 204, ""},
	{"PUT /accounts/{account}/programs", "/accounts/BOX/programs", `{"open":false}`, 200, `"open":false`},
	{"PUT /accounts/{account}/programs", "/accounts/BOX/programs", `{}`, 422, `open is missing`},
	{"PUT /accounts/{account}/programs", "/accounts/nobody/programs", `{"open":true}`, 404, `no such account`},
	{"GET /mailboxes", "/mailboxes", "", 200, `"kind":"shared"`},
	{"POST /mailboxes", "/mailboxes", `{"organisation":"B86999","owners":["` + owner + `"]}`, 200, `"kind":"shared"`},
	{"POST /mailboxes", "/mailboxes", `{"organisation":"B86999","owners":["` + owner + `"]}`, 409, `mailbox already`},
	{"POST /mailboxes", "/mailboxes", `{"organisation":"FX999","owners":[]}`, 404, `"status":404`},
	{"GET /mailboxes/{mailbox}/reading", "/mailboxes/BOX/reading", "", 200, `"each":false`},
	{"GET /mailboxes/{mailbox}/reading", "/mailboxes/" + owner + "/reading", "", 404, `shared mailbox`},
	{"PUT /mailboxes/{mailbox}/reading", "/mailboxes/BOX/reading", `{"each":true}`, 200, `"each":true`},
	{"PUT /mailboxes/{mailbox}/reading", "/mailboxes/BOX/reading", `{}`, 422, `each`},
	{"PUT /mailboxes/{mailbox}/reading", "/mailboxes/" + owner + "/reading", `{"each":true}`, 404, `shared mailbox`},
	{"GET /mailboxes/{mailbox}/members", "/mailboxes/BOX/members", "", 200, owner},
	{"GET /mailboxes/{mailbox}/members", "/mailboxes/" + owner + "/members", "", 404, `shared mailbox`},
	{"PUT /mailboxes/{mailbox}/members/{account}", "/mailboxes/BOX/members/ben.whitlock@" + peopletest.Domain, `{"until":"2030-01-01T00:00:00Z"}`, 200, `"rights":"read,write,send-as"`},
	{"PUT /mailboxes/{mailbox}/members/{account}", "/mailboxes/BOX/members/ben.whitlock@" + peopletest.Domain, `{"rights":"owner"}`, 200, `manage`},
	{"PUT /mailboxes/{mailbox}/members/{account}", "/mailboxes/BOX/members/ben.whitlock@" + peopletest.Domain, `{"rights":"sing"}`, 422, `is not a right`},
	{"DELETE /mailboxes/{mailbox}/members/{account}", "/mailboxes/BOX/members/ben.whitlock@" + peopletest.Domain, "", 204, ""},
	{"DELETE /mailboxes/{mailbox}/members/{account}", "/mailboxes/BOX/members/" + owner, "", 403, `owner`},
	{"GET /calls", "/calls", "", 200, `"first":"\u003cscript\u003e"`},
	{"POST /calls/{id}/close", "/calls/CALL/close", "", 204, ""},
	{"POST /calls/{id}/close", "/calls/CALL/close", "", 404, `no such open call`},
	{"GET /tasks", "/tasks", "", 200, `"items":[]`},
	{"POST /tasks/settle", "/tasks/settle", `{"kind":"owner","reference":"HV-0000-0000","person":0}`, 404, `"status":404`},
	{"POST /tasks/settle", "/tasks/settle", `{"kind":"further","reference":"HV-0000-0000","person":1}`, 422, `Say grant`},
	{"POST /tasks/settle", "/tasks/settle", `{"kind":"further","reference":"HV-0000-0000","person":1,"grant":true}`, 404, `decided already`},
	{"POST /tasks/settle", "/tasks/settle", `{"kind":"further","reference":"HV-0000-0000","person":1,"refuse":"No"}`, 404, `decided already`},
	{"POST /tasks/settle", "/tasks/settle", `{"kind":"approval","reference":"HV-0000-0000","person":0,"refuse":"No"}`, 404, `decided already`},
	{"GET /tasks/{reference}", "/tasks/HV-0000-0000", "", 404, `decided already`},
	{"POST /tasks/approve", "/tasks/approve", `{"reference":"HV-0000-0000","for":"desk","by":"a@b.example"}`, 403, `"rule":"registration.approve-token"`},
	{"POST /tasks/settle", "/tasks/settle", `{"kind":"other","reference":"HV-0000-0000","person":0}`, 422, `no kind of task`},
	{"POST /tasks/settle", "/tasks/settle", `{"reference":"HV-0000-0000","person":0,"another":true}`, 404, `"status":404`},
	{"POST /organisations/{code}/thaw", "/organisations/B86999/thaw", "", 404, `Nothing is frozen`},
	{"POST /organisations/{code}/thaw", "/organisations/FX999/thaw", "", 404, `"status":404`},
	{"GET /rules", "/rules", "", 200, `"version":1`},
	{"POST /rules", "/rules", `{"text":"# Rules\n\nBe careful with what patients tell you, and with your password."}`, 200, `"version":2`},
	{"POST /rules", "/rules", `{"text":""}`, 422, `"rule":"activation.`},
	{"GET /tokens", "/tokens", "", 200, `"name":"test"`},
	{"POST /tokens", "/tokens", `{"name":"another","until":"2017-09-30T00:00:00Z"}`, 403, `"rule":"token.by-token"`},
	{"DELETE /tokens/{id}", "/tokens/99", "", 404, `no such token`},
	{"GET /queue", "/queue?state=waiting", "", 200, `"address":"b@y.example"`},
	{"GET /queue", "/queue?state=sideways", "", 422, `no state`},
	{"GET /queue", "/queue?after=x", "", 422, `after names`},
	{"GET /queue/{id}", "/queue/5", "", 200, `"id":"5"`},
	{"GET /queue/{id}", "/queue/6", "", 404, `no letter`},
	{"POST /queue/{id}/hold", "/queue/5/hold", "", 200, `"recipients":1`},
	{"POST /queue/{id}/hold", "/queue/x/hold", "", 404, `nothing of this id`},
	{"POST /queue/{id}/release", "/queue/5/release", "", 200, `"recipients":1`},
	{"POST /queue/{id}/retry", "/queue/5/retry", "", 200, `"recipients":1`},
	{"GET /held/{account}", "/held/" + owner, "", 200, `"id":"7"`},
	{"POST /held/{account}/{id}/release", "/held/" + owner + "/7/release", "", 204, ""},
	{"POST /held/{account}/{id}/release", "/held/" + owner + "/8/release", "", 404, `no original`},
	{"POST /notices", "/notices", `{"kind":"problem","title":"Texts are late","text":"We know."}`, 200, `"kind":"problem"`},
	{"POST /notices", "/notices", `{"kind":"problem","title":"Texts are late","text":"We know."}`, 409, `"rule":"notice.twice"`},
	{"POST /notices", "/notices", `{"kind":"fire","title":"x","text":"y"}`, 422, `"rule":"notice.kind"`},
	{"GET /notices", "/notices", "", 200, `Texts are late`},
	{"POST /notices/{id}/end", "/notices/NOTICE/end", "", 204, ""},
	{"POST /notices/{id}/end", "/notices/NOTICE/end", "", 404, `over already`},
	{"GET /notices", "/notices?past=true", "", 200, `"ended":`},
	{"GET /texts", "/texts", "", 200, `"name":"privacy"`},
	{"PUT /texts/{name}", "/texts/help", `{"body":"Ring us.","read":0}`, 200, `"version":1`},
	{"PUT /texts/{name}", "/texts/help", `{"body":"Ring us.","read":0}`, 409, `"rule":"texts.changed"`},
	{"PUT /texts/{name}", "/texts/nothing", `{"body":"Ring us.","read":0}`, 422, `"rule":"texts.unknown"`},
	{"GET /texts/{name}", "/texts/help", "", 200, `Ring us.`},
	{"GET /texts/{name}", "/texts/nothing", "", 404, `no such text`},
	{"GET /operators", "/operators", "", 200, `"items":[]`},
}

// TestRoutes asks for every route with a token, and without; a route that no row asks for fails.
func TestRoutes(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, a := range asked {
		rows[a.route] = true
	}
	for _, r := range routes {
		if !rows[r.method+" "+r.path] {
			t.Errorf("%s %s has no row", r.method, r.path)
		}
	}
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		if _, err := s.calls.Answer(t.Context(), haven.Actor{Program: "portal"}, helpdesk.Lost{First: "<script>", Last: "علي", Code: "x"}); err != nil {
			t.Fatal(err)
		}
		call, posted := "", ""
		id := regexp.MustCompile(`"id":"(\d+)"`)
		for _, a := range asked {
			path := base + strings.NewReplacer("BOX", box.Address.String(), "CALL", call, "NOTICE", posted).Replace(a.path)
			method, _, _ := strings.Cut(a.route, " ")
			h.Clock.Advance(2 * time.Second)
			code, out := s.ask(method, path, a.body)
			if code != a.code || !strings.Contains(out, a.want) {
				t.Errorf("%s %s %s: %d %s, want %d with %s", method, path, a.body, code, out, a.code, a.want)
			}
			if m := id.FindStringSubmatch(out); m != nil && a.route == "GET /calls" {
				call = m[1]
			} else if m != nil && a.route == "POST /notices" {
				posted = m[1]
			}
		}
		for _, r := range routes {
			h.Clock.Advance(time.Minute)
			path := base + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(r.path, "1")
			if code, out := s.ask(r.method, path, "", "Authorization", "Bearer haven_nothing"); code != 401 || !strings.Contains(out, `"rule":"token.unknown"`) {
				t.Errorf("%s %s without a token: %d %s", r.method, path, code, out)
			}
		}
		made := 0
		if err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT COUNT(*) FROM audit WHERE program = 'admin api test' AND place = '127.0.0.1'`, nil, func(r db.Row) error { made = int(r.Int64(0)); return nil })
		}); err != nil || made < 8 {
			t.Errorf("%d records name the token, %v", made, err)
		}
	})
}

func TestBounds(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		if code, out := s.ask("POST", base+"/notices", `{"title":"`+strings.Repeat("x", maxBody)+`"}`); code != 422 || !strings.Contains(out, "too large") {
			t.Errorf("a long body: %d %s", code, out)
		}
		if code, out := s.ask("POST", base+"/notices", `{}`, "Content-Type", "text/plain"); code != 422 || !strings.Contains(out, "Content-Type") {
			t.Errorf("a body of another type: %d %s", code, out)
		}
		if code, _ := s.ask("GET", base+"/nowhere", ""); code != 404 {
			t.Errorf("nowhere: %d", code)
		}
		for auth, want := range map[string]int{"": 401, "Basic x": 401, "Basic " + s.token: 401, "Bearer": 401, "Bearer \t" + s.token: 401, s.token: 401, "bearer " + s.token: 200} {
			if code, _ := s.ask("GET", base+"/texts", "", "Authorization", auth); code != want {
				t.Errorf("%q: %d, want %d", auth, code, want)
			}
		}
		last := 0
		for range refusals + 5 {
			last, _ = s.ask("GET", base+"/texts", "", "Authorization", "Bearer haven_guess")
		}
		if last != 429 {
			t.Errorf("guesses end with %d", last)
		}
		if code, _ := s.ask("GET", base+"/texts", ""); code != 200 {
			t.Errorf("a good token from the same network: %d", code)
		}
		for range h.Policy.Operator.TokenPerMin {
			last, _ = s.ask("GET", base+"/operators", "")
		}
		if last != 429 {
			t.Errorf("one token's requests end with %d", last)
		}
		w := httptest.NewRecorder()
		s.api.Local().ServeHTTP(w, httptest.NewRequest("GET", base+"/texts", nil))
		if w.Code != 200 {
			t.Errorf("over the local socket: %d", w.Code)
		}
	})
}

// The document is whole: each of its references leads somewhere, and each route is in it, with the words of its address.
func TestDocument(t *testing.T) {
	t.Parallel()
	text, err := document("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI    string
		Info       struct{ Version string }
		Paths      map[string]map[string]struct{ OperationID string }
		Components struct{ Schemas, Responses map[string]any }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" {
		t.Errorf("%+v", doc.Info)
	}
	ids := map[string]bool{}
	for _, r := range routes {
		op := doc.Paths[base+r.path][strings.ToLower(r.method)]
		if op.OperationID != r.id || r.summary == "" || ids[r.id] {
			t.Errorf("%s %s is described as %+v", r.method, r.path, op)
		}
		ids[r.id] = true
	}
	for _, m := range regexp.MustCompile(`"\$ref":"#/components/(\w+)/(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		of := map[string]map[string]any{"schemas": doc.Components.Schemas, "responses": doc.Components.Responses}[m[1]]
		if of[m[2]] == nil {
			t.Errorf("%s leads nowhere", m[0])
		}
	}
	for _, k := range errs.Kinds() {
		if codes[k] < 400 {
			t.Errorf("%s has no code", k)
		}
	}
}
