package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// inputOf opens what a verb reads: the first word that is no flag.
func inputOf(ctx context.Context, v adminVerb, args []string, std io.Reader) (io.Reader, func() error, error) {
	none := func() error { return nil }
	if !v.input {
		return bytes.NewReader(nil), none, nil
	}
	for _, a := range args {
		if a == "-" {
			return &untilDone{ctx, std}, none, nil
		}
		if !strings.HasPrefix(a, "-") {
			f, err := openUntilDone(ctx, a)
			if err != nil {
				return nil, none, fmt.Errorf("the file can't be read: %w", err)
			}
			return &untilDone{ctx, f}, f.Close, nil
		}
	}
	return bytes.NewReader(nil), none, nil
}

// openUntilDone opens a file. A pipe opens once somebody writes into it, which a signal must not wait for: the goroutine
// that does ends with the process.
func openUntilDone(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		done <- opened{f, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case o := <-done:
		return o.f, o.err
	}
}

// untilDone reads until ctx ends, also from a pipe or a terminal to which nothing comes. The goroutine that waits for
// something then ends with the process.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	type read struct {
		b   []byte
		err error
	}
	done := make(chan read, 1)
	go func() {
		b := make([]byte, len(p)) // p is the caller's again once ctx ends
		n, err := u.r.Read(b)
		done <- read{b[:n], err}
	}()
	select {
	case <-u.ctx.Done():
		return 0, u.ctx.Err()
	case r := <-done:
		return copy(p, r.b), r.err
	}
}
