package mailbox

import (
	"sort"

	"haven"
)

// Runs are the UIDs of a mailbox in order, as runs without gaps: message numbers for IMAP. A Runs is never
// changed once made, so sessions of one mailbox share it until one has to differ. 1,000 gaps cost 8 KiB.
type Runs struct {
	runs  []run
	total uint32
}

// run begins at first; before is how many UIDs the runs before it hold, so its length is the difference to the next one's before.
type run struct {
	first  haven.UID
	before uint32
}

// RunsOf makes Runs from UIDs in ascending order.
func RunsOf(uids ...haven.UID) *Runs { return (&Runs{}).Append(uids...) }

// Len is the number of messages.
func (r *Runs) Len() int { return int(r.total) }

// count is how many UIDs run i holds.
func (r *Runs) count(i int) uint32 {
	if i+1 < len(r.runs) {
		return r.runs[i+1].before - r.runs[i].before
	}
	return r.total - r.runs[i].before
}

// UID is the UID of message number n, from 1; 0 when there is no such message.
func (r *Runs) UID(n int) haven.UID {
	if n < 1 || n > int(r.total) {
		return 0
	}
	k := uint32(n - 1)
	i := sort.Search(len(r.runs), func(i int) bool { return r.runs[i].before > k }) - 1
	return r.runs[i].first + haven.UID(k-r.runs[i].before)
}

// Number is the message number of uid. When uid is not there, ok is false and n is how many UIDs are smaller.
func (r *Runs) Number(uid haven.UID) (n int, ok bool) {
	i := sort.Search(len(r.runs), func(i int) bool { return r.runs[i].first > uid }) - 1
	if i < 0 {
		return 0, false
	}
	off := uint32(uid - r.runs[i].first)
	if c := r.count(i); off >= c {
		return int(r.runs[i].before + c), false
	}
	return int(r.runs[i].before+off) + 1, true
}

// First is the lowest UID, 0 in an empty mailbox.
func (r *Runs) First() haven.UID { return r.UID(1) }

// Last is the highest UID, 0 in an empty mailbox.
func (r *Runs) Last() haven.UID { return r.UID(int(r.total)) }

// All calls fn for each UID in order until it returns false.
func (r *Runs) All(fn func(n int, uid haven.UID) bool) {
	n := 0
	for i := range r.runs {
		for k := haven.UID(0); k < haven.UID(r.count(i)); k++ {
			if n++; !fn(n, r.runs[i].first+k) {
				return
			}
		}
	}
}

// Ranges are the UIDs that are there, as ranges in order.
func (r *Runs) Ranges() []Range {
	out := make([]Range, len(r.runs))
	for i := range r.runs {
		out[i] = Range{r.runs[i].first, r.runs[i].first + haven.UID(r.count(i)) - 1}
	}
	return out
}

// Append gives Runs with further UIDs, which must be ascending and above Last.
func (r *Runs) Append(uids ...haven.UID) *Runs {
	if len(uids) == 0 {
		return r
	}
	b := builder{runs: make([]run, len(r.runs), len(r.runs)+1), total: r.total}
	copy(b.runs, r.runs)
	b.last = r.Last()
	for _, u := range uids {
		b.add(u)
	}
	return b.done()
}

// Remove gives Runs without the UIDs in ranges, which must be ascending and not overlap.
func (r *Runs) Remove(gone []Range) *Runs {
	if len(gone) == 0 {
		return r
	}
	var b builder
	g := 0
	for i := range r.runs {
		lo, hi := r.runs[i].first, r.runs[i].first+haven.UID(r.count(i))-1
		for ; g < len(gone) && gone[g].Hi < lo; g++ {
		}
		for k := g; lo <= hi; k++ {
			if k == len(gone) || gone[k].Lo > hi {
				b.addRange(lo, hi)
				break
			}
			if gone[k].Lo > lo {
				b.addRange(lo, gone[k].Lo-1)
			}
			if gone[k].Hi >= hi {
				break
			}
			lo = gone[k].Hi + 1
		}
	}
	return b.done()
}

type builder struct {
	runs  []run
	total uint32
	last  haven.UID
}

func (b *builder) add(uid haven.UID) { b.addRange(uid, uid) }

func (b *builder) addRange(lo, hi haven.UID) {
	if lo <= b.last && b.total > 0 {
		return // not ascending: a caller's mistake must not corrupt the numbers
	}
	if b.total == 0 || lo != b.last+1 {
		b.runs = append(b.runs, run{lo, b.total})
	}
	b.total += uint32(hi-lo) + 1
	b.last = hi
}

func (b *builder) done() *Runs { return &Runs{runs: b.runs, total: b.total} }
