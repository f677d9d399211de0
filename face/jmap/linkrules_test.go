package jmap

import (
	"context"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/people/linklist"
)

// lists are what is said of links, by account.
type lists map[haven.AccountNo][]linklist.Entry

func (l lists) Of(_ context.Context, no haven.AccountNo) ([]linklist.Entry, error) { return l[no], nil }

func TestLinkRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	said := lists{w.people.no[pharmacy]: {
		{Group: "P0AA", By: "Aire Group", Pattern: linklist.Pattern{Host: "nhs.uk", Below: true}, Verdict: linklist.Allow, At: at},
		{Group: "P0AA", By: "Aire Group", Pattern: linklist.Pattern{Host: "forms.test"}, Verdict: linklist.Block, Reason: "It copies log ins.", At: at},
	}}
	w.srv.o.Links = said
	w.srv.features = append(w.srv.features, capability{linksURN, func(*visit) any { return record{} }, linkCapability})
	c := w.as(ben)
	c.Using = append(c.Using, linksURN)
	get := func(account string, ids any) (got struct {
		State    string
		List     []map[string]any
		NotFound []string
	}) {
		t.Helper()
		a := call1(t, c, jmapclient.Call{Name: "LinkRule/get", Args: jmapclient.Args{"accountId": account, "ids": ids}}).Answers[0]
		if err := a.Into(&got); err != nil || a.Error() != "" {
			t.Fatalf("%s, %v", a.Args, err)
		}
		return got
	}
	box := w.account(pharmacy)
	all := get(box, nil)
	if len(all.List) != 2 {
		t.Fatalf("the rules are %v", all.List)
	}
	first := all.List[0]
	for name, want := range map[string]any{"host": "forms.test", "isBelow": false, "verdict": "block", "reason": "It copies log ins.", "decidedBy": "Aire Group", "decidedAt": date(at)} {
		if first[name] != want {
			t.Errorf("%s is %v, want %v", name, first[name], want)
		}
	}
	if all.List[1]["reason"] != nil || all.List[1]["isBelow"] != true {
		t.Errorf("the second is %v", all.List[1])
	}
	if one := get(box, []any{first["id"], "Lzzz"}); len(one.List) != 1 || len(one.NotFound) != 1 || one.State != all.State {
		t.Errorf("one by its id: %+v", one)
	}
	if own := get(w.account(ben), nil); len(own.List) != 0 {
		t.Errorf("in another account: %v", own.List)
	}
	w.srv.o.Policy.Get = 1
	if some := get(box, nil); len(some.List) != 1 || some.List[0]["verdict"] != "block" || some.State != all.State {
		t.Errorf("where one is all that a call gives: %+v", some)
	}
	w.srv.o.Policy.Get = 2
	said[w.people.no[pharmacy]][1].Verdict = linklist.Warn
	if again := get(box, nil); again.State == all.State {
		t.Error("another verdict has the same state")
	}
}
