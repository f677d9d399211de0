package filed_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"haven/e2e/stage"
)

const ward = "ward12@hospital.example"

func TestALetterIsFiled(t *testing.T) {
	t.Parallel()
	stage.Need(t, "pdftotext")
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		box := s.Pharmacy(code, aisha, ben)
		s.Receive(ward, letter(box, code), box)
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben, "box": box, "code": code})
	}
	s.Browse(t, "a-letter-is-filed", map[string]any{"runs": runs})
}

// letter is a discharge letter with a PDF, a text, a fax and a picture.
func letter(to, id string) string {
	part := func(kind, name string, octets []byte) string {
		return "--b\r\nContent-Type: " + kind + "\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(octets) + "\r\n"
	}
	return "From: Ward 12 <" + ward + ">\r\nTo: <" + to + ">\r\nSubject: Discharge of Mr Birch\r\nMessage-ID: <" + id + "@hospital.example>\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" +
		"<p>Mr Tomos Birch, T\u0177 Gwyn, NHS number 943 476 5919, went home today.</p><table><tr><td>Warfarin</td><td>3 mg</td></tr></table>\r\n" +
		part("application/pdf", "discharge.pdf", pdf("Bisoprolol 2.5 mg once a day")) + part("text/csv", "levels.csv", []byte("day,INR\n1,2.4\n")) +
		part("image/tiff", "fax.tif", tiff()) + part("image/gif", "stamp.gif", []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")) + "--b--\r\n"
}

// pdf is a document of one page.
func pdf(text string) []byte {
	draw := "BT /F1 18 Tf 72 760 Td (" + text + ") Tj ET"
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(draw), draw), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
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

// tiff is a picture as fax servers write it: grey, of 8 by 8.
func tiff() []byte {
	tags := [][2]uint16{{256, 8}, {257, 8}, {258, 8}, {259, 1}, {262, 1}, {273, 8 + 2 + 9*12 + 4}, {277, 1}, {278, 8}, {279, 64}}
	out := append([]byte("II*\x00"), 8, 0, 0, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(tags)))
	for _, tag := range tags {
		out = binary.LittleEndian.AppendUint16(out, tag[0])
		out = binary.LittleEndian.AppendUint16(out, 4)
		out = binary.LittleEndian.AppendUint32(out, 1)
		out = binary.LittleEndian.AppendUint32(out, uint32(tag[1]))
	}
	out = append(out, 0, 0, 0, 0)
	for i := range 64 {
		out = append(out, byte(i*4))
	}
	return out
}
