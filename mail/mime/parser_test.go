package mime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// parsePieces writes raw to a parser in pieces whose lengths next gives.
func parsePieces(raw []byte, lim Limits, next func() int) *Message {
	p := NewParser(lim)
	for len(raw) > 0 {
		n := min(max(1, next()), len(raw))
		_, _ = p.Write(raw[:n])
		raw = raw[n:]
	}
	return p.Close()
}

// checkTree reports the first law of Part that the tree breaks.
func checkTree(m *Message, lim Limits) error {
	parts := 0
	var check func(p *Part, from, to int64, depth int) error
	check = func(p *Part, from, to int64, depth int) error {
		parts++
		switch {
		case p.Header < from || p.Body < p.Header || p.End < p.Body || p.End > to:
			return fmt.Errorf("offsets %d %d %d out of %d to %d", p.Header, p.Body, p.End, from, to)
		case p.Lines < 0 || p.Lines > p.Octets():
			return fmt.Errorf("%d lines in %d octets", p.Lines, p.Octets())
		case p.Type == "" || p.Subtype == "" || p.Encoding == "":
			return errors.New("a part without a type or encoding")
		case (p.Type == "multipart") != p.IsMultipart():
			return errors.New("a multipart without parts, or parts in what is none")
		case p.Envelope != nil && (len(p.Children) != 1 || p.Children[0].Header != p.Body):
			return errors.New("a message part without its message")
		case depth > lim.Depth:
			return errors.New("too deep")
		}
		from = p.Body
		for _, c := range p.Children {
			if err := check(c, from, p.End, depth+1); err != nil {
				return err
			}
			from = c.End
		}
		return nil
	}
	if err := check(m.Root, 0, m.Size, 1); err != nil {
		return err
	}
	if m.Root.End != m.Size || m.Root.Header != 0 {
		return errors.New("the root isn't the whole letter")
	}
	if parts > lim.Parts {
		return errors.New("too many parts")
	}
	return nil
}

func TestSplitsMakeNoDifference(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for name, raw := range letters(t) {
		for _, lim := range []Limits{{}, {Header: 60, HeaderTotal: 150, Depth: 2, Parts: 3}} {
			want := parsePieces(raw, lim, func() int { return len(raw) })
			if err := checkTree(want, lim.withDefaults()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for i := range 20 {
				most := 1 + i*3
				got := parsePieces(raw, lim, func() int { return rnd.IntN(most + 1) })
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s in pieces of %d: another result", name, most)
				}
			}
		}
	}
}

func TestLinesCountLineFeeds(t *testing.T) {
	t.Parallel()
	for name, raw := range letters(t) {
		mustParse(t, raw).Root.Walk(func(p *Part) bool {
			if n := bytes.Count(raw[p.Body:p.End], newline); int64(n) != p.Lines {
				t.Errorf("%s %s/%s: %d lines, want %d", name, p.Type, p.Subtype, p.Lines, n)
			}
			return true
		})
	}
}

