// Package attachmenttest writes files as office programs of old and Outlook do, for tests: compound files ([MS-CFB]) with what a test needs in them, and
// texts and letters that hold such.
package attachmenttest

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf16"
)

// Entry is a storage or a stream of a compound file that a test writes; one with children is a storage.
type Entry struct {
	Name     string
	Content  []byte
	Children []Entry
	Class    [16]byte
}

// Class is one of Microsoft's own: its first octets, then those that all have.
func Class(first ...byte) (class [16]byte) {
	copy(class[:], first)
	copy(class[8:], []byte{0xc0, 0, 0, 0, 0, 0, 0, 0x46})
	return class
}

// Classes of storages.
var (
	Installer = Class(0x84, 0x10, 0x0c)
	Package   = Class(0x0c, 0x00, 0x03)
	Link      = Class(0x00, 0x03)
)

// Storage is an Entry with entries, which are at least an empty list.
func Storage(name string, children ...Entry) Entry {
	return Entry{Name: name, Children: append([]Entry{}, children...)}
}

const (
	headerFAT = 109
	entrySize = 128
	miniShift = 6
	cutoff    = 4096

	end  = 0xfffffffe
	none = 0xffffffff

	kindStorage = 1
	kindStream  = 2
	kindRoot    = 5
)

// UTF16 is a text in pairs of octets.
func UTF16(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// compoundWriter writes compound files as [MS-CFB] has them, of version 3 or, with sectors of 4,096 octets, 4.
type compoundWriter struct {
	shift   uint
	sectors [][]byte
	fat     []uint32
	mini    []byte
	miniFAT []uint32
	entries [][]byte
}

// Compound is a compound file with these entries.
func Compound(entries ...Entry) []byte { return CompoundIn(9, [16]byte{}, entries...) }

// CompoundIn is one with sectors of 1<<shift octets, 9 or 12, and a class for its root.
func CompoundIn(shift uint, class [16]byte, entries ...Entry) []byte {
	w := &compoundWriter{shift: shift}
	root := w.add("Root Entry", kindRoot, class)
	w.link(root, entries)
	le := binary.LittleEndian
	start := w.chain(w.mini)
	le.PutUint32(w.entries[root][116:], start)
	le.PutUint32(w.entries[root][120:], uint32(len(w.mini)))
	miniTable := w.chain(numbers(w.miniFAT, w.size()))
	for len(w.entries)%(w.size()/entrySize) != 0 {
		w.entries = append(w.entries, empty())
	}
	directory := w.chain(slices.Concat(w.entries...))
	return w.file(directory, miniTable)
}

func (w *compoundWriter) size() int { return 1 << w.shift }

func numbers(all []uint32, size int) (b []byte) {
	for _, n := range all {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	for len(b)%size != 0 {
		b = append(b, 0xff)
	}
	return b
}

func empty() []byte {
	b := make([]byte, entrySize)
	for i := 68; i < 80; i++ {
		b[i] = 0xff
	}
	return b
}

func (w *compoundWriter) add(name string, kind byte, class [16]byte) int {
	b, le := empty(), binary.LittleEndian
	units := append(utf16.Encode([]rune(name)), 0)
	for i, u := range units {
		le.PutUint16(b[2*i:], u)
	}
	le.PutUint16(b[64:], uint16(2*len(units)))
	b[66], b[67] = kind, 1
	copy(b[80:], class[:])
	if kind == kindStream {
		le.PutUint32(b[116:], end)
	}
	w.entries = append(w.entries, b)
	return len(w.entries) - 1
}

// link writes a storage's entries as a tree that leans to the right.
func (w *compoundWriter) link(parent int, children []Entry) {
	sorted := slices.SortedFunc(slices.Values(children), func(a, b Entry) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), strings.Compare(strings.ToUpper(a.Name), strings.ToUpper(b.Name)))
	})
	le, at, field := binary.LittleEndian, parent, 76
	for _, e := range sorted {
		kind := byte(kindStream)
		if e.Children != nil {
			kind = kindStorage
		}
		n := w.add(e.Name, kind, e.Class)
		le.PutUint32(w.entries[at][field:], uint32(n))
		at, field = n, 72
		if e.Children != nil {
			w.link(n, e.Children)
			continue
		}
		le.PutUint32(w.entries[n][116:], w.stream(e.Content))
		le.PutUint32(w.entries[n][120:], uint32(len(e.Content)))
	}
}

