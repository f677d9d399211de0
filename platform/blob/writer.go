package blob

import (
	"context"
	"errors"
	"hash/crc32"
	"io"
	"path/filepath"

	"haven/platform/errs"
)

// Writer takes one body as a stream. What it holds in memory is bounded by Options.Spill; a longer body goes to a file
// of its own as it comes. Every Writer ends with Commit or Abort. One goroutine at a time.
type Writer struct {
	s    *Store
	ctx  context.Context
	id   ID
	key  Key
	seal sealer

	buf   *buffer // room for the header, sealed chunks, then the chunk that is being filled
	plain int     // where the chunk that is being filled begins in buf.b
	size  int64   // octets of the body so far
	table []uint32
	few   [4]uint32 // what table begins as

	file    *packFile // once the body has a file of its own
	spilled bool
	sum     uint32 // CRC32C of what went to the file
	err     error  // sticky
	over    bool
}

// NewWriter begins a body. It waits, until ctx ends, while Options.Writers bodies are being written; ctx also bounds
// waits for memory in Write.
func (s *Store) NewWriter(ctx context.Context) (*Writer, error) {
	if s.app == nil {
		return nil, errs.Wrap(errs.Internal, errors.New("blob: the store was opened for reading"), "")
	}
	if err := s.app.refuse(); err != nil {
		return nil, err
	}
	w := &Writer{s: s, ctx: ctx}
	if _, err := io.ReadFull(s.opt.Rand, w.key[:]); err != nil {
		return nil, err
	}
	var err error
	if w.id, err = s.nextID(); err != nil {
		return nil, err
	}
	if err = w.seal.init(w.id, &w.key); err != nil {
		return nil, err
	}
	if w.buf, err = s.mem.first(ctx); err != nil {
		return nil, err
	}
	w.buf.b, w.plain, w.table = w.buf.b[:recordHeader], recordHeader, w.few[:0]
	return w, nil
}

// ID is the body's id, known before the body is complete.
func (w *Writer) ID() ID { return w.id }

// Write adds p to the body. An error stays, and Commit repeats it.
func (w *Writer) Write(p []byte) (int, error) {
	if w.over {
		return 0, errs.Wrap(errs.Internal, errors.New("blob: write after the end"), "")
	}
	if w.size+int64(len(p)) > w.s.opt.MaxBody {
		w.err = errs.E(errs.Invalid, "A message may not be larger than %d MB.", w.s.opt.MaxBody>>20)
	}
	done := 0
	for w.err == nil && done < len(p) {
		if len(w.buf.b)-w.plain == chunkSize {
			w.endChunk(false)
		}
		n := min(len(p)-done, chunkSize-(len(w.buf.b)-w.plain))
		if w.err = w.room(n); w.err != nil {
			break
		}
		w.buf.b = append(w.buf.b, p[done:done+n]...)
		done += n
		w.size += int64(n)
	}
	return done, w.err
}

