package openinghours

import "time"

// Within is the end of a time that does not count the hours of days on which the door stays shut (Rules 12). Where nobody has said when it is
// open, or it does not open for longer than anybody looks ahead, all hours count: a deadline comes too early then, never too late.
func (h Hours) Within(from time.Time, d time.Duration) time.Time {
	if !h.Known() {
		return from.Add(d)
	}
	at, left := from, d
	for range lookAhead {
		next := nextDay(at)
		if len(h.On(at)) > 0 {
			today := next.Sub(at)
			if left <= today {
				return at.Add(left)
			}
			left -= today
		}
		at = next
	}
	return from.Add(d)
}

// nextDay is when the day in London after that of a moment begins.
func nextDay(t time.Time) time.Time {
	y, m, d := t.In(London).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, London)
}

// Between is how long the door was open from one moment to another. Where nobody has said when it is open all hours count, and beyond what anybody looks ahead none.
func (h Hours) Between(from, to time.Time) (open time.Duration) {
	if !h.Known() {
		return max(to.Sub(from), 0)
	}
	day := from
	for range lookAhead {
		if !day.Before(to) {
			return open
		}
		for _, s := range h.On(day) {
			opens, closes := s.Opens.at(day), s.Closes.at(day)
			open += max(earlier(closes, to).Sub(later(opens, from)), 0)
		}
		day = nextDay(day)
	}
	return open
}

// Opens is when the door opens first on the day of a moment; ok is false where it stays shut.
func (h Hours) Opens(day time.Time) (opens time.Time, ok bool) {
	spans := h.On(day)
	if len(spans) == 0 {
		return time.Time{}, false
	}
	return spans[0].Opens.at(day), true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
