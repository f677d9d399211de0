// Package document reads the text inside documents that come with letters, so that a search finds it.
//
// Documents are strangers' files, and the programs that read them have faults. So nothing of a document is read in the service itself: a
// child process of the same program, `haven extract`, gets its octets and gives text back. The child can open no network, write no file and,
// where the kernel has Landlock, read none but programs; its memory and its time are bounded, and it is killed with all that it started. What
// becomes of it is no concern of the letter's: a document that can't be read has no words.
package document

import (
	"bytes"
	"strings"
)

// Kind is what a document is read as.
type Kind string

// The kinds. Old are those of Microsoft Office before 2007, in a compound file.
const (
	None         Kind = ""
	PDF          Kind = "pdf"
	Office       Kind = "office"
	OpenDocument Kind = "opendocument"
	RTF          Kind = "rtf"
	HTML         Kind = "html"
	Plain        Kind = "plain"
	Old          Kind = "old"
)

// KindOf is what an attachment is by its type and its file name; None for one that isn't read as a document. Text parts are part of
// the letter's own text already, but for RTF, whose markup hides the words.
func KindOf(typ, name string) Kind {
	typ = strings.ToLower(typ)
	if k := byType(typ); k != None {
		return k
	}
	switch main, _, _ := strings.Cut(typ, "/"); main {
	case "text", "image", "audio", "video", "message", "multipart":
		return None
	}
	return byEnding(name)
}

func byType(typ string) Kind {
	switch typ {
	case "application/pdf", "application/x-pdf":
		return PDF
	case "application/rtf", "application/x-rtf", "text/rtf", "text/richtext":
		return RTF
	case "application/xhtml+xml":
		return HTML
	case "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint":
		return Old
	}
	switch {
	case strings.HasPrefix(typ, "application/vnd.openxmlformats-officedocument."), strings.HasPrefix(typ, "application/vnd.ms-") && strings.HasSuffix(typ, ".macroenabled.12"):
		return Office
	case strings.HasPrefix(typ, "application/vnd.oasis.opendocument."):
		return OpenDocument
	}
	return None
}

func byEnding(name string) Kind {
	name = strings.TrimRight(name, ". ") // as Windows does
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return None
	}
	switch strings.ToLower(name[i+1:]) {
	case "pdf":
		return PDF
	case "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "pptx", "pptm", "ppsx", "potx":
		return Office
	case "odt", "ott", "ods", "ots", "odp", "otp", "odg":
		return OpenDocument
	case "rtf":
		return RTF
	case "html", "htm", "xhtml":
		return HTML
	case "txt", "csv", "tsv", "md":
		return Plain
	case "doc", "dot", "xls", "xlt", "ppt", "pps":
		return Old
	}
	return None
}

// kinds that say what they are by their first octets.
var magics = []struct {
	magic string
	kind  Kind
}{{"%PDF-", PDF}, {`{\rt`, RTF}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Old}, {"PK\x03\x04", Office}}

// headOctets is how far into a file a PDF may begin, as programs have it.
const headOctets = 1024

// sniff is what a file is by its octets, whatever it was called: programs open it by these.
func sniff(called Kind, b []byte) Kind {
	head := bytes.TrimLeft(bytes.TrimPrefix(b[:min(len(b), headOctets)], []byte("\ufeff")), " \t\r\n\x00")
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.kind
		}
	}
	switch {
	case bytes.Contains(head, []byte("%PDF-")):
		return PDF
	case called == HTML || called == Plain:
		return called
	case bytes.HasPrefix(bytes.ToLower(head), []byte("<!doctype html")), bytes.HasPrefix(bytes.ToLower(head), []byte("<html")):
		return HTML // what some programs call a document of Word or Excel
	}
	return None
}

// Streams by which a compound file tells whose it is, as its directory has their names.
var (
	wordStream      = utf16le("WordDocument")
	excelStream     = utf16le("Workbook")
	oldExcelStream  = utf16le("Book\x00")
	slidesStream    = utf16le("PowerPoint Document")
	encryptedStream = utf16le("EncryptedPackage")
)

func utf16le(ascii string) []byte {
	b := make([]byte, 0, 2*len(ascii))
	for i := range len(ascii) {
		b = append(b, ascii[i], 0)
	}
	return b
}

// program is one of Debian that writes a document's text; {} stands for where it reads the document.
type program struct {
	name string
	args []string
}

// maxPages is how many pages of a PDF are read: text of 500 pages is more than a search keeps of a letter.
const maxPages = "500"

// programFor is who reads what isn't read here; ok is false for what nobody does, such as what is encrypted.
func programFor(k Kind, b []byte) (p program, ok bool) {
	switch {
	case k == PDF:
		return program{"pdftotext", []string{"-q", "-enc", "UTF-8", "-eol", "unix", "-nopgbrk", "-l", maxPages, stdinPath, "-"}}, true
	case k != Old || bytes.Contains(b, encryptedStream):
		return p, false
	case bytes.Contains(b, wordStream):
		return program{"catdoc", []string{"-w", "-d", "utf-8", stdinPath}}, true
	case bytes.Contains(b, excelStream), bytes.Contains(b, oldExcelStream):
		return program{"xls2csv", []string{"-q0", "-c", " ", "-d", "utf-8", stdinPath}}, true
	case bytes.Contains(b, slidesStream):
		return program{"catppt", []string{"-d", "utf-8", stdinPath}}, true
	}
	return p, false
}

// Program is one that reads documents: its name, the package of Debian that has it, and what it reads.
type Program struct{ Name, Package, Reads string }

// Programs are all that are of use.
func Programs() []Program {
	return []Program{{"pdftotext", "poppler-utils", "PDFs"}, {"catdoc", "catdoc", "Word documents of old (.doc)"},
		{"xls2csv", "catdoc", "Excel sheets of old (.xls)"}, {"catppt", "catdoc", "PowerPoint slides of old (.ppt)"}}
}

// stdinPath is where a program opens what its standard input is; from the beginning, since that is a file.
const stdinPath = "/proc/self/fd/0"
