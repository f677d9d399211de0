package authn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"

	"haven"
	"haven/mail/mime"
)

// Bounds on what a letter can make us do.
const (
	maxSignatures = 5              // DKIM signatures that are looked at
	maxHeader     = mime.MaxHeader // octets of header kept while looking for signatures
	maxFrom       = 4              // domains in From that are asked about; a letter with more is judged by Junk
)

// Checker checks letters. It is safe for many goroutines.
type Checker struct {
	DNS  Resolver      // required
	Wait time.Duration // for all checks of one letter after its end; zero means 5 s
}

// Check is one letter under way: write it, then ask Verdicts, once. A Check that is given up needs Close.
type Check struct {
	c       *Checker
	ctx     context.Context
	cancel  context.CancelFunc
	facts   Facts
	head    []byte // the header so far, until it ended
	headEnd bool
	pipe    *io.PipeWriter // to the DKIM verifier; nil when there is nothing to verify
	dkim    chan []Signature
	spf     SPF
	wg      sync.WaitGroup
}

// Begin starts to check a letter. The context bounds the whole of it.
func (c *Checker) Begin(ctx context.Context, facts Facts) *Check {
	ctx, cancel := context.WithCancel(ctx)
	return &Check{c: c, ctx: ctx, cancel: cancel, facts: facts}
}

// Write takes the next octets of the letter as they came: DKIM is judged before anything is changed (Rules 10). It
// never fails. A letter without a signature costs nothing beyond its header.
func (k *Check) Write(p []byte) (int, error) {
	if k.pipe != nil {
		_, _ = k.pipe.Write(p) // a verifier that has seen enough closes its end
		return len(p), nil
	}
	if k.headEnd {
		return len(p), nil
	}
	text, from := p, 0 // most headers come in one piece, which need not be held
	if len(k.head) > 0 {
		from = max(0, len(k.head)-3)
		k.head = append(k.head, p...)
		text = k.head
	}
	end := bytes.Index(text[from:], []byte("\r\n\r\n"))
	switch {
	case end >= 0:
		k.headEnd = true
		if hasField(text[:from+end+2], "dkim-signature") {
			k.verify(bytes.Clone(text))
		}
		k.head = nil
	case bytes.HasPrefix(text, []byte("\r\n")), len(text) > maxHeader: // no header, or none that we would verify
		k.headEnd, k.head = true, nil
	case len(k.head) == 0:
		k.head = append(k.head, p...)
	}
	return len(p), nil
}

// hasField reports whether a header has a field of that name, given in lower case.
func hasField(head []byte, name string) bool {
	for len(head) > 0 {
		line := head
		if i := bytes.IndexByte(head, '\n'); i >= 0 {
			line, head = head[:i], head[i+1:]
		} else {
			head = nil
		}
		if len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) &&
			strings.HasPrefix(strings.TrimLeft(string(line[len(name):]), " \t"), ":") {
			return true
		}
	}
	return false
}

// verify starts the DKIM verifier on what came so far, and leaves a pipe for the rest.
func (k *Check) verify(head []byte) {
	r, w := io.Pipe()
	k.pipe, k.dkim = w, make(chan []Signature, 1)
	k.wg.Go(func() { // Close waits for it: its look-ups end with the context, its reading with the pipe
		defer r.Close()
		k.dkim <- k.c.signatures(k.ctx, io.MultiReader(bytes.NewReader(head), r), head)
	})
}

func (c *Checker) signatures(ctx context.Context, letter io.Reader, head []byte) []Signature {
	found, err := dkim.VerifyWithOptions(letter, &dkim.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			ctx, cancel := context.WithTimeout(ctx, c.wait())
			defer cancel()
			return c.DNS.LookupTXT(ctx, name)
		},
		MaxVerifications: maxSignatures,
	})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) && len(found) == 0 {
		return []Signature{{Result: PermError, Reason: err.Error()}}
	}
	selectors := selectorsOf(head)
	out := make([]Signature, 0, len(found))
	for i, v := range found {
		s := Signature{Result: Pass, Domain: normal(v.Domain), Identifier: v.Identifier}
		if i < len(selectors) {
			s.Selector = selectors[i]
		}
		if v.Err != nil {
			s.Reason = v.Err.Error()
			switch {
			case dkim.IsTempFail(v.Err):
				s.Result = TempError
			case dkim.IsPermFail(v.Err):
				s.Result = PermError
			default:
				s.Result = Fail
			}
		}
		out = append(out, s)
	}
	return out
}

// selectorsOf reads s= of the signatures in order, for the report only.
func selectorsOf(head []byte) []string {
	var out []string
	unfolded := bytes.ReplaceAll(bytes.ReplaceAll(head, []byte("\r\n\t"), []byte(" ")), []byte("\r\n "), []byte(" "))
	for _, line := range strings.Split(string(unfolded), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(strings.TrimSpace(name), "DKIM-Signature") {
			continue
		}
		selector := ""
		for _, tag := range strings.Split(value, ";") {
			if k, v, ok := strings.Cut(tag, "="); ok && strings.TrimSpace(k) == "s" {
				selector = strings.TrimSpace(v)
			}
		}
		out = append(out, selector)
	}
	return out
}