// room makes sure that n more octets, the chunk's tag and the table fit into the buffer: by a larger buffer, or by
// moving sealed chunks out to the body's own file.
func (w *Writer) room(n int) error {
	for {
		need := len(w.buf.b) + n + tagSize
		if w.file == nil {
			need += (len(w.table) + 1) * tableEntry
		}
		if need <= cap(w.buf.b) && (w.file != nil || w.plain <= w.s.opt.Spill) {
			return nil
		}
		if w.file == nil && w.plain <= w.s.opt.Spill {
			var grown bool
			var err error
			if w.buf, grown, err = w.s.mem.grow(w.ctx, w.buf); err != nil || grown {
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := w.spill(); err != nil {
			return err
		}
	}
}

// endChunk seals the chunk that is being filled, in place.
func (w *Writer) endChunk(last bool) {
	n := int64(len(w.table))
	plain := w.buf.b[w.plain:]
	packed := false
	if w.size >= chunkSize {
		scratch := scratchPool.Get().(*scratch)
		out, pays := w.s.pack.pack(scratch[:0], plain)
		if pays {
			plain, packed = append(plain[:0], out...), true
		}
		scratchPool.Put(scratch)
	}
	sealed := w.seal.seal(plain[:0], plain, n, last, packed)
	entry := uint32(len(sealed))
	if packed {
		entry |= packedBit
	}
	w.table = append(w.table, entry)
	w.buf.b = w.buf.b[:w.plain+len(sealed)]
	w.plain = len(w.buf.b)
}

// spill writes the sealed chunks in the buffer to the body's own file, which it creates at the first time, and
// keeps what is not sealed yet.
func (w *Writer) spill() error {
	begin := 0
	if w.file == nil {
		f, err := w.s.createLarge()
		if err != nil {
			return err
		}
		w.file, w.spilled = f, true
		w.s.large.Add(1)
		var head [fileHeader]byte
		putFileHeader(head[:], w.s.id, f.number)
		if err := f.f.WriteVec([][]byte{head[:]}, 0); err != nil {
			return w.fault("write", err)
		}
		f.off = fileHeader + recordHeader
		begin = recordHeader
	}
	sealed := w.buf.b[begin:w.plain]
	if err := w.append(sealed); err != nil {
		return err
	}
	n := copy(w.buf.b, w.buf.b[w.plain:])
	w.buf.b, w.plain = w.buf.b[:n], 0
	return nil
}

func (w *Writer) append(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := w.file.f.WriteVec([][]byte{b}, w.file.off); err != nil {
		return w.fault("write", err)
	}
	w.file.off += int64(len(b))
	w.sum = crc32.Update(w.sum, castagnoli, b)
	return nil
}

// fault treats an error of the body's own file as the appender treats one of a pack.
func (w *Writer) fault(what string, err error) error {
	if what != "write" || !isDiskFull(err) {
		w.s.giveUp(err)
	}
	return transient(err)
}

// Commit ends the body and returns when it is durable. The key in the result is the only copy. When it fails
// nothing was promised; the Writer is used up either way.
func (w *Writer) Commit(ctx context.Context) (Stored, error) {
	if w.over {
		return Stored{}, errs.Wrap(errs.Internal, errors.New("blob: commit after the end"), "")
	}
	if w.err == nil {
		w.err = w.s.hasHeadroom()
	}
	if w.err == nil {
		w.err = w.room(0)
	}
	if w.err != nil {
		w.Abort()
		return Stored{}, w.err
	}
	w.endChunk(true)
	commit := w.commitPack
	if w.file != nil {
		commit = w.commitFile
	}
	loc, err := commit(ctx)
	if err != nil {
		return Stored{}, err
	}
	return Stored{ID: w.id, Loc: loc, Key: w.key, Size: w.size}, nil
}

func (w *Writer) commitPack(ctx context.Context) (Loc, error) {
	w.over = true
	w.buf.b = appendTable(w.buf.b, w.table)
	w.head(int64(len(w.buf.b)), crc32.Checksum(w.buf.b[recordHeader:], castagnoli)).put(w.buf.b)
	e := &entry{buf: w.buf, ack: make(chan error, 1)}
	w.buf = nil
	if err := w.s.app.submit(ctx, e); err != nil {
		return Loc{}, err
	}
	e.loc.Size = w.size
	return e.loc, nil
}

func (w *Writer) commitFile(context.Context) (Loc, error) {
	loc, err := w.finishFile()
	if err != nil {
		w.Abort()
		return Loc{}, err
	}
	w.file.close()
	w.file = nil
	w.end()
	return loc, nil
}

func (w *Writer) finishFile() (Loc, error) {
	if err := w.s.app.refuse(); err != nil {
		return Loc{}, err
	}
	if err := w.append(w.buf.b); err != nil {
		return Loc{}, err
	}
	if err := w.append(appendTable(nil, w.table)); err != nil {
		return Loc{}, err
	}
	length := w.file.off - fileHeader
	var head [recordHeader]byte
	w.head(length, w.sum).put(head[:])
	if err := w.file.f.WriteVec([][]byte{head[:]}, fileHeader); err != nil {
		return Loc{}, w.fault("write", err)
	}
	if err := w.file.f.Sync(); err != nil {
		return Loc{}, w.fault("sync", err)
	}
	dir := filepath.Dir(w.s.path(w.file.number))
	if err := errors.Join(syncDir(dir), syncDir(filepath.Dir(dir))); err != nil { // dir may be new too
		return Loc{}, w.fault("sync", err)
	}
	return Loc{Pack: w.file.number, Off: fileHeader, Len: length, Size: w.size}, nil
}

func (w *Writer) head(length int64, sum uint32) record {
	return record{id: w.id, size: w.size, length: length, chunks: int64(len(w.table)), sum: sum}
}

// Abort ends the body without storing it. After Commit or Abort it does nothing, so it may be deferred.
func (w *Writer) Abort() {
	if w.over {
		return
	}
	if w.file != nil {
		w.file.discard()
	}
	w.end()
}

// end gives back what the Writer holds, once.
func (w *Writer) end() {
	w.over = true
	if w.buf != nil {
		w.s.mem.release(w.buf)
		w.buf = nil
	}
	if w.spilled {
		w.s.large.Done()
	}
}
