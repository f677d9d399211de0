package document

import (
	"bytes"
	"testing"
)

// BenchmarkText is what one document costs, its process included.
func BenchmarkText(b *testing.B) {
	for _, file := range []string{"letter.pdf", "letter.docx", "letter.rtf", "sheet.xls"} {
		b.Run(file, func(b *testing.B) {
			p, content := poolAs(b, "extract", limits()), golden(b, file)
			for b.Loop() {
				if text, err := p.Text(b.Context(), "", file, bytes.NewReader(content), 1<<20); err != nil || text == "" {
					b.Fatal(text, err)
				}
			}
		})
	}
}
