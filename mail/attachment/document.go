package attachment

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// compound looks into an office document of old, a letter of Outlook's, or whatever else is a compound file: for macros, for programs and documents that
// are embedded in it, and for what is attached. One that is damaged or encrypted can't be looked into.
func (l *Looker) compound(data []byte, depth int) (bool, error) {
	c, root, err := openCompound(l, data)
	return err != nil || isInstaller(root.class) || l.storage(c, root, depth, 0), nil
}

// isInstaller tells packages of Windows Installer, which are compound files of these classes.
func isInstaller(class [16]byte) bool {
	rest := []byte{0x10, 0x0c, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}
	return bytes.Equal(class[1:], rest) && (class[0] == 0x84 || class[0] == 0x82 || class[0] == 0x86)
}

// Classes of storages: what the Packager opens, and a link to something elsewhere, which Office fetches.
var (
	classPackage = [16]byte{0x0c, 0x00, 0x03, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}
	classLink    = [16]byte{0x00, 0x03, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}
)

// Names of entries, in lower case.
const (
	cfbNative  = "\x01ole10native"
	cfbAttach  = "__attach_version1.0_"
	cfbContent = "__substg1.0_37010102" // of an attachment ([MS-OXMSG] 2.1.3)
	cfbLetter  = "__substg1.0_3701000d" // of one that is a letter, or an object
)

// macroEntries are those that a document has for its macros alone.
var macroEntries = map[string]bool{"_vba_project": true, "_vba_project_cur": true, "vba": true, "macros": true}

// maxStorages is how deep storages lie within storages.
const maxStorages = 64

// storage looks into a storage and all within it. What can't be read counts as harmful.
func (l *Looker) storage(c *compound, s *cfbNode, depth, within int) bool {
	if within > maxStorages || strings.HasPrefix(s.name, cfbAttach) && l.attached(c, s, depth) {
		return true
	}
	for _, n := range s.children {
		if macroEntries[n.name] {
			return true
		}
		if n.kind == cfbStorage {
			if l.storage(c, n, depth, within+1) {
				return true
			}
			continue
		}
		if bad, err := l.stream(c, s, n, depth); bad || err != nil {
			return true
		}
	}
	return false
}

// stream looks into those streams of a storage in which something can hide.
func (l *Looker) stream(c *compound, s, n *cfbNode, depth int) (bool, error) {
	switch n.name {
	case "workbook", "book":
		return l.workbook(c, n)
	case "worddocument":
		return wordClosed(c.open(n))
	case "current user":
		return slidesEncrypted(c.open(n))
	case "powerpoint document":
		return l.slides(c.open(n), depth)
	case "encryptedpackage", "\tdrmcontent":
		return true, nil
	case cfbNative:
		return l.native(unpacking{l, c.open(n)}, s.class == classPackage, depth)
	case "package", "contents":
		return l.look(unpacking{l, c.open(n)}, depth+1)
	}
	return false, nil
}

// wordClosed reports whether Word's first record ([MS-DOC] 2.5.2) says that the document is encrypted, or a template from before Word 97, whose macros
// stand in no storage of their own, but within the stream of the text. A document of that age has none.
func wordClosed(r io.Reader) (bool, error) {
	const word97, isTemplate, isEncrypted = 0xc0, 0x0001, 0x0100
	var fib [12]byte
	if _, err := io.ReadFull(r, fib[:]); err != nil {
		return false, err
	}
	version, flags := binary.LittleEndian.Uint16(fib[2:]), binary.LittleEndian.Uint16(fib[10:])
	return flags&isEncrypted != 0 || version < word97 && flags&isTemplate != 0, nil
}

