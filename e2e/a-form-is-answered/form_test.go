package form_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"haven/e2e/stage"
)

func TestAFormIsAnswered(t *testing.T) {
	t.Parallel()
	stage.Need(t, "pdftotext")
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, lee := s.Person("Aisha", "Rahman"), s.Person("Lee", "Fenwick")
		box := s.Pharmacy(code, aisha)
		s.Submit(lee, lee.Address, letter(lee.Address, box, code), box)
		runs = append(runs, map[string]any{"aisha": aisha, "lee": lee, "box": box})
	}
	s.Browse(t, "a-form-is-answered", map[string]any{"runs": runs})
}

func letter(from, to, id string) string {
	return "From: Lee Fenwick <" + from + ">\r\nTo: <" + to + ">\r\nSubject: Please fill this in\r\nMessage-ID: <" + id + "@surgery>\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe form is attached.\r\n" +
		"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"stock.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(form()) + "\r\n--b--\r\n"
}

// form is a page with a line, a box, a choice, and a button that would run something.
func form() []byte {
	draw := "BT /F1 14 Tf 72 760 Td (Do you have it in stock?) Tj ET"
	widget := func(rect, more string) string {
		return "<</Type/Annot/Subtype/Widget/P 3 0 R/F 4/Rect[" + rect + "]/DA(/F1 12 Tf 0 g)" + more + ">>"
	}
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 7 0 R 8 0 R 9 0 R]/DA(/F1 12 Tf 0 g)/DR<</Font<</F1 5 0 R>>>>>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R/Annots[6 0 R 7 0 R 8 0 R 9 0 R]>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(draw), draw), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		widget("72 700 300 720", "/FT/Tx/T(medicine)/TU(Medicine)"), widget("72 660 90 678", "/FT/Btn/T(stock)/TU(In stock)/V/Off/AS/Off/AP<</N<</Yes 10 0 R/Off 11 0 R>>>>"),
		widget("72 620 300 640", "/FT/Ch/Ff 131072/T(form)/TU(Form)/Opt[(tablets)(liquid)]/V(tablets)"), widget("72 580 200 600", "/FT/Btn/Ff 65536/T(go)/TU(Send)/A<</S/JavaScript/JS(app.alert\\(1\\))>>"),
		"<</Type/XObject/Subtype/Form/BBox[0 0 18 18]/Length 24>>stream\n2 2 m 16 16 l S         \nendstream", "<</Type/XObject/Subtype/Form/BBox[0 0 18 18]/Length 0>>stream\n\nendstream",
	}
	var out, table strings.Builder
	out.WriteString("%PDF-1.4\n")
	fmt.Fprintf(&table, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := out.Len()
	fmt.Fprintf(&out, "%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF", table.String(), len(objects)+1, at)
	return []byte(out.String())
}
