package attachment

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"haven/mail/attachment/attachmenttest"
)

func apart(with string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			b.WriteByte(s[i])
			if i%20 == 3 {
				b.WriteString(with)
			}
		}
		return b.String()
	}
}

// wideNames are names as the Packager writes them once more.
func wideNames(names ...string) (b []byte) {
	for _, name := range names {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
		b = append(b, attachmenttest.UTF16(name)...)
	}
	return b
}

// pptRecord is an object in a record of PowerPoint's, whose first octet says whether it is packed.
func pptRecord(first byte, content []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{first, 0, pptObject & 0xff, pptObject >> 8}, uint32(len(content)))
	return append(b, content...)
}

// word95 is what a document of Word's begins with that was written before Word 97.
func word95(flags uint16) []byte {
	b := attachmenttest.WordStream(flags)
	b[2] = 0x68
	return b
}

// zipBehind is an archive with a program, which stands in a file behind so many octets, and has more behind itself than it says.
func zipBehind(octets int, more string) []byte {
	b := deflated(file{"letter.doc", attachmenttest.OldDocument(true)})
	end := b[len(b)-22:]
	binary.LittleEndian.PutUint32(end[16:], binary.LittleEndian.Uint32(end[16:])+uint32(octets))
	return append(b, more...)
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	plainXLS := attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0), 0x85, attachmenttest.BoundSheet(2), 0x0a, []byte{}, 0x809, attachmenttest.BOF(0x10), 0x0a, []byte{})
	docx := deflated(file{"[Content_Types].xml", []byte("<Types/>")}, file{"word/document.xml", bytes.Repeat([]byte("<w:p/>"), 9000)})
	embed := func(e ...attachmenttest.Entry) []byte {
		return attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}, attachmenttest.Storage("ObjectPool", attachmenttest.Storage("_1234567890", e...)))
	}
	embedIn := func(class [16]byte, content []byte) []byte {
		object := attachmenttest.Storage("_1234567890", attachmenttest.Entry{Name: "\x01Ole10Native", Content: attachmenttest.Native(content)})
		object.Class = class
		return attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}, attachmenttest.Storage("ObjectPool", object))
	}
	encryptedUser := make([]byte, 20)
	binary.LittleEndian.PutUint32(encryptedUser[12:], 0xf3d1c4df)
	inner := attachmenttest.LetterEntries(attachmenttest.Storage("__attach_version1.0_#00000000", attachmenttest.Entry{Name: "__substg1.0_3707001E", Content: []byte("run.js\x00")}, attachmenttest.Entry{Name: "__substg1.0_37010102", Content: []byte("x")}))
	sheetAt := attachmenttest.BIFF(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0))
	binary.LittleEndian.PutUint32(sheetAt[len(sheetAt)-9:], uint32(len(sheetAt)+5)) // where no record begins
	sheetAt = append(sheetAt, append([]byte{0xfe, 0xfe, 1, 0, 0}, attachmenttest.BIFF(0x809, attachmenttest.BOF(xlMacroSheet))...)...)
	big := slices.Repeat([]byte("a long text "), 800_000)
	for _, c := range []struct {
		why  string
		file []byte
		want bool
	}{
		{"Word's", attachmenttest.OldDocument(false), false},
		{"Word's with macros", attachmenttest.OldDocument(true), true},
		{"Word's, with large sectors", attachmenttest.CompoundIn(12, [16]byte{}, attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}), false},
		{"the same with macros", attachmenttest.CompoundIn(12, [16]byte{}, attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}, attachmenttest.Storage("vba")), true},
		{"one of nine megabytes", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: append(attachmenttest.WordStream(0), big...)}), false},
		{"the same with macros", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: append(attachmenttest.WordStream(0), big...)}, attachmenttest.Storage("Macros")), true},
		{"Word's, encrypted", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0x0100)}), true},
		{"Word 95's", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: word95(0)}), false},
		{"Word 95's, a template that may have macros", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: word95(1)}), true},
		{"a template of Word's", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(1)}), false},
		{"a document that is for some people only", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}, attachmenttest.Entry{Name: "\tDRMContent", Content: make([]byte, 200)}), true},
		{"one that speaks of programs", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: append(attachmenttest.WordStream(0), utf16le("setup.exe\x00 run.vbs\x00")...)}), false},
		{"a document of today that is encrypted", attachmenttest.Compound(attachmenttest.Entry{Name: "EncryptionInfo", Content: make([]byte, 200)}, attachmenttest.Entry{Name: "EncryptedPackage", Content: make([]byte, 9000)}), true},
		{"a package of Windows Installer", attachmenttest.CompoundIn(9, attachmenttest.Installer, attachmenttest.Entry{Name: "x", Content: make([]byte, 100)}), true},
		{"empty", attachmenttest.Compound(), false},

		{"Excel's", plainXLS, false},
		{"Excel's with a macro sheet", attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0), 0x85, attachmenttest.BoundSheet(1), 0x0a, []byte{}), true},
		{"the same, hidden from the list", attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0), 0x0a, []byte{}, 0x809, attachmenttest.BOF(xlMacroSheet)), true},
		{"the same, where no record begins", attachmenttest.Compound(attachmenttest.Entry{Name: "Workbook", Content: sheetAt}), true},
		{"Excel's with a module", attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(6)), true},
		{"Excel's, encrypted", attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x2f, make([]byte, 54), 0x85, attachmenttest.BoundSheet(0)), true},
		{"Excel 5's with a macro sheet", attachmenttest.Compound(attachmenttest.Entry{Name: "Book", Content: attachmenttest.BIFF(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(1))}), true},
		{"a sheet by itself", attachmenttest.BIFF(0x409, []byte{0, 4, 0x10, 0, 0, 0}, 0x0a, []byte{}), false},
		{"a macro sheet by itself", attachmenttest.BIFF(0x209, []byte{0, 2, 0x40, 0, 0, 0}, 0x0a, []byte{}), true},
		{"a workbook of Excel 4 with a macro sheet", attachmenttest.BIFF(0x409, []byte{0, 4, 0, 1, 0, 0}, 0x8f, []byte("aaaa"), 0x409, []byte{0, 4, 0x40, 0, 0, 0}), true},
		{"Excel's that is cut off", attachmenttest.Compound(attachmenttest.Entry{Name: "Workbook", Content: attachmenttest.BIFF(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0))[:15]}), false},

		{"PowerPoint's", attachmenttest.Slides(0, 0x1000, []byte("slide")), false},
		{"PowerPoint's with macros", attachmenttest.Slides(0, pptObject, attachmenttest.Compound(attachmenttest.Storage("VBA", attachmenttest.Entry{Name: "dir"}))), true},
		{"the same, packed", attachmenttest.Slides(1, pptObject, append([]byte{0, 0, 1, 0}, attachmenttest.Zlibbed(attachmenttest.Compound(attachmenttest.Storage("VBA", attachmenttest.Entry{Name: "dir"})))...)), true},
		{"PowerPoint's with a table, packed", attachmenttest.Slides(1, pptObject, append([]byte{0, 0, 1, 0}, attachmenttest.Zlibbed(plainXLS)...)), false},
		{"PowerPoint's with a table that is linked", attachmenttest.Slides(0, pptObject, attachmenttest.CompoundIn(9, attachmenttest.Link, attachmenttest.Entry{Name: "\x01Ole", Content: filled(200)})), false},
		{"PowerPoint's, packed wrongly", attachmenttest.Slides(1, pptObject, []byte("12345678")), true},
		{"PowerPoint's with macros where no record begins", attachmenttest.Slides(0, 0x1000, slices.Concat([]byte("slide"), pptRecord(0, attachmenttest.OldDocument(true)))), true},
		{"the same, packed", attachmenttest.Slides(0, 0x1000, slices.Concat([]byte("slide"), pptRecord(0x10, append([]byte{0, 0, 1, 0}, attachmenttest.Zlibbed(attachmenttest.OldDocument(true))...)))), true},
		{"a document there", attachmenttest.Slides(0, 0x1000, slices.Concat([]byte("slide"), pptRecord(0, attachmenttest.OldDocument(false)))), false},
		{"octets there that begin like an object", attachmenttest.Slides(0, 0x1000, slices.Concat([]byte("slide"), pptRecord(0x10, []byte("12345678")))), false},
		{"PowerPoint's, packed in a way that nobody knows", attachmenttest.Slides(2, pptObject, append([]byte{0, 0, 1, 0}, attachmenttest.Zlibbed(plainXLS)...)), true},
		{"PowerPoint's, encrypted, whatever its user's stream says", attachmenttest.Slides(0, pptEncryption, make([]byte, 40)), true},
		{"PowerPoint's, encrypted", attachmenttest.Compound(attachmenttest.Entry{Name: "PowerPoint Document"}, attachmenttest.Entry{Name: "Current User", Content: encryptedUser}), true},

		{"a picture dropped in", embed(attachmenttest.Entry{Name: "\x01Ole10Native", Content: attachmenttest.Native(attachmenttest.Packager("scan.png", []byte("\x89PNG")))}), false},
		{"a program dropped in", embed(attachmenttest.Entry{Name: "\x01Ole10Native", Content: attachmenttest.Native(attachmenttest.Packager("scan.exe", []byte("x")))}), true},
		{"a program under another name", embed(attachmenttest.Entry{Name: "\x01ole10NATIVE", Content: attachmenttest.Native(attachmenttest.Packager("scan", theProgram))}), true},
		{"a document with macros dropped in", embed(attachmenttest.Entry{Name: "\x01Ole10Native", Content: attachmenttest.Native(attachmenttest.Packager("a.zip", deflated(file{"b.doc", attachmenttest.OldDocument(true)})))}), true},
		{"what another program put there", embed(attachmenttest.Entry{Name: "\x01Ole10Native", Content: attachmenttest.Native([]byte("BM whatever it is"))}), false},
		{"a picture dropped in by the Packager", embedIn(attachmenttest.Package, attachmenttest.Packager("scan.png", []byte("\x89PNG"))), false},
		{"a program of which less is there than is said", embedIn(attachmenttest.Package, attachmenttest.Packager("scan.exe", []byte("x"))[:40]), true},
		{"what the Packager doesn't write", embedIn(attachmenttest.Package, []byte("BM whatever it is")), true},
		{"a command in place of a file", embedIn(attachmenttest.Package, bytes.Replace(attachmenttest.Packager("scan.png", []byte("x")), []byte{0, 0, 3, 0}, []byte{0, 0, 1, 0}, 1)), true},
		{"a program by its name in UTF-16 alone", embedIn(attachmenttest.Package, append(attachmenttest.Packager("scan.png", []byte("x")), wideNames("C:\\Temp\\scan.png", "scan.exe", "scan.png")...)), true},
		{"a picture with all its names", embedIn(attachmenttest.Package, append(attachmenttest.Packager("scan.png", []byte("x")), wideNames("C:\\Temp\\scan.png", "scan.png", "scan.png")...)), false},
		{"a table of old within", embed(attachmenttest.Entry{Name: "Workbook", Content: attachmenttest.BIFF(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0))}), false},
		{"a macro sheet within", embed(attachmenttest.Entry{Name: "Workbook", Content: attachmenttest.BIFF(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(1))}), true},
		{"a document of today within", embed(attachmenttest.Entry{Name: "Package", Content: docx}), false},
		{"one with macros", embed(attachmenttest.Entry{Name: "Package", Content: deflated(file{"word/vbaProject.bin", []byte("x")}, file{"word/document.xml", nil})}), true},
		{"an archive behind a document, and more", append(attachmenttest.OldDocument(false), zipBehind(len(attachmenttest.OldDocument(false)), "and more")...), true},
		{"an archive behind a document", append(attachmenttest.OldDocument(false), deflated(file{"letter.doc", attachmenttest.OldDocument(true)})...), true},

		{"a letter with a text", attachmenttest.SavedLetter("notes.txt", []byte("MZ")), false},
		{"a letter with a document", attachmenttest.SavedLetter("notes.doc", attachmenttest.OldDocument(false)), false},
		{"a letter with a program", attachmenttest.SavedLetter("setup.EXE", []byte("x")), true},
		{"a letter with one under no name", attachmenttest.SavedLetter("setup", theProgram), true},
		{"a letter with a document with macros", attachmenttest.SavedLetter("notes.doc", attachmenttest.OldDocument(true)), true},
		{"a letter with a letter with a script", attachmenttest.Compound(attachmenttest.LetterEntries(attachmenttest.Storage("__attach_version1.0_#00000000", attachmenttest.Storage("__substg1.0_3701000D", inner...)))...), true},
		{"a letter with a letter with a text", attachmenttest.Compound(attachmenttest.LetterEntries(attachmenttest.Storage("__attach_version1.0_#00000000", attachmenttest.Storage("__substg1.0_3701000D", attachmenttest.LetterEntries()...)))...), false},
		{"a letter with a letter about a place on the Web", attachmenttest.Compound(attachmenttest.LetterEntries(attachmenttest.Storage("__attach_version1.0_#00000000", attachmenttest.Entry{Name: "__substg1.0_3001001F", Content: attachmenttest.UTF16("Your order from surgery.com")}, attachmenttest.Storage("__substg1.0_3701000D", attachmenttest.LetterEntries()...)))...), false},
		{"a letter with a letter that has a program's name", attachmenttest.Compound(attachmenttest.LetterEntries(attachmenttest.Storage("__attach_version1.0_#00000000", attachmenttest.Entry{Name: "__substg1.0_3001001F", Content: attachmenttest.UTF16("order.hta")}, attachmenttest.Storage("__substg1.0_3701000D", attachmenttest.LetterEntries()...)))...), true},
		{"a letter with a text's ending and a program's name", attachmenttest.Compound(attachmenttest.LetterEntries(attachmenttest.Storage("__attach_version1.0_#0", attachmenttest.Entry{Name: "__substg1.0_3707001F", Content: utf16le("a.txt")},
			attachmenttest.Entry{Name: "__substg1.0_3704001E", Content: []byte("A.SCR")}, attachmenttest.Entry{Name: cfbContent, Content: []byte("x")}))...), true},

		{"a letter with a program whose name has no end", attachmenttest.SavedLetter(strings.Repeat("a", 2048)+".exe", []byte("x")), true},
		{"a letter with a letter as a file", attachmenttest.SavedLetter("a.eml", letterOf(part("a.txt", "Hello"))), false},
		{"a letter with a letter with a program as a file", attachmenttest.SavedLetter("a.eml", letterOf(part("a.js", "x"))), true},

		{"a text of RTF", []byte(`{\rtf1\ansi Hello \'e9 \bin3 }}} {\pict 89504e47}}`), false},
		{"one with a picture dropped in", attachmenttest.RTF("Package", attachmenttest.Packager("scan.png", []byte("\x89PNG")), nil), false},
		{"one with a program dropped in", attachmenttest.RTF("Package", attachmenttest.Packager("scan.exe", []byte("x")), nil), true},
		{"one with a document", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(false), nil), false},
		{"one with macros", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(true), nil), true},
		{"one with a program dropped in, of a class in other letters", attachmenttest.RTF("pAcKaGe", attachmenttest.Packager("scan.exe", []byte("x")), nil), true},
		{"one behind spaces", append([]byte(" \r\n"), attachmenttest.RTF("Package", attachmenttest.Packager("scan.exe", []byte("x")), nil)...), true},
		{"a package that can't be read", attachmenttest.RTF("Package", []byte("scan"), nil), true},
		{"a link that is embedded", attachmenttest.RTF("OLE2Link", attachmenttest.Compound(), nil), true},
		{"a document that is one", attachmenttest.RTF("Word.Document.8", attachmenttest.CompoundIn(9, attachmenttest.Link), nil), true},
		{"an object over many lines", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(false), apart("\r\n \t")), false},
		{"one with words between, which programs read differently", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(false), apart(`\par `)), true},
		{"one with letters in octets between", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(false), apart(`\'41`)), true},
		{"one with groups between", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(false), apart(`{}`)), true},
		{"one whose word has a number", bytes.Replace(attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(false), nil), []byte(`objdata 0`), []byte(`objdata0`), 1), true},
		{"one behind octets that are none", bytes.Replace(attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(true), nil), []byte(`{\*\objdata`), []byte(`\bin4294967299 {\*\objdata`), 1), true},
		{"one behind octets that are none, in capitals", bytes.Replace(attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(true), nil), []byte(`{\*\objdata`), []byte(`\BIN99 {\*\objdata`), 1), true},
		{"one as octets that are not all there", []byte(`{\rtf1{\object{\*\objdata \bin99 abc}}}`), true},
		{"the same over many lines", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(true), apart("\r\n")), true},
		{"the same with words between", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(true), apart(`\par\uc1 {\*\x 1}`)), true},
		{"the same as octets", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(true), func(s string) string {
			b, _ := hex.DecodeString(s)
			return `\bin` + hexLength(b) + " " + string(b)
		}), true},
		{"a link", []byte(`{\rtf1{\object{\*\objdata 0105000001000000080000004f4c45324c696e6b00}}}`), true},
		{"an object that is cut off", attachmenttest.RTF("Word.Document.8", attachmenttest.OldDocument(false), func(s string) string { return s[:30] }), true},
		{"an object of which there is nothing", []byte(`{\rtf1{\object{\*\objdata 0105000000000000}}}`), false},
		{"an object of no kind", []byte(`{\rtf1{\object{\*\objdata 0105000000000000ff}}}`), true},
		{"an object that is empty", []byte(`{\rtf1{\object{\*\objdata }}}`), false},

		{"a packed letter of S/MIME", attachmenttest.PackedLetter(letterOf(part("a.txt", "Hello"))), false},
		{"one with a program", attachmenttest.PackedLetter(letterOf(part("a.exe", "x"))), true},
		{"one that is packed otherwise", attachmenttest.CMS(oidPacked, []byte("Hello")), true},
		{"a document that is packed so", attachmenttest.PackedLetter(attachmenttest.OldDocument(false)), false},
		{"one with macros", attachmenttest.PackedLetter(attachmenttest.OldDocument(true)), true},
		{"one that is signed", attachmenttest.CMS(oidSigned, attachmenttest.OldDocument(true)), true},
		{"something else that is signed", bytes.Replace(attachmenttest.CMS(oidSigned, []byte("Hello")), oidData, bytes.ReplaceAll(oidData, []byte{7, 1}, []byte{7, 3}), 1), true},
		{"a signed one", attachmenttest.CMS(oidSigned, letterOf(part("a.exe", "x"))), true},

		{"tar behind tar", append(tarred(textInside), tarred(file{"run.vbs", []byte("x")})...), true},
		{"text behind tar", append(tarred(textInside), "and more"...), false},
		{"an archive behind tar", append(tarred(textInside), deflated(file{"a.doc", attachmenttest.OldDocument(true)})...), true},
		{"a program on a drive", deflated(file{`C:\x\a.exe`, []byte("x")}), true},
	} {
		if bad, err := NewLooker().Harmful(bytes.NewReader(c.file), File); bad != c.want || err != nil {
			t.Errorf("%s: %t, %v; want %t", c.why, bad, err, c.want)
		}
	}
}

