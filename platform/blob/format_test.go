package blob

import (
	"bytes"
	"testing"
)

func TestHeadersRoundTrip(t *testing.T) {
	t.Parallel()
	r := record{id: 1 << 60, size: 3 * chunkSize, length: recordHeader + 3*(chunkSize+tagSize+tableEntry), chunks: 3, sum: 0xfeedbeef}
	b := make([]byte, recordHeader)
	r.put(b)
	if got, err := parseRecord(b); err != nil || got != r {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 4
		if _, err := parseRecord(bad); err == nil {
			t.Errorf("a record with octet %d changed is read", i)
		}
	}
	id := identity{9, 8, 7}
	putFileHeader(b, id, 77)
	if err := checkFileHeader(b, id, 77); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 4
		if err := checkFileHeader(bad, id, 77); err == nil {
			t.Errorf("a file with octet %d changed is read", i)
		}
	}
}

// What parseRecord accepts is consistent, and written back it is the same.
func FuzzParseRecord(f *testing.F) {
	b := make([]byte, recordHeader)
	record{id: 5, size: 10, length: recordHeader + 10 + tagSize + tableEntry, chunks: 1}.put(b)
	f.Add(b)
	f.Add([]byte("HvB1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b)
		if err != nil {
			return
		}
		if r.size < 0 || r.length < recordHeader || r.chunks < 1 {
			t.Fatalf("%+v", r)
		}
		again := make([]byte, recordHeader)
		if r.put(again); !bytes.Equal(again, b[:recordHeader]) {
			t.Fatalf("% x became % x", b, again)
		}
	})
}

// Spans that parseTable accepts lie within the record, one behind the other.
func FuzzParseTable(f *testing.F) {
	f.Add(appendTable(nil, []uint32{10 + tagSize}), int64(recordHeader+10+tagSize+tableEntry), int64(10))
	f.Add(appendTable(nil, []uint32{100 | packedBit, 17}), int64(recordHeader+117+2*tableEntry), int64(chunkSize+1))
	f.Fuzz(func(t *testing.T, b []byte, length, size int64) {
		if size < 0 || size > 1<<30 {
			return
		}
		spans, err := parseTable(b, length, size)
		if err != nil {
			return
		}
		off := int64(recordHeader)
		for _, s := range spans {
			if s.off != off || s.len < tagSize || s.len > chunkRoom {
				t.Fatalf("%+v", spans)
			}
			off += int64(s.len)
		}
		if off+int64(len(b)) != length {
			t.Fatalf("%d octets of chunks in %d", off, length)
		}
	})
}