// TestSections is the example of RFC 9051 §6.4.5.1, written out.
func TestSections(t *testing.T) {
	t.Parallel()
	raw := strings.ReplaceAll(`Subject: top
Content-Type: multipart/mixed; boundary=t

--t

one
--t
Content-Type: application/octet-stream

two
--t
Content-Type: message/rfc822

Subject: three
Content-Type: multipart/mixed; boundary=i

--i

3.1
--i
Content-Type: application/octet-stream

3.2
--i--
--t
Content-Type: multipart/mixed; boundary=f

--f
Content-Type: image/gif

4.1
--f
Content-Type: message/rfc822
X-Mime: 4.2

Subject: four two
Content-Type: multipart/mixed; boundary=g

--g

4.2.1
--g
Content-Type: multipart/alternative; boundary=h

--h

4.2.2.1
--h
Content-Type: text/richtext

4.2.2.2
--h--
--g--
--f--
--t
Content-Type: message/rfc822

Subject: simple

five
--t--
`, "\n", "\r\n")
	m := mustParse(t, []byte(raw))
	for _, c := range []struct {
		path []int
		kind Section
		want string // "" for none; "…" stands for whatever
	}{
		{nil, WholeSection, raw},
		{nil, HeaderSection, "Subject: top\r\nContent-Type: multipart/mixed; boundary=t\r\n\r\n"},
		{nil, TextSection, "--t\r\n…--t--\r\n"},
		{nil, MIMESection, ""},
		{[]int{1}, WholeSection, "one"},
		{[]int{1}, MIMESection, "\r\n"},
		{[]int{1}, HeaderSection, ""},
		{[]int{1, 1}, WholeSection, ""},
		{[]int{2}, WholeSection, "two"},
		{[]int{2}, MIMESection, "Content-Type: application/octet-stream\r\n\r\n"},
		{[]int{3}, WholeSection, "Subject: three\r\n…--i--"},
		{[]int{3}, HeaderSection, "Subject: three\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"},
		{[]int{3}, TextSection, "--i\r\n…--i--"},
		{[]int{3, 1}, WholeSection, "3.1"},
		{[]int{3, 2}, WholeSection, "3.2"},
		{[]int{4}, WholeSection, "--f\r\n…--f--"},
		{[]int{4, 1}, WholeSection, "4.1"},
		{[]int{4, 1}, MIMESection, "Content-Type: image/gif\r\n\r\n"},
		{[]int{4, 2}, MIMESection, "Content-Type: message/rfc822\r\nX-Mime: 4.2\r\n\r\n"},
		{[]int{4, 2}, HeaderSection, "Subject: four two\r\nContent-Type: multipart/mixed; boundary=g\r\n\r\n"},
		{[]int{4, 2}, TextSection, "--g\r\n…--g--"},
		{[]int{4, 2, 1}, WholeSection, "4.2.1"},
		{[]int{4, 2, 2}, WholeSection, "--h\r\n…--h--"},
		{[]int{4, 2, 2, 1}, WholeSection, "4.2.2.1"},
		{[]int{4, 2, 2, 2}, WholeSection, "4.2.2.2"},
		{[]int{5, 1}, WholeSection, "five"},
		{[]int{5, 1}, MIMESection, "Subject: simple\r\n\r\n"},
		{[]int{5, 2}, WholeSection, ""},
		{[]int{5, 1, 1}, WholeSection, ""},
		{[]int{6}, WholeSection, ""},
		{[]int{0}, WholeSection, ""},
		{[]int{-1}, WholeSection, ""},
	} {
		from, to, ok := m.Root.Section(c.path, c.kind)
		got := ""
		if ok {
			got = raw[from:to]
		}
		begin, end, cut := strings.Cut(c.want, "…")
		if ok != (c.want != "") || cut && (!strings.HasPrefix(got, begin) || !strings.HasSuffix(got, end)) || !cut && got != c.want {
			t.Errorf("%v %d: %q %v, want %q", c.path, c.kind, got, ok, c.want)
		}
	}
	plain := mustParse(t, []byte("Subject: x\r\n\r\nbody\r\n"))
	if from, to, ok := plain.Root.Section([]int{1}, WholeSection); !ok || from != 14 || to != 20 {
		t.Error("part 1 of a letter that is no multipart is its body", from, to, ok)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	many.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n")
	for range 50 {
		many.WriteString("--b\r\n\r\nx\r\n")
	}
	m, _ := Parse(strings.NewReader(many.String()), Limits{Parts: 10})
	if n := countParts(m.Root); n != 10 {
		t.Errorf("%d parts, want 10", n)
	}
	if err := checkTree(m, Limits{Parts: 10}.withDefaults()); err != nil {
		t.Error(err)
	}
	long := "Subject: kept\r\nX-Long: " + strings.Repeat("x", 500) + "\r\nFrom: lost@mill.example\r\n\r\nbody"
	m, _ = Parse(strings.NewReader(long), Limits{Header: 100})
	if m.Envelope.Subject != "kept" || m.Envelope.From != nil || len(m.Header) != 100 || m.Root.Octets() != 4 {
		t.Errorf("a header that is too long: %+v, %d octets kept", m.Envelope, len(m.Header))
	}
}

func TestParseReturnsTheReadersError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	if _, err := Parse(iotest.ErrReader(broken), Limits{}); !errors.Is(err, broken) {
		t.Error(err)
	}
	p := NewParser(Limits{})
	if first := p.Close(); first != p.Close() {
		t.Error("a second Close gives something else")
	}
	if _, err := p.Write([]byte("x")); err == nil {
		t.Error("a closed parser takes octets")
	}
}

