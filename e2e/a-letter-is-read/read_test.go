package read_test

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"haven/e2e/stage"
)

//go:embed hostile.html
var hostile string

const (
	word    = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	outside = "nia.price@outside.example"
)

func TestLetterIsRead(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	ben := s.Person("Ben", "Whitlock")
	files := []file{{"discharge.pdf", "application/pdf", pdf("Discharge summary", 3)}, {"care plan.docx", word, docx(t, "Take one tablet each morning.")}, {"wound.png", "image/png", picture(t)}}
	var runs []map[string]any
	for i, code := range []string{"FAA01", "FAA02", "FAA03"} {
		aisha := s.Person("Aisha", "Rahman")
		s.Pharmacy(code, aisha)
		to := aisha.Address
		s.Receive("ward12@outside.example", letter("Ward 12 <ward12@outside.example>", to, "It tries everything", fmt.Sprint("1.", i), "", html(hostile)), to)
		s.Receive("news@outside.example", letter("News <news@outside.example>", to, "Pictures from elsewhere", fmt.Sprint("2.", i), "",
			html(`<p>Our new shop</p><img src="https://pictures.outside.example/shop.png" alt="The shop" width="60" height="40">`)), to)
		s.Receive(outside, letter("Nia Price <"+outside+">", to, "Three files", fmt.Sprint("3.", i), "Disposition-Notification-To: <"+outside+">\r\n", mixed("Please see the files.", files)), to)
		s.Submit(ben, ben.Address, stage.Letter(ben.Address, to, "From inside", fmt.Sprint("4.", i, "@inside"), "Hello.\r\n\r\n> You wrote\r\n> something long."), to)
		runs = append(runs, map[string]any{"aisha": aisha})
	}
	s.Browse(t, "a-letter-is-read", map[string]any{"runs": runs})
}

type file struct {
	name, kind string
	octets     []byte
}

func letter(from, to, subject, id, more, rest string) string {
	return "From: " + from + "\r\nTo: <" + to + ">\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + "@outside.example>\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n" + more + rest
}

func html(text string) string {
	return "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines([]byte(text))
}

func mixed(text string, files []file) string {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n")
	for _, f := range files {
		b.WriteString("--b\r\nContent-Type: " + f.kind + "\r\nContent-Disposition: attachment; filename=\"" + f.name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(f.octets))
	}
	return b.String() + "--b--\r\n"
}

func lines(octets []byte) string {
	text := base64.StdEncoding.EncodeToString(octets)
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	return b.String() + text + "\r\n"
}

// pdf is a document of some pages, whose script would run when it is opened.
func pdf(title string, pages int) []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
	kids := ""
	for i := range pages {
		text := fmt.Sprintf("BT /F1 24 Tf 72 760 Td (%s, page %d) Tj ET", title, i+1)
		kids += fmt.Sprintf("%d 0 R ", len(objects)+1)
		objects = append(objects, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>", len(objects)+2),
			fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(text), text))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids, pages)
	out, table := "%PDF-1.4\n", fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", len(out))
		out += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return []byte(out + table + fmt.Sprintf("trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF", len(objects)+1, len(out)))
}

func docx(t *testing.T, text string) []byte {
	t.Helper()
	const packages, office = "http://schemas.openxmlformats.org/package/2006/", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="` + packages + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="` + word + `.main+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + packages + `relationships"><Relationship Id="r1" Type="` + office + `/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` + text + `</w:t></w:r></w:p></w:body></w:document>`},
	} {
		f, err := w.Create(part[0])
		if err == nil {
			_, err = f.Write([]byte(part[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 120, 80))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
