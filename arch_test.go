package haven_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layer is where a folder stands. Imports go to a lower layer, or stay within what allowed says.
type layer int

const (
	vocabulary layer = iota
	platform
	people
	mail
	face
	cmd
	outside // bench, e2e: may use everything below cmd
)

func layerOf(pkg string) layer {
	switch first, _, _ := strings.Cut(pkg, "/"); first {
	case "":
		return vocabulary
	case "platform":
		return platform
	case "people":
		return people
	case "mail", "calendar", "contacts", "chat", "meeting":
		return mail
	case "face":
		return face
	case "cmd":
		return cmd
	}
	return outside
}

// refusals are the rules of ARCHITECTURE.md 1, each with its reason.
var refusals = []struct {
	name   string
	broken func(from, to string) bool
	reason string
}{
	{"down", func(from, to string) bool { return layerOf(to) > layerOf(from) },
		"imports run cmd → face → {people, mail, …} → platform → haven, so that a concept can be read without what stands on it"},
	{"people-mail", func(from, to string) bool {
		return layerOf(from) == people && layerOf(to) == mail
	}, "the rules of people and premises hold whatever carries the mail; what people needs done to mail it asks through an interface of its own"},
	{"mail-people", func(from, to string) bool {
		return layerOf(from) == mail && layerOf(to) == people
	}, "mail asks people through small interfaces that it declares, so that each can be tested with the other in three lines"},
	{"face-face", func(from, to string) bool {
		return layerOf(from) == face && layerOf(to) == face && second(from) != second(to) && second(to) != "smtp"
	}, "a face translates one protocol; what two share belongs to the domain (the SMTP engine alone serves two ports)"},
	{"face-db", func(from, to string) bool {
		return layerOf(from) == face && to == "platform/db"
	}, "no face opens a transaction: it decodes, makes one call, renders"},
	{"cmd", func(_, to string) bool { return layerOf(to) == cmd },
		"parts are wired in one place, and nothing depends on the wiring"},
}

func second(pkg string) string {
	parts := strings.SplitN(pkg, "/", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// TestArchitecture holds every import of the module against the rules. Tests may reach further, since they wire real parts together.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	for from, imports := range moduleImports(t) {
		for _, to := range imports {
			if strings.HasPrefix(from, to+"/") || strings.HasPrefix(to, from+"/") && from != "" {
				continue // a package and its own sub-packages
			}
			for _, r := range refusals {
				if r.broken(from, to) {
					t.Errorf("%s imports %s (rule %s): %s", from, to, r.name, r.reason)
				}
			}
		}
	}
}

// TestVocabularyStandsAlone keeps package haven free of everything but the standard library.
func TestVocabularyStandsAlone(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, imp := range importsOf(t, f) {
			if strings.Contains(imp, ".") || strings.HasPrefix(imp, "haven/") {
				t.Errorf("%s imports %s: the vocabulary is shared by all and stands on nothing", f, imp)
			}
		}
	}
}

// moduleImports maps each package, by its folder, to the packages of the module that its product code imports.
func moduleImports(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == "build") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), ".")
		for _, imp := range importsOf(t, file) {
			if imp == "haven" {
				out[pkg] = append(out[pkg], "")
			} else if rest, ok := strings.CutPrefix(imp, "haven/"); ok {
				out[pkg] = append(out[pkg], rest)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func importsOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range f.Imports {
		s, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}
