package backup_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"haven/platform/backup"
	"haven/platform/errs"
)

// A real full disk, where the test may mount one.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("no small disk can be mounted here:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, 0) })
	from, _ := filled(t, "sqlite") // more than a MiB
	src, dir := from.sources(t), filepath.Join(disk, "mail")
	err := backup.Backup(t.Context(), src, dir, nil)
	if !errs.Is(err, errs.Transient) || !strings.Contains(errs.Say(err), "disk is full") {
		t.Fatalf("%v (%q)", err, errs.Say(err))
	}
	if err := backup.Restore(t.Context(), dir, src.KeysDir, newPlace(t, "sqlite").target()); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}