func (w *compoundWriter) stream(content []byte) uint32 {
	if len(content) >= cutoff {
		return w.chain(content)
	}
	if len(content) == 0 {
		return end
	}
	start := uint32(len(w.miniFAT))
	for at := 0; at < len(content); at += 64 {
		w.mini = append(w.mini, content[at:min(at+64, len(content))]...)
		w.mini = append(w.mini, make([]byte, (64-len(w.mini)%64)%64)...)
		w.miniFAT = append(w.miniFAT, uint32(len(w.miniFAT)+1))
	}
	w.miniFAT[len(w.miniFAT)-1] = end
	return start
}

// chain stores octets in sectors of their own.
func (w *compoundWriter) chain(b []byte) uint32 {
	if len(b) == 0 {
		return end
	}
	start := uint32(len(w.sectors))
	for at := 0; at < len(b); at += w.size() {
		s := make([]byte, w.size())
		copy(s, b[at:])
		w.sectors = append(w.sectors, s)
		w.fat = append(w.fat, uint32(len(w.sectors)))
	}
	w.fat[len(w.fat)-1] = end
	return start
}

// file is the whole, with the FAT and the sectors that name its sectors.
func (w *compoundWriter) file(directory, miniTable uint32) []byte {
	le, perSector := binary.LittleEndian, w.size()/4
	used := len(w.sectors)
	fats, difats := 0, 0
	for {
		needFATs := (used + fats + difats + perSector - 1) / perSector
		needDIFATs := max(0, (needFATs-headerFAT+perSector-2)/(perSector-1))
		if needFATs == fats && needDIFATs == difats {
			break
		}
		fats, difats = needFATs, needDIFATs
	}
	for range fats {
		w.fat = append(w.fat, 0xfffffffd)
	}
	for range difats {
		w.fat = append(w.fat, 0xfffffffc)
	}
	h := make([]byte, w.size())
	copy(h, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1})
	le.PutUint16(h[24:], 0x3e)
	le.PutUint16(h[26:], map[uint]uint16{9: 3, 12: 4}[w.shift])
	le.PutUint16(h[28:], 0xfffe)
	le.PutUint16(h[30:], uint16(w.shift))
	le.PutUint16(h[32:], miniShift)
	le.PutUint32(h[44:], uint32(fats))
	le.PutUint32(h[48:], directory)
	le.PutUint32(h[56:], cutoff)
	le.PutUint32(h[60:], miniTable)
	le.PutUint32(h[64:], uint32((len(w.miniFAT)+perSector-1)/perSector))
	le.PutUint32(h[68:], end)
	le.PutUint32(h[72:], uint32(difats))
	if difats > 0 {
		le.PutUint32(h[68:], uint32(used+fats))
	}
	for i := range headerFAT {
		le.PutUint32(h[76+4*i:], none)
		if i < fats {
			le.PutUint32(h[76+4*i:], uint32(used+i))
		}
	}
	out := slices.Concat(h, slices.Concat(w.sectors...), numbers(w.fat, w.size()))
	for d := range difats {
		s := numbers(nil, 1)
		for i := range perSector - 1 {
			n := headerFAT + d*(perSector-1) + i
			if n < fats {
				s = le.AppendUint32(s, uint32(used+n))
			} else {
				s = le.AppendUint32(s, none)
			}
		}
		next := uint32(end)
		if d+1 < difats {
			next = uint32(used + fats + d + 1)
		}
		out = append(out, le.AppendUint32(s, next)...)
	}
	return out
}

// WordStream is what Word's document begins with, as far as anybody here reads it.
func WordStream(flags uint16) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{0xec, 0xa5, 0xc1, 0, 0, 0, 0, 0, 0, 0}, flags)
	return append(b, []byte(strings.Repeat("text ", 2000))...)
}