// TestHostileBodies are letters that make a careless reader slow or big; the test's time limit is the check.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	var open strings.Builder
	for i := range 99 {
		fmt.Fprintf(&open, "Content-Type: multipart/mixed; boundary=%03d\r\n\r\n--%03d\r\n", i, i)
	}
	for name, raw := range map[string]string{
		"near delimiters": open.String() + "\r\n" + strings.Repeat("--x\n", 1<<20),
		"delimiters":      open.String() + "\r\n" + strings.Repeat("--098\n", 1<<20),
		"messages":        strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 100_000),
		"one long line":   open.String() + strings.Repeat("--", 1<<21),
		"many fields":     strings.Repeat("Content-Type: a/b;c=d\r\n", 200_000),
	} {
		begin := time.Now()
		m := mustParse(t, []byte(raw))
		if err := checkTree(m, Limits{}.withDefaults()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := m.Meta().AppendBinary(nil); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > 3*time.Second {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, raw := range letters(f) {
		f.Add(raw, uint8(7))
	}
	f.Add([]byte("Content-Disposition:0;*1="), uint8(0))
	lim := Limits{Header: 2000, HeaderTotal: 8000, Depth: 6, Parts: 30}
	f.Fuzz(func(t *testing.T, raw []byte, piece uint8) {
		want := parsePieces(raw, lim, func() int { return len(raw) })
		if err := checkTree(want, lim); err != nil {
			t.Fatal(err)
		}
		got := parsePieces(raw, lim, func() int { return int(piece) })
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("pieces of %d make a difference", piece)
		}
		if err := checkSizes(raw, want.Root); err != nil {
			t.Fatal(err)
		}
		b, _ := want.Meta().AppendBinary(nil)
		var back Meta
		if err := back.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(&back, want.Meta()) {
			t.Fatalf("the summary doesn't come back: %v", err)
		}
		r := bytes.NewReader(raw)
		err := want.SearchText(r, 5000, func(Source, string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
	})
}

// checkSizes compares what was counted of each part with what its content is.
func checkSizes(raw []byte, root *Part) (err error) {
	root.Walk(func(p *Part) bool {
		n, read := io.Copy(io.Discard, p.Content(bytes.NewReader(raw)))
		if err == nil && (read != nil || p.counted && n != p.decoded) {
			err = fmt.Errorf("the %s at %d has %d octets in %s, %d were counted", p.Type, p.Body, n, p.Encoding, p.decoded)
		}
		return true
	})
	return err
}

// letterOf makes a letter of n octets of text.
func letterOf(n int) []byte {
	var b bytes.Buffer
	b.WriteString("Received: from out.mill.example (out.mill.example [192.0.2.7])\r\n\tby mx.care.test with ESMTPS id 1aB;\r\n" +
		"\tMon, 06 Mar 2017 09:30:01 +0000\r\nDKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=mill.example; s=k1;\r\n\th=from:to:subject:date;" +
		"\r\n\tbh=" + strings.Repeat("A", 44) + ";\r\n\tb=" + strings.Repeat("B", 340) + "\r\n" +
		"From: \"Asha Patel\" <asha.patel@mill.example>\r\nTo: Pharmacy FX123 <nhspharmacy.leeds.highstreetfx123@care.test>\r\n" +
		"Cc: office@mill.example, Tom Reed <tom@branch.example>\r\nSubject: Repeat prescription for collection\r\n" +
		"Date: Mon, 6 Mar 2017 09:30:00 +0000\r\nMessage-ID: <m1.2.3@mill.example>\r\nReferences: <a@mill.example> <b@mill.example>\r\n" +
		"In-Reply-To: <b@mill.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n")
	line := "The quick brown fox jumps over the lazy dog, and the dog does not mind it.\r\n"
	for b.Len() < n {
		b.WriteString(line)
	}
	return b.Bytes()
}

func BenchmarkParse10K(b *testing.B) {
	raw := letterOf(10 << 10)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		p := NewParser(Limits{})
		_, _ = p.Write(raw)
		p.Close()
	}
}

func BenchmarkParseMultipart20M(b *testing.B) {
	line := strings.Repeat("QUJD", 19) + "\r\n"
	raw := []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(line, 20<<20/len(line)) + "--b--\r\n")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		_, _ = Parse(bytes.NewReader(raw), Limits{})
	}
}

