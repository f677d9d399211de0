// Package deploy_test proves what an operator installs: the package, the unit, the configuration that comes with it.
package deploy_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"haven/platform/config"
)

// TestPackage builds two versions of the package and installs, upgrades, removes and purges them in a root of their own.
func TestPackage(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a root to install into")
	}
	need(t, "dpkg-deb", "unshare", "setpriv", "systemd-analyze", "systemd-sysusers", "systemd-tmpfiles")
	binary, dist := binary(t), t.TempDir()
	var debs []string
	for _, version := range []string{"1.0.0", "v1.1.0-2-g0123abc"} {
		cmd := exec.CommandContext(t.Context(), "deb/build", version)
		cmd.Env = append(os.Environ(), "HAVEN_BIN="+binary, "DIST="+dist, "XZ_LEVEL=0")
		debs = append(debs, strings.TrimSpace(string(run(t, cmd))))
	}
	if want := filepath.Join(dist, "haven_1.1.0+2+g0123abc_"); !strings.HasPrefix(debs[1], want) {
		t.Errorf("the second package is %s", debs[1])
	}
	cmd := exec.CommandContext(t.Context(), "deb/test", debs...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 77 {
		t.Skipf("no root can be made here: %s", out)
	}
	if err != nil || !bytes.HasSuffix(bytes.TrimSpace(out), []byte("ok")) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestPackageSameOctets proves that a package can be built again by somebody who doubts it.
func TestPackageSameOctets(t *testing.T) {
	t.Parallel()
	need(t, "dpkg-deb")
	var built [2][]byte
	for i := range built {
		fake := filepath.Join(t.TempDir(), "haven")
		if err := os.WriteFile(fake, []byte("#!/bin/sh\n"), 0o755); err != nil { // its content doesn't matter here
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "deb/build", "1.0.0")
		cmd.Env = append(os.Environ(), "HAVEN_BIN="+fake, "DIST="+t.TempDir(), "SOURCE_DATE_EPOCH=1700000000")
		var err error
		if built[i], err = os.ReadFile(strings.TrimSpace(string(run(t, cmd)))); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(built[0], built[1]) {
		t.Error("two builds of the same differ")
	}
}

// TestBadVersion refuses what dpkg would misread.
func TestBadVersion(t *testing.T) {
	t.Parallel()
	need(t, "dpkg-deb")
	cmd := exec.CommandContext(t.Context(), "deb/build", "1.0 beta/2")
	cmd.Env = append(os.Environ(), "DIST="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("it was taken: %s", out)
	}
}

// TestConfiguration holds the file that is installed against the program: all it lacks is the service's name, and every
// example in it is one that works.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("haven.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.Parse("haven.toml", text)
	var faults config.Faults
	if !errors.As(err, &faults) || len(faults) != 2 {
		t.Fatalf("as installed: %v", err)
	}
	var full []byte
	for line := range bytes.Lines(text) {
		if len(line) > 2 && line[0] == '#' && line[1] != ' ' {
			line = line[1:]
		}
		full = append(full, line...)
	}
	conf, err := config.Parse("haven.toml", full)
	if err != nil {
		t.Fatalf("with every example: %v", err)
	}
	if l, d := conf.Listen, config.Default().Listen; !reflect.DeepEqual(l, d) {
		t.Errorf("the addresses shown, %+v, are not the defaults, %+v", l, d)
	}
}

// binary is the program that make test built, or one of our own.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("HAVEN_BIN"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "haven")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "haven/cmd/haven")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	run(t, cmd)
	return path
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed; make test installs it", p)
		}
	}
}

func run(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var text bytes.Buffer
	cmd.Stderr = &text
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, text.Bytes())
	}
	return out
}
