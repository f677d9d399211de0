package sending_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/mail/sending"
	"haven/mail/sending/sendingtest"
	"haven/platform/db"
)

// late is the sending service of a house that is still being made.
type late struct{ h *sendingtest.House }

func (l late) Note(tx *db.Tx, letter outbox.ID, told []outbox.Told) error {
	return l.h.Sending.Note(tx, letter, told)
}

func (l late) File(ctx context.Context, to haven.Address, notice []byte, also func(*db.Tx) error) error {
	return l.h.File(ctx, to, notice, also)
}

// TestTheQueueTellsTheSubmission has a real queue give a letter to a server that takes it for one recipient and refuses the other.
func TestTheQueueTellsTheSubmission(t *testing.T) {
	t.Parallel()
	events := make(chan outbox.Event, 100)
	var queue *outbox.Outbox
	h := sendingtest.New(t, "sqlite", func(h *sendingtest.House, o *delivery.Options) {
		queue = outbox.New(outbox.Config{DB: h.Store.DB, Bodies: h.Store.Packs, Sealer: h.Sealer, Hostname: "mx.pharmacy.test", Clock: h.Store.Clock,
			Routes: []outbox.Route{{Domain: "surgery.test", Host: server(t)}}, AllowLoopback: true, Local: late{h}, Fates: late{h},
			Random: func() float64 { return 0.5 }, Notify: func(e outbox.Event) { events <- e }})
		o.Outbox = queue
	})
	s := story{h, t}
	s.Must(queue.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := queue.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	zero := "0"
	by := s.By(s.Alice, s.Alice)
	sub, err := s.Sending.Create(t.Context(), by, sending.New{Identity: s.Identity(by), Msg: s.Draft(s.Alice, letter), Envelope: &sending.Envelope{
		From: sending.Party{Email: "alice@pharmacy.test", Parameters: map[string]*string{"HOLDFOR": &zero}},
		To:   []sending.Party{{Email: "bob@surgery.test"}, {Email: "nobody@surgery.test"}}}})
	s.Must(err)
	s.pass(0)
	timeout := time.After(20 * time.Second)
	for failed, noticed := false, false; !failed || !noticed; {
		select {
		case e := <-events:
			failed, noticed = failed || e.Failed > 0, noticed || e.Notice
		case <-timeout:
			t.Fatal("the queue did nothing in 20 s")
		}
	}
	s.Must(s.Sending.Step(t.Context()))
	got := s.Get(s.Alice, sub.ID).Status
	if got["bob@surgery.test"] != (sending.Status{Reply: "250 2.0.0 taken", Delivered: sending.Maybe}) || got["nobody@surgery.test"] != (sending.Status{Reply: "550 5.1.1 nobody of that name", Delivered: sending.No}) {
		t.Errorf("it is known: %+v", got)
	}
	s.lies(s.Alice, mailbox.Sent, 1)
	if got := s.Get(s.Alice, sub.ID).DSNs; len(got) != 1 || !strings.Contains(s.Only(s.Alice, mailbox.Inbox), "nobody@surgery.test") {
		t.Errorf("the notices are %v", got)
	}
}

// server is one that takes letters for bob alone; it speaks what RFC 5321 asks for at least.
func server(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l.Addr().String()
}

func serve(c net.Conn) {
	defer c.Close()
	say := func(s string) { _, _ = c.Write([]byte(s + "\r\n")) }
	say("220 mx.surgery.test")
	buf, text, data := make([]byte, 4096), "", false
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		for text += string(buf[:n]); ; {
			line, rest, ok := strings.Cut(text, "\r\n")
			if !ok {
				break
			}
			text = rest
			switch {
			case data && line == ".":
				data = false
				say("250 2.0.0 taken")
			case data:
			case strings.HasPrefix(line, "RCPT") && strings.Contains(line, "nobody"):
				say("550 5.1.1 nobody of that name")
			case line == "DATA":
				data = true
				say("354 go on")
			case line == "QUIT":
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	}
}
