package imap

import (
	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
)

// wireRanges and storeRanges turn ranges of UIDs into those of the other package.
func wireRanges(rs []mailbox.Range) []wire.NumRange {
	out := make([]wire.NumRange, len(rs))
	for i, r := range rs {
		out[i] = wire.NumRange{Lo: uint32(r.Lo), Hi: uint32(r.Hi)}
	}
	return out
}

func storeRanges(rs []wire.NumRange) []mailbox.Range {
	out := make([]mailbox.Range, len(rs))
	for i, r := range rs {
		out[i] = mailbox.Range{Lo: haven.UID(r.Lo), Hi: haven.UID(r.Hi)}
	}
	return out
}

// intersect is what two lists share; both are in order without overlaps, and so is the result.
func intersect(a, b []mailbox.Range) []mailbox.Range {
	var out []mailbox.Range
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if lo, hi := max(a[i].Lo, b[j].Lo), min(a[i].Hi, b[j].Hi); lo <= hi {
			out = append(out, mailbox.Range{Lo: lo, Hi: hi})
		}
		if a[i].Hi < b[j].Hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// without is rs less gone; both are in order.
func without(rs, gone []mailbox.Range) []mailbox.Range {
	if len(rs) == 0 || len(gone) == 0 {
		return rs
	}
	out := make([]mailbox.Range, 0, len(rs))
	for _, r := range rs {
		for len(gone) > 0 && gone[0].Hi < r.Lo {
			gone = gone[1:]
		}
		for _, g := range gone {
			if g.Lo > r.Hi {
				break
			}
			if g.Lo > r.Lo {
				out = append(out, mailbox.Range{Lo: r.Lo, Hi: g.Lo - 1})
			}
			if r.Lo = g.Hi + 1; r.Lo == 0 || r.Lo > r.Hi {
				r.Lo, r.Hi = 1, 0
				break
			}
		}
		if r.Lo <= r.Hi {
			out = append(out, r)
		}
	}
	return out
}

// uidsOf is the UIDs that a set names, as far as the client knows them, in order. A message number above the last is
// a mistake of the client (RFC 9051 §9, seq-number); an unknown UID is not. It is called after the whole command was
// decoded.
func (c *call) uidsOf(set wire.NumSet) ([]mailbox.Range, bool) {
	uids := c.sel.uids
	if set.Saved {
		return intersect(uids.Ranges(), c.saved), true
	}
	if c.uid {
		top := uint32(uids.Last())
		return intersect(uids.Ranges(), storeRanges(set.Resolve(top))), true
	}
	top := uint32(uids.Len())
	for _, r := range set.Ranges {
		if r.Lo > top || r.Hi > top || top == 0 {
			return nil, c.d.Bad("There is no message of that number.")
		}
	}
	return c.numbered(set, top), true
}

// numbered is the UIDs of message numbers; numbers above the last are left out.
func (c *call) numbered(set wire.NumSet, top uint32) []mailbox.Range {
	uids := c.sel.uids
	var out []mailbox.Range
	for _, r := range set.Resolve(top) {
		if r.Lo > top {
			break
		}
		out = append(out, mailbox.Range{Lo: uids.UID(int(r.Lo)), Hi: uids.UID(int(min(r.Hi, top)))})
	}
	return intersect(uids.Ranges(), out)
}

// pieces calls fn with parts of ranges that hold at most n UIDs each, so that what a command keeps is bounded.
func pieces(rs []mailbox.Range, n int, fn func([]mailbox.Range) error) error {
	var part []mailbox.Range
	left := n
	for _, r := range rs {
		for r.Lo <= r.Hi {
			take := min(uint64(left), uint64(r.Hi-r.Lo)+1)
			part = append(part, mailbox.Range{Lo: r.Lo, Hi: r.Lo + haven.UID(take-1)})
			if left -= int(take); left == 0 {
				if err := fn(part); err != nil {
					return err
				}
				part, left = part[:0], n
			}
			if uint64(r.Lo)+take > uint64(r.Hi) {
				break
			}
			r.Lo += haven.UID(take)
		}
	}
	if len(part) == 0 {
		return nil
	}
	return fn(part)
}

// ranges gathers UIDs or numbers given in order into ranges.
func ranges[T haven.UID | int](in []T) []wire.NumRange {
	var out []wire.NumRange
	for _, v := range in {
		n := uint32(v)
		if k := len(out); k > 0 && out[k-1].Hi+1 == n {
			out[k-1].Hi = n
		} else {
			out = append(out, wire.NumRange{Lo: n, Hi: n})
		}
	}
	return out
}
