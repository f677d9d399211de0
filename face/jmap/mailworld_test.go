package jmap

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
	"haven/mail/search"
	"haven/platform/policy"
)

const mailUse = "urn:ietf:params:jmap:mail"

// mailWorld is a world with mail and a search in it.
type mailWorld struct {
	*world
	search *search.Service
}

func newMailWorld(t *testing.T, change ...func(*Options)) *mailWorld {
	t.Helper()
	m := &mailWorld{}
	with := func(o *Options) {
		p, err := policy.Profile("")
		if err != nil {
			t.Fatal(err)
		}
		o.Mailbox = p.Mailbox
	}
	m.world = newWorld(t, append([]func(*Options){with}, change...)...)
	m.search = openSearch(t, m.world)
	m.srv.o.Search = m.search
	return m
}

func openSearch(t *testing.T, w *world) *search.Service {
	t.Helper()
	ctx := context.Background()
	if err := w.DB.Migrate(ctx, search.Schema); err != nil {
		t.Fatal(err)
	}
	itself := haven.AccountNo(-1)
	for _, no := range w.people.no {
		w.Grants.Set(itself, no, haven.Read)
	}
	s, err := search.Open(ctx, search.Options{Main: w.DB, Store: w.Service, IndexPath: filepath.Join(t.TempDir(), "index.db"), Clock: w.Clock,
		Keys:   func(ctx context.Context, no haven.AccountNo) (search.Terms, error) { return w.Keys.Account(ctx, no) },
		Itself: func(no haven.AccountNo) mailbox.Viewer { return mailbox.Viewer{Person: itself, Account: no} }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// indexed has everything in the index.
func (m *mailWorld) indexed() {
	m.t.Helper()
	for {
		n, err := m.search.Step(m.t.Context())
		if err != nil {
			m.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// mailer is a person with a mail program, in one account.
type mailer struct {
	t       *testing.T
	m       *mailWorld
	c       *jmapclient.Client
	account string
	no      haven.AccountNo
}

func (m *mailWorld) mail(t *testing.T, person, account string) *mailer {
	t.Helper()
	c := m.as(person)
	c.Using = append(c.Using, mailUse)
	return &mailer{t, m, c, m.account(account), m.people.no[account]}
}

// do calls one method and gives its answer, which is no error.
func (p *mailer) do(name string, a args) args {
	p.t.Helper()
	out, err := p.try(name, a)
	if err != "" {
		p.t.Fatalf("%s %v: %s", name, a, err)
	}
	return out
}

// try calls one method and gives its answer, or the type of its error.
func (p *mailer) try(name string, a args) (out args, errType string) {
	p.t.Helper()
	if a["accountId"] == nil {
		a["accountId"] = p.account
	}
	r, err := p.c.Call(p.t.Context(), jmapclient.Call{Name: name, Args: a, ID: "0"})
	if err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	if err := r.Answers[0].Into(&out); err != nil {
		p.t.Fatal(err)
	}
	if r.Answers[0].Name == "error" {
		return out, out["type"].(string)
	}
	return out, ""
}

// folder is the id of the folder with a role.
func (p *mailer) folder(role string) string {
	p.t.Helper()
	for _, f := range p.list("Mailbox/get", args{}) {
		if f["role"] == role {
			return f["id"].(string)
		}
	}
	p.t.Fatalf("no folder for %s", role)
	return ""
}

// list is what a /get gives.
func (p *mailer) list(name string, a args) (out []args) {
	p.t.Helper()
	raw, err := json.Marshal(p.do(name, a)["list"])
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// ids is what a /query finds.
func (p *mailer) ids(a args) string {
	p.t.Helper()
	return strings.Join(texts(p.do("Email/query", a)["ids"]), " ")
}

// texts is a list of strings.
func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, x := range list {
		out[i], _ = x.(string)
	}
	return out
}

// deliver files letters into the account's Inbox, one a minute, and gives their ids.
func (p *mailer) deliver(letters ...string) (ids []string) {
	p.t.Helper()
	for _, l := range letters {
		p.m.Clock.Advance(60e9)
		ids = append(ids, emailID(p.m.Deliver(p.no, l).Msg))
	}
	return ids
}

// email is one message with some properties.
func (p *mailer) email(id string, properties ...string) args {
	p.t.Helper()
	list := p.list("Email/get", args{"ids": []string{id}, "properties": properties})
	if len(list) != 1 {
		p.t.Fatalf("no message %s", id)
	}
	return list[0]
}

// text is a value as JSON, for comparing.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
