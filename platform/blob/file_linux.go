package blob

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// WriteVec writes all pieces at off with as few calls as the kernel allows.
func (f realFile) WriteVec(pieces [][]byte, off int64) error {
	if len(pieces) == 1 {
		_, err := f.WriteAt(pieces[0], off)
		return err
	}
	for len(pieces) > 0 {
		n, err := unix.Pwritev(int(f.Fd()), pieces, off)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("pwritev", err)
		}
		if n <= 0 {
			return io.ErrShortWrite
		}
		off += int64(n)
		pieces = skip(pieces, n)
	}
	return nil
}

// Sync makes contents and length durable, and leaves times out: one journal commit less where only they changed.
func (f realFile) Sync() error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err != unix.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

// skip drops the first n octets of pieces.
func skip(pieces [][]byte, n int) [][]byte {
	for len(pieces) > 0 && n >= len(pieces[0]) {
		n -= len(pieces[0])
		pieces = pieces[1:]
	}
	if n > 0 {
		rest := append([][]byte{pieces[0][n:]}, pieces[1:]...)
		return rest
	}
	return pieces
}
