package document

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"haven/mail/document/documenttest"
)

// golden reads a document that a program wrote; see testdata/README.md.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustHold(t *testing.T, what, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s: %q is not in %.2000q", what, w, text)
		}
	}
}

var letterWords = []string{"Discharge letter", "metformin 500 mg and ramipril", "Ηλεκτρονική συνταγή", "Рецепт на амоксициллин", "وصفة طبية للمريض", "東京都の処方箋", "apixaban", "5 mg"}

// TestDocumentsOfPrograms reads what programs wrote, as the service does: in a child, by whichever program reads it.
func TestDocumentsOfPrograms(t *testing.T) {
	t.Parallel()
	p := poolAs(t, "extract", limits())
	for _, c := range []struct {
		file string
		want []string
	}{
		{"letter.docx", append([]string{"See the clozapine clinic."}, letterWords...)},
		{"letter.odt", append([]string{"See the clozapine clinic."}, letterWords...)},
		{"letter.rtf", append([]string{"See the clozapine clinic."}, letterWords...)},
		{"letter.html", letterWords},
		{"letter.pptx", letterWords},
		{"letter.pdf", []string{"Discharge letter: metformin 500 mg", "Ηλεκτρονική συνταγή για παρακεταμόλη", "Рецепт на амоксициллин", "943 476 5919"}},
		{"sheet.xlsx", []string{"Example, Anna", "9434765919", "Παράδειγμα", "амоксициллин"}},
		{"sheet.xls", []string{"Example, Anna", "9434765919", "Παράδειγμα", "амоксициллин"}},
	} {
		text, err := p.Text(t.Context(), "application/octet-stream", c.file, bytes.NewReader(golden(t, c.file)), 1<<20)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		mustHold(t, c.file, text, c.want...)
	}
	text, err := p.Text(t.Context(), "application/msword", "old.doc", bytes.NewReader(documenttest.OldWord("The old letter is about warfarin. ")), 1<<20)
	if err != nil {
		t.Error(err)
	}
	mustHold(t, "old.doc", text, "warfarin")
	text, err = p.Text(t.Context(), "application/pdf", "", bytes.NewReader(documenttest.PDF("warfarin", "東京都の処方箋")), 1<<20)
	if err != nil {
		t.Error(err)
	}
	mustHold(t, "a PDF of two pages", text, "warfarin", "東京都の処方箋")
}

// TestDocumentsThatCannotBeRead have no words, cost no error, and are counted for what they are.
func TestDocumentsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	pdf, docx := golden(t, "letter.pdf"), golden(t, "letter.docx")
	bomb := documenttest.Zip(documenttest.File{Name: "word/document.xml", Content: "<w:document>" + strings.Repeat(" ", maxUnpacked+1) + "<w:t>behind</w:t>"})
	for _, c := range []struct {
		why, name string
		file      []byte
		want      Outcome
	}{
		{"a PDF with a password", "a.pdf", golden(t, "encrypted.pdf"), Unreadable},
		{"a PDF cut off at its head", "a.pdf", pdf[:200], Unreadable},
		{"a document cut off", "a.docx", docx[:len(docx)/2], Unreadable},
		{"an encrypted document of Word", "a.docx", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), encryptedStream...), Unreadable},
		{"an archive that is none", "a.odt", []byte("PK\x03\x04 and no more"), Unreadable},
		{"an archive of other things", "a.docx", documenttest.Zip(documenttest.File{Name: "a.txt", Content: "a"}), Unreadable},
		{"an archive bomb", "a.docx", bomb, Unreadable},
		{"nothing", "a.pdf", nil, Unreadable},
		{"no text", "a.txt", []byte("a\x00b"), Unreadable},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			p := poolAs(t, "extract", limits())
			text, err := p.Text(t.Context(), "", c.name, bytes.NewReader(c.file), 1<<20)
			if strings.TrimSpace(text) != "" && c.want != Read || err != nil || p.Count(c.want) != 1 {
				t.Errorf("%.100q, %v; counted %d", text, err, p.Count(c.want))
			}
		})
	}
}

// TestManyPages: a PDF of very many pages is read up to a bound, and as fast as one of that many.
func TestManyPages(t *testing.T) {
	t.Parallel()
	pages := make([]string, 20_000)
	for i := range pages {
		pages[i] = fmt.Sprint("page", i)
	}
	p := poolAs(t, "extract", limits())
	text, err := p.Text(t.Context(), "application/pdf", "", bytes.NewReader(documenttest.PDF(pages...)), 1<<20)
	if err != nil || !strings.Contains(text, "page499") || strings.Contains(text, "page500") {
		t.Errorf("%d octets, %v", len(text), err)
	}
}

