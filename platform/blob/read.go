package blob

import (
	"errors"
	"io"
	"slices"
	"sync"
	"syscall"

	"haven/platform/errs"
)

// scratch holds one sealed chunk, or what a chunk is compressed to before it is known whether that pays.
type scratch [chunkSize + 4<<10]byte

var scratchPool = sync.Pool{New: func() any { return new(scratch) }}

// Body is a stored body open for reading. It is safe for many goroutines, which wait for each other; Close gives
// back its file and memory (at most 132 KiB).
type Body struct {
	s    *Store
	loc  Loc
	id   ID
	file *handle

	mu    sync.Mutex
	seal  sealer
	spans []span
	now   int64    // the chunk that plain holds; -1 for none
	plain []byte   // within held
	held  *scratch // nil until the first ReadAt
}

// Open opens the body of an id at loc. It fails with ErrMoved when the file has gone meanwhile, and as Internal with
// ErrDamaged when the record is not sound. That the key is right shows when a chunk is read.
func (s *Store) Open(loc Loc, id ID, key Key) (*Body, error) {
	if err := checkLoc(loc, id); err != nil {
		return nil, err
	}
	b := &Body{s: s, loc: loc, id: id, now: -1}
	if err := b.seal.init(id, &key); err != nil {
		return nil, err
	}
	var err error
	if b.file, err = s.open.get(loc.Pack); err != nil {
		return nil, err
	}
	if b.spans, err = s.readSpans(b.file, loc, id); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// checkLoc refuses a location that no record can have, before any memory is taken for it.
func checkLoc(loc Loc, id ID) error {
	chunks := chunkCount(loc.Size)
	least := recordHeader + chunks*(tagSize+tableEntry)
	if loc.Pack <= 0 || loc.Off < fileHeader || loc.Size < 0 || loc.Len < least || loc.Len > least+loc.Size {
		return damaged(loc, id, "no record can lie there")
	}
	return nil
}

// readSpans reads the table of chunks; a body of one chunk needs none.
func (s *Store) readSpans(f *handle, loc Loc, id ID) ([]span, error) {
	chunks := chunkCount(loc.Size)
	if chunks == 1 {
		sole, err := soleSpan(loc)
		if err != nil {
			return nil, damaged(loc, id, err.Error())
		}
		return []span{sole}, nil
	}
	table := make([]byte, chunks*tableEntry)
	if err := readFull(f, table, loc.Off+loc.Len-int64(len(table)), loc, id); err != nil {
		return nil, err
	}
	spans, err := parseTable(table, loc.Len, loc.Size)
	if err != nil {
		return nil, damaged(loc, id, err.Error())
	}
	return spans, nil
}

func readFull(f *handle, b []byte, off int64, loc Loc, id ID) error {
	_, err := f.f.ReadAt(b, off)
	if errors.Is(err, io.EOF) {
		return damaged(loc, id, "the file ends before the body does")
	}
	if errors.Is(err, syscall.EIO) { // these octets will not come back; a whole disk that fails takes the database along
		return damaged(loc, id, "the disk can't read it")
	}
	return errs.Wrap(errs.Transient, err, "")
}

// Size is the body's length in octets.
func (b *Body) Size() int64 { return b.loc.Size }

// Close gives back what the body holds. It may be called more than once; a read after it fails.
func (b *Body) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held != nil {
		scratchPool.Put(b.held)
		b.held, b.plain, b.now = nil, nil, -1
	}
	if b.file != nil {
		b.s.open.put(b.file)
		b.file = nil
	}
}

