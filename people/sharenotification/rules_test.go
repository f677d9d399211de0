package sharenotification

import (
	"fmt"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// at is a row of mailbox 1, changed by one hand.
func at(seq, gone int64, ago time.Duration) row {
	return row{seq: seq, gone: gone, made: noon.Add(-ago), by: haven.AccountID{1}, mailbox: 1, old: 0, new: haven.Member}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	p := policy.SharedMailbox{NotificationsWithin: time.Hour}
	of := func(r row, change func(*row)) row { change(&r); return r }
	for name, x := range map[string]struct {
		rows []row
		with int64
		old  haven.Rights
	}{
		"none before":                {nil, 0, haven.Member},
		"soon after":                 {[]row{at(1, 0, 59*time.Minute)}, 1, 0},
		"an hour after":              {[]row{at(1, 0, time.Hour)}, 0, haven.Member},
		"after one that went":        {[]row{at(1, 2, time.Minute)}, 0, haven.Member},
		"by another hand":            {[]row{of(at(1, 0, time.Minute), func(r *row) { r.by = haven.AccountID{2} })}, 0, haven.Member},
		"of another mailbox":         {[]row{of(at(1, 0, time.Minute), func(r *row) { r.mailbox = 2 })}, 0, haven.Member},
		"of others in between":       {[]row{at(1, 0, time.Minute), of(at(2, 0, 0), func(r *row) { r.mailbox = 2 })}, 1, 0},
		"another hand in between":    {[]row{at(1, 0, time.Minute), of(at(2, 0, 0), func(r *row) { r.by = haven.AccountID{2} })}, 0, haven.Member},
		"the newest of the same one": {[]row{at(1, 0, 2*time.Hour), at(2, 0, time.Minute)}, 2, 0},
	} {
		with, old := merge(x.rows, Change{Mailbox: account.Account{No: 1}, By: haven.AccountID{1}, Old: haven.Member, New: haven.Owner, At: noon}, p)
		if with != x.with || old != x.old {
			t.Errorf("%s: %d %v", name, with, old)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	rows := []row{at(1, 9, 0), at(2, 0, 0), at(3, 7, 0), at(4, 0, 0), at(5, 8, 0), at(6, 0, 0)}
	for most, want := range map[int]string{3: "[] [] 0", 2: "[2] [3] 7", 1: "[2 4] [3 5] 8", 0: "[2 4 6] [3 5 1] 9", 10: "[] [] 0"} {
		seqs, state := forgotten(rows, most)
		if got := fmt.Sprint(surplus(rows, most), seqs, state); got != fmt.Sprint(want) {
			t.Errorf("%d: %s, want %s", most, got, want)
		}
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	rows := []row{at(1, 0, 0), at(2, 4, 0), at(3, 0, 0), at(5, 6, 0), at(7, 0, 0)}
	for _, x := range []struct {
		from int64
		most int
		want string
	}{
		{0, 0, "[1 3 7] [] 7 false"}, {1, 0, "[3 7] [] 7 false"}, {2, 0, "[3 7] [2] 7 false"}, {3, 0, "[7] [2] 7 false"}, {4, 0, "[7] [] 7 false"},
		{5, 0, "[7] [5] 7 false"}, {6, 0, "[7] [] 7 false"}, {7, 0, "[] [] 7 false"},
		{2, 1, "[3] [] 3 true"}, {2, 2, "[3] [2] 4 true"}, {2, 3, "[3 7] [2] 7 false"},
	} {
		ch := since(rows, x.from, 7, x.most)
		if got := fmt.Sprint(ch.Made, ch.Dismissed, ch.State, ch.More); got != x.want {
			t.Errorf("since %d, at most %d: %s, want %s", x.from, x.most, got, x.want)
		}
	}
}

// Whoever follows in steps of any size arrives at what is there.
func TestSinceInSteps(t *testing.T) {
	t.Parallel()
	rows := []row{at(1, 0, 0), at(2, 4, 0), at(3, 12, 0), at(5, 6, 0), at(7, 0, 0), at(8, 11, 0), at(9, 10, 0)}
	for most := 1; most < 8; most++ {
		for from := int64(0); from <= 12; from++ {
			has := map[int64]bool{}
			for _, r := range rows {
				has[r.seq] = r.seq <= from && (r.gone == 0 || r.gone > from)
			}
			for state, more := from, true; more; {
				ch := since(rows, state, 12, most)
				for _, seq := range ch.Made {
					has[seq] = true
				}
				for _, seq := range ch.Dismissed {
					has[seq] = false
				}
				if state, more = ch.State, ch.More; len(ch.Made)+len(ch.Dismissed) > most {
					t.Fatalf("more than %d: %+v", most, ch)
				}
			}
			for _, r := range rows {
				if has[r.seq] != (r.gone == 0) {
					t.Errorf("from %d by %d: %d is %v", from, most, r.seq, has[r.seq])
				}
			}
		}
	}
}
