package delivery

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// Signatures of file formats.
var (
	magicOLE  = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1} // Word, Excel and PowerPoint of old
	magicELF  = []byte("\x7fELF")
	magicPE   = []byte("MZ")
	magicLNK  = []byte{0x4c, 0, 0, 0, 0x01, 0x14, 0x02, 0}
	zipLocal  = []byte("PK\x03\x04")
	zipCentre = []byte("PK\x01\x02")
	macroName = utf16le("_VBA_PROJECT") // the directory entry that each OLE document with macros has
)

const (
	sniffBlock   = 32 << 10
	sniffOverlap = 512 // longest thing that is looked for: a zip entry's header with its name
)

func utf16le(s string) []byte {
	var b []byte
	for i := 0; i < len(s); i++ {
		b = append(b, s[i], 0)
	}
	return b
}

// harmful reads a file and reports whether it is a program, a document with macros, or an archive that holds either.
// It reads in one pass with bounded memory; names in an archive stand in clear even where its files are encrypted.
func harmful(r io.Reader) (bool, error) {
	block := make([]byte, sniffBlock)
	have := 0
	first := true
	ole := false
	for {
		n, err := io.ReadFull(r, block[have:])
		b := block[:have+n]
		if first {
			if bytes.HasPrefix(b, magicPE) && looksLikePE(b) || bytes.HasPrefix(b, magicELF) || bytes.HasPrefix(b, magicLNK) {
				return true, nil
			}
			ole = bytes.HasPrefix(b, magicOLE)
			first = false
		}
		if ole && bytes.Contains(b, macroName) || zipHoldsHarm(b) {
			return true, nil
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, err
		}
		have = copy(block, b[len(b)-sniffOverlap:])
	}
}

// looksLikePE tells a program from a text that begins with MZ: the DOS header points to a PE, NE or LE one, or the file
// is binary from the start.
func looksLikePE(b []byte) bool {
	return len(b) < 64 || bytes.IndexByte(b[:64], 0) >= 0
}

// zipHoldsHarm looks for zip entries with names that are harmful; entries of archives within count as well where they
// are stored without compression.
func zipHoldsHarm(b []byte) bool {
	for _, kind := range []struct {
		magic      []byte
		nameLen    int // offset of the name's length
		nameOffset int
	}{{zipLocal, 26, 30}, {zipCentre, 28, 46}} {
		for at := 0; ; {
			i := bytes.Index(b[at:], kind.magic)
			if i < 0 {
				break
			}
			e := b[at+i:]
			at += i + len(kind.magic)
			if len(e) < kind.nameOffset {
				break
			}
			n := int(binary.LittleEndian.Uint16(e[kind.nameLen:]))
			name := e[kind.nameOffset:]
			if harmfulEntry(string(name[:min(n, len(name), sniffOverlap)])) {
				return true
			}
		}
	}
	return false
}

func harmfulEntry(name string) bool {
	if strings.EqualFold(name[strings.LastIndexAny(name, `/\`)+1:], "vbaProject.bin") {
		return true
	}
	e := ending(name)
	return programs[e] || withMacros[e]
}
