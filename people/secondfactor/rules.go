package secondfactor

import (
	"strings"
	"time"

	"haven"
)

const (
	period     = 30 * time.Second // RFC 6238 §4: the usual step
	drift      = 1                // steps that an app's clock may be ahead or behind
	digits     = 6
	recoveries = 10 // codes, for printing
)

// Needed says whether a log in goes on without a code (Rules 6): where there is no second factor, or the browser is trusted.
func Needed(on, trusted bool) (bool, haven.Rule) {
	switch {
	case !on:
		return false, "second-factor.none"
	case trusted:
		return false, "second-factor.trusted"
	}
	return true, "second-factor.asked"
}

// Clean is what was typed without spaces and dashes, in lower case.
func Clean(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, text))
}

// IsCode reports whether a text looks like a code of an app, and not like a recovery code.
func IsCode(clean string) bool {
	return len(clean) == digits && strings.Trim(clean, "0123456789") == ""
}

// Steps are those whose code is good at a time, the present one first, but none up to the last that was used: a code serves once
// (RFC 6238 §5.2).
func Steps(now time.Time, last int64) (all []int64) {
	at := now.Unix() / int64(period/time.Second)
	for _, n := range []int64{at, at - drift, at + drift} {
		if n > last {
			all = append(all, n)
		}
	}
	return all
}
