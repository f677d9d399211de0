package jmap

import (
	"strings"
	"testing"
)

const referral = `From: "Dr Ada Bell" <ada.bell@surgery.example>
To: pharmacy@surgery.test, =?utf-8?q?Zo=C3=AB?= <zoe@surgery.test>
Subject: =?utf-8?q?Referral_of_M=C3=BCller?=
Date: Fri, 20 Nov 2026 10:00:00 +0100
Message-ID: <r1@surgery.example>
List-Help: <mailto:help@surgery.example>, <https://surgery.example/help>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=utf-8

Please see the chart of Müller.
--y
Content-Type: text/html; charset=utf-8

<p>Please see the <b>chart</b> of Müller.</p>
--y--
--x
Content-Type: application/pdf; name="chart.pdf"
Content-Disposition: attachment; filename="chart.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--x--
`

func TestRFC8621_4_2_EmailGet(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	id := p.deliver(referral)[0]
	got := p.email(id, "threadId", "mailboxIds", "keywords", "size", "messageId", "from", "to", "subject", "sentAt", "hasAttachment", "preview", "blobId", "inReplyTo")
	for name, want := range map[string]string{
		"mailboxIds": `{"` + p.folder("inbox") + `":true}`, "keywords": `{}`, "messageId": `["r1@surgery.example"]`,
		"from":    `[{"email":"ada.bell@surgery.example","name":"Dr Ada Bell"}]`,
		"to":      `[{"email":"pharmacy@surgery.test","name":null},{"email":"zoe@surgery.test","name":"Zoë"}]`,
		"subject": `"Referral of Müller"`, "sentAt": `"2026-11-20T10:00:00+01:00"`, "hasAttachment": `true`,
		"preview": `"Please see the chart of Müller."`, "inReplyTo": `null`, "blobId": `"` + id + `"`, "threadId": `"T` + id[1:] + `"`,
	} {
		if text(got[name]) != want {
			t.Errorf("%s: %s, want %s", name, text(got[name]), want)
		}
	}
	list := p.list("Email/get", args{"ids": []string{id}, "properties": []string{"textBody", "htmlBody", "attachments", "bodyValues", "bodyStructure"},
		"bodyProperties": []string{"partId", "type", "size", "name", "disposition"}, "fetchAllBodyValues": true})
	for name, want := range map[string]string{
		"textBody":    `[{"disposition":null,"name":null,"partId":"1.1","size":32,"type":"text/plain"}]`,
		"htmlBody":    `[{"disposition":null,"name":null,"partId":"1.2","size":46,"type":"text/html"}]`,
		"attachments": `[{"disposition":"attachment","name":"chart.pdf","partId":"2","size":9,"type":"application/pdf"}]`,
		"bodyValues": `{"1.1":{"isEncodingProblem":false,"isTruncated":false,"value":"Please see the chart of Müller."},` +
			`"1.2":{"isEncodingProblem":false,"isTruncated":false,"value":"\u003cp\u003ePlease see the \u003cb\u003echart\u003c/b\u003e of Müller.\u003c/p\u003e"}}`,
	} {
		if text(list[0][name]) != want {
			t.Errorf("%s: %s, want %s", name, text(list[0][name]), want)
		}
	}
	headers := p.email(id, "header:subject:asText", "header:List-Help:asURLs", "header:X-None", "header:x-none:all", "header:Date:asDate", "header:to:asGroupedAddresses", "header:From")
	for name, want := range map[string]string{
		"header:subject:asText": `"Referral of Müller"`, "header:List-Help:asURLs": `["mailto:help@surgery.example","https://surgery.example/help"]`,
		"header:X-None": `null`, "header:x-none:all": `[]`, "header:Date:asDate": `"2026-11-20T10:00:00+01:00"`,
		"header:From": `" \"Dr Ada Bell\" \u003cada.bell@surgery.example\u003e"`,
	} {
		if text(headers[name]) != want {
			t.Errorf("%s: %s, want %s", name, text(headers[name]), want)
		}
	}
	for _, bad := range []string{"header:From:asDate", "header:Subject:asAddresses", "header:", "header:X:asNothing", "header:X:all:asText", "nothing"} {
		if _, err := p.try("Email/get", args{"ids": []string{id}, "properties": []string{bad}}); err != "invalidArguments" {
			t.Errorf("%s: %q", bad, err)
		}
	}
}

