package outbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
)

// openKilled opens the outbox of TestKilled in dir; the tests' own process and its children share it one by one.
func openKilled(t *testing.T, dir, addr string, events chan Event) *Outbox {
	t.Helper()
	d, err := db.Open(t.Context(), db.Config{Path: filepath.Join(dir, "haven.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context(), Schema, blob.Schema); err != nil {
		t.Fatal(err)
	}
	bodies, err := blob.Open(filepath.Join(dir, "bodies"), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bodies.Close() })
	return New(Config{
		DB: d, Bodies: bodies, Sealer: fixedSealer(t), Hostname: "mail.haven.test", Routes: []Route{{Domain: "*", Host: addr}},
		Policy: Policy{Lease: 2 * time.Second, PerDomain: killedWorkers}, Notify: func(e Event) { events <- e },
	})
}

const (
	killedLetters = 300
	killedWorkers = 4
)

// TestKilled kills the process that sends again and again. No letter is lost, and each kill doubles at most what was
// on its way at that moment.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("HAVEN_TEST_OUTBOX"); dir != "" {
		sendUntilKilled(t, dir, os.Getenv("HAVEN_TEST_SERVER"))
		return
	}
	t.Parallel()
	s := newStranger(t, "EHLO PIPELINING\nSERVE")
	dir := t.TempDir()
	o := openKilled(t, dir, s.addr, make(chan Event, killedLetters))
	for i := range killedLetters {
		enqueueNumbered(t, o, i)
	}
	kills := 0
	for done := false; !done; {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$", "-test.count=1")
		cmd.Env = append(os.Environ(), "HAVEN_TEST_OUTBOX="+dir, "HAVEN_TEST_SERVER="+s.addr)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		started, ended := runTied(cmd)
		if err := <-started; err != nil {
			t.Fatal(err)
		}
		if kills < 3 { // let it send some, then kill it
			had := len(s.got())
			for len(s.got()) < had+killedLetters/5 {
				<-s.took
			}
			cmd.Process.Kill()
			kills++
		} else {
			buf := make([]byte, 4096)
			for n, err := out.Read(buf); err == nil && !strings.Contains(string(buf[:n]), "ALL SENT"); n, err = out.Read(buf) {
			}
			done = true
			cmd.Process.Kill()
		}
		<-ended
	}
	seen := map[string]int{}
	for _, l := range s.got() {
		seen[l]++
	}
	doubles := len(s.got()) - len(seen)
	if len(seen) != killedLetters || doubles > kills*killedWorkers {
		t.Errorf("%d of %d letters arrived, %d twice after %d kills", len(seen), killedLetters, doubles, kills)
	}
	t.Logf("%d kills, %d doubles", kills, doubles)
}

func enqueueNumbered(t *testing.T, o *Outbox, i int) {
	t.Helper()
	text := fmt.Sprintf("Subject: letter %d\r\n\r\nx\r\n", i)
	stored, err := o.cfg.Bodies.Put(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	err = o.cfg.DB.Write(t.Context(), func(tx *db.Tx) error {
		blob.Insert(tx, stored)
		_, err := o.Enqueue(tx, Item{Body: stored.ID, Key: stored.Key, Size: stored.Size, From: haven.MustAddress("ann@haven.test"),
			To: []Recipient{{Address: haven.MustAddress("bob@there.test"), Notify: NotifyNever}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sendUntilKilled is the child: it sends until nothing is left, says so, and waits for its end.
func sendUntilKilled(t *testing.T, dir, addr string) {
	events := make(chan Event, killedLetters)
	o := openKilled(t, dir, addr, events)
	if err := o.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	for {
		st, err := o.Stats(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if st.Waiting+st.Sending == 0 {
			fmt.Println("ALL SENT")
			time.Sleep(time.Minute) // until the kill
		}
		select {
		case <-events:
		case <-time.After(100 * time.Millisecond):
		}
	}
}
