package jmap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"haven/face/jmap/jmapclient"
)

// Not parallel: it measures what one request of ten million octets may cost, whatever is in it.
func TestLargestRequestsAreBounded(t *testing.T) {
	w := newWorld(t)
	c := w.as(anna)
	const size = 9_999_000
	fill := func(item string) string { return strings.TrimSuffix(strings.Repeat(item, size/len(item)), ",") }
	var keys strings.Builder
	for i := 0; keys.Len() < size-20; i++ {
		fmt.Fprintf(&keys, `"k%d":1,`, i)
	}
	var calls strings.Builder
	for i := 0; calls.Len() < size-60; i++ {
		fmt.Fprintf(&calls, `["Thing/set",{"a":[1,2,3]},"%d"],`, i)
	}
	for _, x := range []struct{ name, args string }{
		{"lists in lists", strings.Repeat("[", size/2) + strings.Repeat("]", size/2)},
		{"objects in objects", strings.Repeat(`{"a":`, size/6) + "1" + strings.Repeat("}", size/6)},
		{"a long list", "[" + fill("1,") + "]"},
		{"many empty lists", "[" + fill("[],") + "]"},
		{"many members", "{" + strings.TrimSuffix(keys.String(), ",") + "}"},
		{"one string", `"` + strings.Repeat("x", size) + `"`},
		{"one string of escapes", `"` + fill(`\u00e9`) + `"`},
		{"one number", "1" + strings.Repeat("0", size)},
		{"blanks", strings.Repeat(" ", size) + "1"},
		{"calls", "[" + strings.TrimSuffix(calls.String(), ",") + "]"},
		{"never an end", strings.Repeat("[", size)},
	} {
		body := []byte(`{"using":["` + coreURN + `"],"methodCalls":[["Core/echo",{"a":` + x.args + `},"0"]]}`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		_, err := c.Post(t.Context(), body)
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		spent := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %v, %d MiB in all, %v", x.name, took.Round(time.Millisecond), spent, err)
		if took > 30*time.Second || spent > 150 {
			t.Errorf("%s: %v, %d MiB", x.name, took, spent)
		}
	}
}

// Not parallel: it measures what the arguments of one call may cost, as many as one request may have.
func TestLargestArgumentsAreBounded(t *testing.T) {
	m := newMailWorld(t)
	p := m.mail(t, anna, anna)
	var letters []string
	for i := range 50 {
		letters = append(letters, fmt.Sprintf("Subject: letter %d\r\n\r\nIt says little.\r\n", i))
	}
	ids, inbox := text(p.deliver(letters...)), p.folder("inbox")
	const n = 190_000
	list := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("," + strings.ReplaceAll(format, "#", strconv.Itoa(i)))
		}
		return b.String()[1:]
	}
	for _, x := range []struct{ name, call, args, want string }{
		{"unknown arguments", "Email/get", list(n, `"k#":1`), "invalidArguments"},
		{"unknown properties of what is made", "Mailbox/set", `"create":{"a":{` + list(n, `"k#":1`) + `}}`, ""},
		{"ids to be destroyed", "Email/set", `"destroy":[` + list(n, `"M#"`) + `]`, "requestTooLarge"},
		{"ids to be destroyed and changed", "Email/set", `"destroy":[` + list(n/2, `"M#"`) + `],"update":{` + list(n/2, `"N#":{}`) + `}`, "requestTooLarge"},
		{"a patch of a folder", "Mailbox/set", `"update":{"` + inbox + `":{` + list(n, `"k#":1`) + `}}`, ""},
		{"a patch into what a folder has", "Mailbox/set", `"update":{"` + inbox + `":{` + list(n, `"myRights/k#":1`) + `}}`, ""},
		{"a patch of a message", "Email/set", `"update":{"M1":{` + list(n, `"k#":1`) + `}}`, ""},
		{"keywords", "Email/set", `"update":{"M1":{` + list(n, `"keywords/k#":true`) + `}}`, ""},
		{"properties", "Email/get", `"ids":` + ids + `,"properties":[` + list(n, `"id"`) + `]`, "invalidArguments"},
		{"header fields of parts", "Email/get", `"ids":` + ids + `,"bodyProperties":[` + list(n, `"header:x#"`) + `]`, "invalidArguments"},
		{"types", "Blob/lookup", `"ids":[` + list(1000, `"X#"`) + `],"typeNames":[` + list(n, `"Email"`) + `]`, ""},
		{"folders", "Email/query", `"filter":{"inMailboxOtherThan":[` + list(n, `"F#"`) + `]}`, ""},
		{"words", "Email/query", `"filter":{"text":"` + strings.ReplaceAll(list(1_000_000, "w#"), ",", " ") + `"}`, "invalidArguments"},
		{"words that are to be shown", "SearchSnippet/get", `"emailIds":` + ids + `,"filter":{"text":"` + strings.ReplaceAll(list(1_000_000, "w#"), ",", " ") + `"}`, "invalidArguments"},
		{"references", "Core/echo", strings.ReplaceAll(list(n/5, `"?r#":{"resultOf":"0","name":"Core/echo","path":"/a"}`), "?", "#"), "requestTooLarge"},
	} {
		big := ""
		if x.name == "references" {
			big = strings.Repeat("x", 5_000_000)
		}
		body := []byte(`{"using":["` + strings.Join([]string{coreURN, mailURN, blobURN}, `","`) + `"],"methodCalls":[["Core/echo",{"a":"` + big + `"},"0"],["` + x.call + `",{"accountId":"` + p.account + `",` + x.args + `},"1"]]}`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		r, err := p.c.Post(t.Context(), body)
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		spent := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %v, %d MiB in all", x.name, took.Round(time.Millisecond), spent)
		if err != nil || r.Answers[1].Error() != x.want {
			t.Errorf("%s: %.300s, %v", x.name, r.Answers, err)
		}
		if took > 30*time.Second || spent > 600 {
			t.Errorf("%s: %v, %d MiB", x.name, took, spent)
		}
	}
}