func BenchmarkParseHTML(b *testing.B) {
	raw := []byte("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><head><style>" +
		strings.Repeat(".a { color: red; }\r\n", 300) + "</style></head><body>" +
		strings.Repeat("<table><tr><td style=3D\"padding:0\"><p>Caf=C3=A9 opening hours</p></td></tr></table>\r\n", 100))
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		p := NewParser(Limits{})
		_, _ = p.Write(raw)
		p.Close()
	}
}

func BenchmarkDecode(b *testing.B) {
	data := bytes.Repeat([]byte("The quick brown fox; it's caf\xc3\xa9 time = 9 o'clock.\r\n"), 20_000)
	for enc, coded := range map[string][]byte{"base64": encodeBase64(data), "quoted-printable": encodeQuoted(string(data))} {
		b.Run(enc, func(b *testing.B) {
			b.SetBytes(int64(len(coded)))
			for b.Loop() {
				_, _ = io.Copy(io.Discard, NewDecoder(enc, bytes.NewReader(coded)))
			}
		})
	}
}

func BenchmarkParseMultipart10K(b *testing.B) {
	raw := letters(b)["nested"]
	b.ReportAllocs()
	for b.Loop() {
		p := NewParser(Limits{})
		_, _ = p.Write(raw)
		p.Close()
	}
}

