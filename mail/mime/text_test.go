package mime

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"
)

func TestDecodeHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"},
		{"folded\r\n\ttext", "folded text"},
		{"=?ISO-8859-1?Q?a?=", "a"},
		{"=?ISO-8859-1?Q?a?= b", "a b"},
		{"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},   // RFC 2047 §8
		{"=?ISO-8859-1?Q?a?=  \r\n  =?utf-8?Q?b?=", "ab"}, // RFC 2047 §8
		{"=?ISO-8859-1?Q?a_b?=", "a b"},                   // RFC 2047 §8
		{"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},  // RFC 2231 §5
		{"=?utf-8?b?w6k?=", "é"},                          // padding missing
		{"=?utf-8?q?=C3=A9=zz?=", "é=zz"},                 // broken escape
		{"x=?utf-8?q?=C3=A9?=y", "xéy"},                   // within a word
		{"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},      // stateful
		{"=?windows-1252?Q?=93x=94?=", "“x”"},             //
		{"=?iso-8859-1?Q?=93x=94?=", "“x”"},               // as browsers do
		{"=?x-nobody?Q?x?=", "=?x-nobody?Q?x?="},          // kept
		{"=?utf-8?X?x?=", "=?utf-8?X?x?="},                // kept
		{"=?utf-8?Q?x", "=?utf-8?Q?x"},                    // kept
		{"=?utf-8?Q?a=0D=0ABcc:_b?=", "a  Bcc: b"},        // no line break comes out
		{"caf\xe9", "café"},                               // 8-bit
		{"café", "café"},                                  // RFC 6532
		{"=?utf-8?Q?=FF?=", "\uFFFD"},                     //
		{"=?", "=?"}, {"=?=?=?=?", "=?=?=?=?"}, {"", ""},  //
		{"=?utf-8?B?8J+S?= =?utf-8?B?ig==?= now", "💊 now"}, // a character in two words
	} {
		if got := DecodeHeader(c.in); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestEncodeHeader(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"plain", "Café", "日本語のとても長い件名です、折り返しが必要になります、本当に長いです", "=?not a word?=",
		strings.Repeat("é", 200), strings.Repeat("x", 2000), "💊💊", "tab\there",
	} {
		e := EncodeHeader(s)
		if got := DecodeHeader(e); got != cleanText(s) {
			t.Errorf("%q comes back as %q", s, got)
		}
		for w := range strings.FieldsSeq(e) {
			if strings.HasPrefix(w, "=?") && len(w) > 75 || !isASCII(w) {
				t.Errorf("%q: a word of %d octets: %s", s, len(w), w)
			}
		}
	}
}

func FuzzDecodeHeader(f *testing.F) {
	for _, s := range []string{"=?utf-8?B?w6k=?=", "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= x", "=?gb18030?Q?=81=30?=", "\xff=?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := DecodeHeader(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") {
			t.Fatalf("%q: %q", s, got)
		}
		BaseSubject(s)
		if e := EncodeHeader(got); strings.Trim(DecodeHeader(e), " ") != strings.Trim(got, " ") && isASCII(e) && !strings.Contains(got, "=?") {
			t.Fatalf("%q: %q", got, DecodeHeader(e))
		}
		for _, a := range ParseAddresses(s) {
			if strings.ContainsAny(a.Name+a.Mailbox+a.Host, "\r\n\x00") {
				t.Fatalf("%q: %+v", s, a)
			}
		}
		ParseDate(s)
		ParseType(s)
	})
}

func TestTransferDecoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		encoding, in, want string
		strict             bool // whether it is valid
	}{
		{"base64", "aGVs\r\nbG8=\r\n", "hello", true},
		{"base64", "aGVsbG8", "hello", false},
		{"base64", "aGVsbA==", "hell", true},
		{"base64", "aGVsbA=", "hell", false},
		{"base64", "aGVsbA===", "hell", false},
		{"base64", "aGVsbA==aGVsbG8=", "hellhello", false},
		{"base64", "aG!Vs bG8=", "hello", false},
		{"base64", "=", "", false},
		{"base64", "", "", true},
		{"quoted-printable", "a=3Db=\r\nc  \r\nd\t", "a=bc\r\nd", true},
		{"quoted-printable", "a=3db= \t\r\nc", "a=bc", true},
		{"quoted-printable", "a=ZZ=4=", "a=ZZ=4", false},
		{"quoted-printable", "a\nb \nc", "a\nb\nc", true},
		{"quoted-printable", "x=\r=\n", "x=\r", false},
		{"quoted-printable", "caf\xe9", "caf\xe9", true},
		{"7bit", "x  \r\n", "x  \r\n", true},
		{"x-unknown", "x", "x", false},
	} {
		got, err := io.ReadAll(NewDecoder(c.encoding, strings.NewReader(c.in)))
		if string(got) != c.want || err != nil {
			t.Errorf("%s %q: %q %v, want %q", c.encoding, c.in, got, err, c.want)
		}
		for _, slow := range []io.Reader{iotest.OneByteReader(strings.NewReader(c.in)), iotest.HalfReader(strings.NewReader(c.in))} {
			if got, _ := io.ReadAll(NewDecoder(c.encoding, slow)); string(got) != c.want {
				t.Errorf("%s %q in pieces: %q, want %q", c.encoding, c.in, got, c.want)
			}
		}
		_, err = io.ReadAll(NewStrictDecoder(c.encoding, strings.NewReader(c.in)))
		if (err == nil) != c.strict {
			t.Errorf("%s %q strictly: %v", c.encoding, c.in, err)
		}
	}
}

func FuzzTransfer(f *testing.F) {
	f.Add([]byte("a=3Db= \t\r\nc \x00"), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		for _, enc := range []string{"base64", "quoted-printable"} {
			whole, _ := newOctetDecoder(enc)
			want := whole.flush(whole.decode(nil, data))
			pieces, _ := newOctetDecoder(enc)
			var got []byte
			for chunk := range slices.Chunk(data, int(n)+1) {
				got = pieces.decode(got, chunk)
			}
			if got = pieces.flush(got); !bytes.Equal(got, want) || whole.failed() != pieces.failed() {
				t.Fatalf("%s %q: %q in pieces, %q whole", enc, data, got, want)
			}
		}
		for enc, coded := range map[string][]byte{"base64": encodeBase64(data), "quoted-printable": encodeQuoted(canonical(string(data)))} {
			got, err := io.ReadAll(NewStrictDecoder(enc, bytes.NewReader(coded)))
			want := string(data)
			if enc != "base64" {
				want = canonical(want)
			}
			if err != nil || string(got) != want {
				t.Fatalf("%s %q comes back as %q %v", enc, want, got, err)
			}
			for line := range strings.SplitSeq(string(coded), "\r\n") {
				if len(line) > 76 {
					t.Fatalf("a line of %d octets", len(line))
				}
			}
		}
	})
}

func TestBaseSubject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		reply    bool
	}{
		{"Order", "Order", false},
		{"Re: Order", "Order", true},
		{"RE : [list] Order", "Order", true},
		{"[list] Order", "Order", false},
		{"[list] [x] Re[2]: Fwd: Order (fwd) (FWD)", "Order", true},
		{"[Fwd: Re: Order]", "Order", true},
		{"[only]", "[only]", false},
		{"Re:", "", true},
		{"Reorder", "Reorder", false},
		{"=?utf-8?Q?Re:_Caf=C3=A9?=", "Café", true},
		{"a \t  b", "a b", false},
		{"[[x] y", "[[x] y", false},
		{strings.Repeat("[a]", 500), "[a]", false},
	} {
		got, reply := BaseSubject(c.in)
		if got != c.want || reply != c.reply {
			t.Errorf("%.40q: %q %v, want %q %v", c.in, got, reply, c.want, c.reply)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"Mon, 6 Mar 2017 09:30:00 +0100", "2017-03-06T09:30:00+01:00"},
		{"6 Mar 2017 09:30 -0000", "2017-03-06T09:30:00Z"},
		{"Mon,06 Mar 17 09:30:00 EST (Eastern)", "2017-03-06T09:30:00-05:00"},
		{"Mon (a day), 6 (x) March 2017 9:30:00 GMT", "2017-03-06T09:30:00Z"},
		{"Fri, 21 Nov 97 09:55:06 Z", "1997-11-21T09:55:06Z"},
		{"Fri, 21 Nov 117 09:55:06 Z", "2017-11-21T09:55:06Z"},
		{"Mon Mar  6 09:30:00 2017", "2017-03-06T09:30:00Z"},
		{"Mon Mar  6 09:30:00 PST 2017", "2017-03-06T09:30:00-08:00"},
		{"6 Mar 2017", "2017-03-06T00:00:00Z"},
		{"Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z"},
		{"31 Feb 2017 09:30:00 +0000", ""},
		{"6 Mar 2017 25:30:00 +0000", ""},
		{"yesterday", ""}, {"", ""}, {"Mon", ""}, {"Mon, 6", ""}, {"(", ""},
	} {
		got, ok := ParseDate(c.in)
		s := ""
		if ok {
			s = got.Format(time.RFC3339)
		}
		if s != c.want {
			t.Errorf("%q: %q, want %q", c.in, s, c.want)
		}
	}
	now := time.Date(2017, 3, 6, 9, 30, 0, 0, time.FixedZone("", 3600))
	if got, ok := ParseDate(FormatDate(now)); !ok || !got.Equal(now) {
		t.Error(got, ok)
	}
}

func TestMessageIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"<a@b> <c@d>\r\n <e@f>", "a@b c@d e@f"},
		{"<a@b><c@d>", "a@b c@d"},
		{"Your message of Monday", ""},
		{"a@b c@d", "a@b c@d"},
		{"<a @ b>", "a@b"},
		{"<", ""}, {"<>", ""}, {"", ""},
	} {
		if got := strings.Join(MessageIDs(c.in), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	ids := MessageIDs(strings.Repeat("<x@y>", 5000) + "<last@y>")
	if len(ids) != maxReferences || ids[len(ids)-1] != "last@y" {
		t.Error(len(ids))
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"a@b.example", `"" a b.example`},
		{"A B <a@b.example>, c@d.example (C D)", `"A B" a b.example|"C D" c d.example`},
		{"A  B\r\n C <a@b.example>", `"A B C" a b.example`},
		{`"A, \"B\"" <a@b.example>`, `"A, \"B\"" a b.example`},
		{`=?utf-8?Q?=C3=A9?= <a@b.example>`, `"=?utf-8?Q?=C3=A9?=" a b.example`},
		{"a . b @ c . example", `"" a . b c . example`},
		{"<a@b.example", `"" a b.example`},
		{"a@b@c.example", `"" a@b c.example`},
		{"<>", ""}, {",,;", ""}, {"", ""}, {"(only a comment)", ""},
		{"a@b.example; c@d.example", `"" a b.example|"" c d.example`},
		{"g:a@b.example", `group g|"" a b.example|end`},
	} {
		var got []string
		for _, a := range ParseAddresses(c.in) {
			switch a.Kind {
			case GroupStart:
				got = append(got, "group "+a.Mailbox)
			case GroupEnd:
				got = append(got, "end")
			default:
				got = append(got, `"`+strings.ReplaceAll(a.Name, `"`, `\"`)+`" `+a.Mailbox+" "+a.Host)
			}
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q: %s, want %s", c.in, s, c.want)
		}
	}
	a := ParseAddresses("=?utf-8?Q?Zo=C3=AB?= <Zoe@Mill.Example>")[0]
	if h, err := a.Haven(); err != nil || h.String() != "Zoe@mill.example" || a.DisplayName() != "Zoë" {
		t.Error(h, err, a.DisplayName())
	}
	if _, err := (Address{Kind: GroupEnd}).Haven(); err == nil {
		t.Error("a group's end is no address")
	}
}

// TestHostileHeaders are inputs that make a careless reader quadratic; the test's time limit is the check.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"<,", "=?utf-8?Q?", "a  ", "[", "(", "\"", "<a@b>", ":", ";", "a@", "=?utf-8?B?/w==?= ", "x*0*=%", ";a="} {
		body := strings.Repeat(unit, 250_000/len(unit))
		raw := ""
		for _, f := range []string{"From: ", "Subject: ", "References: ", "Content-Type: text/plain; ", "Date: "} {
			raw += f + body[:50_000] + "\r\n"
		}
		begin := time.Now()
		m := mustParse(t, []byte(raw+"To: "+body+"\r\n\r\nx"))
		DecodeHeader(m.Envelope.Subject)
		BaseSubject(m.Envelope.Subject)
		m.Root.FileName()
		if d := time.Since(begin); d > 2*time.Second {
			t.Errorf("%q over and over takes %v", unit, d)
		}
	}
}

