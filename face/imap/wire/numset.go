package wire

import (
	"slices"
	"strconv"
)

// Star in a NumRange stands for "*", the largest number in use.
const Star = 0

// NumRange is one item of a set. Lo and Hi are as written, so Lo may be the greater one; Star stands for "*".
type NumRange struct{ Lo, Hi uint32 }

// NumSet is a sequence-set or uid-set (RFC 9051 §9). Saved means "$", the result of an earlier search (RFC 5182).
type NumSet struct {
	Ranges []NumRange
	Saved  bool
}

// NumSet reads a set of numbers.
func (d *Decoder) NumSet() NumSet {
	if d.Accept('$') {
		return NumSet{Saved: true}
	}
	var s NumSet
	for d.err == nil {
		r := NumRange{Lo: d.setNumber()}
		r.Hi = r.Lo
		if d.Accept(':') {
			r.Hi = d.setNumber()
		}
		if len(s.Ranges) == d.lim.Set {
			d.Bad("too many items in a set")
			break
		}
		s.Ranges = append(s.Ranges, r)
		if !d.Accept(',') {
			break
		}
	}
	if d.err != nil {
		return NumSet{}
	}
	return s
}

func (d *Decoder) setNumber() uint32 {
	if d.Accept('*') {
		return Star
	}
	n := d.Number()
	if d.err == nil && n == 0 {
		d.Bad("numbers in a set begin at 1")
	}
	return n
}

// Resolve gives the set's ranges in ascending order, joined where they meet or overlap, with top for "*". When there
// is nothing (top is 0), "*" is no number, and a range with it begins at its other end.
func (s NumSet) Resolve(top uint32) []NumRange {
	out := make([]NumRange, 0, len(s.Ranges))
	for _, r := range s.Ranges {
		lo, hi := r.Lo, r.Hi
		if lo == Star {
			lo = top
		}
		if hi == Star {
			hi = top
		}
		if lo > hi {
			lo, hi = hi, lo
		}
		if hi == 0 {
			continue
		}
		out = append(out, NumRange{max(lo, 1), hi})
	}
	return Join(out)
}

// Join sorts ranges and merges those that meet; it works in place.
func Join(rs []NumRange) []NumRange {
	slices.SortFunc(rs, func(a, b NumRange) int {
		if a.Lo < b.Lo {
			return -1
		}
		if a.Lo > b.Lo {
			return 1
		}
		return 0
	})
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && (out[n-1].Hi >= r.Lo || out[n-1].Hi+1 == r.Lo) {
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// HasStar reports whether "*" stands in the set, as it may not in known UIDs (RFC 7162 §3.2.5.1).
func (s NumSet) HasStar() bool {
	for _, r := range s.Ranges {
		if r.Lo == Star || r.Hi == Star {
			return true
		}
	}
	return false
}

// Empty reports whether the set names nothing at all.
func (s NumSet) Empty() bool { return !s.Saved && len(s.Ranges) == 0 }

// AppendRanges writes ranges as a set, "" for none.
func AppendRanges(b []byte, rs []NumRange) []byte {
	for i, r := range rs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSetNumber(b, r.Lo)
		if r.Hi != r.Lo {
			b = append(b, ':')
			b = appendSetNumber(b, r.Hi)
		}
	}
	return b
}

func appendSetNumber(b []byte, n uint32) []byte {
	if n == Star {
		return append(b, '*')
	}
	return strconv.AppendUint(b, uint64(n), 10)
}

// String writes the set as it is sent.
func (s NumSet) String() string {
	if s.Saved {
		return "$"
	}
	return string(AppendRanges(nil, s.Ranges))
}