// TestExtract is what is text in a document, and what isn't.
func TestExtract(t *testing.T) {
	t.Parallel()
	word := func(body string) []byte {
		return documenttest.Zip(documenttest.File{Name: "word/document.xml", Content: `<?xml version="1.0"?><w:document><w:body>` + body + `</w:body></w:document>`})
	}
	sheet := func(cells string) []byte {
		return documenttest.Zip(documenttest.File{Name: "xl/worksheets/sheet1.xml", Content: `<worksheet><sheetData><row>` + cells + `</row></sheetData></worksheet>`})
	}
	odf := func(body string) []byte {
		return documenttest.Zip(documenttest.File{Name: "content.xml", Content: `<office:document-content><office:scripts>no</office:scripts><office:body>` + body + `</office:body></office:document-content>`})
	}
	for _, c := range []struct {
		why  string
		kind Kind
		file []byte
		want string
	}{
		{"notes of RTF", RTF, []byte(`{\rtf1 a{\*\footnote b{\b c}}{\*\unknown no}}`), "a bc"},
		{"a word in two runs", Office, word(`<w:p><w:r><w:t>met</w:t></w:r><w:r><w:t>formin</w:t></w:r></w:p><w:p><w:r><w:t>next</w:t></w:r></w:p>`), "metformin next"},
		{"tabs and breaks part words", Office, word(`<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>`), "a b c"},
		{"what was deleted, fields and repetitions", Office, word(`<w:delText>no</w:delText><w:instrText>no</w:instrText><mc:Fallback><w:t>no</w:t></mc:Fallback><w:t>yes</w:t>`), "yes"},
		{"cells", Office, sheet(`<c><v>9434765919</v></c><c t="s"><v>17</v></c><c t="inlineStr"><is><t>in</t></is></c><c t="b"><v>1</v></c>`), "9434765919 in"},
		{"readings of Japanese", Office, documenttest.Zip(documenttest.File{Name: "xl/sharedStrings.xml", Content: `<sst><si><t>処方</t><rPh><t>しょほう</t></rPh></si></sst>`}), "処方"},
		{"slides in their order", Office, documenttest.Zip(documenttest.File{Name: "ppt/slides/slide10.xml", Content: `<p><a:t>ten</a:t></p>`}, documenttest.File{Name: "ppt/slides/slide9.xml", Content: `<p><a:t>nine</a:t></p>`}), "nine ten"},
		{"a header behind the text", Office, documenttest.Zip(documenttest.File{Name: "word/header1.xml", Content: `<w:t>head</w:t>`}, documenttest.File{Name: "word/document.xml", Content: `<w:t>text</w:t>`}), "text head"},
		{"an entity of the document's own", Office, documenttest.Zip(documenttest.File{Name: "word/document.xml", Content: `<!DOCTYPE d [<!ENTITY x "expanded"><!ENTITY f SYSTEM "file:///etc/passwd">]><w:t>a &x; &f; &amp; b</w:t>`}), "a &x; &f; & b"},
		{"another character set", Office, documenttest.Zip(documenttest.File{Name: "word/document.xml", Content: `<?xml version="1.0" encoding="windows-1251"?><w:t>` + "\xd0\xe5\xf6\xe5\xef\xf2" + `</w:t>`}), "Рецепт"},
		{"spans and notes of OpenDocument", OpenDocument, odf(`<text:p>met<text:span>formin</text:span><text:note><text:p>a note</text:p></text:note></text:p><text:p>a<text:s/>b<text:tab/>c<text:line-break/>d</text:p>`), "metformina note a b c d"},
		{"changes of OpenDocument", OpenDocument, odf(`<text:tracked-changes><text:p>no</text:p></text:tracked-changes><text:p>yes</text:p>`), "yes"},
		{"a number as it is", OpenDocument, odf(`<table:table-cell office:value="9434765919"><text:p>9.43E+09</text:p></table:table-cell>`), "9434765919 9.43E+09"},
		{"RTF", RTF, []byte(`{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator no;}{\info{\title no}}met{\b form}in\par a\tab b\'e9 \u1088?\u1077?\u1094? \uc2\u-10179xx\u-8694xx\~c\emdash{\pict 0102}d}`), "metformin a bé рец 😊 c d"},
		{"RTF in a code page", RTF, []byte(`{\rtf1\ansi\ansicpg1251 \'d0\'e5\'f6\'e5\'ef\'f2}`), "Рецепт"},
		{"octets in RTF", RTF, []byte("{\\rtf1 a\\bin5 }}{{{b}"), "ab"},
		{"HTML", HTML, []byte(`<meta charset=windows-1252><title>no</title><script>no</script><p>caf` + "\xe9" + `<p>b`), "café b"},
		{"UTF-16", Plain, []byte("\xff\xfe\x20\x04\x35\x04"), "Ре"},
		{"UTF-16, the other way", Plain, []byte("\xfe\xff\x04\x20\x04\x35"), "Ре"},
		{"text of Windows", Plain, []byte("caf\xe9"), "café"},
		{"what another name calls by what it is", PDF, []byte(`{\rtf1 a}`), "a"},
	} {
		got, err := Extract(c.kind, c.file, 1000)
		if got = strings.Join(strings.Fields(got), " "); got != c.want || err != nil {
			t.Errorf("%s: %.500q, %v; want %q", c.why, got, err, c.want)
		}
	}
}

