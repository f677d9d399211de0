package outbox

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"haven"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", func(c *Config) {
		c.AllowLoopback = false
		c.Self = []string{"mx.haven.test", "192.0.2.99"}
		c.Routes = []Route{{Domain: "smart.test", Host: "relay.test:2525"}, {Domain: "near.test", Host: "127.0.0.1:2526"}, {Domain: "odd.test", Host: "nowhere"}}
	})
	z := h.dns
	many := make([]*net.MX, 30)
	for i := range many {
		many[i] = &net.MX{Host: fmt.Sprintf("m%d.many.test.", i), Pref: uint16(i)}
		z.hosts[fmt.Sprintf("m%d.many.test", i)] = []string{fmt.Sprintf("192.0.2.%d", i+1), fmt.Sprintf("198.51.100.%d", i+1), fmt.Sprintf("203.0.113.%d", i+1)}
	}
	for domain, mx := range map[string][]*net.MX{
		"many.test":   many,
		"two.test":    {{Host: "b.two.test.", Pref: 20}, {Host: "a.two.test.", Pref: 10}},
		"null.test":   {{Host: ".", Pref: 0}},
		"gone.test":   {{Host: "x.gone.test.", Pref: 0}},
		"ours.test":   {{Host: "mx.haven.test.", Pref: 0}, {Host: "b.two.test.", Pref: 10}},
		"behind.test": {{Host: "MX.haven.test.", Pref: 20}, {Host: "b.two.test.", Pref: 10}},
		"addr.test":   {{Host: "us.addr.test.", Pref: 20}},
		"local.test":  {{Host: "l.local.test.", Pref: 20}},
		"shaky.test":  {{Host: "shaky.two.test.", Pref: 20}},

		"xn--bcher-kva.test": {{Host: "b.two.test.", Pref: 20}},
	} {
		z.mx[domain] = mx
	}
	for host, addrs := range map[string][]string{
		"a.two.test": {"192.0.2.1", "2001:db8::1", "192.0.2.2"}, "b.two.test": {"192.0.2.3"}, "plain.test": {"192.0.2.4"},
		"us.addr.test": {"192.0.2.99"}, "l.local.test": {"127.0.0.1", "::1", "0.0.0.0"}, "relay.test": {"192.0.2.5"},
	} {
		z.hosts[host] = addrs
	}
	z.broken["broken.test"], z.broken["shaky.two.test"] = true, true
	for _, c := range []struct{ domain, want string }{
		{"two.test", "[2001:db8::1]:25 192.0.2.1:25 192.0.2.2:25 192.0.2.3:25"},
		{"bücher.test", "192.0.2.3:25"},
		{"plain.test", "192.0.2.4:25"},
		{"many.test", "192.0.2.1:25 198.51.100.1:25 192.0.2.2:25 198.51.100.2:25 192.0.2.3:25 198.51.100.3:25"},
		{"behind.test", "192.0.2.3:25"},
		{"smart.test", "192.0.2.5:2525"},
		{"near.test", "127.0.0.1:2526"},
		{"[192.0.2.7]", "192.0.2.7:25"},
		{"[ipv6:2001:db8::7]", "[2001:db8::7]:25"},
		{"null.test", "5.1.10"},
		{"nosuch.test", "5.1.2"},
		{"gone.test", "5.4.4"},
		{"ours.test", "5.4.6"},
		{"addr.test", "5.4.6"},
		{"local.test", "5.4.6"},
		{"mx.haven.test", "5.4.6"},
		{"[192.0.2.99]", "5.4.6"},
		{"[127.0.0.1]", "5.4.6"},
		{"[nonsense]", "5.1.2"},
		{"broken.test", "4.4.3"},
		{"shaky.test", "4.4.3"},
		{"odd.test", "4.3.5"},
	} {
		list, err := h.targets(context.Background(), c.domain)
		got := ""
		if err != nil {
			got = asResult(err).Status
		}
		for _, t := range list {
			got = strings.TrimSpace(got + " " + t.addr)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s (%v)", c.domain, got, c.want, err)
		}
	}
}

func TestSourceChoosesFamily(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{"192.0.2.1": "[192.0.2.8]", "2001:db8::1": "[2001:db8::8]"} {
		h := newHouse(t, "sqlite", func(c *Config) { c.Source = net.ParseIP(source) })
		h.dns.hosts["a.test"] = []string{"192.0.2.8", "2001:db8::8"}
		if got, err := h.addresses(context.Background(), "a.test"); fmt.Sprint(got) != want || err != nil {
			t.Errorf("%s: got %v %v", source, got, err)
		}
	}
}

