package jmap

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
)

// keeper is a person who makes blobs over JMAP.
func (m *mailWorld) keeper(t *testing.T, person, account string) *mailer {
	t.Helper()
	p := m.mail(t, person, account)
	p.c.Using = append(p.c.Using, blobURN)
	return p
}

// made makes blobs and gives their ids.
func (p *mailer) made(create args) map[string]string {
	p.t.Helper()
	out := p.do("Blob/upload", args{"create": create})
	if out["notCreated"] != nil {
		p.t.Fatalf("not created: %v", out["notCreated"])
	}
	ids := map[string]string{}
	for cid, o := range out["created"].(args) {
		ids[cid] = o.(args)["id"].(string)
	}
	return ids
}

func textSource(s string) args  { return args{"data:asText": s} }
func codedSource(b []byte) args { return args{"data:asBase64": base64.StdEncoding.EncodeToString(b)} }
func upload1(data ...args) args { return args{"data": append([]args{}, data...)} }
func blobSource(id string) args { return args{"blobId": id} }
func blobCall(name, id string, a args) jmapclient.Call {
	return jmapclient.Call{Name: name, Args: a, ID: id}
}

func TestRFC9404_3_1_Capability(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	c := m.as(anna)
	if got := string(c.Session.Capabilities[blobURN]); got != "{}" {
		t.Errorf("session: %s", got)
	}
	for _, box := range []string{anna, archive} {
		var has struct {
			Most    int64    `json:"maxSizeBlobSet"`
			Sources int      `json:"maxDataSources"`
			Types   []string `json:"supportedTypeNames"`
			Digests []string `json:"supportedDigestAlgorithms"`
		}
		if err := json.Unmarshal(c.Session.Accounts[m.account(box)].Capabilities[blobURN], &has); err != nil {
			t.Fatal(err)
		}
		if has.Most != 35<<20 || has.Sources < 64 || strings.Join(has.Types, " ") != "Mailbox Thread Email" || strings.Join(has.Digests, " ") != "sha-256 sha" {
			t.Errorf("%s: %+v", box, has)
		}
	}
	if _, e := m.mail(t, anna, anna).try("Blob/upload", args{"create": args{}}); e != "unknownMethod" {
		t.Errorf("without its capability: %q", e)
	}
}

// The example of RFC 9404 §4.1.2: what was made in one call goes by its creation id in the next, and in the same.
func TestRFC9404_4_1_UploadComplexExample(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.keeper(t, anna, pharmacy)
	r := call1(t, p.c,
		blobCall("Blob/upload", "S4", args{"accountId": p.account, "create": args{"b4": upload1(textSource("The quick brown fox jumped over the lazy dog."))}}),
		blobCall("Blob/upload", "CAT", args{"accountId": p.account, "create": args{"cat": upload1(textSource("How"), args{"blobId": "#b4", "length": 7, "offset": 3},
			textSource("was t"), args{"blobId": "#b4", "length": 1, "offset": 1}, args{"data:asBase64": "YXQ/"})}}),
		blobCall("Blob/get", "G4", args{"accountId": p.account, "ids": []string{"#cat"}, "properties": []string{"data:asText", "size"}}))
	var made struct {
		AccountID  string
		Created    map[string]args
		NotCreated args
		OldState   *string
		NewState   *string
	}
	if err := r.Answers[0].Into(&made); err != nil {
		t.Fatal(err)
	}
	b4 := made.Created["b4"]
	if made.AccountID != p.account || b4["id"] != b4["blobId"] || b4["accountId"] != p.account || b4["size"] != 45.0 || b4["type"] != anyType || made.NewState != nil {
		t.Errorf("%+v", made)
	}
	var got struct{ List []args }
	if err := r.Answers[2].Into(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.List) != 1 || got.List[0]["data:asText"] != "How quick was that?" || got.List[0]["size"] != 19.0 {
		t.Errorf("%+v", got)
	}
	both := p.do("Blob/upload", args{"create": json.RawMessage(`{"a":{"data":[{"data:asText":"one"}],"type":"text/plain"},"b":{"data":[{"blobId":"#a"},{"blobId":"#a"}]}}`)})
	if text(both["notCreated"]) != "null" || both["created"].(args)["b"].(args)["size"] != 6.0 || both["created"].(args)["a"].(args)["type"] != "text/plain" {
		t.Errorf("in the same call: %v", both)
	}
	// The same blob is downloaded, and an empty one is one.
	empty := p.made(args{"nothing": upload1()})["nothing"]
	resp, body := fetch(t, p.c, p.account, empty, nil)
	if resp.StatusCode != 200 || body != "" {
		t.Errorf("%s %q", resp.Status, body)
	}
	if _, body := fetch(t, p.c, p.account, b4["id"].(string), nil); body != "The quick brown fox jumped over the lazy dog." {
		t.Errorf("%q", body)
	}
}