func (c *Checker) wait() time.Duration {
	if c.Wait > 0 {
		return c.Wait
	}
	return 5 * time.Second
}

// Verdicts ends the letter and says what was found, after Checker.Wait at the latest. from are the domains of its From
// field.
func (k *Check) Verdicts(from []string) Verdicts {
	defer k.Close()
	ctx, cancel := context.WithTimeout(k.ctx, k.c.wait())
	defer cancel()
	if k.pipe != nil {
		_ = k.pipe.Close() // always nil
	}
	domains := len(from)
	from = from[:min(domains, maxFrom)]
	policies := make([]policyAnswer, len(from))
	var wg sync.WaitGroup
	wg.Go(func() { k.spf = k.c.checkSPF(ctx, k.facts) })
	for i, d := range from {
		wg.Go(func() { policies[i] = k.c.policyOf(ctx, d) })
	}
	wg.Wait()
	v := Verdicts{SPF: k.spf}
	if k.dkim != nil {
		select {
		case v.DKIM = <-k.dkim:
		case <-ctx.Done():
			v.DKIM = []Signature{{Result: TempError, Reason: "no answer in time"}}
		}
	}
	for i, d := range from {
		verdict := policies[i].judge(d, v.SPF, v.DKIM)
		if i == 0 {
			v.DMARC = verdict
		} else {
			v.DMARC = worse(v.DMARC, verdict)
		}
	}
	if asked := len(from); asked == 0 || asked < domains {
		v.DMARC = DMARC{Result: PermError} // RFC 7489 §6.6.1: no domain to ask, or too many
	}
	return v
}

// Close gives the check up and waits for what it started. It may be called more than once.
func (k *Check) Close() {
	k.cancel()
	if k.pipe != nil {
		_ = k.pipe.Close() // always nil. A plain end, since on an error the library would leave verifiers waiting
	}
	k.wg.Wait()
}

func (c *Checker) checkSPF(ctx context.Context, f Facts) SPF {
	out := SPF{Result: None, Domain: normal(f.From.Domain)}
	sender := f.From.String()
	if f.From.IsNull() {
		out.Domain, out.Helo = normal(f.Helo), true
		sender = "postmaster@" + f.Helo
	}
	if !f.IP.IsValid() || !strings.Contains(out.Domain, ".") || strings.HasPrefix(out.Domain, "[") {
		return out
	}
	result, err := spf.CheckHostWithSender(net.IP(f.IP.AsSlice()), f.Helo, sender, spf.WithResolver(c.DNS), spf.WithContext(ctx))
	out.Result = Result(result)
	if err != nil {
		out.Reason = err.Error()
	}
	return out
}

// policyAnswer is what DNS said of a domain's DMARC policy.
type policyAnswer struct {
	record    *record
	inherited bool
	failed    Result // TempError where there was no answer
}

func (a policyAnswer) judge(from string, s SPF, signatures []Signature) DMARC {
	d := judge(from, s, signatures, a.record, a.inherited)
	if a.failed != "" {
		d.Result = a.failed
	}
	return d
}

// policyOf finds the policy of a domain: its own, else its organisation's (RFC 7489 §6.6.3).
func (c *Checker) policyOf(ctx context.Context, domain string) policyAnswer {
	r, failed := c.lookupPolicy(ctx, normal(domain))
	if r != nil || failed != "" {
		return policyAnswer{record: r, failed: failed}
	}
	org := OrganisationalDomain(domain)
	if sameDomain(org, domain) {
		return policyAnswer{}
	}
	r, failed = c.lookupPolicy(ctx, org)
	return policyAnswer{record: r, inherited: true, failed: failed}
}

func (c *Checker) lookupPolicy(ctx context.Context, domain string) (*record, Result) {
	if !strings.Contains(domain, ".") || strings.HasPrefix(domain, "[") {
		return nil, ""
	}
	rec, err := dmarc.LookupWithOptions(domain, &dmarc.LookupOptions{
		LookupTXT: func(name string) ([]string, error) { return c.DNS.LookupTXT(ctx, name) },
	})
	switch {
	case err == nil:
	case errors.Is(err, dmarc.ErrNoPolicy):
		return nil, ""
	case dmarc.IsTempFail(err), ctx.Err() != nil:
		return nil, TempError
	default:
		return nil, "" // RFC 7489 §6.6.3: a record that can't be read is none
	}
	out := &record{policy: Policy(rec.Policy), subdomains: Policy(rec.SubdomainPolicy), percent: 100,
		strictDKIM: rec.DKIMAlignment == dmarc.AlignmentStrict, strictSPF: rec.SPFAlignment == dmarc.AlignmentStrict}
	if rec.Percent != nil {
		out.percent = *rec.Percent
	}
	return out, ""
}

// DomainsOf are the domains of some addresses, lower case, each once and in order.
func DomainsOf(addrs []haven.Address) []string {
	var out []string
	seen := make(map[string]bool, len(addrs))
	for _, a := range addrs {
		if d := normal(a.Domain); d != "" && !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}
