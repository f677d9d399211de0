package jmap

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/platform/errs"
)

type args = jmapclient.Args

func TestRFC8620_2_Session(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	s := c.Session
	if s.Username != anna || s.Own() != w.account(anna) || len(s.Accounts) != 3 || s.PrimaryAccounts[thingsURN] != w.account(anna) {
		t.Fatalf("%+v", s)
	}
	for name, want := range map[string]bool{anna: false, pharmacy: false, archive: true} {
		a := s.Accounts[w.account(name)]
		if a.Name != name || a.ReadOnly != want || a.Personal != (name == anna) {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if _, has := s.Accounts[w.account(archive)].Capabilities[thingsURN]; has {
		t.Error("the archive has things")
	}
	var core map[string]any
	if err := json.Unmarshal(s.Capabilities[coreURN], &core); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"maxSizeUpload", "maxConcurrentUpload", "maxSizeRequest", "maxConcurrentRequests", "maxCallsInRequest", "maxObjectsInGet", "maxObjectsInSet"} {
		if n, ok := core[name].(float64); !ok || n < 1 {
			t.Errorf("%s: %v", name, core[name])
		}
	}
	for _, u := range []string{s.APIURL, s.DownloadURL, s.UploadURL, s.EventSourceURL} {
		if !strings.HasPrefix(u, w.http.URL+"/jmap/") {
			t.Errorf("URL %s", u)
		}
	}
	for _, v := range []string{"{accountId}", "{blobId}", "{name}", "{type}"} {
		if !strings.Contains(s.DownloadURL, v) {
			t.Errorf("no %s in %s", v, s.DownloadURL)
		}
	}
	if only := w.as(ben + "/" + pharmacy).Session; len(only.Accounts) != 1 || only.PrimaryAccounts[thingsURN] != w.account(pharmacy) {
		t.Errorf("a password for one mailbox: %+v", only)
	}
}

func TestRFC8620_2_SessionStateChangesWithRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	first := c.Session.State
	echo := func() string { return call1(t, c, jmapclient.Call{Name: "Core/echo"}).State }
	if got := echo(); got != first || first == "" {
		t.Errorf("state %q, want %q", got, first)
	}
	w.grant(anna, pharmacy, haven.Read)
	second := echo()
	w.grant(anna, pharmacy, 0)
	third := echo()
	w.grant(anna, pharmacy, haven.Owner)
	if second == first || third == second || third == first || echo() != first {
		t.Errorf("%q, %q, %q, %q", first, second, third, echo())
	}
}

func TestRFC8620_4_Echo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := call1(t, w.as(ben), jmapclient.Call{Name: "Core/echo", Args: args{"hello": true, "high": 5, "nested": args{"a": []any{1.0, "x", nil}}}, ID: "b3ff"})
	a := r.Answers[0]
	var got args
	if err := a.Into(&got); err != nil || a.Name != "Core/echo" || a.ID != "b3ff" || !reflect.DeepEqual(got, args{"hello": true, "high": 5.0, "nested": args{"a": []any{1.0, "x", nil}}}) {
		t.Errorf("%+v %v", a, err)
	}
}

// wantProblem posts a request that is refused whole.
func wantProblem(t *testing.T, c *jmapclient.Client, name, body, typ, limit string) {
	t.Helper()
	_, err := c.Post(t.Context(), []byte(body))
	p := (*jmapclient.Problem)(nil)
	if !errors.As(err, &p) || p.Type != typ || p.Limit != limit || p.Status != http.StatusBadRequest || p.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %v, want %s %s", name, err, typ, limit)
	}
}