func TestRFC9404_4_1_UploadErrors(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t, func(o *Options) { o.Policy.UploadOctets = 64 << 10; o.Policy.Set = 50 })
	p := m.keeper(t, anna, pharmacy)
	own := m.keeper(t, anna, anna).made(args{"x": upload1(textSource("mine"))})["x"]
	bens := m.keeper(t, ben, ben).made(args{"x": upload1(textSource("ben's"))})["x"]
	ten := p.made(args{"x": upload1(textSource("0123456789"))})["x"]
	letter := m.mail(t, ben, ben).deliver("Subject: x\r\n\r\nx\r\n")[0]
	before := m.bodies()
	many := make([]args, 101)
	for i := range many {
		many[i] = textSource("x")
	}
	for name, x := range map[string]struct {
		object any
		typ    string
	}{
		"no sources":                       {args{}, "invalidProperties"},
		"sources that are no list":         {args{"data": "x"}, "invalidProperties"},
		"a source that is no object":       {args{"data": []string{"x"}}, "invalidProperties"},
		"a source of nothing":              {upload1(args{}), "invalidProperties"},
		"a source that is null":            {upload1(args{"data:asText": nil}), "invalidProperties"},
		"two in one":                       {upload1(args{"data:asText": "x", "data:asBase64": "eA=="}), "invalidProperties"},
		"a text and a blob":                {upload1(args{"data:asText": "x", "blobId": ten}), "invalidProperties"},
		"a range of a text":                {upload1(args{"data:asText": "x", "offset": 0}), "invalidProperties"},
		"an unknown source":                {upload1(args{"data:fromURL": "https://surgery.test"}), "invalidProperties"},
		"base64 with a wrong sign":         {upload1(args{"data:asBase64": "e!=="}), "invalidProperties"},
		"base64 for URLs":                  {upload1(args{"data:asBase64": "-_-_"}), "invalidProperties"},
		"base64 cut off":                   {upload1(args{"data:asBase64": "eA"}), "invalidProperties"},
		"base64 over lines":                {upload1(args{"data:asBase64": "eHh4\r\neHh4"}), "invalidProperties"},
		"base64 with bits left":            {upload1(args{"data:asBase64": "eB=="}), "invalidProperties"},
		"no id":                            {upload1(blobSource("%%")), "invalidProperties"},
		"an offset beyond":                 {upload1(args{"blobId": ten, "offset": 11}), "invalidProperties"},
		"a length beyond":                  {upload1(args{"blobId": ten, "offset": 5, "length": 6}), "invalidProperties"},
		"a length far beyond":              {upload1(args{"blobId": ten, "offset": 5, "length": mostInt}), "invalidProperties"},
		"a negative offset":                {upload1(args{"blobId": ten, "offset": -1}), "invalidProperties"},
		"too many sources":                 {args{"data": many}, "invalidProperties"},
		"no media type":                    {args{"data": []args{}, "type": "a b"}, "invalidProperties"},
		"a member that there is not":       {args{"data": []args{}, "name": "x"}, "invalidProperties"},
		"too large":                        {upload1(textSource(strings.Repeat("x", 64<<10+1))), "tooLarge"},
		"too large by sources":             {upload1(textSource(strings.Repeat("x", 60<<10)), textSource(strings.Repeat("x", 60<<10))), "tooLarge"},
		"a blob that never was":            {upload1(blobSource("Uaaaaaaaaaaaaaaaaaaaaaaaaaa")), "blobNotFound"},
		"the same person's, of elsewhere":  {upload1(blobSource(own)), "blobNotFound"},
		"another person's":                 {upload1(blobSource(bens)), "blobNotFound"},
		"a message of another account":     {upload1(blobSource(letter)), "blobNotFound"},
		"a part of nothing":                {upload1(blobSource(ten + "_7")), "blobNotFound"},
		"a creation that was not":          {upload1(blobSource("#never")), "blobNotFound"},
		"a good source before a bad one":   {upload1(textSource(strings.Repeat("x", 30<<10)), blobSource("#never")), "blobNotFound"},
		"what could not be made before it": {upload1(blobSource("#bad")), "blobNotFound"},
	} {
		out := p.do("Blob/upload", args{"create": args{"bad": x.object}})
		e, _ := out["notCreated"].(args)["bad"].(args)
		if out["created"] != nil || e["type"] != x.typ {
			t.Errorf("%s: %v", name, out)
		}
	}
	if n := m.bodies(); n != before {
		t.Errorf("%d bodies were left", n-before)
	}
	// Who may not know that a blob is there gets the answer of one that never was.
	answer := func(id string) string {
		out := p.do("Blob/upload", args{"create": args{"x": upload1(blobSource(id))}})
		return strings.ReplaceAll(text(out), id, "ID")
	}
	never := answer("Uaaaaaaaaaaaaaaaaaaaaaaaaaa")
	for _, id := range []string{own, bens, letter, letter + "_1"} {
		if got := answer(id); got != never {
			t.Errorf("%s, want %s", got, never)
		}
	}
	for name, x := range map[string]struct {
		p     *mailer
		a     args
		fault string
	}{
		"no create":                     {p, args{}, "invalidArguments"},
		"an argument that there is not": {p, args{"create": args{}, "destroy": []string{ten}}, "invalidArguments"},
		"too many at once":              {p, args{"create": manyCreations(51)}, "requestTooLarge"},
		"an account that is read":       {m.keeper(t, anna, archive), args{"create": args{}}, "accountReadOnly"},
		"an account that there is not":  {m.keeper(t, ben, anna), args{"create": args{}}, "accountNotFound"},
	} {
		if _, e := x.p.try("Blob/upload", x.a); e != x.fault {
			t.Errorf("%s: %q", name, e)
		}
	}
	if out := p.do("Blob/upload", args{"create": args{}}); out["created"] != nil || out["notCreated"] != nil {
		t.Errorf("nothing: %v", out)
	}
}

