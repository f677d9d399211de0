package blob

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"haven/platform/errs"
)

var copyPool = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// Verify proves without a key that the record of id lies at loc as it was written: header, lengths, checksum. It
// fails with ErrMoved or, as Internal, with ErrDamaged.
func (s *Store) Verify(loc Loc, id ID) error {
	if err := checkLoc(loc, id); err != nil {
		return err
	}
	f, err := s.open.get(loc.Pack)
	if err != nil {
		return err
	}
	defer s.open.put(f)
	return s.copyRecord(io.Discard, f.f, loc, id)
}

// copyRecord writes the record at loc to w and checks it on the way. What it wrote is worth nothing unless it returns
// nil.
func (s *Store) copyRecord(w io.Writer, f *os.File, loc Loc, id ID) error {
	var head [recordHeader]byte
	if _, err := f.ReadAt(head[:], loc.Off); err != nil {
		return damaged(loc, id, err.Error())
	}
	r, err := parseRecord(head[:])
	switch {
	case err != nil:
		return damaged(loc, id, err.Error())
	case r.id != id || r.length != loc.Len || r.size != loc.Size:
		return damaged(loc, id, fmt.Sprintf("body %d of %d octets in %d lies there", r.id, r.size, r.length))
	}
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	sum, err := copySum(w, io.NewSectionReader(f, loc.Off+recordHeader, loc.Len-recordHeader))
	if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && sum != r.sum {
		return damaged(loc, id, "wrong checksum, or cut off")
	}
	return err
}

// copySum copies r to w and returns the CRC32C. Less than r's size is io.ErrUnexpectedEOF.
func copySum(w io.Writer, r *io.SectionReader) (uint32, error) {
	buf := copyPool.Get().(*[256 << 10]byte)
	defer copyPool.Put(buf)
	var sum uint32
	var done int64
	for done < r.Size() {
		n, err := r.Read(buf[:])
		sum = crc32.Update(sum, castagnoli, buf[:n])
		done += int64(n)
		if _, err := w.Write(buf[:n]); err != nil {
			return 0, err
		}
		if err == io.EOF && done < r.Size() {
			return 0, io.ErrUnexpectedEOF
		}
		if err != nil && err != io.EOF {
			return 0, err
		}
	}
	return sum, nil
}

// Scanned is one file as Scan found it.
type Scanned struct {
	Pack    int64
	Name    string // within the folder
	Size    int64
	Written bool  // some process appends to it
	Torn    int64 // octets at the end that are no whole record: what a crash cut off, promised to nobody
}

// Numbers lists the files of the store in ascending order.
func (s *Store) Numbers() ([]int64, error) {
	var all []int64
	err := s.eachFile(func(number int64, _ fs.DirEntry) error {
		all = append(all, number)
		return nil
	})
	slices.Sort(all)
	return all, err
}

// Length is how many octets a file holds now, for showing progress; 0 if it is gone.
func (s *Store) Length(number int64) int64 {
	fi, err := os.Stat(s.path(number))
	if err != nil {
		return 0
	}
	return fi.Size()
}

// Scan reads one file from end to end, without any key or row, and calls fn for every record that is whole. Where a
// record is not, Scan ends, and all from there on counts as torn. Only a row tells whether something was lost: every
// body with a row lies before the torn end.
func (s *Store) Scan(number int64, fn func(loc Loc, id ID) error) (Scanned, error) {
	out := Scanned{Pack: number, Name: fileName(number)}
	f, err := s.openNumber(number)
	if errors.Is(err, ErrDamaged) { // a crash before the header was synced
		if fi, statErr := os.Stat(s.path(number)); statErr == nil {
			out.Size, out.Torn = fi.Size(), fi.Size()
		}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	defer func() { _ = f.Close() }()
	if out.Written, err = isWritten(s.path(number)); err != nil {
		return out, errs.Wrap(errs.Transient, err, "")
	}
	fi, err := f.Stat()
	if err != nil {
		return out, errs.Wrap(errs.Transient, err, "")
	}
	out.Size = fi.Size()
	off := int64(fileHeader)
	for off < out.Size {
		loc, id, ok := s.recordAt(f, number, off, out.Size)
		if !ok {
			break
		}
		if err := fn(loc, id); err != nil {
			return out, err
		}
		off += loc.Len
	}
	out.Torn = out.Size - off
	return out, nil
}

func (s *Store) recordAt(f *os.File, number, off, end int64) (Loc, ID, bool) {
	var head [recordHeader]byte
	if _, err := f.ReadAt(head[:], off); err != nil {
		return Loc{}, 0, false
	}
	r, err := parseRecord(head[:])
	if err != nil || off+r.length > end {
		return Loc{}, 0, false
	}
	loc := Loc{Pack: number, Off: off, Len: r.length, Size: r.size}
	return loc, r.id, s.copyRecord(io.Discard, f, loc, r.id) == nil
}
