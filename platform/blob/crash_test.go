package blob

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
)

const crashDir = "HAVEN_BLOB_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(dir)
	}
	os.Exit(m.Run())
}

type acked struct {
	Stored
	Seed uint64
}

// crashChild stores bodies from many goroutines and prints what was acknowledged, until it is killed.
func crashChild(dir string) {
	s, err := Open(dir, Options{PackSize: 8 << 20})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	for g := range uint64(16) {
		go func() {
			for i := uint64(0); ; i++ {
				seed := g<<32 | i
				size := 2000
				if i%50 == 49 {
					size = 1300 << 10
				}
				st, err := s.Put(context.Background(), letter(size, seed, true))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				line, _ := json.Marshal(acked{st, seed})
				out.Lock()
				_, _ = os.Stdout.Write(append(line, '\n'))
				out.Unlock()
			}
		}()
	}
	select {}
}

// Every body that was acknowledged before the process was killed reads back.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 3 {
		got := killAfter(t, dir, 700)
		s := openTest(t, dir, Options{})
		for _, a := range got {
			body, err := s.AppendTo(nil, a.Loc, a.ID, &a.Key)
			if err != nil || !bytes.Equal(body, letter(int(a.Size), a.Seed, true)) {
				t.Fatalf("round %d: body %d was acknowledged and is lost: %v", round, a.ID, err)
			}
		}
		checkScan(t, s, got)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs a child, kills it once it has acknowledged n bodies, and returns all that it acknowledged.
func killAfter(t *testing.T, dir string, n int) []acked {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	pipe, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var got []acked
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		var a acked
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			break // the line that the kill cut off
		}
		if got = append(got, a); len(got) == n {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait()
	if len(got) < n {
		t.Fatalf("the child acknowledged %d bodies only", len(got))
	}
	return got
}

// checkScan finds every acknowledged body in front of the torn end of its file.
func checkScan(t *testing.T, s *Store, want []acked) {
	t.Helper()
	found := map[ID]Loc{}
	numbers, err := s.Numbers()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		if _, err := s.Scan(n, func(loc Loc, id ID) error {
			found[id] = loc
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range want {
		if found[a.ID] != a.Loc {
			t.Errorf("body %d at %+v is not found by a scan", a.ID, a.Loc)
		}
	}
}

func TestTornTail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	var all []Stored
	for i := range 3 {
		st, err := s.Put(t.Context(), letter(1000, uint64(i), true))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, st)
	}
	last := all[2]
	number, whole := last.Loc.Pack, last.Loc.Off+last.Loc.Len
	if s.Length(number) != whole || s.Length(number+2) != 0 {
		t.Errorf("the pack is %d long, want %d", s.Length(number), whole)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		damage  func(path string) error
		records int
		torn    int64
	}{
		{"whole", func(string) error { return nil }, 3, 0},
		{"octets behind the last record", func(p string) error { return os.Truncate(p, whole+100) }, 3, 100},
		{"an octet of the last record changed", func(p string) error { return flip(p, last.Loc.Off+200) }, 2, last.Loc.Len + 100},
		{"the last record cut off", func(p string) error { return os.Truncate(p, whole-1) }, 2, last.Loc.Len - 1},
		{"the last header cut off", func(p string) error { return os.Truncate(p, last.Loc.Off+5) }, 2, 5},
		{"the file's header cut off", func(p string) error { return os.Truncate(p, 5) }, 0, 5},
	}
	for _, c := range cases { // one after the other: each damages more
		s := openTest(t, dir, Options{ReadOnly: true})
		if err := c.damage(s.path(number)); err != nil {
			t.Fatal(err)
		}
		n := 0
		sc, err := s.Scan(number, func(loc Loc, id ID) error {
			if all[n].Loc != loc || all[n].ID != id {
				t.Errorf("%s: record %d at %+v", c.name, n, loc)
			}
			n++
			return nil
		})
		if err != nil || n != c.records || sc.Torn != c.torn {
			t.Errorf("%s: %d records, %d torn, %v", c.name, n, sc.Torn, err)
		}
	}
}

func flip(path string, off int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		return err
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], off); err != nil {
		return err
	}
	return f.Close()
}
