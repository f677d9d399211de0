package attachment

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
	"testing"

	"haven/mail/attachment/attachmenttest"
)

// packedFile is an entry of an archive that is written by hand, with what its headers say.
type packedFile struct {
	name               string
	content, raw       []byte
	method             uint16
	inLocal, inCentral []byte // extra fields
}

func storedFile(name string, content []byte) packedFile {
	return packedFile{name: name, content: content, raw: content}
}

func deflatedFile(name string, content []byte) packedFile {
	var b bytes.Buffer
	w := must(flate.NewWriter(&b, flate.DefaultCompression))
	must(w.Write(content))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return packedFile{name: name, content: content, raw: b.Bytes(), method: zip.Deflate}
}

// header is what stands before the content, or with the place of that in the directory.
func (f packedFile) header(at int) []byte {
	le := binary.LittleEndian
	magic, extra := zipLocal, f.inLocal
	if at >= 0 {
		magic, extra = append(bytes.Clone(zipCentre), 20, 0), f.inCentral
	}
	b := append(bytes.Clone(magic), 20, 0, 0, 0)
	b = append(le.AppendUint16(b, f.method), 0, 0, 0, 0)
	b = le.AppendUint32(b, crc32.ChecksumIEEE(f.content))
	b = le.AppendUint32(b, uint32(len(f.raw)))
	b = le.AppendUint32(b, uint32(len(f.content)))
	b = le.AppendUint16(b, uint16(len(f.name)))
	b = le.AppendUint16(b, uint16(len(extra)))
	if at >= 0 {
		b = le.AppendUint32(append(b, make([]byte, 10)...), uint32(at))
	}
	return slices.Concat(b, []byte(f.name), extra)
}

func (f packedFile) local() []byte { return append(f.header(-1), f.raw...) }

// archive writes entries, and a directory of those and of more that lie within b by places of their own.
func archive(files []packedFile, hidden ...packedFile) []byte {
	var b, directory []byte
	for _, f := range files {
		directory = append(directory, f.header(len(b))...)
		b = append(b, f.local()...)
	}
	for _, f := range hidden {
		directory = append(directory, f.header(bytes.Index(b, f.local()))...)
	}
	le, n := binary.LittleEndian, uint16(len(files)+len(hidden))
	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	end = le.AppendUint16(le.AppendUint16(end, n), n)
	end = le.AppendUint32(le.AppendUint32(end, uint32(len(directory))), uint32(len(b)))
	return slices.Concat(b, directory, end, []byte{0, 0})
}

// The directory leads into a file that is stored as it is, where an entry stands that whoever reads that file as what it is doesn't see.
func TestEntryWithinStored(t *testing.T) {
	t.Parallel()
	bad, good := deflatedFile("b.doc", attachmenttest.OldDocument(true)), deflatedFile("b.doc", attachmenttest.OldDocument(false))
	docx := deflated(file{"word/document.xml", bytes.Repeat([]byte("<w:p/>"), 9000)}, file{"word/styles.xml", filled(9000)})
	for _, c := range []struct {
		why     string
		stored  packedFile
		hidden  []packedFile
		harmful bool
	}{
		{"macros in a document of old", storedFile("a.doc", append(attachmenttest.OldDocument(false), bad.local()...)), []packedFile{bad}, true},
		{"a document in a document of old, which nobody writes", storedFile("a.doc", append(attachmenttest.OldDocument(false), good.local()...)), []packedFile{good}, true},
		{"macros in a text of RTF", storedFile("a.rtf", append([]byte(`{\rtf1 x}`), bad.local()...)), []packedFile{bad}, true},
		{"macros in what gzip packed", storedFile("a.csv.gz", gzippedRaw(bad.local())), []packedFile{bad}, true},
		{"macros in Outlook's packing", storedFile("winmail.dat", tnefOf(append(make([]byte, 16), bad.local()...))), []packedFile{bad}, true},
		{"macros in an archive of tar", storedFile("a.tar", tarred(file{"a.txt", bad.local()})), []packedFile{bad}, true},
		{"a letter of Outlook's with a document of today", storedFile("a.msg", attachmenttest.SavedLetter("a.docx", docx)), nil, false},
		{"the same in pieces", storedFile("a.msg", attachmenttest.SavedLetter("a.txt", slices.Concat(docx[:300], filled(300), docx[300:]))), nil, false},
		{"a document of today in an archive", storedFile("a.docx", docx), nil, false},
	} {
		b := archive([]packedFile{c.stored}, c.hidden...)
		for i, f := range must(zip.NewReader(bytes.NewReader(b), int64(len(b)))).File {
			if r, err := f.Open(); err != nil || len(must(io.ReadAll(r))) != int(f.UncompressedSize64) {
				t.Errorf("%s: entry %d is not what it is meant to be: %v", c.why, i, err)
			}
		}
		if got, err := NewLooker().Harmful(bytes.NewReader(b), File); got != c.harmful || err != nil {
			t.Errorf("%s: %t, %v; want %t", c.why, got, err, c.harmful)
		}
	}
}

