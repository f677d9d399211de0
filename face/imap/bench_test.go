package imap

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// drain sends a command and reads its answer as fast as it comes, giving the octets.
func (c *client) drain(command string) (n int64) {
	c.t.Helper()
	c.send("t " + command + "\r\n")
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 256<<10)
	tail := []byte("\r\nt OK ")
	var last []byte
	for {
		m, err := c.conn.Read(buf)
		if err != nil {
			c.t.Fatal(err)
		}
		n += int64(m)
		last = append(last[max(0, len(last)-100):], buf[max(0, m-100):m]...)
		if bytes.Contains(last, tail) && bytes.HasSuffix(last, []byte("\r\n")) {
			return n
		}
	}
}

// BenchmarkListing is a program's first look at a mailbox of 10,000 messages; 0.15 s are aimed at.
func BenchmarkListing(b *testing.B) {
	w := newWorld(b)
	w.fill(anna, 10_000)
	k := w.signIn(b, anna)
	k.do("SELECT INBOX")
	for _, c := range []struct{ name, command string }{
		{"flags", "UID FETCH 1:* (UID FLAGS)"},
		{"all", "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"},
		{"header", "UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (From To Subject Date)])"},
		{"search", "UID SEARCH UNSEEN"},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.SetBytes(k.drain(c.command))
			}
		})
	}
}

// BenchmarkBodies is a download of 80 MB in messages of 10 KB; 0.3 s are aimed at.
func BenchmarkBodies(b *testing.B) {
	w := newWorld(b)
	text := letter(b, "hello") + strings.Repeat(strings.Repeat("lorem ipsum ", 6)+"\n", 140)
	for range 40 {
		for range 50 {
			w.Deliver(w.people.no[anna], text)
		}
	}
	k := w.signIn(b, anna)
	k.do("SELECT INBOX")
	b.ResetTimer()
	for b.Loop() {
		b.SetBytes(k.drain("UID FETCH 1:* (BODY.PEEK[])"))
	}
}
