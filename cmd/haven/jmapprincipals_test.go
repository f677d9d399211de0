package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/face/jmap"
	"haven/face/jmap/jmapclient"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
)

const (
	principalsUse = "urn:ietf:params:jmap:principals"
	ownerUse      = "urn:ietf:params:jmap:principals:owner"
)

// principalWorld has two premises: Ann owns Rowan's mailbox and works there, Ben works at Elm, whose mailbox Ann can't open. Eve is invited and Lee
// is gone: nobody sees them.
type principalWorld struct {
	*jmapWorld
	ben, eve, lee, elm account.Account
}

func newPrincipalWorld(t *testing.T) *principalWorld {
	t.Helper()
	w := &principalWorld{jmapWorld: newJMAPWorld(t)}
	w.ben = w.person("Ben", "Whitlock")
	w.eve = w.member("Eve", "Whitlock", account.Invited)
	w.lee = w.member("Lee", "Whitlock", account.Leaver)
	rowan := w.premises("FX010", "ROWAN CHEMIST", "LEEDS")
	elm := w.premises("FX011", "ELM CHEMIST", "YORK")
	w.post(rowan, w.ann, "pharmacist")
	w.post(elm, w.ben, "dispenser")
	w.post(elm, w.eve, "driver")
	var err error
	if w.elm, err = w.shared.Create(t.Context(), jmapActor, sharedmailbox.Spec{Organisation: elm.ID, ODS: "FX011", Name: elm.Name, Place: elm.Place, Owners: []haven.AccountNo{w.ben.No}}); err != nil {
		t.Fatal(err)
	}
	w.refresh()
	return w
}

func (w *principalWorld) member(first, last string, state account.State) account.Account {
	w.t.Helper()
	a, err := w.accounts.CreatePersonal(w.t.Context(), jmapActor, account.NewPersonal{First: first, Last: last, State: state, Password: jmapPassword})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *principalWorld) premises(code organisation.Code, name, town string) organisation.Organisation {
	w.t.Helper()
	o, err := w.organisations.Add(w.t.Context(), jmapActor, organisation.Organisation{Kind: organisation.Pharmacy, Code: code, Name: name, Place: town, Status: organisation.Active})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *principalWorld) post(at organisation.Organisation, who account.Account, role string) {
	w.t.Helper()
	if err := w.organisations.AddPost(w.t.Context(), jmapActor, organisation.Post{Person: who.No, Organisation: at.ID, Role: role}); err != nil {
		w.t.Fatal(err)
	}
}