// gzippedRaw packs by not packing, so that the octets stand there as they are.
func gzippedRaw(content []byte) []byte {
	b := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(content)))
	b = append(binary.LittleEndian.AppendUint16(b, ^uint16(len(content))), content...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(content))
	return binary.LittleEndian.AppendUint32(b, uint32(len(content)))
}

// What the two headers of an entry say has to be one, and so do the two names that an entry may have.
func TestHeadersAgree(t *testing.T) {
	t.Parallel()
	field := func(id uint16, content []byte) []byte {
		b := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, id), uint16(len(content)))
		return append(b, content...)
	}
	called := func(name string) []byte { return field(0x7075, append([]byte{1, 0, 0, 0, 0}, name...)) }
	with := func(name string, local, central []byte) []byte {
		f := deflatedFile(name, []byte("Two tablets at night."))
		f.inLocal, f.inCentral = local, central
		return archive([]packedFile{f})
	}
	zeros := field(0x9999, make([]byte, 30))
	for _, c := range []struct {
		why  string
		file []byte
		want bool
	}{
		{"a text", with("a.txt", nil, nil), false},
		{"a text with the times of it", with("a.txt", field(0x5455, make([]byte, 9)), field(0x5455, make([]byte, 5))), false},
		{"a text with the same name in UTF-8", with("r_sum_.txt", called("résumé.txt"), called("résumé.txt")), false},
		{"a document with the same name in UTF-8", with("r_sum_.csv", called("résumé.csv"), called("résumé.csv")), false},
		{"a text that is called a program in UTF-8", with("a.txt", called("a.exe"), called("a.exe")), true},
		{"the same before the content alone", with("a.txt", called("a.exe"), nil), true},
		{"the same in the directory alone", with("a.txt", nil, called("a.exe")), true},
		{"the same behind other fields", with("a.txt", nil, slices.Concat(zeros, zeros, zeros, called("a.exe"))), true},
		{"a text that is called a document", with("a.txt", nil, called("a.doc")), true},
		{"fields in which something hides", with("a.txt", nil, append(bytes.Repeat(zeros, 30), called("a.exe")...)), true},
		{"Office's room to grow", with("a.xml", field(0xa220, make([]byte, 520)), nil), false},
		{"room before the content alone", with("a.txt", bytes.Repeat(zeros, 30), nil), false},
		{"the same with another name", with("a.txt", append(bytes.Repeat(zeros, 30), called("a.exe")...), nil), true},
	} {
		for _, step := range []int{1 << 20, 7} {
			if got, err := NewLooker().Harmful(&slow{c.file, step}, File); got != c.want || err != nil {
				t.Errorf("%s, in steps of %d: %t, %v; want %t", c.why, step, got, err, c.want)
			}
		}
	}
}
