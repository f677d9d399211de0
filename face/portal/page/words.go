package page

import (
	"net/url"
	"strconv"
	"time"
)

// span is a time in words, in the largest unit of which it is a whole number: "10 minutes", "an hour", "3 days".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return count(int(d/day), "day")
	case d == time.Hour:
		return "an hour"
	case d >= time.Hour && d%time.Hour == 0:
		return count(int(d/time.Hour), "hour")
	}
	return count(int(d.Round(time.Minute)/time.Minute), "minute")
}

// Span is span for handlers.
func Span(d time.Duration) string { return span(d) }

// count is a number of things: "1 digit", "8 digits".
func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return strconv.Itoa(n) + " " + of + "s"
}

// ticked is the value of a checkbox.
func ticked(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

// WithNext is the address of a page that leads on to another one in the end; "": to none.
func WithNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}