// TestExtractIsBounded: bombs end soon, and what came before counts.
func TestExtractIsBounded(t *testing.T) {
	t.Parallel()
	word := func(content string) []byte {
		return documenttest.Zip(documenttest.File{Name: "word/document.xml", Content: content})
	}
	many := make([]documenttest.File, maxEntries+1)
	for i := range many {
		many[i].Name = fmt.Sprint("word/document", i, ".xml")
	}
	for _, c := range []struct {
		why  string
		kind Kind
		file []byte
		want string
	}{
		{"elements without end", Office, word("<w:t>first</w:t>" + strings.Repeat("<w:p>", 1<<20)), "first"},
		{"entities in entities", Office, word(`<!DOCTYPE d [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;">]><w:t>first &b;</w:t>`), "first &b;"},
		{"too many entries", Office, documenttest.Zip(many...), ""},
		{"much text", Office, word("<w:t>" + strings.Repeat("a", 1<<20) + "</w:t>"), strings.Repeat("a", 1000)},
		{"groups without end", RTF, []byte(`{\rtf1 first ` + strings.Repeat("{", 1<<20)), "first"},
		{"much text of RTF", RTF, []byte(`{\rtf1 ` + strings.Repeat("a", 1<<20)), strings.Repeat("a", 1000)},
		{"characters of RTF", RTF, []byte(`{\rtf1 ` + strings.Repeat(`\u97?`, 1<<20)), strings.Repeat("a", 1000)},
	} {
		got, _ := Extract(c.kind, c.file, 1000)
		if got = strings.TrimSpace(got); got != c.want {
			t.Errorf("%s: %.50q of %d octets", c.why, got, len(got))
		}
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ, name string
		want      Kind
	}{
		{"application/pdf", "", PDF}, {"Application/PDF", "a.bin", PDF}, {"application/octet-stream", "Letter.PDF", PDF}, {"", "a.pdf. ", PDF},
		{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "", Office}, {"application/zip", "a.docx", Office},
		{"application/vnd.ms-excel.sheet.macroEnabled.12", "", Office}, {"application/vnd.oasis.opendocument.text", "", OpenDocument},
		{"application/msword", "a.docx", Old}, {"text/rtf", "", RTF}, {"application/xhtml+xml", "", HTML}, {"application/octet-stream", "a.htm", HTML},
		{"application/octet-stream", "a.txt", Plain}, {"text/plain", "a.txt", None}, {"text/plain", "a.pdf", None}, {"text/html", "a.html", None},
		{"image/png", "a.pdf", None}, {"application/octet-stream", "pdf", None}, {"application/zip", "a.zip", None}, {"", "", None},
	} {
		if got := KindOf(c.typ, c.name); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.typ, c.name, got, c.want)
		}
	}
	if len(Outcomes()) != int(outcomes) {
		t.Error("an outcome has no name")
	}
}

// FuzzExtract: whatever the octets, the text is bounded, and nothing panics.
func FuzzExtract(f *testing.F) {
	for _, name := range []string{"letter.docx", "letter.odt", "letter.rtf", "letter.html", "sheet.xlsx"} {
		f.Add(string(KindOf("", name)), golden(f, name))
	}
	f.Add("plain", []byte("\xff\xfea"))
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		const limit = 4000
		if s, _ := Extract(Kind(kind), b, limit); len(s) > 3*limit || !utf8.ValidString(s) {
			t.Fatalf("%d octets", len(s))
		}
	})
}

// FuzzXML goes at the parts of an archive without having to make one.
func FuzzXML(f *testing.F) {
	f.Add(`<w:p><w:r><w:t>a</w:t></w:r></w:p>`)
	f.Add(`<office:body><text:p>a<text:s/></text:p></office:body>`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, g := range []*grammar{&office, &openDocument, &openStyles} {
			text := &text{left: 1000}
			_ = readXML(strings.NewReader(s), g, text)
			if text.Len() > 1000 {
				t.Fatalf("%d octets", text.Len())
			}
		}
	})
}
