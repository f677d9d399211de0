package mailbox

import (
	"context"
	"errors"
	"io"
	"sync"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

var errNoMessage = errs.E(errs.NotFound, "There is no such message any more.")

// infoOctets is after how many octets of sealed columns a snapshot is let go.
const infoOctets = 4 << 20

// sealedBatch is sealed columns on their way from the database to where they are opened.
type sealedBatch struct {
	at     int // of the first message in the list asked for
	data   []byte
	of     []int // place in the list
	thread []haven.MessageID
	end    []int // of each column in data
}

// batches are those that nobody uses now, as far as they are small.
var batches = sync.Pool{New: func() any { return new([2]sealedBatch) }}

const keptOctets = 256 << 10

// Infos calls fn with what is sealed of each message, in the order asked. The ids come from Rows of the same account;
// one that has gone for good meanwhile is left out. info is good until fn returns. No snapshot is held while fn runs.
func (s *Service) Infos(ctx context.Context, v Viewer, msgs []haven.MessageID, fn func(i int, info *Info) error) error {
	keys, err := s.keysFor(ctx, v)
	if err != nil {
		return err
	}
	two := batches.Get().(*[2]sealedBatch) // one is read while the other is opened
	defer func() {
		if cap(two[0].data) <= keptOctets && cap(two[1].data) <= keptOctets {
			batches.Put(two)
		}
	}()
	lo, turn := 0, 0
	load := func(ctx context.Context) (*sealedBatch, bool, error) {
		b := &two[turn%2]
		turn++
		err := s.readSealed(ctx, v, msgs, lo, b)
		lo = b.at
		return b, lo < len(msgs), err
	}
	var buf []byte
	var info Info
	return ahead(ctx, load, func(b *sealedBatch) error {
		for k, i := range b.of {
			begin := 0
			if k > 0 {
				begin = b.end[k-1]
			}
			var o opened
			var err error
			if o, buf, err = open(keys, msgs[i], b.data[begin:b.end[k]], buf); err != nil {
				return err
			}
			if err := o.info(msgs[i], b.thread[k], &info); err != nil {
				return err
			}
			if err := fn(i, &info); err != nil {
				return err
			}
		}
		return nil
	})
}

var errFull = errors.New("mailbox: the batch is full")

// readSealed reads the columns of messages from lo on; b.at is then where the next batch begins.
func (s *Service) readSealed(ctx context.Context, v Viewer, msgs []haven.MessageID, lo int, b *sealedBatch) error {
	batch := msgs[lo:min(lo+2*s.step, len(msgs))]
	err := s.read(ctx, v, func(tx *db.Tx) error {
		b.at, b.data, b.of, b.thread, b.end = lo+len(batch), b.data[:0], b.of[:0], b.thread[:0], b.end[:0]
		return tx.QueryEach(sqlInfo, len(batch), func(i int) []any { return []any{int64(batch[i]), int64(v.Account)} }, func(i int, r db.Row) error {
			b.data = append(b.data, r.Bytes(1)...)
			b.of, b.thread, b.end = append(b.of, lo+i), append(b.thread, haven.MessageID(r.Int64(0))), append(b.end, len(b.data))
			if len(b.data) > infoOctets {
				b.at = lo + i + 1
				return errFull
			}
			return nil
		})
	})
	if errors.Is(err, errFull) {
		return nil
	}
	return err
}

// ahead calls load until there is no more and use with each result in order; the next one is loaded, in a goroutine that
// ends before ahead returns, while one is used. Of load's results two are alive at a time.
func ahead[T any](ctx context.Context, load func(context.Context) (T, bool, error), use func(T) error) error {
	first, more, err := load(ctx)
	if err != nil {
		return err
	}
	if !more {
		return use(first)
	}
	type loaded struct {
		v   T
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	next := make(chan loaded)
	go func() {
		defer close(next)
		for more := true; more; {
			var l loaded
			if l.v, more, l.err = load(ctx); l.err != nil {
				more = false
			}
			select {
			case next <- l:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		for range next {
		}
	}()
	if err := use(first); err != nil {
		return err
	}
	for l := range next {
		if l.err != nil {
			return l.err
		}
		if err := use(l.v); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// keysFor are the account's keys. Whoever asks for them reads, as the viewer, what they open: that is where rights are asked.
func (s *Service) keysFor(ctx context.Context, v Viewer) (*secret.AccountKeys, error) {
	keys, err := s.keys.Account(ctx, v.Account)
	if err == nil {
		return keys, nil
	}
	if err := s.read(ctx, v, func(*db.Tx) error { return nil }); err != nil {
		return nil, err // who may not know of an account hears nothing of its keys
	}
	return nil, err
}

// Body is a whole message open for reading: the filing's trace lines, then the letter. Close gives back what it holds.
type Body struct {
	trace  []byte
	letter *blob.Body
}

// Size is the octets of the whole message: Row.Size.
func (b *Body) Size() int64 { return int64(len(b.trace)) + b.letter.Size() }

// Close gives back the file and memory that reading took.
func (b *Body) Close() { b.letter.Close() }

// ReadAt reads a range of the message; only the chunks that it touches are opened.
func (b *Body) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("mailbox: negative offset")
	}
	if off < int64(len(b.trace)) {
		n = copy(p, b.trace[off:])
		if n == len(p) {
			return n, nil
		}
	}
	m, err := b.letter.ReadAt(p[n:], off+int64(n)-int64(len(b.trace)))
	return n + m, err
}

// WriteTo writes the whole message.
func (b *Body) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b.trace)
	if err != nil {
		return int64(n), err
	}
	m, err := b.letter.WriteTo(w)
	return int64(n) + m, err
}

// AppendTo appends the whole message to dst.
func (b *Body) AppendTo(dst []byte) ([]byte, error) {
	return b.letter.AppendTo(append(dst, b.trace...))
}

// bodyRow is where a message's body lies, and what opens it.
type bodyRow struct {
	id    blob.ID
	loc   blob.Loc
	key   blob.Key
	trace []byte
}

// Body opens a message. Its id comes from Rows of the same account. Where its body is lost or damaged the error has
// blob.ErrDamaged behind it.
func (s *Service) Body(ctx context.Context, v Viewer, msg haven.MessageID) (*Body, error) {
	return s.bodyFrom(ctx, v, msg, blob.Loc{})
}

// bodyFrom is Body for a message whose body was looked for at a place and not found.
func (s *Service) bodyFrom(ctx context.Context, v Viewer, msg haven.MessageID, missing blob.Loc) (*Body, error) {
	for try := 0; ; try++ {
		rows, err := s.bodyRows(ctx, v, []haven.MessageID{msg})
		if err != nil {
			return nil, err
		}
		if rows[0].id == 0 {
			return nil, errNoMessage
		}
		b, err := s.bodies.Open(rows[0].loc, rows[0].id, rows[0].key)
		if err == nil {
			return &Body{trace: rows[0].trace, letter: b}, nil
		}
		if errors.Is(err, blob.ErrMoved) && rows[0].loc == missing {
			return nil, blob.Lost(missing, rows[0].id)
		}
		if !errors.Is(err, blob.ErrMoved) || try > 1 {
			return nil, err
		}
		missing = rows[0].loc
	}
}

// bodyBatch is how many bodies' places one snapshot reads.
const bodyBatch = 100

// Bodies appends each message in turn to a buffer that it reuses and calls fn with it, in the order asked; a message
// that has gone for good is left out. It is for reading many whole messages; one over a megabyte is better opened by Body.
func (s *Service) Bodies(ctx context.Context, v Viewer, msgs []haven.MessageID, fn func(i int, message []byte) error) error {
	type found struct {
		lo   int
		rows []bodyRow
	}
	lo := 0
	load := func(ctx context.Context) (found, bool, error) {
		f := found{lo: lo}
		lo = min(lo+bodyBatch, len(msgs))
		var err error
		f.rows, err = s.bodyRows(ctx, v, msgs[f.lo:lo])
		return f, lo < len(msgs), err
	}
	var buf []byte
	return ahead(ctx, load, func(f found) error {
		for i := range f.rows {
			if f.rows[i].id == 0 {
				continue
			}
			var err error
			buf, err = s.appendBody(ctx, v, msgs[f.lo+i], &f.rows[i], buf[:0])
			if errs.Is(err, errs.NotFound) {
				continue // gone since its place was read
			}
			if err != nil {
				return err
			}
			if err := fn(f.lo+i, buf); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) appendBody(ctx context.Context, v Viewer, msg haven.MessageID, r *bodyRow, buf []byte) ([]byte, error) {
	out, err := s.bodies.AppendTo(append(buf, r.trace...), r.loc, r.id, &r.key)
	if errors.Is(err, blob.ErrMoved) {
		return s.bodyAgain(ctx, v, msg, r.loc, buf)
	}
	return out, err
}

func (s *Service) bodyAgain(ctx context.Context, v Viewer, msg haven.MessageID, missing blob.Loc, buf []byte) ([]byte, error) {
	b, err := s.bodyFrom(ctx, v, msg, missing)
	if err != nil {
		return buf, err
	}
	defer b.Close()
	return b.AppendTo(buf)
}

func (s *Service) bodyRows(ctx context.Context, v Viewer, msgs []haven.MessageID) ([]bodyRow, error) {
	keys, err := s.keysFor(ctx, v)
	if err != nil {
		return nil, err
	}
	rows := make([]bodyRow, len(msgs))
	var buf []byte
	err = s.read(ctx, v, func(tx *db.Tx) error {
		return tx.QueryEach(sqlBody, len(msgs), func(i int) []any { return []any{int64(msgs[i]), int64(v.Account)} }, func(i int, r db.Row) error {
			b := bodyRow{id: blob.ID(r.Int64(2)), loc: blob.Loc{Pack: r.Int64(3), Off: r.Int64(4), Len: r.Int64(5), Size: r.Int64(6)}}
			key, err := keys.UnwrapBody(r.Bytes(0), r.Int64(2))
			if err != nil {
				return err
			}
			b.key = blob.Key(key)
			var o opened
			if o, buf, err = open(keys, msgs[i], r.Bytes(1), buf); err != nil {
				return err
			}
			b.trace = append([]byte(nil), o.trace...)
			rows[i] = b
			return nil
		})
	})
	return rows, err
}
