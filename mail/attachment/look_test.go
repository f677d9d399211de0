package attachment

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"haven/mail/attachment/attachmenttest"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// file is one in an archive.
type file struct {
	name    string
	content []byte
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func zipped(method uint16, files ...file) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		if method == zip.Store {
			// Known sizes stand before the content, as they do where a program has the file.
			h := &zip.FileHeader{Name: f.name, Method: method, CompressedSize64: uint64(len(f.content)), UncompressedSize64: uint64(len(f.content))}
			must(must(w.CreateRaw(h)).Write(f.content))
			continue
		}
		must(must(w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})).Write(f.content))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func deflated(files ...file) []byte { return zipped(zip.Deflate, files...) }

func gzipped(name string, content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	must(w.Write(content))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func tarred(files ...file) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.content))}); err != nil {
			panic(err)
		}
		must(w.Write(f.content))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// signedSum makes the sum in the first header what some programs make of octets over 127.
func signedSum(b []byte) []byte {
	copy(b[tarSumAt:], "        ")
	sum := 0
	for _, c := range b[:tarBlock] {
		sum += int(int8(c))
	}
	copy(b[tarSumAt:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// tnef writes a winmail.dat with one file, as the reader's twin: short name, properties with the long name, content.
func tnef(short, long string, content []byte) []byte {
	b := append(bytes.Clone(magicTNEF), 1, 0)
	b = attribute(b, 1, 0x00089006, []byte{0, 0, 1, 0}) // the version
	b = attribute(b, 2, tnefTitle, append([]byte(short), 0))
	b = attribute(b, 2, tnefData, content)
	var p []byte
	p = binary.LittleEndian.AppendUint32(p, 2)
	p = append(p, 0x03, 0, 0x05, 0x37, 1, 0, 0, 0) // attached by value
	name := utf16.Encode([]rune(long + "\x00"))
	p = append(p, 0x1f, 0, 0x07, 0x37, 1, 0, 0, 0)
	p = binary.LittleEndian.AppendUint32(p, uint32(2*len(name)))
	for _, u := range name {
		p = binary.LittleEndian.AppendUint16(p, u)
	}
	return attribute(b, 2, tnefProperties, p)
}

func tnefOf(properties []byte) []byte {
	return attribute(append(bytes.Clone(magicTNEF), 1, 0), 2, tnefProperties, properties)
}

func attribute(b []byte, level byte, id uint32, data []byte) []byte {
	b = append(b, level)
	b = binary.LittleEndian.AppendUint32(b, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := uint16(0)
	for _, c := range data {
		sum += uint16(c)
	}
	return binary.LittleEndian.AppendUint16(append(b, data...), sum)
}

var (
	// A short text packed by bzip2, whose writer is not among Go's packages.
	bzipText   = []byte("\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xe5\xc2\xe6\x15\x00\x00\x03\xd5\x80\x00\x10\x40\x05\x00\x40\x22\x64\x8c\x40\x20\x00\x31\x00\x00\x04\xa8\x69\x90\xcd\x23\x51\x0f\x4a\x39\xd6\x35\x32\x84\x5b\x9b\xf8\xbb\x92\x29\xc2\x84\x87\x2e\x17\x30\xa8")
	theProgram = append([]byte("MZ\x90\x00\x03\x00\x00\x00"), make([]byte, 200)...)
	bombOf     = func(n int) []byte { return gzipped("", make([]byte, n)) }
	nestedDeep = func(n int) []byte {
		b := []byte("hello")
		for range n {
			b = gzipped("", b)
		}
		return b
	}
	textInside  = file{"notes.txt", []byte("Two tablets at night.")}
	tableInside = file{"stock.csv", bytes.Repeat([]byte("a,b,c\n"), 5000)}
)

func TestHarmful(t *testing.T) {
	t.Parallel()
	program, macros := file{"setup.exe", []byte("anything")}, file{"letter.doc", attachmenttest.OldDocument(true)}
	encrypted := deflated(file{"letter.doc", []byte("x")})
	encrypted[6] |= zipEncrypted
	falsely := bytes.Clone(encrypted)
	encrypted[bytes.Index(encrypted, zipCentre)+8] |= zipEncrypted
	stored := zipped(zip.Store, textInside, macros)
	at := bytes.Index(stored, []byte("letter.doc")) - zipLocalHeader // of the header before the document
	withoutMacros := zipped(zip.Store, textInside, file{"letter.doc", attachmenttest.OldDocument(false)})
	lie := func(octet int, values ...byte) []byte {
		b := bytes.Clone(stored)
		copy(b[at+octet:], values)
		return b
	}
	packed := deflated(file{"inner.doc", deflated(macros)})
	hidden := append([]byte("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\xff\xffa.txt"),
		append(deflated(macros), make([]byte, 1<<16)...)...)
	document := []file{{"[Content_Types].xml", []byte("<Types/>")}, {"word/document.xml", bytes.Repeat([]byte("<w:p/>"), 9000)}, {"word/media/image1.png", theProgram}}
	for _, c := range []struct {
		why  string
		file []byte
		want bool
	}{
		{"nothing", nil, false},
		{"a text", []byte("Hello."), false},
		{"a program", theProgram, true},
		{"a text that begins as programs do", []byte("MZ is how this text begins, which has no octet that is zero anywhere."), false},
		{"a program of Linux", []byte("\x7fELF\x02\x01"), true},
		{"an old document", attachmenttest.OldDocument(false), false},
		{"an old document with macros", attachmenttest.OldDocument(true), true},
		{"a short document with macros", slices.Concat(magicOLE, make([]byte, 500), macroName, make([]byte, 9000)), true},
		{"a long one with macros near its beginning", slices.Concat(magicOLE, make([]byte, 500), macroName, make([]byte, 200_000)), true},
		{"a short document with macros in an archive", deflated(file{"a.doc", slices.Concat(magicOLE, make([]byte, 500), macroName)}), true},
		{"macros in a directory of small letters", bytes.Replace(attachmenttest.OldDocument(true), macroName, utf16le("_vba_Project"), 1), true},
		{"a document that is a letter, with macros as Word packs them there", append([]byte("text\r\n\r\nMIME-Version: 1.0\r\n"), letterOf(part("editdata.mso", "ActiveMime\x00\x00\x01\xf0"))...), true},
		{"a document that is a letter", append([]byte("MIME-Version: 1.0\r\n"), letterOf(part("picture.mso", "GIF89a"))...), false},
		{"macros in a document of XML", []byte("<?xml version=\"1.0\"?><w:wordDocument w:macrosPresent=\"yes\"><w:docSuppData><w:binData w:name=\"editdata.mso\">QWN0aXZlTWltZQ==</w:binData></w:docSuppData></w:wordDocument>"), true},
		{"macros in a document of XML in two octets", utf16le("<Relationship Type=\"http://schemas.microsoft.com/office/2006/relationships/vbaProject\" Target=\"x.bin\"/>"), true},
		{"a document of XML", []byte("<?xml version=\"1.0\"?><w:wordDocument><w:binData w:name=\"wordml://1.png\"/></w:wordDocument>"), false},
		{"a document", deflated(document...), false},
		{"a document with macros", deflated(append(document, file{"word/vbaProject.bin", nil})...), true},
		{"macros under another name", deflated(append(document, file{"word/settings.bin", attachmenttest.OldDocument(true)})...), true},
		{"macros of Excel's own kind", deflated(file{"xl/macrosheets/sheet1.xml", nil}), true},
		{"macros of an open document", deflated(file{"content.xml", nil}, file{"Basic/Standard/Module1.xml", nil}), true},
		{"an open document without", deflated(file{"content.xml", nil}, file{"Basic/script-lc.xml", nil}, file{"Basic/Standard/", nil}, file{"Basic/Standard/script-lb.xml", nil}), false},
		{"folders", deflated(file{"Basic/Standard/", nil}, file{"surgery.com/", nil}, file{"surgery.com/a.txt", nil}), false},
		{"an archive of harmless files", deflated(textInside, tableInside), false},
		{"the same, not packed", zipped(zip.Store, textInside, tableInside), false},
		{"a program in it", deflated(textInside, program), true},
		{"a program without its ending", deflated(textInside, file{"setup", theProgram}), true},
		{"the same, not packed", zipped(zip.Store, textInside, file{"setup", theProgram}, tableInside), true},
		{"a document with macros in it", deflated(textInside, macros), true},
		{"the same, not packed", zipped(zip.Store, tableInside, macros), true},
		{"an archive in an archive", deflated(file{"inner.zip", deflated(program)}), true},
		{"the same, not packed inside", deflated(file{"inner.zip", zipped(zip.Store, program)}), true},
		{"a harmless one in an archive", deflated(file{"inner.zip", deflated(textInside)}), false},
		{"a closed one in an archive", deflated(file{"inner.dat", []byte("7z\xbc\xaf\x27\x1c\x00\x04")}), true},
		{"an archive behind other octets", append([]byte("%PDF-1.7 not really"), deflated(macros)...), true},
		{"an encrypted document", encrypted, false},
		{"an encrypted program", bytes.ReplaceAll(encrypted, []byte("letter.doc"), []byte("letter.exe")), true},
		{"a document that is encrypted by one of its headers alone", falsely, true},
		{"not packed, without macros", withoutMacros, false},
		{"macros behind a header that says that nothing follows", lie(18, 0, 0, 0, 0, 0, 0, 0, 0), true},
		{"macros behind a header that says that less follows", lie(18, 200, 0, 0, 0), true},
		{"macros behind a header of another version", lie(4, 64), true},
		{"macros behind a header with another name", bytes.Replace(stored, []byte("letter.doc"), []byte("letter.txt"), 1), true},
		{"a packed document that one header says is not packed", bytes.Replace(packed, []byte("\x14\x00\x08\x00\x08\x00"), []byte("\x14\x00\x00\x00\x00\x00"), 1), true},
		{"an archive in what a header has behind its name", hidden, true},
		{"the same, which is longer than the file", hidden[:len(hidden)-1<<16], true},
		{"a document that is packed in a way that nobody reads", bytes.Replace(deflated(macros), []byte("\x14\x00\x08\x00\x08\x00"), []byte("\x14\x00\x08\x00\x0e\x00"), 1), true},
		{"a text packed so", bytes.Replace(deflated(textInside), []byte("\x14\x00\x08\x00\x08\x00"), []byte("\x14\x00\x08\x00\x0e\x00"), 1), false},
		{"a damaged document in an archive", deflated(macros)[:150], true},
		{"gzip", gzipped("", []byte("Hello.")), false},
		{"gzip of a program", gzipped("", theProgram), true},
		{"gzip of something with a program's name", gzipped("run.vbs", []byte("Hello.")), true},
		{"gzip, damaged", gzipped("", []byte("Hello."))[:20], true},
		{"gzip, its beginning alone", magicGzip, true},
		{"bzip2", bzipText, false},
		{"bzip2, damaged", bzipText[:20], true},
		{"tar", tarred(textInside, tableInside), false},
		{"tar with a program", tarred(tableInside, program), true},
		{"tar with a document with macros, packed", gzipped("", tarred(textInside, macros)), true},
		{"tar whose sum is made of octets with a sign", signedSum(bytes.Replace(tarred(file{"cafe.exe", []byte("x")}), []byte("cafe"), []byte("caf\xe9"), 1)), true},
		{"a table that begins with a number", []byte("07070112345,Bob\n07070212345,Alice\n"), false},
		{"cpio", []byte("0707070000020000010000640000000000000000010000000000000000000001200000000000a.exe\x00"), true},
		{"tar, cut off", tarred(tableInside, program)[:700], true},
		{"Outlook's packing of a text", tnef("NOTES~1.TXT", "notes for Monday.txt", []byte("Hello.")), false},
		{"a program by its short name", tnef("setup.exe", "setup", []byte("x")), true},
		{"a program by its long name", tnef("SETUP~1.TXT", "setup.exe", []byte("x")), true},
		{"a program by its content", tnef("SETUP", "setup", theProgram), true},
		{"an archive in it", tnef("A.ZIP", "a.zip", deflated(macros)), true},
		{"Outlook's packing, cut off", tnef("NOTES~1.TXT", "notes.txt", []byte("Hello."))[:60], true},
		{"7z", []byte("7z\xbc\xaf\x27\x1c\x00\x04"), true},
		{"rar", []byte("Rar!\x1a\x07\x01\x00"), true},
		{"a disk image", append(make([]byte, 0x8001), "CD001"...), true},
		{"packed as deep as anybody does", nestedDeep(3), false},
		{"packed deeper than that", nestedDeep(maxDepth + 2), true},
		{"what unpacks to a lot", bombOf(20 << 20), false},
		{"what unpacks to too much", bombOf(maxUnpacked + 1), true},
	} {
		for _, step := range []int{1 << 20, 7} {
			if step == 7 && len(c.file) > 100_000 {
				continue // the same at a crawl
			}
			got, err := NewLooker().Harmful(&slow{c.file, step}, File)
			if err != nil || got != c.want {
				t.Errorf("%s: %v, %v; want %v", c.why, got, err, c.want)
			}
		}
	}
}

// part is a part of a letter with a file.
func part(name, content string) string {
	return "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=" + name + "\r\n\r\n" + content + "\r\n"
}

func letterOf(parts ...string) []byte {
	return []byte("From: bob@surgery.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Join(parts, "") + "--b--\r\n")
}

// signedLetter encloses a letter in a signature as openssl's cms -sign -nodetach does: in DER, or in BER whose pieces have
// no length before them.
func signedLetter(content []byte, indefinite bool) []byte {
	element := func(tag byte, body ...byte) []byte {
		if indefinite && tag&berConstructed != 0 {
			return append(append([]byte{tag, 0x80}, body...), 0, 0)
		}
		return append([]byte{tag, 0x84, byte(len(body) >> 24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	}
	octets := element(0x04, content...)
	if indefinite {
		octets = element(0x24, append(element(0x04, content[:len(content)/2]...), element(0x04, content[len(content)/2:]...)...)...)
	}
	data := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	encap := element(0x30, append(bytes.Clone(data), element(0xa0, octets...)...)...)
	signed := element(0x30, slices.Concat([]byte{2, 1, 1}, element(0x31), encap, element(0x31))...)
	return element(0x30, append(bytes.Clone(oidSigned), element(0xa0, signed...)...)...)
}

// inBase64 is a letter with a document in base64, with the mark of its end behind so many letters, and as it should be.
func inBase64(content []byte, at int) []byte {
	text := base64.StdEncoding.EncodeToString(content)
	text = text[:at] + "=" + text[at:]
	return []byte("Content-Type: application/msword\r\nContent-Transfer-Encoding: base64\r\n\r\n" + text + "\r\n")
}

func TestLettersWithin(t *testing.T) {
	t.Parallel()
	good, bad := letterOf(part("notes.txt", "Hello"), part("stock.csv", "a,b")), letterOf(part("notes.txt", "Hello"), part("run.vbs", "x"))
	encoded := func(inner []byte) []byte {
		return []byte("From: bob@surgery.test\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(inner) + "\r\n")
	}
	for _, c := range []struct {
		why  string
		file []byte
		kind Kind
		want bool
	}{
		{"a letter", good, Letter, false},
		{"a letter with a program", bad, Letter, true},
		{"a letter with a document with macros", letterOf(part("a.doc", string(attachmenttest.OldDocument(true)))), Letter, true},
		{"a letter in a letter", letterOf(part("a.eml", string(bad[:len(bad)-2]))), Letter, true},
		{"an encoded letter in it", encoded(good), Letter, false},
		{"an encoded letter with a program in it", encoded(bad), Letter, true},
		{"a letter in an archive", deflated(file{"a.eml", bad}), File, true},
		{"a harmless one", deflated(file{"a.eml", good}), File, false},
		{"the same, not packed", zipped(zip.Store, file{"a.eml", bad}), File, true},
		{"in tar", tarred(file{"a.eml", bad}), File, true},
		{"in gzip", gzipped("a.eml", bad), File, true},
		{"by another name", letterOf(part("a.js; filename*=utf-8''report.txt", "x")), Letter, true},
		{"by the first of two names", letterOf(part("a.js; filename=report.txt", "x")), Letter, true},
		{"a part of two types", []byte("Content-Type: multipart/mixed; boundary=b\r\nContent-Type: text/plain\r\n\r\n" + part("a.js", "x")), Letter, true},
		{"by a name in sections of which one is given twice", letterOf(part("\"report.txt\"; filename*=utf-8''a.txt; filename*=utf-8''a%2Ejs", "x")), Letter, true},
		{"a letter with a program's name", letterOf("--b\r\nContent-Type: message/rfc822; name=\"run.hta\"\r\n\r\nSubject: x\r\n\r\nx\r\n"), Letter, true},
		{"a letter with its subject for a name", letterOf("--b\r\nContent-Type: message/rfc822; name=\"Your order from surgery.com\"\r\n\r\nSubject: x\r\n\r\nx\r\n"), Letter, false},
		{"an encoded letter with a program's name", []byte("Content-Type: message/rfc822; name=a.js\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n"), Letter, true},
		{"news", []byte("Content-Type: message/news\r\n\r\n" + string(bad)), Letter, true},
		{"harmless news", []byte("Content-Type: message/news\r\n\r\n" + string(good)), Letter, false},
		{"a document in an encoding that is not read", bytes.Replace(letterOf(part("a.doc", uuencoded("a.doc", attachmenttest.OldDocument(true)))), []byte("--b\r\n"), []byte("--b\r\nContent-Transfer-Encoding: x-uuencode\r\n"), 1), Letter, true},
		{"base64 with a mark of its end within, which some programs pass over", inBase64(attachmenttest.OldDocument(true), 2), Letter, true},
		{"the same, harmless", inBase64(attachmenttest.OldDocument(false), 2), Letter, false},
		{"base64 whose end is marked as it should be", inBase64(attachmenttest.OldDocument(false), 4), Letter, false},
		{"a text in such", bytes.Replace(letterOf(part("a.txt", uuencoded("a.txt", []byte("x")))), []byte("--b\r\n"), []byte("--b\r\nContent-Transfer-Encoding: x-uuencode\r\n"), 1), Letter, false},
		{"two boundaries", []byte("Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n" + part("a.js", "x")), Letter, true},
		{"an archive by one of two names, a letter by the other", letterOf(part("a.zip; filename*=utf-8''a.eml", string(deflated(file{"a.doc", attachmenttest.OldDocument(true)})))), Letter, true},
		{"a letter with a program by one of two names", letterOf(part("a.dat; filename*=utf-8''a.eml", string(bad[:len(bad)-2]))), Letter, true},
		{"in gzip without a name", letterOf(part("a.eml.gz", string(gzipped("", bad)))), Letter, true},
		{"a harmless one", letterOf(part("a.eml.gz", string(gzipped("", good)))), Letter, false},
		{"in Outlook's packing", tnef("A.EML", "a.eml", bad), File, true},
		{"a harmless one", tnef("A.EML", "a.eml", good), File, false},
		{"Outlook's packing in Outlook's packing", tnefOf(append(make([]byte, 16), tnef("A.DOC", "a.doc", attachmenttest.OldDocument(true))...)), File, true},
		{"a large one", tnefOf(append(append(make([]byte, 16), tnef("RUN.JS", "run.js", make([]byte, 2<<20))...), 0, 0)), File, true},
		{"a harmless one", tnefOf(append(append(make([]byte, 16), tnef("A.TXT", "a.txt", make([]byte, 2<<20))...), 0, 0)), File, false},
		{"a document among properties", tnefOf(append(make([]byte, 16), attachmenttest.OldDocument(true)...)), File, true},
		{"signed", signedLetter(good, false), File, false},
		{"signed, with a program", signedLetter(bad, false), File, true},
		{"signed, in pieces", signedLetter(good, true), File, false},
		{"signed, with a program, in pieces", signedLetter(bad, true), File, true},
		{"signed, cut off", signedLetter(good, true)[:60], File, true},
	} {
		if got, err := NewLooker().Harmful(bytes.NewReader(c.file), c.kind); err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.why, got, err, c.want)
		}
	}
}

// The files of a letter share what looking may cost, and a small file may not cost much.
func TestOneBudget(t *testing.T) {
	t.Parallel()
	l := NewLooker()
	for i, want := range []bool{false, false, true, true} {
		if got, err := l.Harmful(bytes.NewReader(bombOf(100<<20)), File); err != nil || got != want {
			t.Errorf("file %d of 100 MiB: %v, %v", i, got, err)
		}
	}
	names := bytes.Repeat([]byte("PK\x03\x04"), 4<<20)
	properties := make([]byte, 0, 1<<20)
	for len(properties) < cap(properties)-12 {
		properties = append(properties, 0x1f, 0, 0x07, 0x37, 1, 0, 0, 0, 0, 0x0f, 0, 0)
	}
	many := append(bytes.Clone(magicTNEF), 1, 0)
	many = append(many, bytes.Repeat(attribute(nil, 2, tnefData, nil), maxNames/nameCost+1)...)
	for _, f := range [][]byte{gzipped("", gzipped("", names)), tnefOf(properties), many} {
		if got, err := NewLooker().Harmful(bytes.NewReader(f), File); err != nil || !got {
			t.Errorf("%d octets that cost much: %v, %v", len(f), got, err)
		}
	}
	if got, err := NewLooker().HarmInText(strings.NewReader(strings.Repeat("begin 644 a.js\n", 100_000))); err != nil || len(got) != maxHarm {
		t.Errorf("a text of many files: %d names, %v", len(got), err)
	}
}

// A hole of a terabyte takes no room in an archive of tar, and no time here.
func TestSparseTar(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	var pax strings.Builder
	for _, record := range []string{"GNU.sparse.major=0", "GNU.sparse.minor=1", "GNU.sparse.name=a.doc", "GNU.sparse.size=1099511627776",
		"GNU.sparse.numblocks=1", "GNU.sparse.map=0,0"} {
		n := len(record) + 3
		for n != len(record)+2+len(fmt.Sprint(n)) { // the length counts itself
			n++
		}
		fmt.Fprintf(&pax, "%d %s\n", n, record)
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "x", Size: int64(pax.Len())}); err != nil {
		t.Fatal(err)
	}
	must(w.Write([]byte(pax.String())))
	if err := w.WriteHeader(&tar.Header{Name: "a.doc", Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	raw[156] = 'x' // the first file is the header of the second
	copy(raw[tarSumAt:], "        ")
	sum := 0
	for _, c := range raw[:tarBlock] {
		sum += int(c)
	}
	copy(raw[tarSumAt:], fmt.Sprintf("%06o\x00 ", sum))
	if h, err := tar.NewReader(bytes.NewReader(raw)).Next(); err != nil || h.Size != 1<<40 {
		t.Fatalf("the archive is not what it is meant to be: %+v, %v", h, err)
	}
	if bad, err := NewLooker().Harmful(bytes.NewReader(raw), File); err != nil || !bad {
		t.Errorf("%v, %v", bad, err)
	}
}

// The letter's own reader may fail; that is said, and not taken for a fault of the file.
func TestHarmfulReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	for _, f := range [][]byte{gzipped("", []byte("Hello.")), deflated(file{"letter.doc", attachmenttest.OldDocument(false)}), tarred(tableInside), tnef("A", "a", theProgram[:1])} {
		for n := range 3 {
			r := io.MultiReader(bytes.NewReader(f[:len(f)*n/3]), errReader{broken})
			if bad, err := NewLooker().Harmful(r, File); bad || !errors.Is(err, broken) {
				t.Errorf("%.8q cut at %d thirds: %v, %v", f, n, bad, err)
			}
		}
	}
	if _, err := NewLooker().HarmInText(io.MultiReader(strings.NewReader("begin 644 a.doc\n#aaaa\n"), errReader{broken})); !errors.Is(err, broken) {
		t.Errorf("in a text: %v", err)
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// uuencoded writes a file as it stood in letters.
func uuencoded(name string, content []byte) string {
	var b strings.Builder
	b.WriteString("begin 644 " + name + "\r\n")
	for len(content) > 0 {
		line := content[:min(45, len(content))]
		content = content[len(line):]
		b.WriteByte(byte(len(line)) + ' ')
		for len(line) > 0 {
			var t [3]byte
			line = line[copy(t[:], line):]
			for _, six := range []byte{t[0] >> 2, t[0]<<4&63 | t[1]>>4, t[1]<<2&63 | t[2]>>6, t[2] & 63} {
				b.WriteByte(six + ' ')
			}
		}
		b.WriteString("\r\n")
	}
	return b.String() + "`\r\nend\r\n"
}

func TestHarmInText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, text, want string
	}{
		{"a letter", "Hello,\r\nlet us begin 644 times over.\r\n", ""},
		{"a line that begins so", "Hello,\r\nbegin at the top of the list\r\n", ""},
		{"a program", "Hello\r\n" + uuencoded("setup.exe", theProgram), "setup.exe"},
		{"a program without its ending", "Hello\r\n" + uuencoded("setup", theProgram), "setup"},
		{"a document", uuencoded("letter.doc", attachmenttest.OldDocument(false)), ""},
		{"a document with macros", uuencoded("letter.doc", attachmenttest.OldDocument(true)), "letter.doc"},
		{"an archive with such", uuencoded("all.zip", deflated(file{"letter.doc", attachmenttest.OldDocument(true)})), "all.zip"},
		{"one harmful of two", uuencoded("a.txt", []byte("Hello")) + "and\r\n" + uuencoded("my own.scr", []byte("x")), "my own.scr"},
		{"a program, cut off", "begin 755 setup.exe", "setup.exe"},
	} {
		hint := UUHint{}
		for _, octet := range []byte("Subject: x\r\n\r\n" + c.text) {
			must(hint.Write([]byte{octet}))
		}
		whole := UUHint{}
		must(whole.Write([]byte("Subject: x\r\n\r\n" + c.text)))
		if hint.Seen != whole.Seen || c.want != "" && !hint.Seen {
			t.Errorf("%s: the hint is %v in pieces, %v at once", c.why, hint.Seen, whole.Seen)
		}
		names, err := NewLooker().HarmInText(strings.NewReader(c.text))
		if err != nil || strings.Join(names, ",") != c.want {
			t.Errorf("%s: %q, %v; want %q", c.why, names, err, c.want)
		}
	}
}

func FuzzHarmInText(f *testing.F) {
	f.Add(uuencoded("a.zip", deflated(textInside)))
	f.Add("begin 644 x\n!\n#\nend\nbegin 6444 y\n```\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := NewLooker().HarmInText(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	})
}
