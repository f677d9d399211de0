package blob

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A file begins with a header, then come records one after the other (a file of its own holds just one):
//
//	file    magic 8 | store identity 16 | file number 8 | zero 4 | CRC32C of these 4
//	record  magic 4 | body id 8 | size 8 | length 8 | chunks 4 | CRC32C of chunks and table 4 | CRC32C of these 4
//	        sealed chunks, each of 64 KiB of the body but the last
//	        table: per chunk 4, its sealed length; the top bit says that it was compressed first
//
// Numbers are big-endian. The table stands last so that a stream can be written without knowing its end.
const (
	chunkSize    = 64 << 10
	tagSize      = 16
	fileHeader   = 40
	recordHeader = 40
	tableEntry   = 4
	packedBit    = 1 << 31

	fileMagic   = "HAVENPK1"
	recordMagic = "HvB1"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkCount is how many chunks a body of size octets has. An empty body has one, so that its end is sealed too.
func chunkCount(size int64) int64 {
	return max(1, (size+chunkSize-1)/chunkSize)
}

// chunkLen is how many octets of the body chunk n holds.
func chunkLen(size, n int64) int {
	return int(min(chunkSize, size-n*chunkSize))
}

// record is a record's header.
type record struct {
	id     ID
	size   int64
	length int64
	chunks int64
	sum    uint32
}

func (r record) put(b []byte) {
	copy(b, recordMagic)
	binary.BigEndian.PutUint64(b[4:], uint64(r.id))
	binary.BigEndian.PutUint64(b[12:], uint64(r.size))
	binary.BigEndian.PutUint64(b[20:], uint64(r.length))
	binary.BigEndian.PutUint32(b[28:], uint32(r.chunks))
	binary.BigEndian.PutUint32(b[32:], r.sum)
	binary.BigEndian.PutUint32(b[36:], crc32.Checksum(b[:36], castagnoli))
}

// parseRecord reads a record's header. What it returns is consistent in itself: a reader may trust the lengths as
// far as the file reaches.
func parseRecord(b []byte) (record, error) {
	if len(b) < recordHeader {
		return record{}, errors.New("a record's header is cut off")
	}
	if string(b[:4]) != recordMagic {
		return record{}, errors.New("no record begins here")
	}
	if binary.BigEndian.Uint32(b[36:]) != crc32.Checksum(b[:36], castagnoli) {
		return record{}, errors.New("a record's header has a wrong checksum")
	}
	r := record{
		id:     ID(binary.BigEndian.Uint64(b[4:])),
		size:   int64(binary.BigEndian.Uint64(b[12:])),
		length: int64(binary.BigEndian.Uint64(b[20:])),
		chunks: int64(binary.BigEndian.Uint32(b[28:])),
		sum:    binary.BigEndian.Uint32(b[32:]),
	}
	if r.size < 0 || r.size > 1<<46 || r.chunks != chunkCount(r.size) {
		return record{}, fmt.Errorf("a record of %d octets has %d chunks", r.size, r.chunks)
	}
	least := recordHeader + r.chunks*(tagSize+tableEntry)
	if r.length < least || r.length > least+r.size {
		return record{}, fmt.Errorf("a record of %d octets is %d long", r.size, r.length)
	}
	return r, nil
}

// span is one chunk's place in its record.
type span struct {
	off    int64 // from the beginning of the record
	len    int   // sealed
	packed bool
}

func appendTable(b []byte, table []uint32) []byte {
	for _, e := range table {
		b = binary.BigEndian.AppendUint32(b, e)
	}
	return b
}

// parseTable reads the table of a record of a given length and size. The spans fill the record exactly.
func parseTable(b []byte, length, size int64) ([]span, error) {
	chunks := chunkCount(size)
	if int64(len(b)) != chunks*tableEntry {
		return nil, errors.New("a table of chunks has the wrong length")
	}
	spans := make([]span, chunks)
	off := int64(recordHeader)
	for i := range spans {
		e := binary.BigEndian.Uint32(b[i*tableEntry:])
		s := span{off: off, len: int(e &^ packedBit), packed: e&packedBit != 0}
		full := chunkLen(size, int64(i)) + tagSize
		if s.len < tagSize || s.len > full || !s.packed && s.len != full {
			return nil, fmt.Errorf("chunk %d cannot be %d long", i, s.len)
		}
		spans[i] = s
		off += int64(s.len)
	}
	if off+int64(len(b)) != length {
		return nil, errors.New("the chunks do not fill their record")
	}
	return spans, nil
}

// soleSpan is the span of a body of one chunk, which needs no look at the table: it is compressed exactly if it
// is shorter than plain text and tag.
func soleSpan(loc Loc) (span, error) {
	n := loc.Len - recordHeader - tableEntry
	if n < tagSize || n > loc.Size+tagSize {
		return span{}, fmt.Errorf("a record of %d octets cannot be %d long", loc.Size, loc.Len)
	}
	return span{off: recordHeader, len: int(n), packed: n != loc.Size+tagSize}, nil
}

func putFileHeader(b []byte, store identity, number int64) {
	copy(b, fileMagic)
	copy(b[8:], store[:])
	binary.BigEndian.PutUint64(b[24:], uint64(number))
	clear(b[32:36])
	binary.BigEndian.PutUint32(b[36:], crc32.Checksum(b[:36], castagnoli))
}

func checkFileHeader(b []byte, store identity, number int64) error {
	switch {
	case len(b) < fileHeader || string(b[:8]) != fileMagic:
		return errors.New("this is no pack")
	case binary.BigEndian.Uint32(b[36:]) != crc32.Checksum(b[:36], castagnoli):
		return errors.New("the pack's header has a wrong checksum")
	case identity(b[8:24]) != store:
		return errors.New("the pack belongs to another store")
	case int64(binary.BigEndian.Uint64(b[24:])) != number:
		return errors.New("the pack was renamed")
	}
	return nil
}

// A file's number is milliseconds since 2024, shifted by one; the lowest bit tells a pack (0) from a file of one
// body (1). Ids of bodies are the milliseconds of a pack that the process created, and a counter of 22 bits: the
// exclusive creation of that pack is what makes them unique. Both last until 2093.
const (
	numberEpoch = 1704067200000 // 2024-01-01 in Unix milliseconds
	idBits      = 22
	largeBit    = 1
)

func isLarge(number int64) bool { return number&largeBit != 0 }

// fileName is a file's place in the folder. Files of one body are spread over 256 folders.
func fileName(number int64) string {
	if isLarge(number) {
		return fmt.Sprintf("large/%02x/%016x.body", byte(number>>1), number)
	}
	return fmt.Sprintf("packs/%016x.pack", number)
}