func hexLength(b []byte) string {
	digits := ""
	for n := len(b); n > 0; n /= 10 {
		digits = string(rune('0'+n%10)) + digits
	}
	return digits
}

// A compound file with any octet wrong is read or is damage, and never more.
func TestDamagedDocuments(t *testing.T) {
	t.Parallel()
	whole := attachmenttest.SavedLetter("notes.doc", attachmenttest.OldDocument(true))
	for at := 24; at < cfbHeader; at++ {
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			b := bytes.Clone(whole)
			b[at] = v
			if bad, err := NewLooker().Harmful(bytes.NewReader(b), File); !bad || err != nil {
				t.Errorf("octet %d as %#x: %t, %v", at, v, bad, err)
			}
		}
	}
	for n := range 100 {
		if bad, err := NewLooker().Harmful(bytes.NewReader(whole[:len(whole)*n/100]), File); n > 1 && !bad || err != nil {
			t.Errorf("%d hundredths of it: %t, %v", n, bad, err)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add(attachmenttest.OldDocument(true))
	f.Add(attachmenttest.SavedLetter("a.doc", []byte("x")))
	f.Add(attachmenttest.Slides(1, pptObject, []byte("12345678")))
	f.Add(attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0)))
	f.Add(attachmenttest.RTF("Package", attachmenttest.Packager("a.txt", []byte("x")), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := NewLooker().Harmful(bytes.NewReader(b), File); err != nil {
			t.Fatal(err)
		}
	})
}

