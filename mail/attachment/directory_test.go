package attachment

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"slices"
	"testing"

	"haven/mail/attachment/attachmenttest"
)

// saying changes what the directory of an archive says of its last entry.
func saying(b []byte, change func(listed []byte)) []byte {
	b = bytes.Clone(b)
	change(b[bytes.LastIndex(b, zipCentre):])
	return b
}

// further is an archive that says that so many octets stand before it.
func further(b []byte, octets int) []byte {
	le := binary.LittleEndian
	return saying(b, func(listed []byte) {
		end := listed[len(listed)-zipEndLength:]
		for _, at := range [][]byte{listed[42:], end[16:]} {
			le.PutUint32(at, le.Uint32(at)+uint32(octets))
		}
	})
}

// says puts a number where an entry of the directory has one.
func says(at int, n uint32) func([]byte) {
	return func(listed []byte) { binary.LittleEndian.PutUint32(listed[at:], n) }
}

// large is an archive that ends as large ones do, whose entry stands nowhere but for who reads its extra field.
func large(f packedFile, at uint64) []byte {
	le := binary.LittleEndian
	f.inCentral = le.AppendUint64([]byte{1, 0, 8, 0}, at)
	b := saying(archive([]packedFile{f}), says(42, 1<<32-1))
	i := bytes.LastIndex(b, zipEnding)
	directory := bytes.LastIndex(b, zipCentre)
	end := append(append(bytes.Clone(zipEnding4), 44), make([]byte, 35)...)
	end[24], end[32] = 1, 1 // entries
	end = le.AppendUint64(le.AppendUint64(end, uint64(i-directory)), uint64(directory))
	locator := le.AppendUint64([]byte("PK\x06\x07\x00\x00\x00\x00"), uint64(i))
	b = slices.Concat(b[:i], end, locator, []byte{1, 0, 0, 0}, b[i:])
	le.PutUint32(b[len(b)-6:], 1<<32-1)
	return b
}

// twin is an archive whose directory leads into the octets of an entry as they are packed, to a header that stands there when it is unpacked, too. Packed,
// the head of a block stands behind it where its extra field should, and what follows begins with a block that holds all of shown. Unpacked, the
// head of that block is the extra field, and shown is all that there is.
func twin(shown, hidden []byte) []byte {
	le := binary.LittleEndian
	block := func(last byte, content []byte) []byte {
		n := uint16(len(content))
		return append(le.AppendUint16(le.AppendUint16([]byte{last}, n), ^n), content...)
	}
	first := deflatedFile("", shown).raw
	raw := append(block(0, first), deflatedFile("", hidden).raw...)
	second := block(1, raw)
	f := packedFile{name: "b.zip", content: append(first, hidden...), raw: raw, method: zip.Deflate, inLocal: second[:5]}
	header := f.header(-1)
	header = header[:len(header)-5]
	return archive([]packedFile{{name: "a.csv", content: append(bytes.Clone(header), raw...), raw: append(block(0, header), second...), method: zip.Deflate}}, f)
}

