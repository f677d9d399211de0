package mime

import (
	"strconv"
	"strings"
	"time"
)

// FormatDate writes a date-time (RFC 5322 §3.3).
func FormatDate(t time.Time) string { return t.Format("Mon, 02 Jan 2006 15:04:05 -0700") }

// ParseDate reads a date-time with the obsolete forms of RFC 5322 §4.3: two and three digit years, zones by name, comments;
// and the order of C's asctime. A time of day or a zone that is missing counts as zero. It is not ok for a day that doesn't
// exist.
func ParseDate(s string) (time.Time, bool) {
	var words [8]string
	n := 0
	for rest := skipComments(s); rest != "" && n < len(words); {
		i := strings.IndexAny(rest, " \t\r\n,(")
		if i < 0 {
			i = len(rest)
		}
		if i > 0 {
			words[n] = rest[:i]
			n++
		}
		rest = strings.TrimLeft(rest[i:], ",")
		rest = skipComments(rest)
	}
	return dateOf(words[:n])
}

func dateOf(w []string) (time.Time, bool) {
	if len(w) > 0 && monthOf(w[0]) == 0 && (w[0][0] < '0' || w[0][0] > '9') {
		w = w[1:] // day of the week, whichever
	}
	if len(w) < 3 {
		return time.Time{}, false
	}
	if monthOf(w[0]) != 0 { // Jan 2 15:04:05 [zone] 2006
		day, clock, rest := w[1], w[2], w[3:]
		if len(rest) == 0 {
			return time.Time{}, false
		}
		w = append([]string{day, w[0], rest[len(rest)-1], clock}, rest[:len(rest)-1]...)
	}
	day, ok1 := digits(w[0], 2)
	month := monthOf(w[1])
	year, ok2 := yearOf(w[2])
	if !ok1 || !ok2 || month == 0 {
		return time.Time{}, false
	}
	var h, m, s int
	zone := time.UTC
	if len(w) > 3 {
		var ok bool
		if h, m, s, ok = clockOf(w[3]); !ok {
			return time.Time{}, false
		}
	}
	if len(w) > 4 {
		zone = zoneOf(w[4])
	}
	t := time.Date(year, month, day, h, m, s, 0, zone)
	return t, t.Day() == day || s == 60
}

// digits reads a number of 1 to most digits.
func digits(s string, most int) (int, bool) {
	if s == "" || len(s) > most {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func monthOf(s string) time.Month {
	if len(s) < 3 {
		return 0
	}
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	for i := 0; i < len(names); i += 3 {
		if strings.EqualFold(s[:3], names[i:i+3]) {
			return time.Month(i/3 + 1)
		}
	}
	return 0
}

// yearOf reads RFC 5322 §4.3: 00 to 49 are of this century, 50 to 999 count from 1900.
func yearOf(s string) (int, bool) {
	y, ok := digits(s, 4)
	switch {
	case !ok || len(s) < 2:
		return 0, false
	case len(s) == 2 && y < 50:
		y += 2000
	case len(s) < 4:
		y += 1900
	}
	return y, y >= 1900
}

func clockOf(s string) (h, m, sec int, ok bool) {
	hh, rest, ok1 := strings.Cut(s, ":")
	mm, ss, hasSec := strings.Cut(rest, ":")
	ss, _, _ = strings.Cut(ss, ".")
	h, ok2 := digits(hh, 2)
	m, ok3 := digits(mm, 2)
	if hasSec {
		sec, ok = digits(ss, 2)
		ok1 = ok1 && ok
	}
	return h, m, sec, ok1 && ok2 && ok3 && h < 24 && m < 60 && sec <= 60
}

var zoneNames = map[string]int{
	"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
	"BST": 1, "CET": 1, "CEST": 2, // not in RFC 5322, but seen
}

// zoneOf reads an offset or a name; letters of the military alphabet and anything unknown mean no information, which is
// zero (RFC 5322 §4.3).
func zoneOf(s string) *time.Location {
	if len(s) == 5 && (s[0] == '+' || s[0] == '-') {
		if n, ok := digits(s[1:], 4); ok && n%100 < 60 && n != 0 {
			sec := (n/100*60 + n%100) * 60
			if s[0] == '-' {
				sec = -sec
			}
			return time.FixedZone("", sec)
		}
		return time.UTC
	}
	if h, ok := zoneNames[strings.ToUpper(s)]; ok {
		return time.FixedZone(strings.ToUpper(s), h*3600)
	}
	return time.UTC
}