// ReadAt reads as io.ReaderAt does. It opens the chunks that hold the range and no others; the last one is kept,
// so that small reads in order open each chunk once.
func (b *Body) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errs.Wrap(errs.Internal, errors.New("blob: read before the beginning"), "")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	done := 0
	for done < len(p) && off < b.loc.Size {
		if err := b.load(off / chunkSize); err != nil {
			return done, err
		}
		n := copy(p[done:], b.plain[off%chunkSize:])
		done += n
		off += int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// WriteTo writes the whole body to w, a chunk at a time.
func (b *Body) WriteTo(w io.Writer) (int64, error) {
	var done int64
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := range b.spans {
		if err := b.load(int64(n)); err != nil {
			return done, err
		}
		m, err := w.Write(b.plain)
		done += int64(m)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// AppendTo appends the whole body to dst: one read and one opening per chunk, no memory beyond dst.
func (b *Body) AppendTo(dst []byte) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return dst, errBodyClosed()
	}
	return b.s.appendChunks(dst, b.file, b.loc, b.id, &b.seal, b.spans)
}

func errBodyClosed() error {
	return errs.Wrap(errs.Internal, errors.New("blob: read of a closed body"), "")
}

// load makes b.plain hold chunk n. The caller holds mu.
func (b *Body) load(n int64) error {
	if b.file == nil {
		return errBodyClosed()
	}
	if b.now == n {
		return nil
	}
	if b.held == nil {
		b.held = scratchPool.Get().(*scratch)
	}
	b.now = -1
	plain, err := b.s.appendChunk(b.held[:0], b.file, b.loc, b.id, &b.seal, n, b.spans[n])
	if err != nil {
		return err
	}
	b.plain, b.now = plain, n
	return nil
}

// AppendTo appends the body of an id at loc to dst. For a small body it is one read of the file and one opening,
// both within dst, which should have room for Size and 16 octets more. Errors are those of Open.
func (s *Store) AppendTo(dst []byte, loc Loc, id ID, key *Key) ([]byte, error) {
	if err := checkLoc(loc, id); err != nil {
		return dst, err
	}
	f, err := s.open.get(loc.Pack)
	if err != nil {
		return dst, err
	}
	defer s.open.put(f)
	var seal sealer
	if err := seal.init(id, key); err != nil {
		return dst, err
	}
	if chunkCount(loc.Size) == 1 {
		sole, err := soleSpan(loc)
		if err != nil {
			return dst, damaged(loc, id, err.Error())
		}
		return s.appendChunk(dst, f, loc, id, &seal, 0, sole)
	}
	spans, err := s.readSpans(f, loc, id)
	if err != nil {
		return dst, err
	}
	return s.appendChunks(dst, f, loc, id, &seal, spans)
}

func (s *Store) appendChunks(dst []byte, f *handle, loc Loc, id ID, seal *sealer, spans []span) ([]byte, error) {
	out := slices.Grow(dst, int(loc.Size)+tagSize)
	for n, sp := range spans {
		var err error
		if out, err = s.appendChunk(out, f, loc, id, seal, int64(n), sp); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// appendChunk reads chunk n and appends its plain text to dst; on an error dst comes back as it was.
func (s *Store) appendChunk(dst []byte, f *handle, loc Loc, id ID, seal *sealer, n int64, sp span) ([]byte, error) {
	size := chunkLen(loc.Size, n)
	last := n == chunkCount(loc.Size)-1
	if !sp.packed { // in place: sealed octets land where the plain ones will be
		out := slices.Grow(dst, sp.len)
		sealed := out[len(dst) : len(dst)+sp.len]
		if err := readFull(f, sealed, loc.Off+sp.off, loc, id); err != nil {
			return dst, err
		}
		if _, err := seal.open(sealed[:0], sealed, n, last, false); err != nil {
			return dst, damaged(loc, id, "a chunk's seal is broken, or the key is another's")
		}
		return out[:len(dst)+size], nil
	}
	tmp := scratchPool.Get().(*scratch)
	defer scratchPool.Put(tmp)
	if err := readFull(f, tmp[:sp.len], loc.Off+sp.off, loc, id); err != nil {
		return dst, err
	}
	packed, err := seal.open(tmp[:0], tmp[:sp.len], n, last, true)
	if err != nil {
		return dst, damaged(loc, id, "a chunk's seal is broken, or the key is another's")
	}
	out, err := s.pack.unpack(dst, packed, size)
	if err != nil {
		return dst, damaged(loc, id, err.Error())
	}
	return out, nil
}
