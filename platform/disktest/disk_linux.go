// Package disktest gives tests a small disk of their own.
package disktest

import (
	"fmt"
	"syscall"
	"testing"
)

// Small mounts a disk of mib mebibytes, gone when the test ends, and returns its folder. Where nothing may be mounted it
// skips the test and says why.
//
// It is detached, not only unmounted: a child that another test has just forked holds every descriptor of this process
// for the moment until it executes, and a disk with a file open can't be unmounted.
func Small(t testing.TB, mib int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("a small disk can't be mounted here (%v): run as root where mounting is allowed", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