// The directory leads into the middle of an entry's octets as they are packed, where one stands that isn't there when it is unpacked.
func TestEntryWithinPacked(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	must(w.Write(attachmenttest.OldDocument(true)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	second := append([]byte(".doc"), packed.Bytes()...)
	boundary := le.AppendUint16([]byte{1}, uint16(len(second)))
	boundary = le.AppendUint16(boundary, ^uint16(len(second)))
	name := "x" + string(boundary) + ".doc"
	header := func(magic []byte, name string, size int, more ...byte) []byte {
		b := append(bytes.Clone(magic), 20, 0)
		if len(more) > 0 {
			b = append(b, 20, 0)
		}
		b = append(b, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		b = le.AppendUint32(b, uint32(size))
		b = le.AppendUint32(b, uint32(size))
		b = le.AppendUint16(b, uint16(len(name)))
		return append(append(append(b, 0, 0), more...), name...)
	}
	hidden := header(zipLocal, name, packed.Len())
	first := hidden[:zipLocalHeader+1]
	stream := le.AppendUint16([]byte{0}, uint16(len(first)))
	stream = le.AppendUint16(stream, ^uint16(len(first)))
	stream = slices.Concat(stream, first, boundary, second)
	all := append(header(zipLocal, "a.csv", len(stream)), stream...)
	directory := append(header(zipCentre, "a.csv", len(stream), make([]byte, 14)...), header(zipCentre, name, packed.Len(), make([]byte, 14)...)...)
	all = append(all, directory...)
	if bad, err := NewLooker().Harmful(bytes.NewReader(all), File); !bad || err != nil {
		t.Errorf("%t, %v", bad, err)
	}
	inner := deflated(file{"b.docx", deflated(file{"word/document.xml", bytes.Repeat([]byte("<w:p/>"), 9000)})}, textInside)
	if bad, err := NewLooker().Harmful(bytes.NewReader(deflated(file{"inner.zip", inner}, file{"inner2.zip", inner})), File); bad || err != nil {
		t.Errorf("archives in archives: %t, %v", bad, err)
	}
}
