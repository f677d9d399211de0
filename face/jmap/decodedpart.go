package jmap

import (
	"errors"
	"io"
	"sync"

	"haven/mail/mime"
)

// decodedPart is what is in a part of another blob, decoded as it is read, so that none of it is held. A read goes on where the last one ended, and
// one of what lies before that decodes from the beginning again; what is not encoded is read where it stands.
type decodedPart struct {
	whole Blob
	part  *mime.Part
	size  int64
	found int64 // octets of whole that were read to find the part

	mu sync.Mutex
	r  io.Reader // gives what is at and behind at; nil: nothing was read yet
	at int64
}

// openDecoded opens a part of whole, which belongs to it from then on unless there is an error.
func openDecoded(whole Blob, p *mime.Part) (*decodedPart, error) {
	size, err := p.DecodedSize(whole, false)
	return &decodedPart{whole: whole, part: p, size: size}, err
}

func (d *decodedPart) Size() int64  { return d.size }
func (d *decodedPart) Type() string { return d.part.Type + "/" + d.part.Subtype }
func (d *decodedPart) Close()       { d.whole.Close() }

// ReadAt is that of io.ReaderAt.
func (d *decodedPart) ReadAt(p []byte, off int64) (int, error) {
	if !d.part.IsEncoded() {
		return d.part.Raw(d.whole).ReadAt(p, off)
	}
	if off < 0 || off >= d.size {
		return 0, io.EOF
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.from(off, p[:min(int64(len(p)), d.size-off)])
	switch {
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF // it was longer when it was counted
	case err == nil && n < len(p):
		return n, io.EOF
	}
	return n, err
}

// from fills p with what is at off and behind it. The caller holds mu.
func (d *decodedPart) from(off int64, p []byte) (int, error) {
	if d.r == nil || off < d.at {
		d.r, d.at = d.part.Content(d.whole), 0
	}
	skipped, err := io.CopyN(io.Discard, d.r, off-d.at)
	if d.at += skipped; err != nil {
		return 0, err
	}
	n, err := io.ReadFull(d.r, p)
	d.at += int64(n)
	return n, err
}
