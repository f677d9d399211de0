package jmap

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"haven/face/jmap/jmapclient"
)

// What belongs to others is answered as what never was: with the same words, and after the same looks into the database.
func TestIDsOfOthers(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	ours, others := m.mail(t, anna, anna), m.mail(t, ben, ben)
	theirs, mine := others.deliver(referral)[0], ours.deliver(referral)[0]
	up, err := others.c.Upload(t.Context(), others.account, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	look := func(fn func() string) (said string, reads int64) {
		before := m.DB.Stats().Reads
		said = fn()
		return said, m.DB.Stats().Reads - before
	}
	call := func(name string, a args) func() string {
		return func() string {
			r, err := ours.c.Call(t.Context(), jmapclient.Call{Name: name, Args: a, ID: "0"})
			if err != nil {
				t.Fatal(err)
			}
			return r.Answers[0].Name + string(r.Answers[0].Args)
		}
	}
	download := func(account, blob string) func() string {
		return func() string {
			resp, err := ours.c.Download(t.Context(), account, blob, "x", "text/plain", nil)
			var p *jmapclient.Problem
			if !errors.As(err, &p) {
				_ = resp.Body.Close() // it should not be there
				t.Errorf("%s of %s is given: %v", blob, account, err)
				return ""
			}
			return fmt.Sprint(p.Status, p.Type, p.Detail)
		}
	}
	with := func(id string) []args {
		return []args{
			{"accountId": ours.account, "ids": []string{id}},
			{"accountId": ours.account, "update": args{id: args{"keywords/$seen": true}}},
			{"accountId": ours.account, "destroy": []string{id}},
		}
	}
	ours.do("Email/get", args{"ids": []string{mine}}) // the account was looked at
	never := "M" + strings.Repeat("z", len(theirs)-1)
	for i, name := range []string{"Email/get", "Email/set", "Email/set"} {
		said, reads := look(call(name, with(theirs)[i]))
		want, wanted := look(call(name, with(never)[i]))
		if strings.ReplaceAll(said, theirs, never) != want || reads != wanted {
			t.Errorf("%s: %s after %d looks, want %s after %d", name, said, reads, want, wanted)
		}
	}
	none := "A" + strings.Repeat("7", len(others.account)-1)
	for _, name := range []string{"Email/get", "Mailbox/query", "Email/queryChanges", "Thread/changes", "SearchSnippet/get", "Email/import", "Email/parse"} {
		said, reads := look(call(name, args{"accountId": others.account}))
		want, wanted := look(call(name, args{"accountId": none}))
		if said != want || reads != wanted || !strings.Contains(said, "accountNotFound") {
			t.Errorf("%s: %s after %d looks, want %s after %d", name, said, reads, want, wanted)
		}
	}
	for _, x := range [][4]string{
		{others.account, theirs, none, theirs}, {others.account, up.Blob, none, up.Blob}, {others.account, mine, none, mine},
		{ours.account, theirs, ours.account, never}, {ours.account, up.Blob, ours.account, up.Blob[:1] + map[bool]string{true: "b", false: "a"}[up.Blob[1] == 'a'] + up.Blob[2:]},
	} {
		said, reads := look(download(x[0], x[1]))
		want, wanted := look(download(x[2], x[3]))
		if said != want || reads != wanted || !strings.HasPrefix(said, fmt.Sprint(http.StatusNotFound)) {
			t.Errorf("%s of %s: %s after %d looks, want %s after %d", x[1], x[0], said, reads, want, wanted)
		}
	}
	said, reads := look(call("Email/copy", args{"accountId": ours.account, "fromAccountId": others.account, "create": args{"c": args{"id": theirs, "mailboxIds": args{ours.folder("inbox"): true}}}}))
	want, wanted := look(call("Email/copy", args{"accountId": ours.account, "fromAccountId": none, "create": args{"c": args{"id": theirs, "mailboxIds": args{ours.folder("inbox"): true}}}}))
	if said != want || reads != wanted {
		t.Errorf("Email/copy: %s after %d looks, want %s after %d", said, reads, want, wanted)
	}
}
