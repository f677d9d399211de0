package outbox

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"haven/platform/errs"
)

// lookupWait bounds each question to DNS.
const lookupWait = 20 * time.Second

func deadline(d time.Duration) time.Time { return time.Now().Add(d) }

// targets are the addresses to try for domain, best first, at most Policy.Hosts. An error is a *hostError whose
// result stands for all recipients in that domain.
func (o *Outbox) targets(ctx context.Context, domain string) ([]target, error) {
	if r, ok := routeFor(o.cfg.Routes, domain); ok {
		return o.routed(ctx, r)
	}
	if strings.HasPrefix(domain, "[") {
		return o.literal(domain)
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return nil, &hostError{refused("1.2", "%s is no domain name", domain)}
	}
	hosts, implicit, err := o.mailHosts(ctx, ascii)
	if err != nil {
		return nil, err
	}
	return o.resolve(ctx, ascii, hosts, implicit)
}

func (o *Outbox) routed(ctx context.Context, r Route) ([]target, error) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		return nil, &hostError{later("3.5", "the route for this domain is no host and port")}
	}
	rule := TLSRule{Level: r.TLS}
	if net.ParseIP(host) != nil {
		return []target{{host: host, addr: r.Host, rule: rule}}, nil
	}
	addrs, err := o.addresses(ctx, host)
	if err != nil {
		return nil, &hostError{later("4.4", "the host %s that mail for this domain goes through has no address", host)}
	}
	var list []target
	for _, a := range addrs[:min(len(addrs), o.cfg.Policy.Hosts)] {
		list = append(list, target{host: host, addr: net.JoinHostPort(a, port), rule: rule})
	}
	return list, nil
}

// literal is a recipient at an address literal (RFC 5321 §4.1.3).
func (o *Outbox) literal(domain string) ([]target, error) {
	text := strings.TrimSuffix(strings.TrimPrefix(domain, "["), "]")
	if len(text) > 5 && strings.EqualFold(text[:5], "ipv6:") {
		text = text[5:]
	}
	ip := net.ParseIP(text)
	if ip == nil {
		return nil, &hostError{refused("1.2", "%s is no address literal", domain)}
	}
	if o.isSelf(ip.String()) {
		return nil, loop(domain)
	}
	return []target{{host: ip.String(), addr: net.JoinHostPort(ip.String(), o.cfg.Port)}}, nil
}

func loop(domain string) error {
	return &hostError{refused("4.6", "mail for %s loops back to us", domain)}
}

// mailHosts are the names of domain's mail servers (RFC 5321 §5.1). implicit: the domain itself, for want of MX.
func (o *Outbox) mailHosts(ctx context.Context, domain string) (hosts []string, implicit bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	mx, err := o.cfg.Resolver.LookupMX(ctx, domain)
	if len(mx) > 0 {
		err = nil // net.Resolver reports names that it left out
	}
	switch {
	case err != nil && !isNotFound(err):
		return nil, false, &hostError{later("4.3", "DNS does not tell the mail servers of %s now", domain)}
	case err != nil || len(mx) == 0:
		if o.isSelf(domain) {
			return nil, false, loop(domain)
		}
		return []string{domain}, true, nil
	case isNullMX(mx):
		return nil, false, &hostError{refused("1.10", "%s takes no mail (null MX)", domain)}
	}
	hosts, self := OrderMX(mx, o.isSelf, o.cfg.Random)
	if len(hosts) == 0 && self {
		return nil, false, loop(domain)
	}
	return hosts, false, nil
}

// resolve turns names into addresses. A host whose name leads nowhere, to ourselves, or which the domain's policy
// leaves out, is passed over; what the last of them was is the reason if none remains, as far as milder lets it.
func (o *Outbox) resolve(ctx context.Context, domain string, hosts []string, implicit bool) ([]target, error) {
	var list []target
	var why error = &hostError{refused("4.4", "no mail server of %s has an address", domain)}
	if implicit {
		why = &hostError{refused("1.2", "the domain %s does not exist or has no mail server", domain)}
	}
	share := max(2, o.cfg.Policy.Hosts/max(len(hosts), 1))
	for _, host := range hosts[:min(len(hosts), o.cfg.Policy.Hosts)] {
		rule, err := o.tlsRule(ctx, domain, host)
		if err != nil {
			why = milder(why, err)
			continue
		}
		addrs, err := o.addresses(ctx, host)
		if err != nil {
			if !isNotFound(err) {
				why = &hostError{later("4.3", "DNS does not tell the address of %s now", host)}
			}
			continue
		}
		for _, a := range addrs[:min(len(addrs), share)] {
			if o.isSelf(a) {
				why = milder(why, loop(domain))
				continue
			}
			list = append(list, target{host: host, addr: net.JoinHostPort(a, o.cfg.Port), rule: rule})
		}
	}
	if len(list) == 0 {
		return nil, why
	}
	return list[:min(len(list), o.cfg.Policy.Hosts)], nil
}

func (o *Outbox) tlsRule(ctx context.Context, domain, host string) (TLSRule, error) {
	if o.cfg.TLS == nil {
		return TLSRule{}, nil
	}
	rule, err := o.cfg.TLS.For(ctx, domain, host)
	if err != nil {
		return rule, &hostError{later("7.5", "the TLS policy of %s is not known now", domain)}
	}
	if rule.Refuse {
		return rule, hostFault(host, "7.5", "%s is not among the mail servers that the policy of %s names", host, domain)
	}
	return rule, nil
}

// addresses of host in the resolver's order, both families taking turns and IPv6 first, so that a family without
// a way out costs one try (RFC 5321 §5.2). With a source address, only those of its family.
func (o *Outbox) addresses(ctx context.Context, host string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	all, err := o.cfg.Resolver.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	var six, four, list []string
	for _, a := range all {
		switch ip := net.ParseIP(a); {
		case ip == nil:
		case ip.To4() != nil:
			four = append(four, a)
		default:
			six = append(six, a)
		}
	}
	if o.cfg.Source != nil && o.cfg.Source.To4() != nil {
		six = nil
	} else if o.cfg.Source != nil {
		four = nil
	}
	for i := 0; i < max(len(six), len(four)); i++ {
		if i < len(six) {
			list = append(list, six[i])
		}
		if i < len(four) {
			list = append(list, four[i])
		}
	}
	if len(list) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	return list, nil
}

// rooted asks the operating system's resolver for names as they are, never with its search list behind them.
type rooted struct{ r *net.Resolver }

func (r rooted) LookupMX(ctx context.Context, domain string) ([]*net.MX, error) {
	return r.r.LookupMX(ctx, hostName(domain)+".")
}

func (r rooted) LookupHost(ctx context.Context, host string) ([]string, error) {
	return r.r.LookupHost(ctx, hostName(host)+".")
}

func isNotFound(err error) bool {
	var d *net.DNSError
	return errors.As(err, &d) && d.IsNotFound || errs.Is(err, errs.NotFound)
}

// isSelf reports whether a host name or an address is this server.
func (o *Outbox) isSelf(host string) bool {
	if o.self[host] {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && !o.cfg.AllowLoopback && (ip.IsLoopback() || ip.IsUnspecified())
}