// refresh has the directory know what changed.
func (w *principalWorld) refresh() {
	w.t.Helper()
	if err := w.directory.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// asker is a person who asks for Principals and ShareNotifications.
type asker struct {
	t *testing.T
	c *jmapclient.Client
}

func (w *jmapWorld) asker(a account.Account) *asker {
	w.t.Helper()
	c := w.client(jmapclient.Basic(a.Address.String(), jmapPassword))
	c.Using = []string{jmapclient.Core, principalsUse, "urn:ietf:params:jmap:mail"}
	return &asker{w.t, c}
}

// ask calls one method of the own account; fault is the type of its error.
func (p *asker) ask(name string, args jmapclient.Args) (out jmapclient.Args, fault string) {
	p.t.Helper()
	if args["accountId"] == nil {
		args["accountId"] = p.c.Session.Own()
	}
	r, err := p.c.Call(p.t.Context(), jmapclient.Call{Name: name, Args: args, ID: "0"})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := r.Answers[0].Into(&out); err != nil {
		p.t.Fatal(err)
	}
	return out, r.Answers[0].Error()
}

func (p *asker) wants(fault, name string, args jmapclient.Args) {
	p.t.Helper()
	if out, got := p.ask(name, args); got != fault {
		p.t.Errorf("%s %v: %q, want %q: %v", name, args, got, fault, out)
	}
}

func principalOf(a account.Account) string { return "P" + a.ID.String() }

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRFC9670_1_5_Capabilities(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	s := w.asker(w.ann).c.Session
	if got := string(s.Capabilities[principalsUse]); got != "{}" {
		t.Errorf("session: %s", got)
	}
	if _, has := s.Capabilities[ownerUse]; has {
		t.Error("the owner's capability is none of the session's")
	}
	own, shop := s.Own(), s.Named(w.shop.Display)
	for id, want := range map[string]string{own: `{"currentUserPrincipalId":"` + principalOf(w.ann) + `"}`, shop: ""} {
		if got := string(s.Accounts[id].Capabilities[principalsUse]); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	for id, who := range map[string]account.Account{own: w.ann, shop: w.shop} {
		if got, want := string(s.Accounts[id].Capabilities[ownerUse]), `{"accountIdForPrincipal":"`+own+`","principalId":"`+principalOf(who)+`"}`; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	if s.PrimaryAccounts[principalsUse] != own {
		t.Errorf("primary account %q", s.PrimaryAccounts[principalsUse])
	}
	// Who signed in to the one mailbox has no Principals at all.
	secret, err := w.accounts.NewAppPassword(t.Context(), haven.Actor{Person: w.ann.ID}, w.ann.No, w.shop.No, "labels")
	if err != nil {
		t.Fatal(err)
	}
	only := w.client(map[string][]string{"Authorization": {"Bearer " + jmap.Token(w.ann.Address.String(), secret)}})
	for id, a := range only.Session.Accounts {
		if a.Capabilities[principalsUse] != nil || a.Capabilities[ownerUse] != nil {
			t.Errorf("%s: %v", id, a.Capabilities)
		}
	}
	p := w.asker(w.ann)
	p.wants("accountNotSupportedByMethod", "Principal/get", jmapclient.Args{"accountId": shop, "ids": []string{principalOf(w.ann)}})
}

func TestRFC9670_2_1_PrincipalGet(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	p := w.asker(w.ann)
	ids := []string{principalOf(w.ann), principalOf(w.ben), principalOf(w.shop), principalOf(w.elm)}
	out, fault := p.ask("Principal/get", jmapclient.Args{"ids": ids})
	list, _ := out["list"].([]any)
	if fault != "" || len(list) != 4 || out["state"] == "" {
		t.Fatalf("%q %v", fault, out)
	}
	account := func(i int) map[string]any { o, _ := list[i].(map[string]any)["accounts"].(map[string]any); return o }
	if a := account(0)[p.c.Session.Own()]; a == nil || a.(map[string]any)["isPersonal"] != true {
		t.Errorf("the own account: %v", list[0])
	}
	if a := account(2)[p.c.Session.Named(w.shop.Display)]; a == nil || !strings.Contains(jsonOf(t, a), `"accountIdForPrincipal"`) {
		t.Errorf("the mailbox that Ann opens: %v", list[2])
	}
	for i, want := range []string{
		`"description":"pharmacist; ROWAN CHEMIST, LEEDS","email":"` + w.ann.Address.String() + `"`, `"description":"dispenser; ELM CHEMIST, YORK"`, `"type":"group"`, `"type":"group"`} {
		if got := jsonOf(t, list[i]); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got, want := jsonOf(t, list[1]), `{"accounts":null,"capabilities":{},"description":"dispenser; ELM CHEMIST, YORK","email":"`+w.ben.Address.String()+
		`","id":"`+principalOf(w.ben)+`","name":"`+w.ben.Display+`","timeZone":"Europe/London","type":"individual"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if a := account(3); a != nil {
		t.Errorf("a mailbox that Ann can't open: %v", a)
	}
	// Who is hidden, and who never was, get one answer.
	hidden := []string{principalOf(w.eve), principalOf(w.lee), "P" + haven.NewAccountID().String(), "A" + w.ben.ID.String(), "P", "nobody"}
	out, _ = p.ask("Principal/get", jmapclient.Args{"ids": hidden, "properties": []string{"name"}})
	if jsonOf(t, out["list"]) != "[]" || len(out["notFound"].([]any)) != len(hidden) {
		t.Errorf("%v", out)
	}
	p.wants("requestTooLarge", "Principal/get", jmapclient.Args{"ids": nil})
	p.wants("invalidArguments", "Principal/get", jmapclient.Args{"ids": ids, "properties": []string{"mobile"}})
	p.wants("accountNotFound", "Principal/get", jmapclient.Args{"ids": ids, "accountId": w.asker(w.ben).c.Session.Own()})
}

func TestRFC9670_2_2_PrincipalChanges_2_5_QueryChanges(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	p := w.asker(w.ann)
	out, _ := p.ask("Principal/get", jmapclient.Args{"ids": []string{principalOf(w.ben)}})
	p.wants("cannotCalculateChanges", "Principal/changes", jmapclient.Args{"sinceState": out["state"]})
	p.wants("invalidArguments", "Principal/changes", jmapclient.Args{})
	filter := jmapclient.Args{"name": "whitlock"}
	out, _ = p.ask("Principal/query", jmapclient.Args{"filter": filter})
	if out["canCalculateChanges"] != false {
		t.Errorf("%v", out)
	}
	p.wants("cannotCalculateChanges", "Principal/queryChanges", jmapclient.Args{"filter": filter, "sinceQueryState": out["queryState"]})
}

func TestRFC9670_2_3_PrincipalSet(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	p := w.asker(w.ann)
	never := "P" + haven.NewAccountID().String()
	answer := func(id string) string {
		out, fault := p.ask("Principal/set", jmapclient.Args{"create": jmapclient.Args{"x": jmapclient.Args{"name": "Another Ann", "type": "individual"}},
			"update": jmapclient.Args{id: jmapclient.Args{"name": "Other"}}})
		del, _ := p.ask("Principal/set", jmapclient.Args{"destroy": []string{id}})
		if fault != "" || strings.Count(jsonOf(t, out)+jsonOf(t, del), `"type":"forbidden"`) != 3 {
			t.Errorf("%s: %v %v", fault, out, del)
		}
		return strings.ReplaceAll(jsonOf(t, []any{out["notCreated"], out["notUpdated"], del["notDestroyed"], out["created"], out["updated"], del["destroyed"]}), id, "ID")
	}
	want := answer(never)
	for _, who := range []account.Account{w.ann, w.ben, w.eve, w.elm} {
		if got := answer(principalOf(who)); got != want {
			t.Errorf("%s: %s, want %s", who.Display, got, want)
		}
	}
}

func TestRFC9670_2_4_PrincipalQuery(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	p := w.asker(w.ann)
	type cond = jmapclient.Args
	op := func(op string, of ...cond) cond { return cond{"operator": op, "conditions": of} }
	own, shop := p.c.Session.Own(), p.c.Session.Named(w.shop.Display)
	bens := w.asker(w.ben).c.Session.Own()
	for name, x := range map[string]struct {
		filter cond
		want   []account.Account
	}{
		"by name":                            {cond{"name": "whitlock"}, []account.Account{w.ben}},
		"by its beginning, in other letters": {cond{"name": "WHITL"}, []account.Account{w.ben}},
		"a job is no name":                   {cond{"name": "dispenser"}, nil},
		"by an address":                      {cond{"email": w.ben.Address.String()}, []account.Account{w.ben}},
		"by its beginning":                   {cond{"email": "ben.whit"}, []account.Account{w.ben}},
		"a name is no address":               {cond{"email": "whitlock ben"}, nil},
		"by town, the mailbox too":           {cond{"text": "york"}, []account.Account{w.ben, w.elm}},
		"by town and type":                   {cond{"text": "york", "type": "group"}, []account.Account{w.elm}},
		"a type that there is not":           {cond{"text": "york", "type": "robot"}, nil},
		"by time zone":                       {cond{"text": "york", "timeZone": "Europe/London"}, []account.Account{w.ben, w.elm}},
		"of another":                         {cond{"text": "york", "timeZone": "Europe/Berlin"}, nil},
		"name and text":                      {cond{"name": "ben", "text": "elm"}, []account.Account{w.ben}},
		"name and text of others":            {cond{"name": "ben", "text": "rowan"}, nil},
		"nobody":                             {cond{"text": "zebra"}, nil},
		"who is hidden":                      {cond{"name": "eve"}, nil},
		"who has left":                       {cond{"text": "lee whitlock"}, nil},
		"by account":                         {cond{"accountIds": []string{own, shop}}, []account.Account{w.ann, w.shop}},
		"by account and name":                {cond{"accountIds": []string{own, shop}, "name": "example"}, []account.Account{w.ann}},
		"by another's account":               {cond{"accountIds": []string{bens, "nothing"}}, nil},
		"the whole address, and more":        {cond{"email": w.ben.Address.String(), "name": "whit", "text": "elm ben"}, []account.Account{w.ben}},
		"a search, and accounts":             {op("AND", cond{"text": "leeds"}, cond{"accountIds": []string{shop}}), []account.Account{w.shop}},
		"all of two":                         {op("AND", cond{"text": "york"}, cond{"type": "individual"}), []account.Account{w.ben}},
		"one of two":                         {op("OR", cond{"name": "whitlock"}, cond{"accountIds": []string{own}}), []account.Account{w.ann, w.ben}},
		"none of one":                        {op("AND", cond{"text": "york"}, op("NOT", cond{"type": "group"})), []account.Account{w.ben}},
		"all of nothing":                     {op("AND", cond{"accountIds": []string{}}, cond{}), nil},
		"what is found twice is there once":  {op("OR", cond{"name": "ben"}, cond{"name": "whitlock"}), []account.Account{w.ben}},
	} {
		out, fault := p.ask("Principal/query", cond{"filter": x.filter, "calculateTotal": true})
		var got, want []string
		for _, id := range out["ids"].([]any) {
			got = append(got, id.(string))
		}
		for _, a := range x.want {
			want = append(want, principalOf(a))
		}
		slices.Sort(got)
		slices.Sort(want)
		if fault != "" || !slices.Equal(got, want) || out["total"] != float64(len(want)) || out["limit"] != nil {
			t.Errorf("%s: %s, want %s", name, jsonOf(t, out), want)
		}
	}
	for name, x := range map[string]struct {
		args  jmapclient.Args
		fault string
	}{
		"everybody":                     {cond{}, "unsupportedFilter"},
		"everybody, by null":            {cond{"filter": nil}, "unsupportedFilter"},
		"everybody, by nothing":         {cond{"filter": cond{}}, "unsupportedFilter"},
		"all of a type":                 {cond{"filter": cond{"type": "individual"}}, "unsupportedFilter"},
		"whoever is not":                {cond{"filter": op("NOT", cond{"name": "whitlock"})}, "unsupportedFilter"},
		"one of everybody":              {cond{"filter": op("OR", cond{"name": "whitlock"}, cond{"type": "group"})}, "unsupportedFilter"},
		"too few letters":               {cond{"filter": cond{"name": "w"}}, "unsupportedFilter"},
		"signs":                         {cond{"filter": cond{"text": "%*_"}}, "unsupportedFilter"},
		"no letters":                    {cond{"filter": cond{"name": ""}}, "unsupportedFilter"},
		"a condition that there is not": {cond{"filter": cond{"name": "ben", "mobile": "07"}}, "unsupportedFilter"},
		"a text that is none":           {cond{"filter": cond{"name": 1}}, "invalidArguments"},
		"too many searches": {cond{"filter": op("OR", cond{"name": "aaa"}, cond{"name": "bbb"}, cond{"name": "ccc"}, cond{"name": "ddd"},
			cond{"name": "eee"}, cond{"name": "fff"})}, "unsupportedFilter"},
		"a sort that there is not": {cond{"filter": cond{"name": "ben"}, "sort": []cond{{"property": "age"}}}, "unsupportedSort"},
	} {
		if out, fault := p.ask("Principal/query", x.args); fault != x.fault {
			t.Errorf("%s: %q, want %q: %v", name, fault, x.fault, out)
		}
	}
	out, _ := p.ask("Principal/query", cond{"filter": cond{"text": "york"}, "sort": []cond{{"property": "name", "isAscending": false}}, "limit": 1})
	last := w.ben
	if strings.ToLower(w.elm.Display) > strings.ToLower(w.ben.Display) {
		last = w.elm
	}
	if jsonOf(t, out["ids"]) != `["`+principalOf(last)+`"]` {
		t.Errorf("sorted: %v", out)
	}
}

// Searches over JMAP are bounded, counted and recorded as those of the pages are.
func TestRFC9670_2_4_QueryIsBounded(t *testing.T) {
	t.Parallel()
	w := newPrincipalWorld(t)
	p := w.asker(w.ann)
	most := w.conf.Policy.Directory.ResultsAtOnce
	for i := range most + 5 {
		w.person("Mary", "Brown"+strings.Repeat("e", i%3))
	}
	w.refresh()
	out, _ := p.ask("Principal/query", jmapclient.Args{"filter": jmapclient.Args{"name": "brown"}})
	if n := len(out["ids"].([]any)); n != most || out["limit"] != float64(most) {
		t.Errorf("%d found, limit %v", n, out["limit"])
	}
	state := out["queryState"]
	fault := ""
	for i := 0; fault == "" && i <= w.conf.Policy.Directory.SearchesADay; i++ {
		out, fault = p.ask("Principal/query", jmapclient.Args{"filter": jmapclient.Args{"name": []string{"brown", "whitlock"}[i%2]}})
		if i%2 == 0 && fault == "" && out["queryState"] != state {
			t.Fatalf("another state, though nothing was found anew: %v", out)
		}
	}
	if fault != "serverUnavailable" || !strings.Contains(out["description"].(string), "tomorrow") {
		t.Errorf("%q %v", fault, out)
	}
	// What needs no search goes on.
	if out, fault := p.ask("Principal/query", jmapclient.Args{"filter": jmapclient.Args{"accountIds": []string{p.c.Session.Own()}}}); fault != "" || len(out["ids"].([]any)) != 1 {
		t.Errorf("%q %v", fault, out)
	}
}
