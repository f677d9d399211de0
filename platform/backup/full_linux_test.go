package backup_test

import (
	"path/filepath"
	"strings"
	"testing"

	"haven/platform/backup"
	"haven/platform/disktest"
	"haven/platform/errs"
)

// A real full disk, where the test may mount one.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := disktest.Small(t, 1)
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