func manyCreations(n int) args {
	all := args{}
	for i := range n {
		all["c"+string(rune('a'+i%26))+string(rune('a'+i/26))] = upload1()
	}
	return all
}

// Text that is no UTF-8 never comes so far: the whole request is no I-JSON then (RFC 8620 §3.6.1).
func TestRFC9404_4_1_TextThatIsNoUTF8(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.keeper(t, anna, anna)
	for name, s := range map[string]string{"an octet alone": "\x81", "a surrogate alone": `\ud800`, "cut in a sign": "\xe2\x82"} {
		body := `{"using":["` + coreURN + `","` + blobURN + `"],"methodCalls":[["Blob/upload",{"accountId":"` + p.account + `","create":{"x":{"data":[{"data:asText":"` + s + `"}]}}},"0"]]}`
		wantProblem(t, p.c, name, body, typeNotJSON, "")
	}
	if n := m.bodies(); n != 0 {
		t.Errorf("%d bodies", n)
	}
}

func TestRFC9404_4_1_BlobsOfTheSameRequest(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.keeper(t, anna, pharmacy)
	inbox := p.folder("inbox")
	r := call1(t, p.c,
		blobCall("Blob/upload", "0", args{"accountId": p.account, "create": args{
			"letter": upload1(textSource("Subject: Made here\r\nFrom: a@surgery.test\r\n\r\n"), textSource("Hello\r\n")), "b1": upload1(codedSource([]byte{1, 2, 3}))}}),
		blobCall("Email/import", "1", args{"accountId": p.account, "emails": args{"i": args{"blobId": "#letter", "mailboxIds": args{inbox: true}}}}),
		blobCall("Email/set", "2", args{"accountId": p.account, "create": args{"d": args{"mailboxIds": args{inbox: true}, "subject": "With a file",
			"attachments": []args{{"blobId": "#b1", "type": "application/x-three", "name": "three"}}}}}),
		blobCall("Email/parse", "3", args{"accountId": p.account, "blobIds": []string{"#letter"}, "properties": []string{"subject"}}),
		blobCall("Email/get", "4", args{"accountId": p.account, "ids": []string{"#i", "#d"}, "properties": []string{"subject", "attachments"}}),
		blobCall("Blob/get", "5", args{"accountId": p.account, "#ids": jmapclient.Ref("4", "Email/get", "/list/*/attachments/*/blobId"), "properties": []string{"data:asBase64"}}),
		blobCall("Blob/copy", "6", args{"fromAccountId": p.account, "accountId": m.account(anna), "blobIds": []string{"#b1", "#never"}}))
	for i, want := range map[int]string{3: `"subject":"Made here"`, 4: `"subject":"With a file"`, 5: `"data:asBase64":"AQID"`, 6: `"copied":{"#b1":"U`} {
		if got := string(r.Answers[i].Args); !strings.Contains(got, want) {
			t.Errorf("%s: %s", r.Answers[i].Name, got)
		}
	}
	if got := string(r.Answers[6].Args); !strings.Contains(got, `"notCopied":{"#never":{`) {
		t.Errorf("%s", got)
	}
	// createdIds are given back where some were given (RFC 8620 §3.3), and name blobs in the next request.
	out, err := p.c.Do(t.Context(), jmapclient.Request{Using: p.c.Using, Calls: []jmapclient.Call{blobCall("Blob/upload", "0", args{"accountId": p.account, "create": args{"n": upload1(textSource("x"))}})}, Created: map[string]string{"before": "M1"}})
	if err != nil || !strings.HasPrefix(out.Created["n"], "U") {
		t.Errorf("%v, %v", out.Created, err)
	}
}

