// Package documenttest makes small documents for tests, as programs write them.
package documenttest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"html"
	"strings"
	"unicode/utf16"

	"haven/mail/attachment/attachmenttest"
)

// File is one entry of an archive.
type File struct{ Name, Content string }

// Zip packs files.
func Zip(files ...File) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.Name)
		if err == nil {
			_, err = w.Write([]byte(f.Content))
		}
		if err != nil {
			panic(err) // a buffer takes all
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func paragraphs(before, after string, texts []string) string {
	var b strings.Builder
	for _, s := range texts {
		b.WriteString(before + html.EscapeString(s) + after)
	}
	return b.String()
}

const types = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`

// Docx is a document of Word with those paragraphs.
func Docx(texts ...string) []byte {
	return Zip(File{"[Content_Types].xml", types}, File{"word/document.xml", `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` +
		paragraphs("<w:p><w:r><w:t>", "</w:t></w:r></w:p>", texts) + `</w:body></w:document>`})
}

// ODT is a document of OpenDocument with those paragraphs.
func ODT(texts ...string) []byte {
	return Zip(File{"mimetype", "application/vnd.oasis.opendocument.text"}, File{"content.xml", `<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="o" xmlns:text="t"><office:body><office:text>` +
		paragraphs("<text:p>", "</text:p>", texts) + `</office:text></office:body></office:document-content>`})
}

// PDF is a document with a page for each text, in any script.
func PDF(pages ...string) []byte {
	p := &pdf{}
	p.WriteString("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
	const font, first = 3, 7 // objects: 1 catalogue, 2 pages, 3 to 6 the font
	kids := make([]string, len(pages))
	for i := range pages {
		kids[i] = fmt.Sprintf("%d 0 R", first+2*i)
	}
	p.object("<< /Type /Catalog /Pages 2 0 R >>")
	p.object(fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(pages), strings.Join(kids, " ")))
	p.object("<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>")
	p.object("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /DW 600 /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 5 0 R >>")
	p.object("<< /Type /FontDescriptor /FontName /Any /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>")
	p.stream(unicodeMap(pages))
	for i, text := range pages {
		p.object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F %d 0 R >> >> /Contents %d 0 R >>", font, first+2*i+1))
		p.stream(fmt.Sprintf("BT /F 8 Tf 20 800 Td <%s> Tj ET", hexUnits(text)))
	}
	return p.end()
}

type pdf struct {
	bytes.Buffer
	at []int
}

func (p *pdf) object(body string) {
	p.at = append(p.at, p.Len())
	fmt.Fprintf(p, "%d 0 obj\n%s\nendobj\n", len(p.at), body)
}

func (p *pdf) stream(content string) {
	p.object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
}

func (p *pdf) end() []byte {
	start := p.Len()
	fmt.Fprintf(p, "xref\n0 %d\n0000000000 65535 f \n", len(p.at)+1)
	for _, at := range p.at {
		fmt.Fprintf(p, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(p, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(p.at)+1, start)
	return p.Bytes()
}

func hexUnits(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// unicodeMap says what each code of the pages is in Unicode: itself.
func unicodeMap(pages []string) string {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n")
	seen := map[uint16]bool{}
	for _, u := range utf16.Encode([]rune(strings.Join(pages, ""))) {
		if !seen[u] {
			seen[u] = true
			fmt.Fprintf(&b, "1 beginbfchar <%04X> <%04X> endbfchar\n", u, u)
		}
	}
	b.WriteString("endcmap CMapName currentdict /CMap defineresource pop end end")
	return b.String()
}

// OldWord is a document of Word 97 whose text is in its simple form.
func OldWord(text string) []byte {
	const start, end = 24, 28 // where the text begins and ends in its stream
	b := make([]byte, 1024, 8192)
	le := binary.LittleEndian
	le.PutUint16(b, 0xa5ec)
	le.PutUint16(b[2:], 0xc1)
	le.PutUint16(b[10:], 0x1000) // characters of an octet
	b = append(append(b, text...), '\r')
	le.PutUint32(b[start:], 1024)
	le.PutUint32(b[end:], uint32(len(b)))
	return attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: append(b, make([]byte, 4096)...)})
}
