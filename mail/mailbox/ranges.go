package mailbox

import (
	"cmp"
	"slices"

	"haven"
)

// joinRanges sorts ranges in place and joins those that touch; empty ones are left out.
func joinRanges(rs []Range) []Range {
	rs = slices.DeleteFunc(rs, func(r Range) bool { return r.Lo > r.Hi })
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.Lo, b.Lo) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && (out[n-1].Hi == MaxUID || r.Lo <= out[n-1].Hi+1) {
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// rangesOf are UIDs as ranges.
func rangesOf(uids []haven.UID) []Range {
	out := make([]Range, len(uids))
	for i, uid := range uids {
		out[i] = Range{uid, uid}
	}
	return joinRanges(out)
}

// intersect is what two lists of ranges share; a is in order.
func intersect(a, b []Range) []Range {
	b = joinRanges(slices.Clone(b))
	var out []Range
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if lo, hi := max(a[i].Lo, b[j].Lo), min(a[i].Hi, b[j].Hi); lo <= hi {
			out = append(out, Range{lo, hi})
		}
		if a[i].Hi < b[j].Hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// walk goes through ranges in steps of at most so many rows, however the ranges are cut: a client that names every
// other message costs as many transactions as one that names all.
type walk struct {
	rest []Range
	most int
}

func newWalk(uids []Range, most int) *walk { return &walk{joinRanges(slices.Clone(uids)), most} }

// next are the ranges of the next step: narrow ones that hold no more than a step's UIDs together, or one wide one, of
// which the step takes the first rows. There is none at the end.
func (w *walk) next() []Range {
	room, n := int64(w.most), 0
	for ; n < len(w.rest); n++ {
		if room -= int64(w.rest[n].Hi) - int64(w.rest[n].Lo) + 1; room < 0 {
			break
		}
	}
	return w.rest[:min(max(n, 1), len(w.rest))]
}

// done strikes off what a step took: so many rows, up to the UID last.
func (w *walk) done(part []Range, rows int, last haven.UID) {
	if len(part) == 1 && rows >= w.most && last < part[0].Hi {
		w.rest[0].Lo = last + 1
		return
	}
	w.rest = w.rest[len(part):]
}