func TestRFC8620_3_6_1_RequestErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	const ok = `"using":["urn:ietf:params:jmap:core"]`
	for _, x := range []struct{ name, body, typ, limit string }{
		{"nothing", ``, typeNotJSON, ""},
		{"no JSON", `{"using":}`, typeNotJSON, ""},
		{"cut off", `{` + ok, typeNotJSON, ""},
		{"something behind it", `{` + ok + `,"methodCalls":[]} x`, typeNotJSON, ""},
		{"a comma too many", `{` + ok + `,"methodCalls":[],}`, typeNotJSON, ""},
		{"no UTF-8", "{" + ok + `,"methodCalls":[["Core/echo",{"a":"` + "\xff" + `"},"0"]]}`, typeNotJSON, ""},
		{"a surrogate alone (RFC 7493 §2.1)", `{` + ok + `,"methodCalls":[["Core/echo",{"a":"\ud800"},"0"]]}`, typeNotJSON, ""},
		{"a member twice (RFC 7493 §2.3)", `{` + ok + `,"methodCalls":[["Core/echo",{"a":1,"a":2},"0"]]}`, typeNotJSON, ""},
		{"a member twice, written otherwise", `{` + ok + `,"methodCalls":[["Core/echo",{"a":1,"b":2,"\u0061":2},"0"]]}`, typeNotJSON, ""},
		{"a number of no JSON", `{` + ok + `,"methodCalls":[["Core/echo",{"a":01},"0"]]}`, typeNotJSON, ""},
		{"an array", `[]`, typeNotRequest, ""},
		{"no using", `{"methodCalls":[]}`, typeNotRequest, ""},
		{"no calls", `{` + ok + `}`, typeNotRequest, ""},
		{"using of numbers", `{"using":[1],"methodCalls":[]}`, typeNotRequest, ""},
		{"a call that is a name", `{` + ok + `,"methodCalls":["Core/echo"]}`, typeNotRequest, ""},
		{"a call without an id", `{` + ok + `,"methodCalls":[["Core/echo",{}]]}`, typeNotRequest, ""},
		{"a call with a number for id", `{` + ok + `,"methodCalls":[["Core/echo",{},1]]}`, typeNotRequest, ""},
		{"a call with a list for arguments", `{` + ok + `,"methodCalls":[["Core/echo",[],"0"]]}`, typeNotRequest, ""},
		{"createdIds that are none", `{` + ok + `,"methodCalls":[],"createdIds":{"a":"!"}}`, typeNotRequest, ""},
		{"an unknown capability", `{"using":["urn:ietf:params:jmap:core","https://example.com/apis/foobar"],"methodCalls":[]}`, typeUnknownCapability, ""},
		{"too many calls", `{` + ok + `,"methodCalls":[` + strings.Repeat(`["Core/echo",{},"0"],`, 64) + `["Core/echo",{},"0"]]}`, typeLimit, "maxCallsInRequest"},
		{"too long", `{` + ok + `,"methodCalls":[["Core/echo",{"a":"` + strings.Repeat("a", 10_000_000) + `"},"0"]]}`, typeLimit, "maxSizeRequest"},
		{"too deep", `{` + ok + `,"methodCalls":[["Core/echo",{"a":` + strings.Repeat("[", 62) + strings.Repeat("]", 62) + `},"0"]]}`, typeLimit, "maxDepth"},
		{"too many values", `{` + ok + `,"methodCalls":[["Core/echo",{"a":[` + strings.Repeat("1,", 200_000) + `1]},"0"]]}`, typeLimit, "maxValues"},
	} {
		wantProblem(t, c, x.name, x.body, x.typ, x.limit)
	}
	if r, err := c.Post(t.Context(), []byte(`{`+ok+`,"methodCalls":[`+strings.TrimSuffix(strings.Repeat(`["Core/echo",{},"0"],`, 64), ",")+`]}`)); err != nil || len(r.Answers) != 64 {
		t.Errorf("as many calls as may be: %d, %v", len(r.Answers), err)
	}
}

