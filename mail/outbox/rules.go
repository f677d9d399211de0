package outbox

import (
	"fmt"
	"net"
	"sort"
	"strings"
	"time"
)

// defaultRetry is tight at first, since most faults are greylisting or a restart, and wide later.
var defaultRetry = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
}

func (p Policy) withDefaults() Policy {
	if len(p.Retry) == 0 {
		p.Retry = defaultRetry
	}
	if p.Jitter <= 0 || p.Jitter >= 1 {
		p.Jitter = 0.2
	}
	def(&p.Lifetime, 5*24*time.Hour)
	def(&p.WarnAfter, 4*time.Hour)
	def(&p.PerDomain, 5)
	def(&p.Workers, 50)
	def(&p.Turn, 20)
	def(&p.Linger, 2*time.Second)
	def(&p.Hosts, 6)
	def(&p.Down, time.Minute)
	def(&p.Recipients, 10_000)
	def(&p.ReturnOctets, 1<<20)
	def(&p.Lease, 2*time.Minute)
	p.Times = p.Times.withDefaults()
	return p
}

func (t Timeouts) withDefaults() Timeouts {
	def(&t.Connect, 30*time.Second) // RFC 5321 leaves it open; a host that takes longer is as good as down
	def(&t.Greeting, 5*time.Minute)
	def(&t.Command, 5*time.Minute)
	def(&t.DataInit, 2*time.Minute)
	def(&t.DataBlock, 3*time.Minute)
	def(&t.DataEnd, 10*time.Minute)
	def(&t.Attempt, 30*time.Minute)
	return t
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Expiry is when a letter is given up: at the end of its lifetime, or before that once it is of no use (until; zero: that is never so).
func Expiry(p Policy, created, until time.Time) time.Time {
	expiry := created.Add(p.Lifetime)
	if !until.IsZero() && until.Before(expiry) {
		return until
	}
	return expiry
}

// NextTry is when a recipient that was tried attempts times without success is tried again. random is in [0,1).
// The last try falls on the day of expiry and never after it, so that a letter gets its whole lifetime.
func NextTry(p Policy, attempts int, expiry, now time.Time, random float64) time.Time {
	i := min(max(attempts-1, 0), len(p.Retry)-1)
	pause := float64(p.Retry[i]) * (1 + p.Jitter*(2*random-1))
	next := now.Add(time.Duration(pause))
	if next.After(expiry) && now.Before(expiry) {
		return expiry
	}
	return next
}

// Verdict is what a try's result means for a recipient.
type Verdict struct {
	Fate Fate      // Delayed: try again at Next; otherwise it is over
	Tell bool      // the sender gets a notice of it
	Next time.Time // set for Delayed
	Rule string
}

// Facts are what Judge decides on.
type Facts struct {
	Result     Result
	Attempts   int // this one counted
	Created    time.Time
	Until      time.Time // the letter is of no use later; zero: it always is
	Now        time.Time
	Warned     bool // a delay notice was sent
	Notify     Notify
	NullSender bool
	Random     float64
}

// Judge says what happens to a recipient after a try: RFC 5321 §4.5.4.1 for retries, RFC 3461 §5.2 for who is told,
// RFC 5321 §6.1 for a null sender, who is never told anything.
func Judge(p Policy, f Facts) Verdict {
	v, expiry := Verdict{Fate: Delayed}, Expiry(p, f.Created, f.Until)
	switch {
	case f.Result.Outcome == Accepted && f.Result.TellsItself:
		v.Fate, v.Rule = Delivered, "outbox.delivered"
	case f.Result.Outcome == Accepted:
		v.Fate, v.Rule = Relayed, "outbox.relayed"
		v.Tell = f.Notify&NotifySuccess != 0
	case f.Result.Outcome == Refused:
		v.Fate, v.Rule = Failed, "outbox.refused"
		v.Tell = f.Notify == 0 || f.Notify&NotifyFailure != 0
	case !f.Now.Before(expiry):
		v.Fate, v.Rule = Failed, "outbox.expired"
		v.Tell = f.Notify == 0 || f.Notify&NotifyFailure != 0
	default:
		v.Rule = "outbox.retry"
		v.Next = NextTry(p, f.Attempts, expiry, f.Now, f.Random)
		warnAt := f.Created.Add(p.WarnAfter)
		late := !f.Now.Before(warnAt)
		if !late && v.Next.After(warnAt) { // a try of its own, so that the notice is neither late nor stale
			v.Next = warnAt
		}
		v.Tell = late && !f.Warned && (f.Notify == 0 || f.Notify&NotifyDelay != 0)
	}
	if f.NullSender || f.Notify&NotifyNever != 0 {
		v.Tell = false
	}
	return v
}

// Outcome is the class of a try's result.
type Outcome uint8

const (
	TryLater Outcome = iota // 4xx, network, DNS that doesn't answer: another try may succeed
	Accepted                // 2xx
	Refused                 // 5xx, no such domain: no later try will succeed
)

// Result is what one try for one recipient came to.
type Result struct {
	Outcome     Outcome
	TellsItself bool   // the server offered DSN, and has the duty now (RFC 3461 §5.2.1)
	Code        int    // reply code; 0 where no server answered
	Status      string // enhanced status code (RFC 3463), always set
	Text        string // the server's own words, or ours where no server answered
	Host        string // server that answered; "" if none did
}

// FromReply classes a server's reply. stage is the default status where the reply has no enhanced code of its own
// or one of another class than its reply code (RFC 2034 §4).
func FromReply(r Reply, host, subject string) Result {
	res := Result{Code: r.Code, Text: r.Text(), Host: host}
	class := byte('4')
	switch r.Code / 100 {
	case 2:
		res.Outcome, class = Accepted, '2'
	case 5:
		res.Outcome, class = Refused, '5'
	}
	res.Status = string(class) + "." + subject
	if s := enhanced(r); s != "" && s[0] == class {
		res.Status = s
	}
	return res
}

// enhanced is the status code that begins the reply's text, or "".
func enhanced(r Reply) string {
	if len(r.Lines) == 0 {
		return ""
	}
	word, _, _ := strings.Cut(r.Lines[len(r.Lines)-1], " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 || len(parts[0]) != 1 || !strings.Contains("245", parts[0]) {
		return ""
	}
	for _, p := range parts[1:] {
		if p == "" || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return ""
		}
	}
	return word
}

