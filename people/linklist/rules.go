package linklist

import (
	"fmt"
	"strings"

	"haven"
	"haven/people/account"
)

// The rules of this package.
const (
	RuleHost   haven.Rule = "linklist.host"
	RuleReason haven.Rule = "linklist.reason"
	RuleFull   haven.Rule = "linklist.full"
	RuleEntry  haven.Rule = "linklist.entry"
)

// Pattern is a host, or with Below a host and all below it, as "example.org" and "*.example.org" are written. A host is in small letters, others than a to z as browsers
// write them (xn--).
type Pattern struct {
	Host  string
	Below bool
}

func (p Pattern) String() string {
	if p.Below {
		return "*." + p.Host
	}
	return p.Host
}

// matches reports whether a host is one of the pattern's.
func (p Pattern) matches(host string) bool {
	return host == p.Host || p.Below && strings.HasSuffix(host, "."+p.Host)
}

// ParsePattern reads a pattern as somebody writes it.
func ParsePattern(text string) (Pattern, haven.Verdict) {
	host, below := strings.CutPrefix(strings.ToLower(strings.TrimSpace(text)), "*.")
	if !isHost(host) {
		return Pattern{}, haven.Refuse(RuleHost, "Write a host like example.org, or *.example.org for it and all below it: no path, and other letters than a to z as browsers write them (xn--).")
	}
	return Pattern{host, below}, haven.Allow(RuleHost)
}

// isHost holds a host to labels of letters, digits and hyphens, two of them at least (RFC 1123 §2.1).
func isHost(host string) bool {
	labels := strings.Split(host, ".")
	if len(host) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	return true
}

// MayEnter says whether an entry can stand in a list: what is warned of or blocked has its reason, which people read, of at most so many runes.
func MayEnter(v Verdict, reason string, most int) haven.Verdict {
	switch {
	case v == Unknown || int(v) >= len(verdictNames):
		return haven.Refuse(RuleEntry, "A place is allowed, warned of or blocked: allow, warn, block.")
	case v != Allow && reason == "":
		return haven.Refuse(RuleReason, "Give the reason. Whoever follows the link reads it.")
	case len([]rune(reason)) > most || strings.ContainsFunc(reason, account.NotShown):
		return haven.Refuse(RuleReason, fmt.Sprintf("A reason is plain words, at most %d characters.", most))
	}
	return haven.Allow(RuleEntry)
}

// Judge finds what lists say of a host: the narrowest pattern that fits counts, and of several of these, from the lists of several groups, the strictest. ok is false
// where none fits.
func Judge(all []Entry, host string) (best Entry, ok bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, e := range all {
		if e.Pattern.matches(host) && (!ok || narrower(e, best)) {
			best, ok = e, true
		}
	}
	return best, ok
}

// narrower reports whether an entry goes before another that fits the same host.
func narrower(a, b Entry) bool {
	if len(a.Pattern.Host) != len(b.Pattern.Host) {
		return len(a.Pattern.Host) > len(b.Pattern.Host)
	}
	if a.Pattern.Below != b.Pattern.Below {
		return b.Pattern.Below
	}
	return a.Verdict > b.Verdict
}