const quick = "The quick brown fox jumped over the lazy dog."

// The examples of RFC 9404 §4.2.1; what their digests are, OpenSSL says too.
func TestRFC9404_4_2_Get(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.keeper(t, anna, pharmacy)
	id := p.made(args{"x": upload1(textSource(quick))})["x"]
	all := []string{"data:asText", "digest:sha", "digest:sha-256", "size"}
	for name, x := range map[string]struct {
		a    args
		want string
	}{
		"whole":          {args{"properties": all[:2]}, `{"data:asText":"` + quick + `","digest:sha":"wIVPufsDxBzOOALLDSIFKebu+U4=","id":"ID"}`},
		"a range":        {args{"properties": all, "offset": 4, "length": 9}, `{"data:asText":"quick bro","digest:sha":"QiRAPtfyX8K6tm1iOAtZ87Xj3Ww=","digest:sha-256":"gdg9INW7lwHK6OQ9u0dwDz2ZY/gubi0En0xlFpKt0OA=","id":"ID","size":45}`},
		"as usual":       {args{}, `{"data:asText":"` + quick + `","id":"ID","size":45}`},
		"size alone":     {args{"properties": []string{"size"}, "offset": 3}, `{"id":"ID","size":45}`},
		"no properties":  {args{"properties": []string{}}, `{"id":"ID"}`},
		"to the end":     {args{"properties": []string{"data"}, "offset": 41}, `{"data:asText":"dog.","id":"ID"}`},
		"exactly":        {args{"properties": []string{"data"}, "offset": 41, "length": 4}, `{"data:asText":"dog.","id":"ID"}`},
		"more":           {args{"properties": []string{"data"}, "offset": 41, "length": 5}, `{"data:asText":"dog.","id":"ID","isTruncated":true}`},
		"at the end":     {args{"properties": []string{"data"}, "offset": 45}, `{"data:asText":"","id":"ID"}`},
		"beyond the end": {args{"properties": []string{"data"}, "offset": 46}, `{"data:asText":"","id":"ID","isTruncated":true}`},
		"far beyond":     {args{"properties": []string{"data:asBase64"}, "offset": mostInt, "length": mostInt}, `{"data:asBase64":"","id":"ID","isTruncated":true}`},
		"of length 0":    {args{"properties": []string{"data"}, "offset": 3, "length": 0}, `{"data:asText":"","id":"ID"}`},
		"all nulls":      {args{"offset": nil, "length": nil, "properties": nil}, `{"data:asText":"` + quick + `","id":"ID","size":45}`},
	} {
		x.a["ids"] = []string{id}
		out := p.do("Blob/get", x.a)
		if got := strings.ReplaceAll(text(out["list"]), id, "ID"); got != "["+x.want+"]" {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
		if _, has := out["state"]; has {
			t.Errorf("%s: blobs have no state", name)
		}
	}
	out := p.do("Blob/get", args{"ids": []string{id, "not-a-blob", id, "#never"}, "properties": []string{"size"}})
	if text(out["notFound"]) != `["#never","not-a-blob"]` || len(out["list"].([]any)) != 1 {
		t.Errorf("%v", out)
	}
	for name, a := range map[string]args{"no ids": {}, "all": {"ids": nil}, "an unknown property": {"ids": []string{id}, "properties": []string{"digest:md5"}},
		"a negative offset": {"ids": []string{id}, "offset": -1}, "a length that is none": {"ids": []string{id}, "length": "x"}, "more": {"ids": []string{id}, "type": "x"}} {
		if _, e := p.try("Blob/get", a); e != "invalidArguments" {
			t.Errorf("%s: %q", name, e)
		}
	}
}

// The example of RFC 9404 §4.2.2.
func TestRFC9404_4_2_2_RangesAndEncodings(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.keeper(t, anna, anna)
	ids := p.made(args{"b1": upload1(codedSource([]byte("The quick brown fox jumped over the \x81\x81 dog."))), "b2": args{"data": []args{textSource("hello world")}, "type": "text/plain"}})
	whole := `"VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wZWQgb3ZlciB0aGUggYEgZG9nLg=="`
	for name, x := range map[string]struct {
		a    args
		want string
	}{
		"G1": {args{}, `[{"data:asBase64":` + whole + `,"data:asText":null,"isEncodingProblem":true,"size":43},{"data:asText":"hello world","size":11}]`},
		"G2": {args{"properties": []string{"data:asText", "size"}}, `[{"data:asText":null,"isEncodingProblem":true,"size":43},{"data:asText":"hello world","size":11}]`},
		"G3": {args{"properties": []string{"data:asBase64", "size"}}, `[{"data:asBase64":` + whole + `,"size":43},{"data:asBase64":"aGVsbG8gd29ybGQ=","size":11}]`},
		"G4": {args{"offset": 0, "length": 5}, `[{"data:asText":"The q","size":43},{"data:asText":"hello","size":11}]`},
		"G5": {args{"offset": 20, "length": 100}, `[{"data:asBase64":"anVtcGVkIG92ZXIgdGhlIIGBIGRvZy4=","data:asText":null,"isEncodingProblem":true,"isTruncated":true,"size":43},{"data:asText":"","isTruncated":true,"size":11}]`},
	} {
		x.a["ids"] = []string{ids["b1"], ids["b2"]}
		list := p.list("Blob/get", x.a)
		for _, o := range list {
			delete(o, "id")
		}
		if got := text(list); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
	// A range that cuts a sign in two is no text (§4.2).
	euro := p.made(args{"x": upload1(textSource("€5"))})["x"]
	for _, x := range []struct {
		at, n int
		want  string
	}{{0, 3, "€"}, {0, 2, ""}, {1, 3, ""}, {3, 1, "5"}} {
		o := p.list("Blob/get", args{"ids": []string{euro}, "offset": x.at, "length": x.n, "properties": []string{"data:asText"}})[0]
		if got, _ := o["data:asText"].(string); got != x.want || (o["isEncodingProblem"] == true) != (x.want == "") {
			t.Errorf("%d+%d: %v", x.at, x.n, o)
		}
	}
}

// A message is a blob, and so is each of its parts; who may not read an account finds nothing in it.
func TestRFC9404_4_2_WhatIsABlob(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.keeper(t, anna, pharmacy)
	id := p.deliver(referral)[0]
	e := p.email(id, "blobId", "size", "textBody", "attachments")
	whole := p.list("Blob/get", args{"ids": []string{e["blobId"].(string)}, "properties": []string{"data:asText", "size"}})[0]
	if whole["size"] != e["size"] || !strings.Contains(whole["data:asText"].(string), "Subject:") {
		t.Errorf("%v", whole)
	}
	for _, list := range []string{"textBody", "attachments"} {
		for _, part := range e[list].([]any) {
			part := part.(args)
			got := p.list("Blob/get", args{"ids": []any{part["blobId"]}})
			if len(got) != 1 || got[0]["size"] != part["size"] {
				t.Errorf("%v: %v", part, got)
			}
			made := p.made(args{"x": upload1(blobSource(part["blobId"].(string)))})["x"]
			if again := p.list("Blob/get", args{"ids": []string{made}, "properties": []string{"size"}}); again[0]["size"] != part["size"] {
				t.Errorf("%v", again)
			}
		}
	}
	mine := p.made(args{"x": upload1(textSource("ours"))})["x"]
	other := m.keeper(t, ben, ben)
	asked := []string{id, id + "_1", mine, "Uaaaaaaaaaaaaaaaaaaaaaaaaaa", "Mzzz"}
	out := other.do("Blob/get", args{"ids": asked, "properties": []string{"size"}})
	if text(out["notFound"]) != text(asked) || text(out["list"]) != "[]" {
		t.Errorf("%v", out)
	}
	if _, e := m.keeper(t, ben, anna).try("Blob/get", args{"ids": asked}); e != "accountNotFound" {
		t.Errorf("%q", e)
	}
	// Who may read and not write finds messages, and no upload (RFC 8620 §6.1).
	m.grant(ben, pharmacy, haven.Read)
	out = m.keeper(t, ben, pharmacy).do("Blob/get", args{"ids": []string{id, mine}, "properties": []string{"size"}})
	if text(out["notFound"]) != text([]string{mine}) {
		t.Errorf("%v", out)
	}
}

func TestRFC9404_4_2_GetIsBounded(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t, func(o *Options) {
		o.Policy.RequestOctets = 100_000
		o.Policy.UploadsOctets = 1 << 20
		o.Policy.UploadOctets = 200_000
		o.Policy.Get = 20
	})
	p := m.keeper(t, anna, pharmacy)
	up, err := p.c.Upload(t.Context(), p.account, "", bytes.NewReader(bytes.Repeat([]byte("x"), 90_000)))
	if err != nil {
		t.Fatal(err)
	}
	more, err := p.c.Upload(t.Context(), p.account, "", bytes.NewReader(bytes.Repeat([]byte("y"), 90_000)))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.list("Blob/get", args{"ids": []string{up.Blob}}); len(got[0]["data:asText"].(string)) != 90_000 {
		t.Error("one is not given")
	}
	if _, e := p.try("Blob/get", args{"ids": []string{up.Blob, more.Blob}}); e != "requestTooLarge" {
		t.Errorf("both: %q", e)
	}
	if got := p.list("Blob/get", args{"ids": []string{up.Blob, more.Blob}, "length": 40_000}); len(got) != 2 {
		t.Errorf("%d parts of both", len(got))
	}
	if got := p.list("Blob/get", args{"ids": []string{up.Blob, more.Blob}, "properties": []string{"digest:sha-256", "size"}}); len(got) != 2 {
		t.Errorf("%d digests", len(got))
	}
	if _, e := p.try("Blob/get", args{"ids": many(21)}); e != "requestTooLarge" {
		t.Errorf("too many: %q", e)
	}
	// What is read without being sent, of one request.
	var calls []jmapclient.Call
	for range 8 {
		calls = append(calls, blobCall("Blob/get", "0", args{"accountId": p.account, "ids": []string{up.Blob, more.Blob}, "properties": []string{"digest:sha"}}))
	}
	r, err := p.c.Call(t.Context(), calls...)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range r.Answers {
		if got, want := a.Name == "error", i >= 5; got != want {
			t.Errorf("call %d: %s %s", i, a.Name, a.Args)
		}
	}
}

// One small part of a large message many times over would have the message read each time.
func TestRFC9404_4_1_PartsOfLargeMessagesAreBounded(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t, func(o *Options) { o.Policy.UploadsOctets = 2 << 20; o.Policy.UploadOctets = 1 << 20 })
	p := m.keeper(t, anna, pharmacy)
	id := p.deliver("Subject: large\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsmall\r\n--x\r\n\r\n" + strings.Repeat("large\r\n", 50_000) + "\r\n--x--\r\n")[0]
	again := make([]args, 20)
	for i := range again {
		again[i] = args{"blobId": id + "_1", "length": 1}
	}
	out := p.do("Blob/upload", args{"create": args{"x": args{"data": again}}})
	if e, _ := out["notCreated"].(args)["x"].(args); e["type"] != "rateLimit" {
		t.Errorf("%v", out)
	}
	if ids := p.made(args{"x": args{"data": again[:5]}}); len(ids) != 1 {
		t.Errorf("%v", ids)
	}
	all := make([]string, 8)
	for i := range all {
		all[i] = id + "_1"
	}
	var calls []jmapclient.Call
	for range 8 {
		calls = append(calls, blobCall("Blob/get", "0", args{"accountId": p.account, "ids": []string{id + "_1"}, "properties": []string{"size"}}))
	}
	r, err := p.c.Call(t.Context(), calls...)
	if err != nil || r.Answers[7].Name != "error" || r.Answers[4].Name == "error" {
		t.Errorf("%v, %v", r.Answers, err)
	}
}

