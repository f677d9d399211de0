package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"haven/platform/audit"
)

// headLine is what the sealer writes to the log, as text or as JSON, with whatever a log keeper put before it.
var headLine = regexp.MustCompile(`msg"?[=:]"audit head"[, ]"?n"?[=:]([0-9]{1,18})[, ]"?hash"?[=:]"?([0-9a-f]{64})\b`)

// maxHeads bounds what is held of a log.
const maxHeads = 200_000

// keptHeads reads the audit log's heads from the service's log, in its order. Lines that are none are skipped; where
// there are more than most, every second one goes.
func keptHeads(log io.Reader, most int) ([]audit.Head, error) {
	var out []audit.Head
	in := bufio.NewReaderSize(log, 64<<10)
	every, n := 1, 0
	for {
		line, err := in.ReadSlice('\n') // a longer line is read in pieces; none of them is a head
		if !bytes.Contains(line, []byte(`"audit head"`)) {
			line = nil
		}
		if m := headLine.FindSubmatch(line); m != nil {
			if n++; n%every == 0 {
				out = append(out, parseHead(m))
			}
		}
		if len(out) >= most {
			out, every = thin(out), every*2
		}
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("the log can't be read: %w", err)
		}
	}
}

// parseHead reads what headLine matched, and so is well formed.
func parseHead(m [][]byte) audit.Head {
	var h audit.Head
	h.N, _ = strconv.ParseInt(string(m[1]), 10, 64)
	_, _ = hex.Decode(h.Hash[:], m[2])
	return h
}

// thin keeps every second head, and the last.
func thin(heads []audit.Head) []audit.Head {
	out := heads[:0]
	for i := 1; i < len(heads); i += 2 {
		out = append(out, heads[i])
	}
	return out
}
