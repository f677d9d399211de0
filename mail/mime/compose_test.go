package mime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// What is composed of texts and files is read back as it was meant.
func TestCompose(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte{0, 1, 2, 0xff}, 50_001) // no whole number of lines
	root := &Piece{Type: "multipart/mixed", Children: []*Piece{
		{Type: "multipart/related", Children: []*Piece{
			{Type: "text/html", Text: "<p>Grüße</p>"},
			{Type: "image/png", Disposition: "inline", ID: "a@b", Name: "bild.png", File: strings.NewReader("PNG")},
		}},
		{Type: "application/pdf", Disposition: "attachment", Name: "Überweisung für Zoë.pdf", Language: []string{"de", "en"}, File: bytes.NewReader(data)},
		{Type: "message/rfc822", File: strings.NewReader("Subject: inner\n\nBody ü\nlast line")},
	}}
	var out bytes.Buffer
	n := 0
	fields := []HeaderField{{"Subject", FoldedText("Subject", "Grüße")}, {"To", FoldedAddresses("To", []Address{{Kind: GroupStart, Mailbox: "Us"}, {Mailbox: "a", Host: "b.example"}, {Kind: GroupEnd}, {Name: "C, D", Mailbox: "c", Host: "d.example"}})}}
	if err := Compose(&out, fields, root, func() string { n++; return fmt.Sprintf("=_b%d", n) }); err != nil {
		t.Fatal(err)
	}
	letter := out.Bytes()
	if bytes.Contains(bytes.ReplaceAll(letter, []byte("\r\n"), nil), []byte("\n")) {
		t.Error("there is a bare line feed")
	}
	m, err := Parse(bytes.NewReader(letter), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	content := func(path ...int) string {
		b, err := io.ReadAll(m.Root.Find(path).Content(bytes.NewReader(letter)))
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	pdf := m.Root.Find([]int{2})
	for what, ok := range map[string]bool{
		"text":     content(1, 1) == "<p>Grüße</p>\r\n",
		"picture":  content(1, 2) == "PNG" && m.Root.Find([]int{1, 2}).ID == "<a@b>",
		"file":     content(2) == string(data) && pdf.FileName() == "Überweisung für Zoë.pdf" && len(pdf.Language) == 2,
		"message":  content(3) == "Subject: inner\r\n\r\nBody ü\r\nlast line" && m.Root.Find([]int{3}).Encoding == "8bit",
		"8bit":     m.Root.Encoding == "8bit", // what holds 8bit says so (RFC 2045 §6.4)
		"subject":  DecodeHeader(m.Envelope.Subject) == "Grüße",
		"a group":  len(m.Envelope.To) == 4 && m.Envelope.To[0].Kind == GroupStart && m.Envelope.To[3].Name == "C, D",
		"a letter": m.Header.Get("MIME-Version") == "1.0",
	} {
		if !ok {
			t.Errorf("%s is not as it was meant:\n%.2000s", what, letter)
		}
	}
}

// A file that can't be read to its end, or a writer that takes no more, is told.
func TestComposeFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, typ := range []string{"application/pdf", "message/rfc822"} {
		p := &Piece{Type: typ, File: io.MultiReader(strings.NewReader("begun"), iotest.ErrReader(broken))}
		if err := Compose(io.Discard, nil, p, nil); !errors.Is(err, broken) {
			t.Errorf("%s: %v", typ, err)
		}
	}
	r, w := io.Pipe()
	_ = r.CloseWithError(broken)
	if err := Compose(w, nil, &Piece{Type: "text/plain", Text: strings.Repeat("x\n", 50_000)}, nil); !errors.Is(err, broken) {
		t.Error(err)
	}
}