// watched are blobs of which is noted how many are open at once, and the longest piece that is read.
type watched struct {
	Blobs
	mu            sync.Mutex
	open, most, n int
}

func (w *watched) Open(ctx context.Context, v mailbox.Viewer, id string) (Blob, error) {
	b, err := w.Blobs.Open(ctx, v, id)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	w.most = max(w.most, w.open)
	return &watchedBlob{b, w}, nil
}

type watchedBlob struct {
	Blob
	w *watched
}

func (b *watchedBlob) ReadAt(p []byte, at int64) (int, error) {
	b.w.mu.Lock()
	b.w.n = max(b.w.n, len(p))
	b.w.mu.Unlock()
	return b.Blob.ReadAt(p, at)
}

func (b *watchedBlob) Close() {
	b.w.mu.Lock()
	b.w.open--
	b.w.mu.Unlock()
	b.Blob.Close()
}

// A blob is made of others one after the other, and digested, in small pieces; whatever goes wrong, none stays open.
func TestRFC9404_4_1_Streams(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	w := &watched{Blobs: m.srv.o.Blobs}
	m.srv.o.Blobs = w
	p := m.keeper(t, anna, pharmacy)
	up, err := p.c.Upload(t.Context(), p.account, "", io.LimitReader(zeros{}, 30<<20))
	if err != nil {
		t.Fatal(err)
	}
	var from []args
	for i := range 30 {
		from = append(from, args{"blobId": up.Blob, "offset": i << 20, "length": 1 << 20})
	}
	id := p.made(args{"x": args{"data": from}})["x"]
	sums := p.list("Blob/get", args{"ids": []string{id, up.Blob}, "properties": []string{"digest:sha-256", "size"}})
	if sums[0]["digest:sha-256"] != sums[1]["digest:sha-256"] || sums[0]["size"] != float64(30<<20) {
		t.Errorf("%v", sums)
	}
	p.do("Blob/upload", args{"create": args{"x": upload1(blobSource(up.Blob), blobSource(up.Blob)), "y": upload1(blobSource(up.Blob), blobSource("#none")), "z": upload1(args{"blobId": up.Blob, "offset": 31 << 20})}})
	p.do("Blob/get", args{"ids": []string{id, "none", up.Blob}, "length": 10})
	if w.open != 0 || w.most != 1 || w.n > 1<<20 {
		t.Errorf("%d are open, %d were at once, %d octets were read at once", w.open, w.most, w.n)
	}
}

