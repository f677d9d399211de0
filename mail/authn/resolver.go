package authn

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

// Resolver asks DNS. Its errors are *net.DNSError: IsNotFound for an answer that says so, a temporary one else.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// Bounds of Cached.
const (
	maxAnswers   = 20_000
	keepAnswer   = 5 * time.Minute        // net.Resolver doesn't tell how long an answer holds
	keepNothing  = time.Minute            // "there is no such name"
	keepFailure  = 20 * time.Second       // "no answer"
	lookupWait   = 2 * time.Second        // for one question
	downAfter    = 2                      // questions in a row without an answer
	downFor      = 30 * time.Second       // before DNS is tried again
	downTryWait  = 250 * time.Millisecond // for that try
	shrinkAnswer = maxAnswers / 8
)

// Cached asks another resolver with a deadline and remembers what it said, failures too. When no question is answered
// at all, as on a machine without DNS, it fails at once for a while instead of making every letter wait.
type Cached struct {
	from Resolver
	now  func() time.Time

	mu      sync.Mutex
	answers map[question]answer
	silent  int // questions in a row without an answer
	retry   time.Time
}

type question struct {
	kind byte // T, M, A, P
	name string
}

type answer struct {
	value any
	err   error
	until time.Time
}

// NewCached makes a cache before from. now is the clock.
func NewCached(from Resolver, now func() time.Time) *Cached {
	return &Cached{from: from, now: now, answers: make(map[question]answer)}
}

// LookupTXT is Resolver's.
func (c *Cached) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return ask(ctx, c, question{'T', name}, c.from.LookupTXT)
}

// LookupMX is Resolver's.
func (c *Cached) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return ask(ctx, c, question{'M', name}, c.from.LookupMX)
}

// LookupIPAddr is Resolver's.
func (c *Cached) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return ask(ctx, c, question{'A', host}, c.from.LookupIPAddr)
}

// LookupAddr is Resolver's.
func (c *Cached) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return ask(ctx, c, question{'P', addr}, c.from.LookupAddr)
}

func ask[T any](ctx context.Context, c *Cached, q question, lookup func(context.Context, string) (T, error)) (T, error) {
	have, wait := c.recall(q)
	if wait == 0 {
		value, _ := have.value.(T)
		return value, have.err
	}
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	value, err := lookup(limited, q.name)
	if err != nil {
		err = asDNSError(err, q.name)
	}
	if ctx.Err() == nil { // a caller that gave up says nothing about DNS
		c.remember(q, answer{value: value, err: err})
	}
	return value, err
}

// recall gives an answer held, or how long to wait for a new one.
func (c *Cached) recall(q question) (answer, time.Duration) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.answers[q]; ok && now.Before(a.until) {
		return a, 0
	}
	switch {
	case c.silent < downAfter:
		return answer{}, lookupWait
	case now.Before(c.retry):
		return answer{err: &net.DNSError{Err: "DNS does not answer", Name: q.name, IsTemporary: true, IsTimeout: true}}, 0
	}
	c.retry = now.Add(downFor) // one question tries; the others go on failing at once
	return answer{}, downTryWait
}

func (c *Cached) remember(q question, a answer) {
	now := c.now()
	a.until = now.Add(keepAnswer)
	answered := true
	var de *net.DNSError
	if errors.As(a.err, &de) {
		if a.until = now.Add(keepNothing); !de.IsNotFound {
			a.until = now.Add(keepFailure)
			answered = !de.IsTimeout
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.answers) >= maxAnswers {
		c.shrink(now)
	}
	c.answers[q] = a
	if answered {
		c.silent = 0
		return
	}
	if c.silent++; c.silent == downAfter {
		c.retry = now.Add(downFor)
	}
}

// shrink makes room: what has lapsed goes, else whatever comes first.
func (c *Cached) shrink(now time.Time) {
	for q, a := range c.answers {
		if !now.Before(a.until) {
			delete(c.answers, q)
		}
	}
	for q := range c.answers {
		if len(c.answers) <= maxAnswers-shrinkAnswer {
			return
		}
		delete(c.answers, q)
	}
}

// asDNSError makes any error of a look-up one that SPF, DKIM and DMARC understand. A server that can't be reached at
// all counts as one that does not answer.
func asDNSError(err error, name string) error {
	var de *net.DNSError
	if errors.As(err, &de) {
		var op *net.OpError
		if !de.IsNotFound && errors.As(de.UnwrapErr, &op) {
			return &net.DNSError{Err: de.Err, Name: name, Server: de.Server, IsTimeout: true, IsTemporary: true}
		}
		return de
	}
	return &net.DNSError{Err: err.Error(), Name: name, IsTimeout: true, IsTemporary: true}
}

// SystemResolver asks the machine's own DNS servers. Names are taken as absolute.
func SystemResolver() Resolver { return absolute{&net.Resolver{PreferGo: true}} }

// ServerResolver asks one name server, host:port, and nobody else. Names are taken as absolute.
func ServerResolver(server string) Resolver {
	return absolute{&net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		d := net.Dialer{Timeout: lookupWait}
		return d.DialContext(ctx, network, server)
	}}}
}

type absolute struct{ from *net.Resolver }

func dot(name string) string {
	if strings.HasSuffix(name, ".") {
		return name
	}
	return name + "."
}

func (a absolute) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return a.from.LookupTXT(ctx, dot(name))
}

func (a absolute) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return a.from.LookupMX(ctx, dot(name))
}

func (a absolute) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return a.from.LookupIPAddr(ctx, dot(host))
}

func (a absolute) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return a.from.LookupAddr(ctx, addr)
}
