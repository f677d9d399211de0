package main

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"haven/platform/config"
)

// maxHops is how many servers in front of each other are followed back.
const maxHops = 10

// front is the servers in front of the pages: what comes from them comes from whom they name in X-Forwarded-For, and from nobody else's word. A place
// is what log ins are slowed and closed by, so that a stranger who names another's would shut that other out.
type front struct {
	networks []netip.Prefix
	log      *slog.Logger
	warn     sync.Once
}

// newFront reads which networks servers in front are in. Where the pages are on this machine alone and yet have an https:// address, a server on this
// machine is in front of them, whether or not somebody said so.
func newFront(c *config.Config, local bool, log *slog.Logger) *front {
	f := &front{log: log}
	for _, text := range c.Listen.Front {
		f.networks = append(f.networks, netip.MustParsePrefix(text)) // config has checked it
	}
	if len(f.networks) == 0 && local && strings.HasPrefix(c.Service.Portal, "https://") {
		f.networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return f
}

func (f *front) has(a netip.Addr) bool {
	for _, n := range f.networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// behind gives each request the address of whoever it is from.
func (f *front) behind(next http.Handler) http.Handler {
	if len(f.networks) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		if err == nil && f.has(from.Addr().Unmap()) {
			who, said := f.named(from.Addr().Unmap(), r.Header.Values("X-Forwarded-For"))
			if !said {
				f.warn.Do(func() {
					f.log.Warn("the server in front of the pages does not say whom it speaks for, so everybody is taken for one place; have it send X-Forwarded-For", "server", from.Addr().String())
				})
			}
			r = r.Clone(r.Context())
			r.RemoteAddr = netip.AddrPortFrom(who, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// named follows what servers in front say, each of the one that it heard from, back to the first that is not in front. The nearest is said last.
func (f *front) named(from netip.Addr, lines []string) (who netip.Addr, said bool) {
	hops := strings.Split(strings.Join(lines, ","), ",")
	for n := len(hops) - 1; n >= max(0, len(hops)-maxHops) && f.has(from); n-- {
		hop := strings.TrimSpace(hops[n])
		a, err := netip.ParseAddr(strings.Trim(hop, "[]"))
		if err != nil {
			ap, err := netip.ParseAddrPort(hop) // some write the port too
			if err != nil {
				return from, said
			}
			a = ap.Addr()
		}
		from, said = a.Unmap().WithZone(""), true
	}
	return from, said
}
