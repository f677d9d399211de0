package smtp

import (
	"runtime"
	"testing"
	"time"
)

// TestIdleConnectionsAreSmall parks connections and weighs them: a goroutine and a few kilobytes each.
// It runs alone, since it weighs the whole process.
func TestIdleConnectionsAreSmall(t *testing.T) {
	const connections, most = 500, 12 << 10 // octets each, the test's own end of the connection included
	p := &post{}
	addr := serve(t, &Server{Limits: Limits{PerPlace: -1}}, p)
	weigh := func() uint64 {
		runtime.GC()
		runtime.GC() // the pool of buffers lets go at the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := weigh()
	callers := make([]*caller, connections)
	for i := range callers {
		callers[i] = call(t, addr)
		callers[i].play("< 220\n> EHLO client.test\n< 250")
		callers[i].r = nil
	}
	timer := time.NewTimer(parkAfter + time.Second) // the time itself is what is tested
	<-timer.C
	if each := (weigh() - before) / connections; each > most {
		t.Errorf("an idle connection weighs %d octets, at most %d are allowed", each, most)
	} else {
		t.Logf("an idle connection weighs %d octets", each)
	}
}
