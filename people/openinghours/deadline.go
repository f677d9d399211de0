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