// FuzzIJSON holds the scan against encoding/json: what it takes that takes too, and what it refuses for more than its limits is no I-JSON.
func FuzzIJSON(f *testing.F) {
	for _, s := range []string{`{}`, `[1,-2.5e+3,"a\u00e9\ud83d\ude00",true,false,null,{"a":{"b":[]}}]`, `{"a":1,"a":2}`, `"\ud800"`, `01`, `"\x"`, "\xff", `{"a":}`, `[1,]`, ` 1 `, `-`, `1e`, `"`, `nul`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := checkIJSON(text, 20, 1000)
		if err == nil && !json.Valid(text) {
			t.Errorf("%q is taken", text)
		}
		if err == errSyntax && json.Valid(text) && !bytes.Contains(bytes.ToLower(text), []byte(`\ud`)) { //nolint:errorlint // the scan gives it bare
			t.Errorf("%q is refused", text)
		}
	})
}

// FuzzRequest has any octets for a request: each is answered, or refused by a problem that RFC 8620 knows, and nothing fails.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{"a":1},"0"],["Core/echo",{"#b":{"resultOf":"0","name":"Core/echo","path":"/a"}},"1"]]}`,
		`{"using":["https://surgery.test/things"],"methodCalls":[["Thing/set",{"accountId":"Aaaaaaaaaaaaaaaaaaaaaaaaaae","create":{"k":{"name":"x","tags":{"a":true}}},"update":{"#k":{"tags/b":true}},"destroy":["T1"]},"0"]]}`,
		`{"using":["https://surgery.test/things"],"methodCalls":[["Thing/query",{"accountId":"Aaaaaaaaaaaaaaaaaaaaaaaaaae","filter":{"operator":"NOT","conditions":[{"name":"x"}]},"sort":[{"property":"name"}],"position":-1,"anchor":"T1"},"0"]]}`,
		`{"using":["https://surgery.test/things"],"methodCalls":[["Thing/copy",{"fromAccountId":"Aaaaaaaaaaaaaaaaaaaaaaaaaae","accountId":"Aaaaaaaaaaaaaaaaaaaaaaaaaam","create":{"k":{"id":"T1"}}},"0"]]}`,
		`{"using":["urn:ietf:params:jmap:blob","urn:ietf:params:jmap:mail"],"methodCalls":[["Blob/upload",{"accountId":"Aaaaaaaaaaaaaaaaaaaaaaaaaae","create":{"k":{"data":[{"data:asText":"x"},{"data:asBase64":"eA=="}]},"l":{"data":[{"blobId":"#k","offset":1,"length":1}]}}},"0"],` +
			`["Blob/get",{"accountId":"Aaaaaaaaaaaaaaaaaaaaaaaaaae","ids":["#k","M1_1"],"offset":0,"length":1,"properties":["data","digest:sha"]},"1"],["Blob/lookup",{"accountId":"Aaaaaaaaaaaaaaaaaaaaaaaaaae","ids":["#l","M1"],"typeNames":["Email"]},"2"]]}`,
		`{"using":[],"methodCalls":[],"createdIds":{"a":"b"}}`, `[]`, ``,
	} {
		f.Add([]byte(s))
	}
	w := newWorld(f)
	who, err := w.people.ByPassword(f.Context(), Login{User: anna, Password: "secret"})
	if err != nil {
		f.Fatal(err)
	}
	panics := 0
	w.srv.o.Metrics.Panic = func() { panics++ }
	delete(w.srv.methods, "Thing/panic")
	f.Fuzz(func(t *testing.T, body []byte) {
		one, ok := w.srv.busy.take(who.Person)
		if !ok {
			t.Fatal("a turn was kept")
		}
		out, err := w.srv.respond(t.Context(), &who, one, body)
		one.done()
		if err != nil {
			if p := asProblem(err); !strings.HasPrefix(p.Type, "urn:ietf:params:jmap:error:") {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		var r jmapclient.Response
		if json.Unmarshal(out, &r) != nil || panics > 0 {
			t.Errorf("%q: %s, %d panics", body, out, panics)
		}
	})
}