func TestRFC8620_3_1_ContentType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	for typ, ok := range map[string]bool{"application/json": true, "application/json; charset=utf-8": true, "text/plain": false, "": false, "application/x-www-form-urlencoded": false} {
		resp, err := c.Send(t.Context(), http.MethodPost, c.Session.APIURL, typ, strings.NewReader(`{"using":[],"methodCalls":[]}`), nil)
		if (err == nil) != ok {
			t.Errorf("%q: %v", typ, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}

func TestRFC8620_2_MaxConcurrentRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.Requests = 1 })
	c := w.as(anna)
	body, send := io.Pipe()
	done := make(chan error, 1)
	go func() {
		resp, err := c.Send(t.Context(), http.MethodPost, c.Session.APIURL, "application/json", body, nil)
		if err == nil {
			_ = resp.Body.Close()
		}
		done <- err
	}()
	if _, err := send.Write([]byte(`{"using":[],`)); err != nil { // taken: the request is there
		t.Fatal(err)
	}
	for !w.srv.busy.has(w.people.no[anna]) {
		select {
		case err := <-done:
			t.Fatal(err)
		default:
		}
	}
	wantProblem(t, c, "the second", `{"using":[],"methodCalls":[]}`, typeLimit, "maxConcurrentRequests")
	if _, err := w.as(ben).Post(t.Context(), []byte(`{"using":[],"methodCalls":[]}`)); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if _, err := send.Write([]byte(`"methodCalls":[]}`)); err != nil {
		t.Fatal(err)
	}
	_ = send.Close()
	if err := <-done; err != nil {
		t.Errorf("the first: %v", err)
	}
}

func TestRFC8620_3_6_2_MethodErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, box := w.account(anna), w.account(pharmacy)
	wantErrors(t, w.as(anna), []errorCase{
		{"an unknown method", "Thing/eat", nil, "unknownMethod"},
		{"an account that there is not", "Thing/get", args{"accountId": "A" + idOf(99).String()}, "accountNotFound"},
		{"somebody else's", "Thing/get", args{"accountId": w.account(ben)}, "accountNotFound"},
		{"what is no account id", "Thing/get", args{"accountId": ""}, "accountNotFound"},
		{"no account", "Thing/get", args{}, "invalidArguments"},
		{"null for an account", "Thing/get", args{"accountId": nil}, "invalidArguments"},
		{"a number for an account", "Thing/get", args{"accountId": 5}, "invalidArguments"},
		{"an account without the type", "Thing/get", args{"accountId": w.account(archive)}, "accountNotSupportedByMethod"},
		{"an unknown argument", "Thing/get", args{"accountId": own, "colour": "red"}, "invalidArguments"},
		{"ids that are none", "Thing/get", args{"accountId": own, "ids": []any{"a b"}}, "invalidArguments"},
		{"ids with null", "Thing/get", args{"accountId": own, "ids": []any{nil}}, "invalidArguments"},
		{"ids that are a string", "Thing/get", args{"accountId": own, "ids": "T001"}, "invalidArguments"},
		{"a fault of ours", "Thing/fail", args{"accountId": own}, "serverFail"},
		{"a panic", "Thing/panic", args{"accountId": own}, "serverFail"},
		{"a right that only owners have", "Thing/manage", args{"accountId": box}, ""},
	})
	wantErrors(t, w.as(ben), []errorCase{{"a right that a member lacks", "Thing/manage", args{"accountId": box}, "forbidden"}})
	w.grant(anna, pharmacy, haven.Read)
	wantErrors(t, w.as(anna), []errorCase{{"read alone", "Thing/set", args{"accountId": box}, "accountReadOnly"}})
	c := w.as(anna)
	c.Using = []string{coreURN}
	wantErrors(t, c, []errorCase{{"a capability that is not in using", "Thing/get", args{"accountId": own}, "unknownMethod"}})
}

func TestRFC8620_3_6_2_OneFailureEndsNothing(t *testing.T) {
	t.Parallel()
	panics := 0
	var failed []string
	w := newWorld(t, func(o *Options) {
		o.Metrics = Metrics{Panic: func() { panics++ }}
	})
	c := w.as(anna)
	r := call1(t, c, jmapclient.Call{Name: "Core/echo"}, jmapclient.Call{Name: "Thing/panic"}, jmapclient.Call{Name: "Thing/fail"}, jmapclient.Call{Name: "Core/echo"})
	for _, a := range r.Answers {
		failed = append(failed, a.Error())
		if strings.Contains(string(a.Args), "secret") {
			t.Errorf("a cause is told: %s", a.Args)
		}
	}
	if !slices.Equal(failed, []string{"", "serverFail", "serverFail", ""}) || panics != 1 {
		t.Errorf("%q, %d panics", failed, panics)
	}
}

