package webpush

import (
	"net/netip"
	"net/url"
	"strings"

	"haven/platform/errs"
)

// Endpoint is the address of a subscription at a push service. Whoever knows it may push, so it is kept like a secret.
type Endpoint struct {
	url    string
	origin string
}

// Text is the address, as Client.Endpoint read it.
func (e Endpoint) Text() string { return e.url }

// Host is the push service's, for logs.
func (e Endpoint) Host() string {
	return strings.TrimPrefix(strings.TrimPrefix(e.origin, "https://"), "http://")
}

// Endpoint reads the address of a subscription. It is Invalid for what is no https:// address of a push service that we may speak to. What its name leads to is
// looked at when something is pushed.
func (c *Client) Endpoint(text string) (Endpoint, error) {
	no := func(say string) (Endpoint, error) {
		return Endpoint{}, &errs.Error{Kind: errs.Invalid, Rule: "webpush.endpoint", Say: say}
	}
	u, err := url.Parse(text)
	if err != nil || strings.Trim(text, printable) != "" || u.Opaque != "" || u.User != nil || strings.Contains(text, "#") || u.Host == "" {
		return no("The url is no address of a push service.")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.HasSuffix(u.Host, ":") {
		return no("The url names an empty port.")
	}
	address, notAddress := netip.ParseAddr(host)
	switch inside := c.o.Loopback && notAddress == nil && address.IsLoopback(); {
	case u.Scheme != "https" && !(inside && u.Scheme == "http"):
		return no("The url has to begin with https://.")
	case notAddress == nil && !inside && !c.allowed(address):
		return no("The url leads to an address that is not public.")
	case notAddress != nil && !isHost(host):
		return no("The url names no host of the internet.")
	case !named(host, c.o.Hosts):
		return no("This service doesn't push to that push service.")
	case port != "" && port != "443" && !c.o.Loopback:
		return no("The url names another port than 443.")
	}
	origin := u.Scheme + "://" + host
	if strings.Contains(host, ":") {
		origin = u.Scheme + "://[" + host + "]"
	}
	if port != "" && port != "443" {
		origin += ":" + port
	}
	return Endpoint{url: text, origin: origin}, nil
}
