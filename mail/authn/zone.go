package authn

import (
	"context"
	"net"
	"strings"
)

// Zone is DNS held in memory: for tests, and for a demo that has no network. A name that is in none of the maps does
// not exist; one in Broken gives no answer. Names are lower case without the dot at the end.
type Zone struct {
	TXT    map[string][]string
	MX     map[string][]*net.MX
	A      map[string][]string
	PTR    map[string][]string
	Broken map[string]bool
}

func find[T any](z *Zone, in map[string][]T, name string) ([]T, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if z.Broken[name] {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	if v := in[name]; len(v) > 0 {
		return v, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// LookupTXT is Resolver's.
func (z *Zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	return find(z, z.TXT, name)
}

// LookupMX is Resolver's.
func (z *Zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return find(z, z.MX, name)
}

// LookupIPAddr is Resolver's.
func (z *Zone) LookupIPAddr(_ context.Context, host string) ([]net.IPAddr, error) {
	found, err := find(z, z.A, host)
	var out []net.IPAddr
	for _, s := range found {
		out = append(out, net.IPAddr{IP: net.ParseIP(s)})
	}
	return out, err
}

// LookupAddr is Resolver's.
func (z *Zone) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return find(z, z.PTR, addr)
}
