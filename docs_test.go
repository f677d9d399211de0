package haven_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// claims are the documents whose rows each name the tests that show them, with what a row's id begins with.
var claims = []struct{ file, prefix string }{{"docs/clinical-safety.md", "CS"}, {"docs/security.md", "SE"}}

var named = regexp.MustCompile("`([^` ]+) (Test[A-Za-z0-9_]+)`")

// A row of the clinical safety or security document without its test is a claim that nobody can check.
func TestClaims(t *testing.T) {
	t.Parallel()
	for _, c := range claims {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, line := range strings.Split(string(text), "\n") {
			if !strings.HasPrefix(line, "| "+c.prefix+"-") {
				continue
			}
			rows++
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			if want := fmt.Sprintf("%s-%02d", c.prefix, rows); cells[0] != want {
				t.Errorf("%s: row %s stands where %s would", c.file, cells[0], want)
			}
			tests := named.FindAllStringSubmatch(cells[len(cells)-1], -1)
			if len(tests) == 0 {
				t.Errorf("%s: %s names no test", c.file, cells[0])
			}
			for _, test := range tests {
				if !hasTest(t, test[1], test[2]) {
					t.Errorf("%s: %s names %s in %s, which is not there", c.file, cells[0], test[2], test[1])
				}
			}
		}
		if rows == 0 {
			t.Errorf("%s has no rows", c.file)
		}
	}
}

// hasTest reports whether a folder has a test of that name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
