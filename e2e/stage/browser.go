package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// storyTime is how long a story may take in all its runs.
const storyTime = 6 * time.Minute

// Portal is the address of the house's pages.
func (h *House) Portal() string {
	return "http://localhost:" + h.Port("http")
}

// NeedsWebClient skips a story where the program was built without the web client.
func (h *House) NeedsWebClient(t testing.TB) {
	t.Helper()
	r, err := http.Get(h.Portal() + "/mail/")
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode == http.StatusNotImplemented {
		t.Skip("the web client is not built; make web does it")
	}
}

// Browse plays story.mjs, which lies beside the test, in a real browser against the pages: with script and without, at two widths. data goes
// to the story. Pictures of the pages are in build/pages of the project.
func (h *House) Browse(t testing.TB, name string, data map[string]any) {
	t.Helper()
	chromium := need(t, "chromium", "node")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(filepath.Dir(here))
	runner := filepath.Join(root, "e2e", "browser")
	if _, err := os.Stat(filepath.Join(runner, "node_modules")); err != nil {
		t.Skip("what drives the browser is not installed; make test does it")
	}
	all := map[string]any{"base": h.Portal(), "shots": filepath.Join(root, "build", "pages", name), "chromium": chromium}
	maps.Copy(all, data)
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), storyTime)
	defer cancel()
	c := exec.CommandContext(ctx, "node", filepath.Join(runner, "run.mjs"), filepath.Join(here, "story.mjs"))
	c.Dir, c.Stdin = runner, bytes.NewReader(in)
	c.WaitDelay = 5 * time.Second
	var out, steps bytes.Buffer
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), "DEBUG=pw:api", "DEBUG_COLORS=0"), &out, &steps // what is asked of the browser, step by step
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s\nthe last steps:\n%s", err, &out, lastLines(steps.String(), 30))
	} else if out.Len() > 0 {
		t.Logf("%s", &out)
	}
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// need is the path of the first of some programs, all of which have to be there.
func need(t testing.TB, programs ...string) string {
	t.Helper()
	Need(t, programs...)
	path, err := exec.LookPath(programs[0])
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Invited makes somebody who has not activated the account yet: the username is on its way by e-mail, a temporary password by text. It returns the
// address.
func (h *House) Invited(first, last, email, mobile string) string {
	h.t.Helper()
	address, _, _ := strings.Cut(strings.TrimSpace(h.Admin("account", "add", first, last, "--state", "invited")), " ")
	h.Admin("account", "contact", address, "--email", email, "--mobile", mobile)
	h.Admin("account", "invite", address)
	return address
}
