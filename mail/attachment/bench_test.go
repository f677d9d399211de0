package attachment

import (
	"bytes"
	"testing"

	"haven/mail/attachment/attachmenttest"
)

// What a look costs by kind of file: the first two are what most letters bring.
func BenchmarkLook(b *testing.B) {
	text := bytes.Repeat([]byte("Two tablets at night, and one in the morning. "), 40_000)
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"document", deflated(file{"[Content_Types].xml", []byte("<Types/>")}, file{"word/document.xml", text})},
		{"unknown", filled(4 << 20)},
		{"pictures", zipped(0, file{"scan.doc", filled(4 << 20)}, file{"scan.png", filled(4 << 20)})},
		{"old", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: append(attachmenttest.WordStream(0), text...)})},
		{"letter", attachmenttest.SavedLetter("letter.doc", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: append(attachmenttest.WordStream(0), text...)}))},
		{"rtf", append([]byte(`{\rtf1\ansi `), bytes.Repeat([]byte(`\par Two tablets at night, and {\b one} in the morning. `), 40_000)...)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.file)))
			b.ReportAllocs()
			for b.Loop() {
				if bad, err := NewLooker().Harmful(bytes.NewReader(c.file), File); bad || err != nil {
					b.Fatal(bad, err)
				}
			}
		})
	}
}
