package attachment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// A compound file ([MS-CFB]) is a small file system in a file: Word's, Excel's and PowerPoint's documents of old, and letters that Outlook stores. Sectors
// are chained by a table, the FAT; short streams lie in sectors of 64 octets within one long stream; storages and streams are entries of a directory, each
// storage's in a binary tree.
const (
	cfbHeader    = 512
	cfbEntry     = 128
	cfbMiniShift = 6
	cfbCutoff    = 4096 // shorter streams lie in the mini stream
	cfbInHeader  = 109  // sectors of the FAT that the header names itself

	cfbEnd  = 0xfffffffe // end of a chain
	cfbNone = 0xffffffff // no entry, no sector
)

// Types of entries.
const (
	cfbStorage = 1
	cfbStream  = 2
	cfbRoot    = 5
)

var errDamaged = errors.New("the document's own directory is damaged")

// compound is a compound file held in memory. Its tables are read in place, where they lie.
type compound struct {
	data  []byte
	shift uint     // sectors are of 1<<shift octets
	fat   []uint32 // the sectors of the FAT
	mini  struct {
		table, stream []uint32 // the sectors of the mini FAT and of the mini stream
	}
}

// cfbNode is a storage or a stream.
type cfbNode struct {
	name     string // lower case
	kind     byte
	class    [16]byte
	start    uint32
	size     int64
	children []*cfbNode
}