// attached judges an attachment of a letter of Outlook's by its names, and by its content where these leave it open. A letter or an object that is
// attached is a storage within, and is looked at as such.
func (l *Looker) attached(c *compound, s *cfbNode, depth int) bool {
	names, ok := attachedNames(c, s)
	if !ok {
		return true
	}
	letter, suspicion := s.child(cfbLetter) != nil, Harmless
	for _, name := range names {
		found := l.entry(name)
		if found == Remove && letter && !isProgramOfLetter(name) {
			found = Look // its subject
		}
		suspicion = max(suspicion, found)
	}
	content := s.child(cfbContent)
	switch {
	case suspicion == Remove, l.names < 0:
		return true
	case content == nil || suspicion == Harmless && len(names) > 0:
		return false
	}
	for _, kind := range kindsOf(names) {
		if bad, err := l.lookAs(unpacking{l, c.open(content)}, kind, depth+1); bad || err != nil {
			return true
		}
	}
	return false
}

// attachedNames are the names of an attachment: as it is shown, its ending, short, and long. One that is longer than anybody's who means well isn't ok.
func attachedNames(c *compound, s *cfbNode) (names []string, ok bool) {
	for _, n := range s.children {
		property := strings.TrimPrefix(n.name, "__substg1.0_")
		switch property {
		case "3001001f", "3001001e", "3703001f", "3703001e", "3704001f", "3704001e", "3707001f", "3707001e":
		default:
			continue
		}
		b, err := io.ReadAll(io.LimitReader(c.open(n), maxTNEFName+1))
		if err != nil || len(b) > maxTNEFName {
			return nil, false
		}
		text := tnefText(b, strings.HasSuffix(property, "f"))
		if strings.HasPrefix(property, "3703") {
			text = "a" + text // an ending alone
		}
		names = append(names, text)
	}
	return names, true
}

// Records of Excel's ([MS-XLS] 2.4).
const (
	xlBoundSheet = 0x0085
	xlFilePass   = 0x002f

	xlMacroSheet = 0x0040 // what a sheet begins as
	xlVBAModule  = 0x0006
	xlWorkbook4  = 0x0100 // workbooks of Excel 4, which hold their sheets one after the other
)

// workbook looks through a workbook for macro sheets, which no directory names.
func (l *Looker) workbook(c *compound, n *cfbNode) (bool, error) {
	r := unpacking{l, c.open(n)}
	all, err := io.ReadAll(r)
	if err != nil {
		return true, err
	}
	return macroSheets(all), nil
}

// macroSheets reports whether the records of a workbook begin a macro sheet, name one, or are encrypted. Sheets begin where the workbook says, so
// that records which only a part of programs see don't count.
func macroSheets(b []byte) bool {
	le := binary.LittleEndian
	sheets := []int64{0}
	for at := int64(0); at+4 <= int64(len(b)); {
		id, length := le.Uint16(b[at:]), int64(le.Uint16(b[at+2:]))
		body := b[at+4:]
		if length > int64(len(body)) {
			break // some programs leave octets at the end
		}
		body = body[:length]
		switch {
		case id == xlFilePass:
			return true
		case id == xlBoundSheet && length >= 6:
			if body[5] == 1 || body[5] == xlVBAModule {
				return true
			}
			sheets = append(sheets, int64(le.Uint32(body)))
		case id&0xf1ff == 0x0009 && length >= 4: // BOF of each version: 0009, 0209, 0409, 0809
			if le.Uint16(body[2:]) == xlMacroSheet {
				return true
			}
		}
		at += 4 + length
	}
	for _, at := range sheets {
		if at+8 <= int64(len(b)) && le.Uint16(b[at:])&0xf1ff == 0x0009 && le.Uint16(b[at+6:]) == xlMacroSheet {
			return true
		}
	}
	return false
}

// isSheet tells a sheet of Excel's that stands by itself, in no compound file, as Excel up to 4 wrote them and every Excel reads.
func isSheet(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	le := binary.LittleEndian
	id, length, kind := le.Uint16(head), le.Uint16(head[2:]), le.Uint16(head[6:])
	return id&0xf1ff == 0x0009 && length >= 4 && length <= 16 && (kind == 0x10 || kind == 0x20 || kind == xlMacroSheet || kind == 5 || kind == xlWorkbook4)
}

func (l *Looker) sheet(all []byte, _ int) (bool, error) { return macroSheets(all), nil }