func later(status, text string, args ...any) Result {
	return Result{Outcome: TryLater, Status: "4." + status, Text: fmt.Sprintf(text, args...)}
}

func refused(status, text string, args ...any) Result {
	return Result{Outcome: Refused, Status: "5." + status, Text: fmt.Sprintf(text, args...)}
}

// OrderMX sorts by preference, with equal ones in random order (RFC 5321 §5.1), and leaves out those at or behind
// our own place in the list, which would loop. The second answer says that we were in it.
func OrderMX(mx []*net.MX, self func(host string) bool, random func() float64) ([]string, bool) {
	list := append([]*net.MX(nil), mx...)
	for i := len(list) - 1; i > 0; i-- {
		j := int(random() * float64(i+1))
		list[i], list[j] = list[j], list[i]
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Pref < list[j].Pref })
	limit, found := uint32(1<<16), false
	for _, m := range list {
		if self(hostName(m.Host)) {
			limit, found = uint32(m.Pref), true
			break
		}
	}
	var hosts []string
	for _, m := range list {
		if uint32(m.Pref) < limit {
			hosts = append(hosts, hostName(m.Host))
		}
	}
	return hosts, found
}

func hostName(h string) string { return strings.ToLower(strings.TrimSuffix(h, ".")) }

// isNullMX reports that a domain takes no mail (RFC 7505 §3).
func isNullMX(mx []*net.MX) bool { return len(mx) == 1 && strings.Trim(mx[0].Host, ".") == "" }

// routeFor is the first route that names domain.
func routeFor(routes []Route, domain string) (Route, bool) {
	for _, r := range routes {
		d := strings.ToLower(r.Domain)
		if d == "*" || d == domain || strings.HasPrefix(d, ".") && strings.HasSuffix(domain, d) {
			return r, true
		}
	}
	return Route{}, false
}