// OldDocument is an office document of old, with macros or without.
func OldDocument(macros bool) []byte {
	entries := []Entry{{Name: "WordDocument", Content: WordStream(0)}, {Name: "1Table", Content: make([]byte, 5000)}, {Name: "\x05SummaryInformation", Content: make([]byte, 300)}, Storage("ObjectPool")}
	if macros {
		entries = append(entries, Storage("Macros", Storage("VBA", Entry{Name: "_VBA_PROJECT", Content: []byte("\xcc\x61")}, Entry{Name: "dir", Content: make([]byte, 200)})))
	}
	return Compound(entries...)
}

// SavedLetter is a letter that Outlook stored as a file, with an attachment.
func SavedLetter(name string, content []byte) []byte {
	return Compound(LetterEntries(Storage("__attach_version1.0_#00000000", Entry{Name: "__substg1.0_3707001F", Content: UTF16(name)},
		Entry{Name: "__substg1.0_37010102", Content: content}, Entry{Name: "__properties_version1.0", Content: make([]byte, 100)}))...)
}

// LetterEntries are what a letter of Outlook's is made of, with what is attached.
func LetterEntries(attached ...Entry) []Entry {
	return append([]Entry{{Name: "__properties_version1.0", Content: make([]byte, 200)}, {Name: "__substg1.0_0037001F", Content: UTF16("the setup.exe that you sent")},
		{Name: "__substg1.0_1000001F", Content: UTF16(strings.Repeat("Please find it attached. ", 300))}, Storage("__nameid_version1.0")}, attached...)
}

// Packager writes what the Packager puts into a document.
func Packager(name string, content []byte) []byte {
	b := append([]byte{2, 0}, name+"\x00C:\\Users\\a\\"+name+"\x00"...)
	path := "C:\\Temp\\" + name + "\x00"
	b = append(b, 0, 0, 3, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(path)))
	b = append(b, path...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(content))), content...)
}

// Native is the stream in which a document keeps what was dropped into it.
func Native(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// BIFF writes records of Excel's: pairs of number and content.
func BIFF(records ...any) (b []byte) {
	for i := 0; i+1 < len(records); i += 2 {
		content := records[i+1].([]byte)
		b = binary.LittleEndian.AppendUint16(b, uint16(records[i].(int)))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(content)))
		b = append(b, content...)
	}
	return b
}

// BOF begins a workbook or a sheet of a kind.
func BOF(kind byte) []byte { return []byte{0, 6, kind, 0, 0, 0, 0, 0} }

// BoundSheet names a sheet of a kind.
func BoundSheet(kind byte) []byte { return []byte{0xff, 0xff, 0, 0, 0, kind, 1, 0, 'a'} }

// Workbook is Excel's, of records.
func Workbook(records ...any) []byte {
	return Compound(Entry{Name: "Workbook", Content: append(BIFF(records...), make([]byte, 100)...)})
}

// Slides writes a presentation with one record.
func Slides(instance uint16, id int, content []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, instance<<4)
	b = binary.LittleEndian.AppendUint16(b, uint16(id))
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(content))), content...)
	user := make([]byte, 20)
	binary.LittleEndian.PutUint32(user[12:], 0xe391c05f)
	return Compound(Entry{Name: "PowerPoint Document", Content: append([]byte{0x0f, 0, 0xe8, 3, 4, 0, 0, 0, 1, 2, 3, 4}, b...)}, Entry{Name: "Current User", Content: user})
}

// RTF is a text with an object of a class, whose digits are written as write has them; nil: as they are.
func RTF(class string, content []byte, write func(digits string) string) []byte {
	b := []byte{1, 5, 0, 0, 2, 0, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(class)+1))
	b = append(b, class+"\x00"...)
	b = append(b, make([]byte, 8)...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(content))), content...)
	digits := hex.EncodeToString(b)
	if write != nil {
		digits = write(digits)
	}
	return []byte(`{\rtf1\ansi Hello {\object\objemb{\*\objclass ` + class + `}{\*\objdata ` + digits + `}{\result x}} and more.\par}`)
}
