package mime

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// letters reads the golden folder.
func letters(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(names) == 0 {
		t.Fatal("no letters in testdata", err)
	}
	all := map[string][]byte{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(n), ".eml")] = b
	}
	return all
}

func mustParse(t testing.TB, b []byte) *Message {
	t.Helper()
	m, err := Parse(bytes.NewReader(b), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, raw := range letters(t) {
		got := dump(raw, mustParse(t, raw))
		file := filepath.Join("testdata", name+".tree")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func dump(raw []byte, m *Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "size %d\npreview %q\n", m.Size, m.Preview)
	if len(m.References) > 0 {
		fmt.Fprintf(&b, "references %q\n", m.References)
	}
	fmt.Fprintf(&b, "attachments %q\n", m.Root.Attachments())
	dumpEnvelope(&b, "", &m.Envelope)
	dumpPart(&b, raw, "", m.Root)
	return b.String()
}

func dumpEnvelope(b *strings.Builder, in string, e *Envelope) {
	for _, f := range []struct{ name, value string }{
		{"date", e.Date}, {"subject", e.Subject}, {"in-reply-to", e.InReplyTo}, {"message-id", e.MessageID},
	} {
		if f.value != "" {
			fmt.Fprintf(b, "%s  %s %q", in, f.name, f.value)
			if d := DecodeHeader(f.value); d != f.value {
				fmt.Fprintf(b, " = %q", d)
			}
			b.WriteByte('\n')
		}
	}
	for _, f := range []struct {
		name string
		list []Address
	}{{"from", e.From}, {"sender", e.Sender}, {"reply-to", e.ReplyTo}, {"to", e.To}, {"cc", e.Cc}, {"bcc", e.Bcc}} {
		for _, a := range f.list {
			fmt.Fprintf(b, "%s  %s %d %q %q %q = %s\n", in, f.name, a.Kind, a.Name, a.Mailbox, a.Host, a.Format(true))
		}
	}
}

func dumpPart(b *strings.Builder, raw []byte, in string, p *Part) {
	fmt.Fprintf(b, "%s%s/%s %d %d %d, %d octets, %d lines, %s\n", in, p.Type, p.Subtype, p.Header, p.Body, p.End, p.Octets(), p.Lines, p.Encoding)
	if p.Disposition != "" {
		fmt.Fprintf(b, "%s  disposition %s\n", in, p.Disposition)
	}
	for _, list := range [][]Param{p.Params, p.DispositionParams} {
		for _, q := range list {
			name, wire := q.Wire()
			fmt.Fprintf(b, "%s  ; %s=%q wire %s=%q\n", in, q.Name, q.Value, name, wire)
		}
	}
	for _, f := range []string{p.ID, p.Description, p.MD5, strings.Join(p.Language, "|"), p.Location, p.FileName()} {
		if f != "" {
			fmt.Fprintf(b, "%s  %q\n", in, f)
		}
	}
	if p.IsLeaf() {
		fmt.Fprintf(b, "%s  raw %q\n", in, raw[p.Body:p.End])
	}
	if p.Envelope != nil {
		dumpEnvelope(b, in, p.Envelope)
	}
	for _, c := range p.Children {
		dumpPart(b, raw, in+"  ", c)
	}
}
