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
	sum, signed := int64(8*' '), int64(8*' ') // some programs take octets for numbers with a sign
	for i, c := range head[:tarBlock] {
		if i < tarSumAt || i >= tarSumAt+8 {
			sum += int64(c)
			signed += int64(int8(c))
		}
	}
	return sum == want || signed == want
}

// tar looks into an archive, and into what stands behind its end: another that was appended, or whatever others find there.
func (l *Looker) tar(br *bufio.Reader, names *nameScan, depth int) (bool, error) {
	for {
		if bad, err := l.oneTar(br, depth); bad || err != nil {
			return bad, err
		}
		head, err := skipZeros(br)
		switch {
		case err != nil || len(head) == 0:
			return false, err
		case !isTar(head):
			return l.zip(br, names.at-int64(br.Buffered()), &names.places, depth)
		}
	}
}

// skipZeros goes to the first octet that is none, and returns a block from there on.
func skipZeros(br *bufio.Reader) ([]byte, error) {
	for {
		head, err := br.Peek(tarBlock)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		zeros := len(head) - len(bytes.TrimLeft(head, "\x00"))
		if zeros == 0 {
			return head, nil
		}
		if _, err := br.Discard(zeros); err != nil {
			return nil, err
		}
	}
}

func (l *Looker) oneTar(br *bufio.Reader, depth int) (bool, error) {
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
