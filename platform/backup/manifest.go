package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"haven/platform/errs"
)

const (
	formatVersion = 1
	manifestFile  = "MANIFEST.json"
)

// Manifest says what a back-up is and lists its files. A folder without one is no back-up.
type Manifest struct {
	Format  int       `json:"format"`
	Kind    string    `json:"kind"`   // "mail" or "keys"
	Backup  string    `json:"backup"` // the same in the mail's manifest and in that of its keys
	Store   string    `json:"store"`  // identity of the folder of bodies
	Made    time.Time `json:"made"`   // when copying began
	Program string    `json:"program"`

	Engine string         `json:"engine"`
	Steps  map[string]int `json:"steps"`            // of each concept's schema
	Tables []Table        `json:"tables,omitempty"` // PostgreSQL: in the order in which they load
	Files  []File         `json:"files"`

	Sum string `json:"sum"` // SHA-256 of the manifest with this left empty
}

// Table is one table's rows, as COPY wrote them in binary form.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	File    string   `json:"file"`
}

// File is a file of the back-up, named from its folder with slashes.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (m *Manifest) encode() ([]byte, error) {
	sealed := *m
	sealed.Sum = ""
	plain, err := json.MarshalIndent(&sealed, "", " ")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	sealed.Sum = hex.EncodeToString(sum[:])
	return json.MarshalIndent(&sealed, "", " ")
}

// write makes the manifest durable, whole or not at all, and only if it reads as it must for a restore.
func (m *Manifest) write(dir string) error {
	text, err := m.encode()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, manifestFile)
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if _, err := readManifestFile(path + ".part"); err != nil {
		return err
	}
	if err := os.Rename(path+".part", path); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

// decodeManifest reads what encode wrote, and nothing else.
func decodeManifest(text []byte) (*Manifest, error) {
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "The manifest of the back-up is damaged, or a newer version of Haven wrote it.")
	}
	if m.Format != formatVersion {
		return nil, errs.E(errs.Invalid, "The back-up has format %d; this version of Haven reads format %d.", m.Format, formatVersion)
	}
	again, err := m.encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(bytes.TrimSpace(text), again) {
		return nil, errs.E(errs.Invalid, "The manifest of the back-up is damaged: its checksum is wrong.")
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || f.Size < 0 {
			return nil, errs.E(errs.Invalid, "The manifest names a file outside the back-up: %q.", f.Name)
		}
	}
	return &m, nil
}

// ReadManifest reads the manifest of a back-up of a kind, "mail" or "keys", and checks no other file.
func ReadManifest(dir, kind string) (*Manifest, error) {
	m, err := readManifestFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.E(errs.Invalid, "%s is no back-up: it has no %s. One that was cut short never gets it.", dir, manifestFile)
	}
	if err == nil && m.Kind != kind {
		return nil, errs.E(errs.Invalid, "%s is a back-up of the %s, and one of the %s was asked for.", dir, m.Kind, kind)
	}
	return m, err
}

// readManifestFile has no bound: a body over 1 MiB takes about 170 octets, and a large store has millions of them.
func readManifestFile(path string) (*Manifest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, said(err, "The manifest can't be read.")
	}
	return decodeManifest(text)
}

// Verify reads a whole back-up of a kind and holds each file against the manifest. A file that lacks or differs is
// Invalid, and named. It changes nothing.
func Verify(ctx context.Context, dir, kind string, progress func(done, total int64)) (*Manifest, error) {
	m, err := ReadManifest(dir, kind)
	if err != nil {
		return nil, err
	}
	p := newProgress(progress)
	p.total = m.octets()
	if err := m.verify(ctx, dir, p); err != nil {
		return nil, err
	}
	p.end()
	return m, nil
}

func (m *Manifest) verify(ctx context.Context, dir string, p *progress) error {
	for _, f := range m.Files {
		got, err := sumFile(ctx, filepath.Join(dir, filepath.FromSlash(f.Name)), p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return errs.E(errs.Invalid, "The back-up in %s is not complete: %s is missing.", dir, f.Name)
		case err != nil:
			return said(err, "The back-up can't be read: "+f.Name+".")
		case got.Size != f.Size || got.SHA256 != f.SHA256:
			return errs.E(errs.Invalid, "The back-up in %s is damaged: %s is not what was written.", dir, f.Name)
		}
	}
	return nil
}

func (m *Manifest) octets() (n int64) {
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// file is a file of the manifest by its name; false if it lists none.
func (m *Manifest) file(name string) (File, bool) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, true
		}
	}
	return File{}, false
}