func TestRFC8620_3_6_2_EveryKindHasAnError(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		if methodKinds[k] == "" || setKinds[k] == "" || codes[k] == 0 {
			t.Errorf("%v has no answer", k)
		}
	}
	if len(methodKinds) != len(errs.Kinds()) || len(setKinds) != len(errs.Kinds()) || len(codes) != len(errs.Kinds()) {
		t.Error("a table has more than there is")
	}
}

func TestRFC8620_3_4_OneCallManyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := call1(t, w.as(anna), jmapclient.Call{Name: "Thing/also", Args: args{"accountId": w.account(anna)}, ID: "x"}, jmapclient.Call{Name: "Core/echo", ID: "y"})
	var names []string
	for _, a := range r.Answers {
		names = append(names, a.Name+" "+a.ID)
	}
	if !slices.Equal(names, []string{"Thing/also x", "Thing/set x", "Core/echo y"}) {
		t.Errorf("%q", names)
	}
}

func TestRFC8620_3_7_ResultReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	source := jmapclient.Call{Name: "Core/echo", ID: "t0", Args: args{"list": []any{
		args{"id": "a", "threads": []any{"1", "2"}, "a/b": 1, "m~n": 2}, args{"id": "b", "threads": []any{"3"}}, args{"id": "c", "threads": []any{}}}, "n": 5, "deep": args{"": "empty"}}}
	for _, x := range []struct {
		path string
		want any // nil: refused
	}{
		{"/list/*/id", []any{"a", "b", "c"}},
		{"/list/*/threads", []any{"1", "2", "3"}},
		{"/list/*/threads/*", []any{"1", "2", "3"}},
		{"/list/0/threads/1", "2"},
		{"/list/0/a~1b", 1.0},
		{"/list/0/m~0n", 2.0},
		{"/deep/", "empty"},
		{"/n", 5.0},
		{"/list/3/id", nil},
		{"/list/-/id", nil},
		{"/list/01/id", nil},
		{"/list/*/gone", nil},
		{"/list/id", nil},
		{"/n/*", nil},
		{"/n~", nil},
		{"list/*/id", nil},
		{"/gone", nil},
	} {
		r := call1(t, c, source, jmapclient.Call{Name: "Core/echo", Args: args{"#got": jmapclient.Ref("t0", "Core/echo", x.path)}})
		var out struct{ Got any }
		if err := r.Answers[1].Into(&out); err != nil {
			t.Fatal(err)
		}
		if want := "invalidResultReference"; x.want == nil && r.Answers[1].Error() != want || x.want != nil && !reflect.DeepEqual(out.Got, x.want) {
			t.Errorf("%s: %s, want %v", x.path, r.Answers[1].Args, x.want)
		}
	}
}

func TestRFC8620_3_7_WrongReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	self := args{"#a": jmapclient.Ref("1", "Core/echo", "/a")}
	for _, x := range []struct {
		name string
		args args
		want string
	}{
		{"to itself", self, "invalidResultReference"},
		{"forward", args{"#a": jmapclient.Ref("2", "Core/echo", "/a")}, "invalidResultReference"},
		{"to a call that there is not", args{"#a": jmapclient.Ref("9", "Core/echo", "/a")}, "invalidResultReference"},
		{"of another name", args{"#a": jmapclient.Ref("0", "Thing/get", "/a")}, "invalidResultReference"},
		{"not an object", args{"#a": "0"}, "invalidResultReference"},
		{"without a path", args{"#a": args{"resultOf": "0", "name": "Core/echo"}}, "invalidResultReference"},
		{"with more than there is", args{"#a": args{"resultOf": "0", "name": "Core/echo", "path": "/a", "x": 1}}, "invalidResultReference"},
		{"both", args{"a": 1, "#a": jmapclient.Ref("0", "Core/echo", "/a")}, "invalidArguments"},
		{"good", args{"#b": jmapclient.Ref("0", "Core/echo", "/a")}, ""},
	} {
		r := call1(t, c, jmapclient.Call{Name: "Core/echo", Args: args{"a": 1}}, jmapclient.Call{Name: "Core/echo", Args: x.args},
			jmapclient.Call{Name: "Core/echo", Args: args{"#a": jmapclient.Ref("1", "Core/echo", "/b")}})
		if got := r.Answers[1].Error(); got != x.want {
			t.Errorf("%s: %s", x.name, r.Answers[1].Args)
		}
	}
	r := call1(t, c, jmapclient.Call{Name: "Thing/fail"}, jmapclient.Call{Name: "Core/echo", Args: args{"#a": jmapclient.Ref("0", "Thing/fail", "/a")}})
	if r.Answers[1].Error() != "invalidResultReference" {
		t.Errorf("to what failed: %s", r.Answers[1].Args)
	}
}