// What the directory of an archive leads to is what was looked at.
func TestDirectory(t *testing.T) {
	t.Parallel()
	document, other := deflatedFile("b.doc", attachmenttest.OldDocument(false)), deflatedFile("c.doc", attachmenttest.OldDocument(false))
	table := storedFile("c.csv", []byte("a,b"))
	one, two := archive([]packedFile{document}), archive([]packedFile{document, table})
	text := must(io.ReadAll(bzip2.NewReader(bytes.NewReader(bzipText))))
	by := func(octets int) packedFile {
		return packedFile{name: "a.csv", content: text, raw: append(bytes.Clone(bzipText), make([]byte, octets)...), method: 12}
	}
	for _, c := range []struct {
		why  string
		file []byte
		want bool
	}{
		{"two files", two, false},
		{"one that is packed by bzip2, and another", archive([]packedFile{by(0), document}), false},
		{"the same, and more than that", archive([]packedFile{by(5), document}), true},
		{"packed by bzip2, shorter than it is", saying(archive([]packedFile{by(0)}), says(20, 20)), true},
		{"with a remark at the end", slices.Concat(one[:len(one)-2], []byte("\x04\x00note")), false},
		{"behind other octets", append([]byte("#!/bin/sh of an archive that unpacks itself\n"), two...), false},
		{"the same, which says so", append(make([]byte, 100), further(one, 100)...), false},
		{"archives in an archive, not packed", archive([]packedFile{storedFile("a.zip", one), storedFile("b.zip", two), document}), false},
		{"an archive behind an archive", slices.Concat(one, archive([]packedFile{other})), false},
		{"as large ones end", large(document, 0), false},
		{"the same, which leads elsewhere", large(document, 1), true},
		{"listed under another's name", saying(archive([]packedFile{deflatedFile("b.txt", document.content)}), func(b []byte) { copy(b[zipCentreHeader:], "b.doc") }), true},
		{"an entry that is nowhere", saying(archive([]packedFile{document, other}), says(42, 1<<20)), true},
		{"an entry in the middle of another", saying(archive([]packedFile{document, other}), says(42, 2)), true},
		{"an entry that is shorter than it is", saying(one, says(20, 20)), true},
		{"one that is shorter when it is unpacked", saying(one, says(24, 600)), true},
		{"one that is shorter, not packed", saying(two, says(20, 2)), true},
		{"another way of packing", saying(two, func(b []byte) { b[10] = 8 }), true},
		{"a directory that nothing leads to", slices.Concat(saying(one, says(42, 7))[:len(one)-zipEndLength], one), true},
		{"a program that the directory leads to, in another entry's octets", twin([]byte("Hello."), archive([]packedFile{deflatedFile("setup.exe", []byte("x"))})), true},
	} {
		for _, step := range []int{1 << 20, 7} {
			if got, err := NewLooker().Harmful(&slow{c.file, step}, File); err != nil || got != c.want {
				t.Errorf("%s, by %d: %t, %v; want %t", c.why, step, got, err, c.want)
			}
		}
	}
	program := archive([]packedFile{deflatedFile("setup.exe", []byte("x"))})
	for _, c := range []struct{ file, ends []byte }{{large(document, 0), document.content}, {twin([]byte("Hello."), program), program}} {
		files := must(zip.NewReader(bytes.NewReader(c.file), int64(len(c.file)))).File
		if b, err := io.ReadAll(must(files[len(files)-1].Open())); err != nil || !bytes.HasSuffix(b, c.ends) {
			t.Errorf("an archive is not what it is meant to be: %v", err)
		}
	}
}

// A file of another kind that is an archive, too, for whoever opens it from its end.
func TestTwoInOne(t *testing.T) {
	t.Parallel()
	archived := archive([]packedFile{deflatedFile("b.doc", attachmenttest.OldDocument(true))})
	remarked := bytes.Clone(archived) // what Outlook has behind an attribute is a remark on the archive
	remarked[len(remarked)-2] = 2
	tarAndRTF := tarred(file{"{\\rtf1 x", []byte("x")})
	for _, c := range []struct {
		why  string
		file []byte
	}{
		{"behind a text of RTF", slices.Concat([]byte(`{\rtf1 Hello}`), archived)},
		{"behind a sheet", slices.Concat(attachmenttest.BIFF(0x409, []byte{0, 4, 0x10, 0, 0, 0}, 0x0a, []byte{}), archived)},
		{"behind a signed letter", slices.Concat(signedLetter(letterOf(part("a.txt", "Hello")), false), archived)},
		{"behind a packed letter", slices.Concat(attachmenttest.PackedLetter(letterOf(part("a.txt", "Hello"))), archived)},
		{"behind gzip", slices.Concat(gzipped("", []byte("Hello.")), archived)},
		{"behind a letter", slices.Concat([]byte("MIME-Version: 1.0\r\n\r\nHello\r\n"), archived)},
		{"behind tar", slices.Concat(tarred(textInside), archived)},
		{"in an attribute of Outlook's packing", attribute(append(bytes.Clone(magicTNEF), 1, 0), 1, 0x1234, remarked)},
		{"a text of RTF that is tar", tarAndRTF},
	} {
		if bad, err := NewLooker().Harmful(bytes.NewReader(c.file), File); err != nil || !bad {
			t.Errorf("%s: %t, %v", c.why, bad, err)
		}
	}
	outlook := tnef("A.DOCX", "a.docx", archive([]packedFile{deflatedFile("word/document.xml", filled(9000))}))
	if bad, err := NewLooker().Harmful(bytes.NewReader(outlook), File); err != nil || bad {
		t.Errorf("a document of today in Outlook's packing: %t, %v", bad, err)
	}
}
