package backup

import (
	"fmt"
	"testing"
)

// TestLongManifest writes and reads the manifest of a store with half a million bodies over 1 MiB.
func TestLongManifest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := &Manifest{Format: formatVersion, Kind: "mail", Files: make([]File, 500_000)}
	for i := range m.Files {
		m.Files[i] = File{Name: fmt.Sprintf("bodies/large/%03x/%016x.body", i%4096, i), Size: 2 << 20, SHA256: fmt.Sprintf("%064x", i)}
	}
	if err := m.write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadManifest(dir, "mail")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Files) != len(m.Files) || got.Files[499_999] != m.Files[499_999] {
		t.Errorf("%d files, the last %+v", len(got.Files), got.Files[len(got.Files)-1])
	}
}