func TestRFC8621_4_4_EmailQuery(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	a := p.deliver(referral, "From: ben@x.example\nSubject: Stock\nMessage-ID: <s1@x.example>\n\nNothing left of it.\n",
		"From: carl@x.example\nSubject: Re: Stock\nMessage-ID: <s2@x.example>\nReferences: <s1@x.example>\n\nOrdered: left shelf, of it two.\n",
		"From: ada.bell@surgery.example\nSubject: Bigger\n\n"+strings.Repeat("filler words here\n", 300))
	m.indexed()
	inbox, sent := p.folder("inbox"), p.folder("sent")
	p.do("Email/set", args{"update": args{a[1]: args{"keywords/$seen": true}, a[2]: args{"keywords": args{"$flagged": true, "todo": true}, "mailboxIds/" + sent: true}}})
	for name, x := range map[string]struct {
		filter any
		want   string
	}{
		"everything":          {nil, a[3] + " " + a[2] + " " + a[1] + " " + a[0]},
		"a folder":            {args{"inMailbox": sent}, a[2]},
		"another":             {args{"inMailboxOtherThan": []string{inbox}}, a[2]},
		"no such folder":      {args{"inMailbox": "nothing"}, ""},
		"seen":                {args{"hasKeyword": "$Seen"}, a[1]},
		"not seen":            {args{"notKeyword": "$seen", "maxSize": 5000}, a[2] + " " + a[0]},
		"large":               {args{"minSize": 5000}, a[3]},
		"attachment":          {args{"hasAttachment": true}, a[0]},
		"of a thread":         {args{"someInThreadHaveKeyword": "$seen"}, a[2] + " " + a[1]},
		"all of a thread":     {args{"allInThreadHaveKeyword": "$seen"}, ""},
		"none of a thread":    {args{"noneInThreadHaveKeyword": "todo"}, a[3] + " " + a[0]},
		"words":               {args{"text": "left it"}, a[2] + " " + a[1]},
		"a phrase":            {args{"text": `"left of it"`}, a[1]},
		"a beginning":         {args{"body": "not"}, a[1]},
		"an accent":           {args{"text": "muller"}, a[0]},
		"subject":             {args{"subject": "stock"}, a[2] + " " + a[1]},
		"from":                {args{"from": "ada"}, a[3] + " " + a[0]},
		"a header":            {args{"header": []string{"List-Help"}}, a[0]},
		"a header and text":   {args{"header": []string{"list-help", "HTTPS"}}, a[0]},
		"a name":              {args{"text": "chart.pdf"}, a[0]},
		"none of two":         {args{"operator": "NOT", "conditions": []any{args{"subject": "stock"}, args{"subject": "bigger"}}}, a[0]},
		"one of two":          {args{"operator": "OR", "conditions": []any{args{"hasKeyword": "$seen"}, args{"subject": "bigger"}}}, a[3] + " " + a[1]},
		"both":                {args{"operator": "AND", "conditions": []any{args{"text": "left"}, args{"hasKeyword": "todo"}}}, a[2]},
		"before":              {args{"before": p.email(a[1], "receivedAt")["receivedAt"]}, a[0]},
		"after, and included": {args{"after": p.email(a[2], "receivedAt")["receivedAt"]}, a[3] + " " + a[2]},
	} {
		if got := p.ids(args{"filter": x.filter}); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
	for name, x := range map[string]struct {
		sort []any
		want string
	}{
		"oldest first": {[]any{args{"property": "receivedAt"}}, strings.Join(a, " ")},
		"by size":      {[]any{args{"property": "size", "isAscending": false}}, ""},
		"by subject":   {[]any{args{"property": "subject"}, args{"property": "receivedAt"}}, a[3] + " " + a[0] + " " + a[1] + " " + a[2]},
		"by keyword":   {[]any{args{"property": "hasKeyword", "keyword": "$seen", "isAscending": false}, args{"property": "receivedAt"}}, a[1] + " " + a[0] + " " + a[2] + " " + a[3]},
	} {
		got := p.ids(args{"sort": x.sort})
		if x.want != "" && got != x.want || !strings.Contains(got, a[0]) {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
	collapsed := p.do("Email/query", args{"collapseThreads": true, "calculateTotal": true, "limit": 2, "position": 1})
	if text(collapsed["ids"]) != text([]string{a[2], a[0]}) || collapsed["total"] != 3.0 || collapsed["collapseThreads"] != true {
		t.Errorf("threads: %s", text(collapsed))
	}
	for name, x := range map[string]struct {
		a   args
		err string
	}{
		"an unknown filter":   {args{"filter": args{"colour": "red"}}, "unsupportedFilter"},
		"an unknown sort":     {args{"sort": []any{args{"property": "colour"}}}, "unsupportedSort"},
		"no keyword":          {args{"sort": []any{args{"property": "hasKeyword"}}}, "unsupportedSort"},
		"a collation":         {args{"sort": []any{args{"property": "size", "collation": "i;octet"}}}, "unsupportedSort"},
		"an anchor elsewhere": {args{"anchor": "M0", "filter": args{"inMailbox": sent}}, "anchorNotFound"},
		"a date that is none": {args{"filter": args{"before": "yesterday"}}, "invalidArguments"},
	} {
		if _, err := p.try("Email/query", x.a); err != x.err {
			t.Errorf("%s: %q, want %q", name, err, x.err)
		}
	}
}

func TestRFC8621_4_5_EmailQueryChanges(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	a := p.deliver("Subject: one\n\nx\n", "Subject: two\n\nx\n", "Subject: three\n\nx\n")
	q := args{"filter": args{"inMailbox": p.folder("inbox")}, "calculateTotal": true}
	first := p.do("Email/query", q)
	if first["canCalculateChanges"] != true || first["total"] != 3.0 {
		t.Fatal(text(first))
	}
	p.do("Email/set", args{"update": args{a[1]: args{"mailboxIds": args{p.folder("archive"): true}}}, "destroy": []string{a[0]}})
	b := p.deliver("Subject: four\n\nx\n")
	q["sinceQueryState"] = first["queryState"]
	ch := p.do("Email/queryChanges", q)
	removed := strings.Join(texts(ch["removed"]), " ")
	if !strings.Contains(removed, a[0]) || !strings.Contains(removed, a[1]) || text(ch["added"]) != `[{"id":"`+b[0]+`","index":0}]` || ch["total"] != 2.0 {
		t.Error(text(ch))
	}
	q["maxChanges"] = 1
	if _, err := p.try("Email/queryChanges", q); err != "tooManyChanges" {
		t.Errorf("more than was asked for: %q", err)
	}
	q["sinceQueryState"] = "never"
	if _, err := p.try("Email/queryChanges", q); err != "cannotCalculateChanges" {
		t.Errorf("a state that is none: %q", err)
	}
}

func TestRFC8621_4_6_EmailSet(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	drafts := p.folder("drafts")
	made := p.do("Email/set", args{"create": args{"d": args{
		"mailboxIds": args{drafts: true}, "keywords": args{"$draft": true, "$seen": true},
		"from": []any{args{"name": "Zoë, of the pharmacy", "email": "pharmacy@surgery.test"}}, "to": []any{args{"email": "ada.bell@surgery.example"}},
		"subject": "Grüße", "header:X-Own": " value", "inReplyTo": []string{"r1@surgery.example"},
		"textBody": []any{args{"partId": "t", "type": "text/plain"}}, "htmlBody": []any{args{"partId": "h", "type": "text/html"}},
		"bodyValues": args{"t": args{"value": "Plain ü\nand more"}, "h": args{"value": "<p>Rich ü</p>"}},
	}}})
	created, ok := made["created"].(map[string]any)["d"].(map[string]any)
	if !ok {
		t.Fatal(text(made))
	}
	id := created["id"].(string)
	got := p.list("Email/get", args{"ids": []string{id}, "properties": []string{"subject", "from", "keywords", "mailboxIds", "header:X-Own", "inReplyTo", "bodyValues", "textBody", "htmlBody", "messageId", "sentAt", "hasAttachment"},
		"fetchAllBodyValues": true, "bodyProperties": []string{"partId", "type"}})[0]
	for name, want := range map[string]string{
		"subject": `"Grüße"`, "from": `[{"email":"pharmacy@surgery.test","name":"Zoë, of the pharmacy"}]`, "keywords": `{"$draft":true,"$seen":true}`,
		"mailboxIds": `{"` + drafts + `":true}`, "header:X-Own": `" value"`, "inReplyTo": `["r1@surgery.example"]`, "hasAttachment": "false",
		"textBody": `[{"partId":"1","type":"text/plain"}]`, "htmlBody": `[{"partId":"2","type":"text/html"}]`,
	} {
		if text(got[name]) != want {
			t.Errorf("%s: %s, want %s", name, text(got[name]), want)
		}
	}
	if v := text(got["bodyValues"]); !strings.Contains(v, `"value":"Plain ü\nand more\n"`) || !strings.Contains(v, "Rich ü") {
		t.Error(v)
	}
	if got["messageId"] == nil || got["sentAt"] == nil {
		t.Error("no date, or no Message-ID, was added")
	}
	state := made["newState"]
	out := p.do("Email/set", args{"ifInState": state, "update": args{
		id:    args{"keywords/$seen": nil, "keywords/later": true},
		"Mzz": args{"keywords/$seen": true},
	}})
	if text(out["updated"]) != `{"`+id+`":null}` || !strings.Contains(text(out["notUpdated"]), `"type":"notFound"`) || out["oldState"] != state {
		t.Error(text(out))
	}
	if _, err := p.try("Email/set", args{"ifInState": state, "destroy": []string{id}}); err != "stateMismatch" {
		t.Errorf("an old state: %q", err)
	}
	ch := p.do("Email/changes", args{"sinceState": state})
	if text(ch["updated"]) != `["`+id+`"]` || ch["newState"] != out["newState"] {
		t.Error(text(ch))
	}
	for name, x := range map[string]struct {
		patch args
		want  string
	}{
		"no folder":        {args{"mailboxIds": args{}}, "invalidProperties"},
		"an unknown one":   {args{"mailboxIds/nothing": true}, "invalidProperties"},
		"out of the last":  {args{"mailboxIds/" + drafts: nil}, "invalidProperties"},
		"the subject":      {args{"subject": "x"}, "invalidProperties"},
		"a false":          {args{"keywords/$seen": false}, "invalidProperties"},
		"a bad keyword":    {args{"keywords/a b": true}, "invalidProperties"},
		"inside a keyword": {args{"keywords/a/b": true}, "invalidPatch"},
	} {
		out := p.do("Email/set", args{"update": args{id: x.patch}})
		if e := text(out["notUpdated"]); !strings.Contains(e, `"type":"`+x.want+`"`) {
			t.Errorf("%s: %s", name, text(out))
		}
	}
	// What is the service's to set may be given back as it is (RFC 8620 §5.3).
	whole := p.email(id, "blobId", "threadId", "size", "receivedAt", "messageId", "from", "subject", "sentAt", "preview", "hasAttachment", "mailboxIds", "keywords")
	whole["keywords"].(args)["later"] = true
	if out := p.do("Email/set", args{"update": args{id: whole}}); text(out["updated"]) != `{"`+id+`":null}` {
		t.Error(text(out))
	}
	whole["size"] = 1
	if e := text(p.do("Email/set", args{"update": args{id: whole}})["notUpdated"]); !strings.Contains(e, `"properties":["size"]`) {
		t.Error(e)
	}
	out = p.do("Email/set", args{"destroy": []string{id, "Mzz"}})
	if text(out["destroyed"]) != `["`+id+`"]` || !strings.Contains(text(out["notDestroyed"]), "notFound") {
		t.Error(text(out))
	}
}

func TestRFC8621_4_6_EmailSetCreateErrors(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	in := args{p.folder("drafts"): true}
	part := []any{args{"partId": "t", "type": "text/plain"}}
	value := args{"t": args{"value": "x"}}
	for name, x := range map[string]struct {
		o    args
		want string
	}{
		"no folder":             {args{}, "mailboxIds"},
		"headers":               {args{"headers": []any{}}, "headers"},
		"a field twice":         {args{"subject": "x", "header:Subject:asText": "y"}, "header:Subject:asText"},
		"Content-Type":          {args{"header:Content-Type": " text/plain"}, "header:Content-Type"},
		"a form that is wrong":  {args{"header:From:asDate": "2026-01-01T00:00:00Z"}, "header:From:asDate"},
		"a break in a value":    {args{"header:X-A": "a\r\nBcc: x@y.example"}, "header:X-A"},
		"a structure and texts": {args{"bodyStructure": args{"partId": "t"}, "textBody": part, "bodyValues": value}, "textBody"},
		"no such text":          {args{"textBody": part}, "textBody/partId"},
		"text that is not":      {args{"textBody": []any{args{"partId": "t", "type": "text/html"}}, "bodyValues": value}, "textBody"},
		"two texts":             {args{"textBody": []any{part[0], part[0]}, "bodyValues": value}, "textBody"},
		"a charset":             {args{"textBody": []any{args{"partId": "t", "charset": "utf-8"}}, "bodyValues": value}, "textBody/charset"},
		"a text cut short":      {args{"textBody": part, "bodyValues": args{"t": args{"value": "x", "isTruncated": true}}}, "bodyValues/t"},
		"no address":            {args{"to": []any{args{"name": "x"}}}, "to"},
		"an unknown property":   {args{"colour": "red"}, "colour"},
		"a type that is none":   {args{"bodyStructure": args{"type": "x", "partId": "t"}, "bodyValues": value}, "bodyStructure/type"},
		"a part in a text":      {args{"bodyStructure": args{"type": "text/plain", "partId": "t", "subParts": []any{args{"partId": "t"}}}, "bodyValues": value}, "bodyStructure/subParts"},
		"an empty multipart":    {args{"bodyStructure": args{"type": "multipart/mixed"}}, "bodyStructure/subParts"},
		"an encoding":           {args{"bodyStructure": args{"partId": "t", "header:Content-Transfer-Encoding": " 7bit"}, "bodyValues": value}, "bodyStructure/header:Content-Transfer-Encoding"},
	} {
		if x.o["mailboxIds"] == nil && name != "no folder" {
			x.o["mailboxIds"] = in
		}
		out := p.do("Email/set", args{"create": args{"d": x.o}})
		e := text(out["notCreated"])
		if !strings.Contains(e, `"type":"invalidProperties"`) || !strings.Contains(e, `"`+x.want+`"`) {
			t.Errorf("%s: %s", name, text(out))
		}
	}
	out := p.do("Email/set", args{"create": args{"d": args{"mailboxIds": in, "attachments": []any{args{"blobId": "nothing", "type": "application/pdf"}}}}})
	if e := text(out["notCreated"]); !strings.Contains(e, `"type":"blobNotFound"`) || !strings.Contains(e, `"notFound":["nothing"]`) {
		t.Error(text(out))
	}
}

func TestRFC8621_4_7_EmailCopy(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p, own := m.mail(t, anna, pharmacy), m.mail(t, anna, anna)
	id := p.deliver(referral)[0]
	out := own.do("Email/copy", args{"fromAccountId": p.account, "create": args{"k": args{"id": id, "mailboxIds": args{own.folder("archive"): true}, "keywords": args{"$flagged": true}},
		"n": args{"id": "Mzz", "mailboxIds": args{own.folder("archive"): true}}}, "onSuccessDestroyOriginal": true})
	made := out["created"].(map[string]any)["k"].(map[string]any)
	got := own.email(made["id"].(string), "subject", "keywords", "receivedAt", "mailboxIds")
	if got["subject"] != "Referral of Müller" || text(got["keywords"]) != `{"$flagged":true}` || made["id"] == id {
		t.Error(text(got))
	}
	if !strings.Contains(text(out["notCreated"]), `"n":{"type":"notFound"}`) {
		t.Error(text(out))
	}
	if left := p.ids(args{}); left != "" {
		t.Errorf("the original is still there: %s", left)
	}
}

func TestRFC8621_4_8_EmailImport_4_9_Parse(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	up := func(s string) string {
		u, err := p.c.Upload(t.Context(), p.account, "message/rfc822", strings.NewReader(strings.ReplaceAll(s, "\n", "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		return u.Blob
	}
	good, none := up(referral), up("\x00\x01no letter")
	parsed := p.do("Email/parse", args{"blobIds": []string{good, none, "nothing"}, "properties": []string{"subject", "attachments", "id", "size"}, "bodyProperties": []string{"name", "blobId"}})
	if o := text(parsed["parsed"]); !strings.Contains(o, `"subject":"Referral of Müller"`) || !strings.Contains(o, `"blobId":"`+good+`_2"`) || !strings.Contains(o, `"id":null`) {
		t.Error(text(parsed))
	}
	if text(parsed["notParsable"]) != `["`+none+`"]` || text(parsed["notFound"]) != `["nothing"]` {
		t.Error(text(parsed))
	}
	in := args{p.folder("inbox"): true, p.folder("archive"): true}
	out := p.do("Email/import", args{"emails": args{"a": args{"blobId": good, "mailboxIds": in, "receivedAt": "2020-01-02T03:04:05Z"},
		"b": args{"blobId": none, "mailboxIds": in}, "c": args{"blobId": "nothing", "mailboxIds": in}}})
	made := out["created"].(map[string]any)["a"].(map[string]any)
	got := p.email(made["id"].(string), "receivedAt", "mailboxIds", "subject")
	if got["receivedAt"] != "2020-01-02T03:04:05Z" || text(got["mailboxIds"]) != text(in) || got["subject"] != "Referral of Müller" {
		t.Error(text(got))
	}
	if e := text(out["notCreated"]); !strings.Contains(e, `"b":{"description"`) || !strings.Contains(e, "invalidEmail") || !strings.Contains(e, "blobNotFound") {
		t.Error(e)
	}
}