// Each call doubles the one before: without a bound the sixtieth would be larger than any memory.
func TestRFC8620_3_7_ReferencesThatGrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.RequestOctets, o.Policy.AnswerOctets = 1<<20, 4<<20 })
	calls := []jmapclient.Call{{Name: "Core/echo", Args: args{"a": strings.Repeat("x", 1000)}}}
	for i := 1; i < 60; i++ {
		ref := jmapclient.Ref(fmt.Sprint(i-1), "Core/echo", "")
		calls = append(calls, jmapclient.Call{Name: "Core/echo", Args: args{"#a": ref, "#b": ref}})
	}
	r := call1(t, w.as(anna), calls...)
	total, refused := 0, 0
	for _, a := range r.Answers {
		total += len(a.Args)
		if a.Error() != "" {
			refused++
		}
	}
	if total > 5<<20 || refused < 40 || len(r.Answers) != 60 {
		t.Errorf("%d octets, %d of %d refused", total, refused, len(r.Answers))
	}
}

func TestRFC8620_3_3_CreatedIds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	own := w.account(anna)
	before := w.put(anna, "before")
	set := func(create args) jmapclient.Call {
		return jmapclient.Call{Name: "Thing/set", Args: args{"accountId": own, "create": create}, ID: "s"}
	}
	r, err := c.Do(t.Context(), jmapclient.Request{Using: c.Using, Created: map[string]string{"old": before}, Calls: []jmapclient.Call{
		set(args{"a": args{"name": "box"}}), set(args{"b": args{"name": "lid", "partOf": "#a"}, "c": args{"name": "label", "partOf": "#old"}, "d": args{"name": "lost", "partOf": "#never"}}),
		{Name: "Thing/get", Args: args{"accountId": own, "ids": []string{"#b", "#never"}, "properties": []string{"partOf"}}, ID: "g"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		List     []struct{ ID, PartOf string }
		NotFound []string
	}
	var second struct {
		NotCreated map[string]struct{ Type string }
	}
	if r.Answers[2].Into(&got) != nil || r.Answers[1].Into(&second) != nil {
		t.Fatal(r)
	}
	if len(got.List) != 1 || got.List[0].PartOf != r.Created["a"] || got.List[0].ID != r.Created["b"] || !slices.Equal(got.NotFound, []string{"#never"}) {
		t.Errorf("%+v of %v", got, r.Created)
	}
	if second.NotCreated["d"].Type != "invalidProperties" {
		t.Errorf("%+v", second)
	}
	if keys := slices.Sorted(maps.Keys(r.Created)); !slices.Equal(keys, []string{"a", "b", "c", "old"}) {
		t.Errorf("created %q", keys)
	}
	if r := call1(t, c, set(args{"e": args{"name": "unasked"}})); r.Created != nil {
		t.Errorf("nobody asked for %v", r.Created)
	}
}

// A request that takes too long is answered all the same: what was done, and that for the rest there was no time.
func TestRFC8620_3_6_2_RequestsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.AnswerWithin = time.Second })
	waits := func(c *call) (any, error) {
		<-c.ctx.Done()
		return nil, c.ctx.Err()
	}
	w.srv.methods["Wait/query"], w.srv.methods["Wait/set"] = method{coreURN, waits}, method{coreURN, waits}
	for name, want := range map[string]string{"Wait/query": "serverUnavailable", "Wait/set": "serverPartialFail"} {
		r, err := w.as(anna).Call(t.Context(), jmapclient.Call{Name: "Core/echo"}, jmapclient.Call{Name: name}, jmapclient.Call{Name: "Core/echo"})
		if err != nil {
			t.Fatal(err)
		}
		if got := []string{r.Answers[0].Error(), r.Answers[1].Error(), r.Answers[2].Error()}; !slices.Equal(got, []string{"", want, "serverUnavailable"}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