// child is a storage's child of a name, or nil.
func (n *cfbNode) child(name string) *cfbNode {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// openCompound reads the header and the directory of a compound file, whose entries are charged to l's names.
func openCompound(l *Looker, data []byte) (*compound, *cfbNode, error) {
	le := binary.LittleEndian
	if len(data) < cfbHeader || le.Uint16(data[28:]) != 0xfffe || le.Uint16(data[32:]) != cfbMiniShift || le.Uint32(data[56:]) != cfbCutoff {
		return nil, nil, errDamaged
	}
	c := &compound{data: data, shift: uint(le.Uint16(data[30:]))}
	if version := le.Uint16(data[26:]); version == 3 && c.shift != 9 || version == 4 && c.shift != 12 || version != 3 && version != 4 {
		return nil, nil, errDamaged
	}
	if err := c.findFAT(); err != nil {
		return nil, nil, err
	}
	directory, err := c.chain(le.Uint32(data[48:]))
	if err != nil {
		return nil, nil, err
	}
	root, err := c.tree(l, directory)
	if err != nil {
		return nil, nil, err
	}
	first := le.Uint32(data[60:])
	if first >= cfbEnd {
		return c, root, nil
	}
	if c.mini.table, err = c.chain(first); err == nil {
		c.mini.stream, err = c.chain(root.start)
	}
	return c, root, err
}

// rootClass is the class of a compound file as a whole; none where it is no such file.
func rootClass(data []byte) (class [16]byte) {
	if len(data) < cfbHeader || !bytes.HasPrefix(data, magicOLE) {
		return class
	}
	le := binary.LittleEndian
	c := &compound{data: data, shift: uint(le.Uint16(data[30:]) & 0xf)}
	if b, err := c.sector(le.Uint32(data[48:])); err == nil && len(b) >= cfbEntry {
		class = [16]byte(b[80:96])
	}
	return class
}

// findFAT lists the sectors of the FAT, as many as the header says: those that it names itself, and those that a chain of more sectors does. Programs
// differ in what they make of others that are named, which is of no account here: what leads to them is damage.
func (c *compound) findFAT() error {
	le := binary.LittleEndian
	count := int64(le.Uint32(c.data[44:]))
	if count > int64(c.sectors()) {
		return errDamaged
	}
	c.fat = make([]uint32, 0, count)
	take := func(b []byte) {
		for ; len(b) >= 4 && int64(len(c.fat)) < count; b = b[4:] {
			c.fat = append(c.fat, le.Uint32(b))
		}
	}
	take(c.data[76 : 76+4*cfbInHeader])
	for s := le.Uint32(c.data[68:]); int64(len(c.fat)) < count; {
		b, err := c.sector(s)
		last := 1<<c.shift - 4
		if err != nil || len(b) < 1<<c.shift {
			return errDamaged
		}
		take(b[:last])
		s = le.Uint32(b[last:])
	}
	return nil
}

// sectors is how many the file holds, one cut short at its end among them.
func (c *compound) sectors() int { return (len(c.data) + 1<<c.shift - 1) >> c.shift }

// sector is one sector's octets, which may be fewer at the file's end.
func (c *compound) sector(s uint32) ([]byte, error) {
	at := (int64(s) + 1) << c.shift
	if at >= int64(len(c.data)) {
		return nil, errDamaged
	}
	return c.data[at:min(at+1<<c.shift, int64(len(c.data)))], nil
}

// next is the sector behind one.
func (c *compound) next(s uint32) (uint32, error) {
	perSector := uint32(1) << (c.shift - 2)
	if s/perSector >= uint32(len(c.fat)) {
		return 0, errDamaged
	}
	b, err := c.sector(c.fat[s/perSector])
	at := int(s%perSector) * 4
	if err != nil || at+4 > len(b) {
		return 0, errDamaged
	}
	return binary.LittleEndian.Uint32(b[at:]), nil
}

// chain lists the sectors from one on. One that goes round is damage.
func (c *compound) chain(s uint32) (all []uint32, err error) {
	for s != cfbEnd {
		if len(all) > c.sectors() {
			return nil, errDamaged
		}
		all = append(all, s)
		if s, err = c.next(s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// tree reads the directory from its root on.
func (c *compound) tree(l *Looker, directory []uint32) (root *cfbNode, err error) {
	type visit struct {
		entry uint32
		into  *cfbNode
	}
	seen := map[uint32]bool{0: true}
	root, links, err := c.entry(l, directory, 0)
	if err != nil || root.kind != cfbRoot {
		return nil, errDamaged
	}
	for todo := []visit{{links[2], root}}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if v.entry == cfbNone {
			continue
		}
		if seen[v.entry] {
			return nil, errDamaged
		}
		seen[v.entry] = true
		node, links, err := c.entry(l, directory, v.entry)
		if err != nil || node.kind != cfbStorage && node.kind != cfbStream {
			return nil, errDamaged
		}
		v.into.children = append(v.into.children, node)
		todo = append(todo, visit{links[0], v.into}, visit{links[1], v.into})
		if node.kind == cfbStorage {
			todo = append(todo, visit{links[2], node})
		}
	}
	return root, nil
}

// entry reads one entry of the directory, and its links: left, right, child.
func (c *compound) entry(l *Looker, directory []uint32, n uint32) (*cfbNode, [3]uint32, error) {
	var links [3]uint32
	if l.names -= nameCost; l.names < 0 {
		return nil, links, errTooMuch
	}
	perSector := uint32(1) << c.shift / cfbEntry
	if n/perSector >= uint32(len(directory)) {
		return nil, links, errDamaged
	}
	b, err := c.sector(directory[n/perSector])
	at := int(n%perSector) * cfbEntry
	if err != nil || at+cfbEntry > len(b) {
		return nil, links, errDamaged
	}
	b = b[at : at+cfbEntry]
	le := binary.LittleEndian
	name, ok := entryName(b)
	if !ok && n != 0 { // the root's is of no account
		return nil, links, errDamaged
	}
	for i := range links {
		links[i] = le.Uint32(b[68+4*i:])
	}
	node := &cfbNode{name: name, kind: b[66], class: [16]byte(b[80:96]), start: le.Uint32(b[116:]), size: int64(le.Uint32(b[120:]))}
	if c.shift != 9 {
		if high := le.Uint32(b[124:]); high != 0 {
			return nil, links, errDamaged // longer than any letter
		}
	}
	return node, links, nil
}

// entryName is an entry's name in lower case. Programs find it by its length or by the zero at its end, so both have to say the same.
func entryName(b []byte) (name string, ok bool) {
	octets := int(binary.LittleEndian.Uint16(b[64:]))
	if octets < 2 || octets > 64 || octets%2 != 0 {
		return "", false
	}
	units := make([]uint16, octets/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	last := len(units) - 1
	if slices.Index(units, 0) != last {
		return "", false
	}
	// Names are told apart by their capitals, of which some letters share one.
	return strings.ToLower(strings.ToUpper(string(utf16.Decode(units[:last])))), true
}

// open reads a stream from its beginning.
func (c *compound) open(n *cfbNode) io.Reader {
	return &cfbReader{c: c, at: n.start, left: n.size, mini: n.size < cfbCutoff}
}

// cfbReader reads a stream sector by sector. A stream that ends before its size is damaged.
type cfbReader struct {
	c    *compound
	at   uint32 // sector, or mini sector
	left int64
	mini bool
	rest []byte // of the sector that is read
}

func (r *cfbReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		if err := r.load(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// load takes the next sector. What a stream says of its size bounds how many there are, so that a chain that goes round ends.
func (r *cfbReader) load() (err error) {
	if r.left > int64(len(r.c.data)) {
		return errDamaged
	}
	if r.mini {
		r.rest, err = r.c.miniSector(r.at)
	} else {
		r.rest, err = r.c.sector(r.at)
	}
	if err != nil || len(r.rest) == 0 {
		return errDamaged
	}
	r.rest = r.rest[:min(int64(len(r.rest)), r.left)]
	if r.left -= int64(len(r.rest)); r.left == 0 {
		return nil
	}
	if r.mini {
		r.at, err = r.c.miniNext(r.at)
	} else {
		r.at, err = r.c.next(r.at)
	}
	return err
}

// miniSector is 64 octets of the mini stream.
func (c *compound) miniSector(s uint32) ([]byte, error) {
	perSector := uint32(1) << (c.shift - cfbMiniShift)
	if s/perSector >= uint32(len(c.mini.stream)) {
		return nil, errDamaged
	}
	b, err := c.sector(c.mini.stream[s/perSector])
	at := int(s%perSector) << cfbMiniShift
	if err != nil || at >= len(b) {
		return nil, errDamaged
	}
	return b[at:min(at+1<<cfbMiniShift, len(b))], nil
}

// miniNext is the mini sector behind one.
func (c *compound) miniNext(s uint32) (uint32, error) {
	perSector := uint32(1) << (c.shift - 2)
	if s/perSector >= uint32(len(c.mini.table)) {
		return 0, errDamaged
	}
	b, err := c.sector(c.mini.table[s/perSector])
	at := int(s%perSector) * 4
	if err != nil || at+4 > len(b) {
		return 0, errDamaged
	}
	return binary.LittleEndian.Uint32(b[at:]), nil
}
