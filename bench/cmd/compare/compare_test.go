package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestGoals(t *testing.T) {
	t.Parallel()
	pair := 100.0
	for _, c := range []struct {
		name  string
		goal  goal
		haven float64
		pair  *float64
		text  string
		want  verdict
	}{
		{"five times is reached", atLeastTimes(5), 500, &pair, "≥ 5× pair", yes},
		{"almost is not", atLeastTimes(5), 499, &pair, "≥ 5× pair", no},
		{"nobody to compare with", atLeastTimes(5), 499, nil, "≥ 5× pair", unknown},
		{"half as slow again is allowed", atMostTimes(1.5), 150, &pair, "≤ 1.5× pair", yes},
		{"more is not", atMostTimes(1.5), 151, &pair, "≤ 1.5× pair", no},
		{"a fixed bound", atMost(25), 25, &pair, "≤ 25.0", yes},
		{"a fixed bound needs no pair", atMost(25), 26, nil, "≤ 25.0", no},
		{"as slow as a slow pair", atMostPairOr(5), 100, &pair, "≤ pair or 5.00", yes},
		{"enough", atLeast(500), 500, nil, "≥ 500", yes},
		{"too few", atLeast(500), 499, nil, "≥ 500", no},
		{"within the disk's own time", atMostPairOr(5), 4, nil, "≤ pair or 5.00", yes},
		{"slower than both", atMostPairOr(5), 101, &pair, "≤ pair or 5.00", no},
		{"no goal", none, 1, &pair, "", ""},
	} {
		if text, got := c.goal(c.haven, c.pair); text != c.text || got != c.want {
			t.Errorf("%s: %q %q", c.name, text, got)
		}
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		runs []float64
		want string
	}{
		{[]float64{3, 1, 2}, "2.00 (1.00–3.00)"},
		{[]float64{0.012345}, "0.0123 (0.0123–0.0123)"},
		{[]float64{1, 2000}, "1000 (1.00–2000)"},
		{nil, "0 (0–0)"},
	} {
		if got := spread(c.runs).String(); got != c.want {
			t.Errorf("%v: %s, want %s", c.runs, got, c.want)
		}
	}
}

// TestCompare runs the whole thing small, for real, and leaves no process and no file behind.
func TestCompare(t *testing.T) {
	t.Parallel()
	haven := os.Getenv("HAVEN_BIN")
	if haven == "" || os.Geteuid() != 0 {
		t.Skip("needs HAVEN_BIN (make test sets it), and root for the pair")
	}
	for _, p := range []string{"postfix", "dovecot", "openssl"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed; make bench installs it", p)
		}
	}
	haven, err := filepath.Abs(haven)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "compare")
	tmp, err := os.MkdirTemp("/tmp", "haven-test-") // short for sockets, and open to the pair's users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) }) // that nothing stays in it is tested below
	if err := os.Chmod(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "-haven", haven, "-peers", "../../peers.sh", "-runs", "1", "-n", "60", "-mailbox", "40",
		"-sessions", "5", "-hold", "10ms", "-mixed", "200ms", "-search", "50", "-settle", "1", "-list", "60", "-busy", "5", "-each", "1", "-fulltext", "100", "-sockets", "5")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	cmd.WaitDelay = time.Minute
	var text bytes.Buffer
	cmd.Stderr = &text
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, text.Bytes())
	}
	for _, want := range []string{"cores; ", "Postfix 3", "readable", "idle session, TLS", "pages, 200 requests", "search a word", "JMAP: list the first 50", "JMAP: look for words", "idle WebSocket"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the table lacks %q:\n%s", want, out)
		}
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("files stayed: %v", left)
	}
	if who := mentioning(tmp); len(who) > 0 {
		t.Errorf("processes stayed: %v", who)
	}
}

// mentioning lists the command lines of processes that name a folder.
func mentioning(dir string) (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && bytes.Contains(text, []byte(dir)) {
			found = append(found, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return found
}
