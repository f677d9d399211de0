package attachment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"haven/mail/attachment/attachmenttest"
)

// streams reads all that a compound file holds, by path.
func streams(c *compound, n *cfbNode, path string, into map[string][]byte) error {
	for _, child := range n.children {
		if child.kind == cfbStorage {
			if err := streams(c, child, path+child.name+"/", into); err != nil {
				return err
			}
			continue
		}
		b, err := io.ReadAll(c.open(child))
		if err != nil {
			return fmt.Errorf("%s%s: %w", path, child.name, err)
		}
		into[path+child.name] = b
	}
	return nil
}

func filled(octets int) []byte {
	b := make([]byte, octets)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}

// Streams of each kind are read as they were written: none, mini and long, to the octet on both sides of a sector's end, in files whose FAT is named
// in the header and in those where sectors of their own name it.
func TestCompound(t *testing.T) {
	t.Parallel()
	for _, shift := range []uint{9, 12} {
		for _, most := range []int{0, 1, 63, 64, 65, 4095, 4096, 4097, 100_000, 9 << 20} {
			want := map[string][]byte{"a": filled(most), "b/c": filled(most / 2), "b/d/e": {}, "z": filled(70)}
			data := attachmenttest.CompoundIn(shift, [16]byte{}, attachmenttest.Entry{Name: "A", Content: want["a"]}, attachmenttest.Entry{Name: "z", Content: want["z"]},
				attachmenttest.Storage("B", attachmenttest.Entry{Name: "c", Content: want["b/c"]}, attachmenttest.Storage("D", attachmenttest.Entry{Name: "e"})))
			c, root, err := openCompound(NewLooker(), data)
			if err != nil {
				t.Fatalf("sectors of %d, %d octets: %v", 1<<shift, most, err)
			}
			got := map[string][]byte{}
			if err := streams(c, root, "", got); err != nil {
				t.Errorf("sectors of %d: %v", 1<<shift, err)
			}
			for path, content := range want {
				if b, there := got[path]; !there || !bytes.Equal(b, content) {
					t.Errorf("sectors of %d, %s: %d octets, %t; want %d", 1<<shift, path, len(b), there, len(content))
				}
			}
			if len(got) != len(want) {
				t.Errorf("sectors of %d: %d streams", 1<<shift, len(got))
			}
		}
	}
}

// What programs may read differently is damage, and so is what has no end. Each case changes a harmless document.
func TestDamagedCompound(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	whole := attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}, attachmenttest.Entry{Name: "short", Content: filled(200)})
	directory := cfbHeader * (1 + int(le.Uint32(whole[48:])))
	fat := cfbHeader * (1 + int(le.Uint32(whole[76:])))
	entry := func(n int) int { return directory + cfbEntry*n }
	put32 := func(at int, v uint32) func([]byte) { return func(b []byte) { le.PutUint32(b[at:], v) } }
	put16 := func(at int, v uint16) func([]byte) { return func(b []byte) { le.PutUint16(b[at:], v) } }
	for _, c := range []struct {
		why    string
		change func(b []byte)
		want   bool
	}{
		{"nothing", func([]byte) {}, false},
		{"sectors of the FAT that nobody counts", put32(80, 0), false},
		{"fewer sectors of the FAT than are counted, which nothing leads to", put32(44, 2), false},
		{"a first sector of the FAT that is none", put32(76, cfbNone), true},
		{"more of them than the file has", put32(44, 1<<31), true},
		{"none counted", put32(44, 0), true},
		{"another length that is short", put32(56, 64), true},
		{"another order of octets", put16(28, 0xfeff), true},
		{"a version of no such sectors", put16(26, 4), true},
		{"the directory nowhere", put32(48, 1<<30), true},
		{"the directory without end", put32(fat+4*int(le.Uint32(whole[48:])), le.Uint32(whole[48:])), true},
		{"a stream without end", put32(entry(2)+120, 1<<30), true},
		{"a stream that goes round", put32(fat, 0), false}, // as long as it says
		{"a root that is a stream", func(b []byte) { b[entry(0)+66] = cfbStream }, true},
		{"an entry of no kind", func(b []byte) { b[entry(1)+66] = 0 }, true},
		{"an entry met twice", put32(entry(1)+68, 1), true},
		{"an entry that is the root", put32(entry(1)+68, 0), true},
		{"an entry that is not there", put32(entry(1)+72, 99), true},
		{"a name longer than there is room", put16(entry(1)+64, 66), true},
		{"a name of no length", put16(entry(1)+64, 0), true},
		{"a name of half a letter", put16(entry(1)+64, 11), true},
		{"a name that ends before its length", func(b []byte) { b[entry(1)+2] = 0 }, true},
		{"a name that goes on behind its length", put16(entry(1)+64, 4), true},
		{"short streams nowhere", put32(60, cfbEnd), false}, // those that are looked into are long
	} {
		b := bytes.Clone(whole)
		c.change(b)
		if bad, err := NewLooker().Harmful(bytes.NewReader(b), File); bad != c.want || err != nil {
			t.Errorf("%s: %t, %v; want %t", c.why, bad, err, c.want)
		}
	}
}

// Entries are charged to what names of one letter may cost.
func TestManyEntries(t *testing.T) {
	t.Parallel()
	many := make([]attachmenttest.Entry, 5000)
	for i := range many {
		many[i].Name = fmt.Sprint("entry ", i)
	}
	data := attachmenttest.Compound(many...)
	l := NewLooker()
	for n := range 2 * maxNames / nameCost / len(many) {
		if bad, err := l.Harmful(bytes.NewReader(data), File); err != nil {
			t.Fatal(err)
		} else if bad {
			if n < maxNames/nameCost/len(many)/2 {
				t.Errorf("too much at file %d", n)
			}
			return
		}
	}
	t.Error("there is no end of entries")
}

// FuzzCompound: whatever the octets, the reader comes to an end, and no stream is longer than the file.
func FuzzCompound(f *testing.F) {
	f.Add(attachmenttest.OldDocument(true))
	f.Add(attachmenttest.SavedLetter("a.doc", []byte("x")))
	f.Add(attachmenttest.CompoundIn(12, attachmenttest.Package, attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, root, err := openCompound(NewLooker(), data)
		if err != nil {
			return
		}
		seen := 0
		var walk func(n *cfbNode)
		walk = func(n *cfbNode) {
			if seen++; seen > len(data)/cfbEntry {
				t.Fatalf("%d entries in %d octets", seen, len(data))
			}
			if n.kind == cfbStream {
				if octets, err := io.Copy(io.Discard, c.open(n)); octets > int64(len(data)) || err == nil && octets != n.size {
					t.Fatalf("%q: %d octets of %d, %v", n.name, octets, n.size, err)
				}
			}
			for _, child := range n.children {
				walk(child)
			}
		}
		walk(root)
	})
}
