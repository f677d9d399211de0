package outbox

import (
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"net"

	"haven/platform/clock"
)

func (c Config) withDefaults() Config {
	c.Policy = c.Policy.withDefaults()
	if c.Notices == "" {
		c.Notices = "postmaster@" + c.Hostname
	}
	if c.Port == "" {
		c.Port = "25"
	}
	if c.Resolver == nil {
		c.Resolver = rooted{net.DefaultResolver}
	}
	if c.Dial == nil {
		d := &net.Dialer{}
		if c.Source != nil {
			d.LocalAddr = &net.TCPAddr{IP: c.Source}
		}
		c.Dial = d
	}
	if c.Roots == nil {
		c.Roots = &tls.Config{}
	}
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Notify == nil {
		c.Notify = func(Event) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
