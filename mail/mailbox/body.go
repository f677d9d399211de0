package mailbox

import (
	"context"
	"errors"
	"io"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

var errNoMessage = errs.E(errs.NotFound, "There is no such message any more.")

// infoBatch is how many messages' sealed columns one snapshot reads.
const infoBatch = 500

// Infos calls fn with what is sealed of each message, in the order asked. The ids come from Rows of the same account; one that has gone for good
// meanwhile is left out. info is good until fn returns.
func (s *Service) Infos(ctx context.Context, v Viewer, msgs []haven.MessageID, fn func(i int, info *Info) error) error {
	keys, err := s.keysFor(ctx, v)
	if err != nil {
		return err
	}
	var buf []byte
	var info Info
	for lo := 0; lo < len(msgs); lo += infoBatch {
		batch := msgs[lo:min(lo+infoBatch, len(msgs))]
		err := s.read(ctx, v, func(tx *db.Tx) error {
			return tx.QueryEach(sqlInfo, len(batch), func(i int) []any { return []any{int64(batch[i]), int64(v.Account)} }, func(i int, r db.Row) error {
				var o opened
				if o, buf, err = open(keys, batch[i], r.Bytes(1), buf); err != nil {
					return err
				}
				if err := o.info(batch[i], haven.MessageID(r.Int64(0)), &info); err != nil {
					return err
				}
				return fn(lo+i, &info)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keysFor are the account's keys, for a viewer who may read; asked before anything is opened.
func (s *Service) keysFor(ctx context.Context, v Viewer) (*secret.AccountKeys, error) {
	if err := s.read(ctx, v, func(*db.Tx) error { return nil }); err != nil {
		return nil, err
	}
	return s.keys.Account(ctx, v.Account)
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

// place where a message's body lies, and what opens it.
type bodyRow struct {
	id    blob.ID
	loc   blob.Loc
	key   blob.Key
	trace []byte
}

// Body opens a message. Its id comes from Rows of the same account.
func (s *Service) Body(ctx context.Context, v Viewer, msg haven.MessageID) (*Body, error) {
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
		if !errors.Is(err, blob.ErrMoved) || try > 0 {
			return nil, err
		}
	}
}

// bodyBatch is how many bodies' places one snapshot reads.
const bodyBatch = 100

// Bodies appends each message in turn to a buffer that it reuses and calls fn with it, in the order asked; a message that has gone for good is left
// out. It is for reading many whole messages; one over a megabyte is better opened by Body.
func (s *Service) Bodies(ctx context.Context, v Viewer, msgs []haven.MessageID, fn func(i int, message []byte) error) error {
	var buf []byte
	for lo := 0; lo < len(msgs); lo += bodyBatch {
		rows, err := s.bodyRows(ctx, v, msgs[lo:min(lo+bodyBatch, len(msgs))])
		if err != nil {
			return err
		}
		for i, r := range rows {
			if r.id == 0 {
				continue
			}
			buf, err = s.bodies.AppendTo(append(buf[:0], r.trace...), r.loc, r.id, &r.key)
			if errors.Is(err, blob.ErrMoved) {
				buf, err = s.bodyAgain(ctx, v, msgs[lo+i], buf[:0])
			}
			if err != nil {
				return err
			}
			if err := fn(lo+i, buf); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) bodyAgain(ctx context.Context, v Viewer, msg haven.MessageID, buf []byte) ([]byte, error) {
	b, err := s.Body(ctx, v, msg)
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
