package stage

import (
	"bufio"
	"crypto/tls"
	"strings"
	"testing"
	"time"
)

// Idler is a mail program that waits in IDLE.
type Idler struct {
	t testing.TB
	*bufio.Reader
}

// Idle opens a folder as a person and waits in it. Nothing that it reads later than Patience is believed to come.
func (h *House) Idle(p Person, folder string) Idler {
	h.t.Helper()
	conn, err := tls.Dial("tcp", h.Addr("imaps"), h.TLS())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	i := Idler{h.t, bufio.NewReader(conn)}
	if err := conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		h.t.Fatal(err)
	}
	for _, step := range [][2]string{{"a login " + p.Address + " " + p.Password, "a OK"}, {`b select "` + folder + `"`, "b OK"}, {"c idle", "+"}} {
		if _, err := conn.Write([]byte(step[0] + "\r\n")); err != nil {
			h.t.Fatal(err)
		}
		i.Await(step[1])
	}
	return i
}

// Await reads until a line begins so.
func (i Idler) Await(begin string) {
	i.t.Helper()
	for {
		line, err := i.ReadString('\n')
		if err != nil {
			i.t.Fatalf("the connection ended before %q: %v", begin, err)
		}
		if strings.HasPrefix(line, begin) {
			return
		}
	}
}

// Within awaits a line that has to come a second after since at the latest.
func (i Idler) Within(since time.Time, begin string) {
	i.t.Helper()
	i.Await(begin)
	if took := time.Since(since); took > time.Second {
		i.t.Errorf("%q came after %s, want a second at the most", begin, took)
	}
}