// Letters that other programs may read in another way say so; what only looks odd does not.
func TestUnclear(t *testing.T) {
	t.Parallel()
	const rest = "\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
	for _, c := range []struct{ why, letter, want string }{
		{"a container", "Content-Type: multipart/mixed; boundary=b" + rest, ""},
		{"no subtype", "Content-Type: multipart/; boundary=b" + rest, "no readable way"},
		{"no slash", "Content-Type: multipart; boundary=b" + rest, "no readable way"},
		{"a type in quotation marks", "Content-Type: \"multipart/mixed\"; boundary=b" + rest, "no readable way"},
		{"another type that can't be read", "Content-Type: text; boundary=b" + rest, ""},
		{"no boundary", "Content-Type: multipart/mixed" + rest, "no delimiter"},
		{"an empty boundary", "Content-Type: multipart/mixed; boundary=\"\"" + rest, "no delimiter"},
		{"a boundary that is too long", "Content-Type: multipart/mixed; boundary=" + strings.Repeat("b", 600) + rest, "no delimiter"},
		{"a section of the boundary twice", "Content-Type: multipart/mixed; boundary*0=b; boundary*0=c" + rest, "several values"},
		{"a section of the boundary missing", "Content-Type: multipart/mixed; boundary*0=b; boundary*2=c" + rest, "several values"},
		{"an encoding in quotation marks", "Content-Transfer-Encoding: \"base64\"\r\n\r\neA==", "no readable way"},
		{"no encoding", "Content-Transfer-Encoding: (none)\r\n\r\nx", ""},
		{"many parameters", "Content-Type: text/plain" + strings.Repeat("; a=1", maxParams) + "; name=a.exe" + rest, "no readable way"},
		{"a long field", "Content-Type: text/plain; a=" + strings.Repeat("a", maxValue) + "; name=a.exe" + rest, "no readable way"},
		{"many names", "Content-Type: text/plain; a=\"" + strings.Repeat("name=a b;", 50) + "\"" + rest, ""},
		{"a line that goes on behind a delimiter", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--bc\r\n\r\n--b--", "may be a delimiter"},
		{"the same at the end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b x", "may be a delimiter"},
		{"the same in a header", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: y\r\n--b;x\r\n\r\n--b--", "may be a delimiter"},
		{"white space behind a delimiter without end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + strings.Repeat(" ", 600) + "\r\n\r\nx\r\n--b--", "may be a delimiter"},
		{"the boundary of a container around, which begins alike", "Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\nContent-Type: multipart/mixed; boundary=b" + rest + "\r\n--bb--", ""},
		{"dashes behind a boundary of dashes", "Content-Type: multipart/mixed; boundary=\"----\"\r\n\r\n------\r\n\r\nx\r\n--------------\r\nBob\r\n--------\r\n", ""},
	} {
		got := mustParse(t, []byte(c.letter)).Unclear
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
		for size := 1; size < 600; size += 97 {
			if pieces := parsePieces([]byte(c.letter), Limits{}, func() int { return size }).Unclear; pieces != got {
				t.Errorf("%s in pieces of %d: %q, want %q", c.why, size, pieces, got)
			}
		}
	}
}

// A letter of nothing but lines that begin as delimiters, within many containers, is not compared without end.
func TestManyNearDelimiters(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%02d\r\n\r\n--b%02d\r\n", i, i)
	}
	b.WriteString("\r\n" + strings.Repeat("--c\r\n", maxNear/50+1))
	if m := mustParse(t, []byte(b.String())); !strings.Contains(m.Unclear, "more lines") {
		t.Errorf("it is %q", m.Unclear)
	}
}

// Every name that some program may give a part is among its names.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ field, want string }{
		{"attachment; filename=a.exe", "a.exe"},
		{"attachment; filename=\"a; b.exe\"", "a; b.exe"},
		{"attachment; filename=report (1).exe", "report (1).exe"},
		{"attachment; filename=\"a.txt\".exe", "a.txt.exe"},
		{"attachment filename=a.exe", "a.exe"},
		{"attachment; filename=a.exe size=3", "a.exe"},
		{"filename=a.exe", "a.exe"},
		{"attachment; filename*=utf-8''a.txt; filename*=utf-8''b%2Eexe", "b.exe"},
		{"attachment; filename*0=a; filename*2=.exe", "a.exe"},
		{"attachment; filename*1=a; filename*2*=%2Eexe", "a.exe"},
		{"attachment; filename*2=exe; filename*1=\"a.\"", "a.exe"},
		{"attachment; FileName*0*=utf-8''a%2E; FileName*1=exe", "a.exe"},
		{"attachment; filename*1=\"=?utf-8?Q?a=2E?=\"; filename*3=\"=?utf-8?Q?exe?=\"", "a.exe"},
		{"attachment; filename=\"=?x-nobody?Q?a=2Eexe?=\"", "a.exe"},
		{"attachment; filename=\"=?x-nobody?B?YS5l?= =?x-nobody?b?eGU=?=\"", "a.exe"},
		{"attachment; filename=\"=?utf-8?Q?a=2Eexe\"", "a.exe"},
		{"attachment; filename=\"=?utf-8?Q?" + strings.Repeat("a", 5000) + "=2Eexe?=\"", strings.Repeat("a", 5000) + ".exe"},
	} {
		m := mustParse(t, []byte("Content-Disposition: "+c.field+"\r\n\r\nx"))
		if names := append(m.Names(m.Root), m.Root.FileName()); !slices.Contains(names, c.want) || m.Unclear != "" {
			t.Errorf("%s: %q (%s), %q is missing", c.field, names, m.Unclear, c.want)
		}
	}
	many := mustParse(t, []byte("Content-Type: text/plain; a=\""+strings.Repeat("name=;", 40_000)+"\"\r\n\r\nx"))
	if n := len(many.Names(many.Root)); many.Unclear == "" || n > maxParams {
		t.Errorf("a header full of names gives %d, and is clear", n)
	}
}