func TestSearchText(t *testing.T) {
	t.Parallel()
	raw := letters(t)["nested"]
	var header, body, names []string
	collect := func(s Source, text string) bool {
		switch s {
		case FromHeader:
			header = append(header, text)
		case FromBody:
			body = append(body, text)
		case FromAttachment:
			names = append(names, text)
		}
		return true
	}
	if err := mustParse(t, raw).SearchText(bytes.NewReader(raw), 1<<20, collect); err != nil {
		t.Fatal(err)
	}
	if strings.Join(header, "|") != "Discharge letter|Asha Patel asha.patel@mill.example|pharmacy.FX123@care.test" ||
		strings.Join(body, "|") != "Café is closed.|Café is closed." || strings.Join(names, "|") != "letter.pdf" {
		t.Errorf("%q %q %q", header, body, names)
	}
	body = nil
	_ = mustParse(t, raw).SearchText(bytes.NewReader(raw), 3, collect)
	if strings.Join(body, "") != "Caf" {
		t.Errorf("%q goes over the limit", body)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"\r\n> only\r\n> quoted\r\n", "> only > quoted"},
		{"\r\n" + strings.Repeat("é ", 300), strings.TrimSpace(strings.Repeat("é ", 100))},
		{"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx", ""},
		{"Content-Type: text/html\r\n\r\n<div style='x'>a</div><div>b&#8203;c</div>", "a bc"},
		{"Content-Type: text/html; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\naABpAA==", "hi"},
		{"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>shown\r\n--b--", "shown"},
		{"\r\n\x00\x01a\x7fb", "a b"},
	} {
		if got := mustParse(t, []byte(c.in)).Preview; got != c.want {
			t.Errorf("%.60q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestTextIsUTF8(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4095)
	for _, c := range []struct{ charset, in, want string }{
		{"us-ascii", "café", "café"},
		{"", "caf\xe9", "café"},
		{"x-nobody", "caf\xe9", "café"},
		{"us-ascii", long + "é\xff", long + "é\uFFFD"},
		{"us-ascii", "\xe9" + long, "é" + long},
		{"utf-8", "caf\xe9", "caf\uFFFD"},
		{"iso-8859-15", "\xa4", "€"},
		{"utf-16", "\xfe\xff\x00a", "a"},
	} {
		got, err := io.ReadAll(ToUTF8(c.charset, strings.NewReader(c.in)))
		if err != nil || string(got) != c.want {
			t.Errorf("%s %.20q: %.20q %v", c.charset, c.in, got, err)
		}
	}
	if KnownCharset("x-nobody") || !KnownCharset("windows-1250") {
		t.Error("which character sets are known")
	}
}

func TestDecodedSize(t *testing.T) {
	t.Parallel()
	raw := letters(t)["nested"]
	root := mustParse(t, raw).Root
	for _, c := range []struct {
		path []int
		want int64
	}{{[]int{2}, 3}, {[]int{1, 1}, 16}, {[]int{1, 2}, 30}} {
		got, err := root.Find(c.path).DecodedSize(bytes.NewReader(raw), true)
		if got != c.want || err != nil {
			t.Errorf("%v: %d %v, want %d", c.path, got, err, c.want)
		}
	}
}

// TestDecodedSizeCounted: what is counted as a letter comes is what is in its parts, whatever line breaks, delimiters and mistakes there are.
func TestDecodedSizeCounted(t *testing.T) {
	t.Parallel()
	for name, raw := range letters(t) {
		if err := checkSizes(raw, mustParse(t, raw).Root); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct {
		encoding, body string
		want           int64
	}{
		{"base64", "aGVsbG8=\r\n", 5}, {"base64", "aGVsbG8", 5}, {"base64", "aGVsbG8=\n\n\n", 5}, {"base64", "", 0}, {"base64", "\r\n", 0}, {"base64", "aGVs*bG8=", 5},
		{"quoted-printable", "a=20b\r\n", 3}, {"quoted-printable", "a  \r\n\r\n", 3}, {"quoted-printable", "a=\r\n", 1}, {"quoted-printable", "a=\r\nb", 2},
		{"quoted-printable", "a\n\n", 2}, {"quoted-printable", "=E", 2}, {"quoted-printable", "", 0}, {"quoted-printable", "\r", 0},
	} {
		raw := []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: " + c.encoding + "\r\n\r\n" + c.body + "--b--\r\n")
		if c.body != "" && !strings.HasSuffix(c.body, "\n") {
			raw = bytes.Replace(raw, []byte("--b--"), []byte("\r\n--b--"), 1)
		}
		for _, n := range []int{1, 2, 3, len(raw)} {
			part := parsePieces(raw, Limits{}, func() int { return n }).Root.Children[0]
			if got, err := part.DecodedSize(nil, false); !part.KnowsDecodedSize() || got != c.want || err != nil {
				t.Errorf("%s %q in pieces of %d: %d %v, want %d", c.encoding, c.body, n, got, err, c.want)
			}
		}
	}
}
