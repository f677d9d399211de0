package jmap

import (
	"strings"
	"testing"
)

func TestRFC8621_5_SearchSnippet(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	a := p.deliver("Subject: <b>Stock</b> & M=?utf-8?q?=C3=BC?=ller\n\nNothing here.\n",
		"Subject: Order\nContent-Type: text/plain; charset=utf-8\n\n"+strings.Repeat("Many words before it. ", 30)+"The stock of Müller's\n  <pills> is low & going.\n"+strings.Repeat("More of it. ", 30),
		"Subject: 処方箋の件\nContent-Type: text/plain; charset=utf-8\n\n患者の処方箋を送ります。\n")
	get := func(filter args, ids ...string) []args {
		return p.list("SearchSnippet/get", args{"filter": filter, "emailIds": ids})
	}
	got := get(args{"text": "STOCK muller"}, a[0], a[1])
	if got[0]["subject"] != "&lt;b&gt;<mark>Stock</mark>&lt;/b&gt; &amp; <mark>Müller</mark>" || got[0]["preview"] != nil {
		t.Error(text(got[0]))
	}
	preview, _ := got[1]["preview"].(string)
	if got[1]["subject"] != nil || !strings.Contains(preview, "The <mark>stock</mark> of <mark>Müller</mark>'s &lt;pills&gt; is low &amp; going.") || len(preview) > 255 {
		t.Errorf("%d octets: %s", len(preview), text(got[1]))
	}
	got = get(args{"operator": "AND", "conditions": []any{args{"body": "処方箋"}, args{"operator": "NOT", "conditions": []any{args{"body": "患者x"}}}}}, a[2])
	if got[0]["preview"] != "患者の<mark>処方箋</mark>を送ります。" || got[0]["subject"] != nil {
		t.Error(text(got))
	}
	if got = get(args{"subject": "処方箋"}, a[2]); got[0]["subject"] != "<mark>処方箋</mark>の件" {
		t.Error(text(got))
	}
	out := p.do("SearchSnippet/get", args{"filter": args{"text": "x"}, "emailIds": []string{"Mzz"}})
	if text(out["notFound"]) != `["Mzz"]` {
		t.Error(text(out))
	}
	if _, err := p.try("SearchSnippet/get", args{"filter": args{"colour": "x"}, "emailIds": a}); err != "unsupportedFilter" {
		t.Errorf("an unknown filter: %q", err)
	}
}
