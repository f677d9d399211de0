package webpush

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds what a push service may ask to wait.
const longestWait = 24 * time.Hour

// Classify says what an answer means (RFC 8030 §5, §8.4). now is for a Retry-After that names a date.
func Classify(code int, retryAfter string, now time.Time) Result {
	r := Result{Code: code}
	switch {
	case code >= 200 && code < 300:
		r.Outcome = Delivered
	case code == http.StatusNotFound || code == http.StatusGone:
		r.Outcome = Gone
	case code == http.StatusTooManyRequests || code >= 500:
		r.Outcome, r.Wait = Slow, waitOf(retryAfter, now)
	}
	return r
}

// waitOf reads a Retry-After (RFC 9110 §10.2.3); 0 where it says nothing.
func waitOf(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if len(text) > 0 && strings.Trim(text, "0123456789") == "" {
		if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
			return min(time.Duration(seconds)*time.Second, longestWait)
		}
		return longestWait
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestWait)
}

// notPublic are networks that nobody outside has an address in (RFC 6890 and the registries of special addresses), so that a push service has none there.
var notPublic = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
	"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

// global is where every public address of IPv6 is.
var global = netip.MustParsePrefix("2000::/3")

func prefixes(all ...string) (out []netip.Prefix) {
	for _, p := range all {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// Public reports whether an address is one of the public internet: none of this machine, of this network, of a provider's inside, of many at once, or of a
// machine's own metadata. One of IPv4 within IPv6 is none, whatever it says.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" || a.Is6() && !global.Contains(a) {
		return false
	}
	return !within(a, notPublic)
}

func within(a netip.Addr, networks []netip.Prefix) bool {
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// isHost reports whether a name is one of the domain name system, with a dot in it: push services have no others.
func isHost(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return strings.Trim(last, "0123456789") != "" // what ends with a number is an address in some form or other
}

// named reports whether a host is among those that are named; ".push.example" stands for all below it.
func named(host string, among []string) bool {
	for _, n := range among {
		if host == n || strings.HasPrefix(n, ".") && strings.HasSuffix(host, n) {
			return true
		}
	}
	return len(among) == 0
}

// isTopic reports whether a topic is one (RFC 8030 §5.4); "" is none and serves.
func isTopic(s string) bool {
	return len(s) <= 32 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
