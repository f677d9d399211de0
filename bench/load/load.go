// Package load drives any SMTP and IMAP server on loopback and says how fast it answered. It knows no server's
// inside: Haven and its peers are measured by the same octets on the wire.
package load

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Target is the server under load.
type Target struct {
	SMTP, IMAP, IMAPS string // host:port
	User              string // pattern with %d, from 1
	Users             int
	Password          string
	PIDs              func() []int // its processes, for memory
	Web               string       // address of its pages; "": it has none
	People            []Person     // who can log in there
}

// user is the address of the i-th user, from 0, round and round.
func (t Target) user(i int) string {
	if !strings.Contains(t.User, "%d") {
		return t.User
	}
	return fmt.Sprintf(t.User, 1+i%t.Users)
}

// Only is the same server with one user, the i-th.
func (t Target) Only(i int) Target {
	t.User, t.Users = t.user(i), 1
	return t
}

// Message is a plain letter of about size octets, different for each n.
func Message(n, size int, from, to string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: discharge note %d\r\nMessage-ID: <%d.%d@bench.test>\r\n"+
		"Date: Sun, 22 Nov 2026 06:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", from, to, n, n, time.Now().UnixNano())
	const letters = "abcdefghijklmnopqrstuvwxyz      ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"
	x := uint32(n)*2654435761 + 12345
	line := make([]byte, 74)
	line[72], line[73] = '\r', '\n'
	for b.Len() < size {
		for k := range 72 {
			x = x*1664525 + 1013904223
			line[k] = letters[x>>26]
		}
		b.Write(line)
	}
	return b.String()
}

// smtpConn is a client that sends one message at a time, command by command, as most senders do.
type smtpConn struct {
	net.Conn
	r *bufio.Reader
}

func dialSMTP(addr string) (*smtpConn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &smtpConn{nc, bufio.NewReader(nc)}
	if err = s.expect('2'); err == nil {
		err = s.cmd('2', "EHLO bench.test\r\n")
	}
	return s, err
}

func (s *smtpConn) cmd(want byte, line string) error {
	if _, err := s.Write([]byte(line)); err != nil {
		return err
	}
	return s.expect(want)
}

func (s *smtpConn) expect(want byte) error {
	for {
		l, err := s.r.ReadString('\n')
		if err != nil {
			return err
		}
		if len(l) >= 4 && l[3] == '-' {
			continue
		}
		if l == "" || l[0] != want {
			return fmt.Errorf("the server answered %q", strings.TrimSpace(l))
		}
		return nil
	}
}

func (s *smtpConn) send(from, to, message string) error {
	for _, step := range []struct {
		want byte
		line string
	}{{'2', "MAIL FROM:<" + from + ">\r\n"}, {'2', "RCPT TO:<" + to + ">\r\n"}, {'3', "DATA\r\n"}, {'2', message + ".\r\n"}} {
		if err := s.cmd(step.want, step.line); err != nil {
			return err
		}
	}
	return nil
}

// imapConn is a client that keeps nothing of the answers but their lines and literals' octets.
type imapConn struct {
	net.Conn
	r     *bufio.Reader
	tag   int
	lines int // untagged lines of the last command
	bytes int64
	last  []string // the first few of them
}

func dialIMAP(addr string, secure bool) (*imapConn, error) {
	var nc net.Conn
	var err error
	if secure {
		nc, err = tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) // the bench's own server, on loopback
	} else {
		nc, err = net.Dial("tcp", addr)
	}
	if err != nil {
		return nil, err
	}
	c := &imapConn{Conn: nc, r: bufio.NewReaderSize(nc, 32<<10)}
	_, err = c.r.ReadString('\n')
	return c, err
}

func (t Target) login(i int, secure bool) (*imapConn, error) {
	addr := t.IMAP
	if secure {
		addr = t.IMAPS
	}
	c, err := dialIMAP(addr, secure)
	if err != nil {
		return nil, err
	}
	return c, c.cmd("LOGIN " + t.user(i) + " " + t.Password)
}

// cmd sends a command and reads its answer whole.
func (c *imapConn) cmd(command string) error {
	c.tag++
	tag := "a" + strconv.Itoa(c.tag) + " "
	if _, err := c.Write([]byte(tag + command + "\r\n")); err != nil {
		return err
	}
	c.lines, c.bytes, c.last = 0, 0, c.last[:0]
	for {
		l, err := c.r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			c.bytes += int64(len(l))
			continue
		}
		if err != nil {
			return err
		}
		if strings.HasPrefix(string(l[:min(len(l), len(tag))]), tag) {
			if !strings.HasPrefix(string(l[len(tag):]), "OK") {
				return fmt.Errorf("%s was answered %s", command, strings.TrimSpace(string(l[len(tag):])))
			}
			return nil
		}
		c.lines++
		c.bytes += int64(len(l))
		if len(c.last) < 8 {
			c.last = append(c.last, string(l))
		}
		if n, ok := literal(l); ok {
			if _, err := c.r.Discard(n); err != nil {
				return err
			}
			c.bytes += int64(n)
		}
	}
}

func literal(l []byte) (int, bool) {
	if len(l) < 5 || l[len(l)-3] != '}' {
		return 0, false
	}
	for i := len(l) - 4; i >= 0; i-- {
		if l[i] == '{' {
			n, err := strconv.Atoi(string(l[i+1 : len(l)-3]))
			return n, err == nil
		}
	}
	return 0, false
}