// TestNextServer: what one server can't, the next one can; a letter refused for good is not taken elsewhere.
func TestNextServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, first string
		delivered   int
		reached     int // connections to the second server
	}{
		{"first is down", "", 1, 1},
		{"first is closing", "S 421 bye\nCLOSE", 1, 1},
		{"first hangs up", "EHLO\nC MAIL\nCLOSE", 1, 1},
		{"first defers MAIL", "EHLO\nC MAIL\nS 451 busy\nCLOSE", 1, 1},
		{"first refuses", "EHLO\nC MAIL\nS 550 no\nCLOSE", 0, 0},
		{"first greylists", "EHLO\nC MAIL\nS 250 ok\nC RCPT\nS 450 later\nC QUIT", 0, 0},
		{"first may have it", "EHLO\nC MAIL\nS 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\nDATA\nCLOSE", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			second := newStranger(t, takes)
			first := newStranger(t, c.first)
			if c.first == "" {
				first.ln.Close()
			}
			h := newHouse(t, "sqlite", func(cfg *Config) {
				cfg.Dial = dialTo{"192.0.2.1:25": first.addr, "192.0.2.2:25": second.addr}
			})
			h.dns.mx["there.test"] = []*net.MX{{Host: "one.there.test", Pref: 1}, {Host: "two.there.test", Pref: 2}}
			h.dns.hosts["one.there.test"], h.dns.hosts["two.there.test"] = []string{"192.0.2.1"}, []string{"192.0.2.2"}
			h.start()
			h.post(testLetter, nil, "bob@there.test")
			if e := h.tried(); e.Delivered != c.delivered || second.connections() != c.reached {
				t.Errorf("got %+v, %d connections to the second", e, second.connections())
			}
		})
	}
}

// TestTemporaryBeatsFinal: as long as one of a domain's servers may be there again later, what the others say of
// themselves ends no letter.
func TestTemporaryBeatsFinal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		mx             string // the first server's name
		one, two, want string
	}{
		{"the second takes no mail", "one.there.test", "S 421 4.3.2 busy\nCLOSE", "S 521 no mail\nCLOSE", "4.3.2"},
		{"the second is we", "one.there.test", "S 421 4.3.2 busy\nCLOSE", "S 220 mail.haven.test\nCLOSE", "4.3.2"},
		{"the first takes no mail", "one.there.test", "S 521 no mail\nCLOSE", "S 421 4.3.1 busy\nCLOSE", "4.3.1"},
		{"both take no mail", "one.there.test", "S 521 5.3.2 no mail\nCLOSE", "S 521 no mail\nCLOSE", "5.3.2"},
		{"the first has no address now", "shaky.there.test", "", "", "4.4.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "sqlite", func(cfg *Config) {
				cfg.Self = []string{"192.0.2.99"}
				if c.one != "" {
					cfg.Dial = dialTo{"192.0.2.1:25": newStranger(t, c.one).addr, "192.0.2.2:25": newStranger(t, c.two).addr}
				}
			})
			h.dns.mx["there.test"] = []*net.MX{{Host: c.mx, Pref: 1}, {Host: "two.there.test", Pref: 2}}
			h.dns.hosts["one.there.test"], h.dns.hosts["two.there.test"] = []string{"192.0.2.1"}, []string{"192.0.2.2"}
			h.dns.broken["shaky.there.test"] = true
			if c.one == "" {
				h.dns.hosts["two.there.test"] = []string{"192.0.2.99"} // ourselves
			}
			h.start()
			h.post(testLetter, nil, "bob@there.test")
			if e := h.tried(); e.Last.Status != c.want {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// dialTo sends connections for made-up addresses to real ones.
type dialTo map[string]string

func (d dialTo) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, d[address])
}

// TestDownDomain: while a domain can't be reached, its other letters wait without knocking again.
func TestDownDomain(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "S 421 closed\nCLOSE", "EHLO PIPELINING\nSERVE")
	h := newHouse(t, "sqlite", func(c *Config) { via(s)(c); c.Policy.PerDomain = 1 }).start()
	for range 20 {
		h.post(testLetter, nil, "bob@there.test")
	}
	for range 20 {
		if e := h.tried(); e.Deferred != 1 || e.Last.Code != 421 {
			t.Fatalf("got %+v", e)
		}
	}
	if n := s.connections(); n != 1 {
		t.Errorf("%d connections to a server that is down", n)
	}
	if _, err := h.Retry(t.Context(), haven.Actor{}, Filter{}); err != nil {
		t.Fatal(err)
	}
	if e := h.tried(); e.Delivered != 1 {
		t.Errorf("after a retry by hand: %+v", e)
	}
}
