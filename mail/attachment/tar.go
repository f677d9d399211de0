package attachment

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

const (
	tarBlock = 512
	tarSumAt = 148 // where the checksum of a header stands, in 8 octets
)

// isTar tells an archive of tar by the checksum of its first header, which those without a magic number have too.
func isTar(head []byte) bool {
	if len(head) < tarBlock {
		return false
	}
	field := bytes.Trim(head[tarSumAt:tarSumAt+8], " \x00")
	want, err := strconv.ParseInt(string(field), 8, 32)
	if err != nil {
		return false
	}
	sum := int64(8 * ' ')
	for i, c := range head[:tarBlock] {
		if i < tarSumAt || i >= tarSumAt+8 {
			sum += int64(c)
		}
	}
	return sum == want
}

func (l *Looker) tar(br *bufio.Reader, depth int) (bool, error) {
	t := tar.NewReader(br)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		switch l.entry(h.Name) {
		case Remove:
			return true, nil
		case Look:
			if bad, err := l.lookAs(unpacking{l, t}, KindOf(h.Name), depth+1); bad || err != nil {
				return bad, err
			}
		}
	}
}