func TestRFC9404_4_3_Lookup(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.keeper(t, anna, pharmacy)
	id := p.deliver(referral)[0]
	e := p.email(id, "blobId", "threadId", "mailboxIds", "attachments")
	part := e["attachments"].([]any)[0].(args)["blobId"].(string)
	mine := p.made(args{"x": upload1(textSource("nobody refers to it"))})["x"]
	all := []string{"Mailbox", "Thread", "Email"}
	box := p.folder("inbox")
	refers := `{"Email":["` + id + `"],"Mailbox":["` + box + `"],"Thread":["` + e["threadId"].(string) + `"]}`
	none := `{"Email":[],"Mailbox":[],"Thread":[]}`
	lookup := func(p *mailer, types []string, ids ...string) (matched []string) {
		t.Helper()
		for _, x := range p.do("Blob/lookup", args{"typeNames": types, "ids": ids})["list"].([]any) {
			matched = append(matched, text(x.(args)["matchedIds"]))
		}
		return matched
	}
	got := lookup(p, all, e["blobId"].(string), part, mine, "not-a-blob", id+"_9", mine+"_1", "M0", "#never", part)
	want := []string{refers, refers, none, none, none, none, none, none}
	if text(got) != text(want) {
		t.Errorf("%s, want %s", text(got), text(want))
	}
	if got := lookup(p, []string{"Email"}, id); got[0] != `{"Email":["`+id+`"]}` {
		t.Errorf("%s", got)
	}
	if got := lookup(p, []string{}, id); len(got) != 1 || got[0] != "{}" {
		t.Errorf("of no type: %s", got)
	}
	if got := lookup(m.keeper(t, ben, ben), all, id, part, mine); text(got) != text([]string{none, none, none}) {
		t.Errorf("elsewhere: %s", got)
	}
	p.do("Email/set", args{"update": args{id: args{"mailboxIds": args{box: true, p.folder("archive"): true}}}})
	if got := lookup(p, []string{"Mailbox"}, part); strings.Count(got[0], `"F`) != 2 {
		t.Errorf("in two folders: %s", got)
	}
	p.do("Email/set", args{"destroy": []string{id}})
	if got := lookup(p, all, id, part); text(got) != text([]string{none, none}) {
		t.Errorf("destroyed: %s", got)
	}
	for name, x := range map[string]struct {
		a     args
		fault string
	}{
		"an unknown type":        {args{"typeNames": []string{"Email", "Quota"}, "ids": []string{id}}, "unknownDataType"},
		"no types":               {args{"ids": []string{id}}, "invalidArguments"},
		"no ids":                 {args{"typeNames": all}, "invalidArguments"},
		"too many":               {args{"typeNames": all, "ids": many(1001)}, "requestTooLarge"},
		"an account that is not": {args{"typeNames": all, "ids": []string{id}, "accountId": m.account(ben)}, "accountNotFound"},
	} {
		if _, e := p.try("Blob/lookup", x.a); e != x.fault {
			t.Errorf("%s: %q", name, e)
		}
	}
	p.c.Using = []string{coreURN, blobURN}
	if _, e := p.try("Blob/lookup", args{"typeNames": []string{"Email"}, "ids": []string{id}}); e != "unknownDataType" {
		t.Errorf("a type whose capability is not in using: %q", e)
	}
}
