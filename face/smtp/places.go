package smtp

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// places counts the open connections of each network address. It holds an entry only while there is one.
type places struct {
	perPlace int
	mu       sync.Mutex
	open     map[netip.Prefix]int
}

// placeOf is what counts as one place: an IPv4 address, or the /64 that one IPv6 customer is given.
func placeOf(a netip.Addr) netip.Prefix {
	bits := 32
	if a = a.Unmap(); a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address (a pipe, a socket of the file system): all of these are one place
	}
	return p
}

// enter reports whether one more connection from a is allowed; if so, leave must follow.
func (p *places) enter(a netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = make(map[netip.Prefix]int)
	}
	at := placeOf(a)
	if p.open[at] >= p.perPlace {
		return false
	}
	p.open[at]++
	return true
}

func (p *places) leave(a netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := placeOf(a)
	if p.open[at]--; p.open[at] <= 0 {
		delete(p.open, at)
	}
}

// addrPort reads a network address; the zero value stands for one that has none.
func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// talksEarly reports whether input waits already. Nothing is read and nothing waited for.
func talksEarly(nc net.Conn) bool {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	waiting := false
	_ = raw.Read(func(fd uintptr) bool { // an error means that the connection is gone, which the greeting will find
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		waiting = err == nil && n > 0
		return true
	})
	return waiting
}

func isOutOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED)
}
