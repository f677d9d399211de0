package smtp_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"haven/face/smtp"
	"haven/mail/delivery/deliverytest"
	"haven/platform/policy"
)

// BenchmarkInbound takes letters of 10 KB over connections that stay open, each into a mailbox of its own: everything
// from the socket to the commit.
func BenchmarkInbound(b *testing.B) {
	const connections = 64
	p := deliverytest.New(b, "sqlite", func(p *policy.Policy) { p.Sending.ReceivePerHour = 0 })
	for i := range connections {
		p.Box(fmt.Sprintf("box%d", i))
	}
	s := &smtp.Server{Limits: smtp.Limits{PerPlace: -1, Letters: -1}}
	addr := serveInbound(b, p, s)
	letter := "From: Bob <bob@surgery.test>\r\nTo: box@pharmacy.test\r\nSubject: Repeat\r\nMessage-ID: <%d.%d@surgery.test>\r\n\r\n" +
		strings.Repeat(strings.Repeat("x", 76)+"\r\n", 128) + ".\r\n"
	work := make(chan int)
	done := make(chan error, connections)
	for i := range connections {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		go func() { done <- sendAll(conn, i, letter, work) }()
	}
	b.SetBytes(int64(len(letter)))
	b.ResetTimer()
	for n := range b.N {
		work <- n
	}
	close(work)
	for range connections {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
}

// sendAll sends a letter for each number that comes.
func sendAll(conn net.Conn, box int, letter string, work <-chan int) error {
	r := bufio.NewReader(conn)
	expect := func(code string, replies int) error {
		for replies > 0 {
			line, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if !strings.HasPrefix(line, code) {
				return fmt.Errorf("heard %q, wanted %s", line, code)
			}
			if line[3] == ' ' {
				replies--
			}
		}
		return nil
	}
	if err := expect("220", 1); err != nil {
		return err
	}
	fmt.Fprint(conn, "EHLO mx.surgery.test\r\n")
	if err := expect("250", 1); err != nil {
		return err
	}
	for n := range work {
		fmt.Fprintf(conn, "MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<box%d@pharmacy.test>\r\nDATA\r\n", box)
		if err := expect("250", 2); err != nil {
			return err
		}
		if err := expect("354", 1); err != nil {
			return err
		}
		fmt.Fprintf(conn, letter, box, n)
		if err := expect("250", 1); err != nil {
			return err
		}
	}
	return nil
}
