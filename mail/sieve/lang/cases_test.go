package lang

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mime"
)

func limits() Limits {
	return Limits{Octets: 64 << 10, Nesting: 32, Includes: 10, Actions: 32, Redirects: 4, Variables: 128, VariableText: 4096, Edits: 20, Body: 1 << 20, Work: 20_000_000,
		VacationMin: time.Hour, VacationMost: 90 * day, SeenMost: 30 * day}
}

// golden is a script with what is to come of it, in remarks at its beginning:
//
//	# letter: which of testdata/letters
//	# from: the envelope's sender
//	# want: one action, or "wrong LINE", or "error LINE"
//	# differs: why the stranger answers something else
type golden struct {
	name, path, text string
	letter, from     string
	differs          string
	want             []string
}

func goldens(t *testing.T) (all []golden) {
	t.Helper()
	paths, err := filepath.Glob("testdata/cases/*.sieve")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, len(paths))
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		g := golden{name: strings.TrimSuffix(filepath.Base(path), ".sieve"), path: path, text: string(b)}
		lines := strings.Split(g.text, "\n")
		remarks := 0
		for _, line := range lines {
			name, v, ok := strings.Cut(strings.TrimPrefix(line, "# "), ":")
			if !ok || !strings.HasPrefix(line, "# ") {
				break
			}
			v = strings.TrimSpace(v)
			switch name {
			case "letter":
				g.letter = v
			case "from":
				g.from = v
			case "differs":
				g.differs = v
			case "want":
				g.want = append(g.want, v)
			default:
				t.Fatalf("%s: %q", path, line)
			}
			remarks++
		}
		for i, w := range g.want { // lines are counted after the remarks
			for _, kind := range []string{"wrong ", "error "} {
				if s, ok := strings.CutPrefix(w, kind); ok {
					n, err := strconv.Atoi(s)
					if err != nil {
						t.Fatal(path, err)
					}
					g.want[i] = kind + strconv.Itoa(n+remarks)
				}
			}
		}
		all = append(all, g)
	}
	return all
}

// house is where the tests' scripts run.
type house struct {
	letter  string
	boxes   []string
	scripts map[string]string
	seenAll bool
	err     error
}

func (h *house) Body() (*mime.Message, io.ReaderAt, error) {
	m, err := mime.Parse(strings.NewReader(h.letter), mime.Limits{})
	return m, strings.NewReader(h.letter), errors.Join(err, h.err)
}
func (h *house) HasMailbox(name string) (bool, error) { return slices.Contains(h.boxes, name), h.err }
func (h *house) MailboxNamed(id string) (string, error) {
	return map[string]string{"F1": "Clinic"}[id], h.err
}
func (h *house) Include(name string) (*Script, error) {
	text, ok := h.scripts[name]
	if !ok {
		return nil, h.err
	}
	return Compile(text, limits())
}
func (h *house) Seen(string) (bool, error) { return h.seenAll, h.err }

func readLetter(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/letters/" + name + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func letterOf(text, from string) Letter {
	header, _, _ := strings.Cut(text, "\r\n\r\n")
	l := Letter{Header: mime.Header(header + "\r\n\r\n"), To: haven.MustAddress("alice@pharmacy.test"), Size: int64(len(text)),
		Now: time.Date(2026, 11, 27, 9, 30, 0, 0, time.UTC), Items: map[string]string{"location": "MDA", "phase": "during"}}
	if from != "" {
		l.From = haven.MustAddress(from)
	}
	return l
}

// run is what a script does, in the words of the goldens.
func run(text string, l Letter, h House, lim Limits) []string {
	s, err := Compile(text, lim)
	var wrong Errors
	if errors.As(err, &wrong) {
		return []string{"wrong " + strconv.Itoa(wrong[0].Line)}
	}
	r, err := s.Run(l, h, lim)
	var failed Error
	if errors.As(err, &failed) {
		return []string{"error " + strconv.Itoa(failed.Line)}
	}
	if err != nil {
		return []string{err.Error()}
	}
	return words(r)
}

func words(r Result) (out []string) {
	for _, a := range r.Actions {
		switch a.Kind {
		case Keep:
			out = append(out, filed("INBOX", false, a.Flags))
		case FileInto:
			out = append(out, filed(a.Mailbox, a.Create, a.Flags))
		case Redirect:
			out = append(out, "redirect "+a.To.String())
		case Discard:
			out = append(out, "discard")
		case Reject, EReject:
			out = append(out, "reject "+oneLine(a.Text))
		case Vacation:
			out = append(out, fmt.Sprintf("vacation %d %s", int(a.Reply.Every.Seconds()), oneLine(a.Reply.Text)))
		}
	}
	return out
}

func oneLine(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", `\r\n`)
}

func filed(name string, create bool, flags []string) string {
	s := "file " + name
	if create {
		s += " create"
	}
	flags = slices.Clone(flags)
	slices.Sort(flags)
	for _, f := range flags {
		s += " " + strings.ReplaceAll(f, `\`, `\\`)
	}
	return s
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		text := readLetter(t, g.letter)
		got := run(g.text, letterOf(text, g.from), &house{letter: text, boxes: []string{"INBOX", "Clinic"}}, limits())
		if !slices.Equal(sorted(got), sorted(g.want)) {
			t.Errorf("%s: %q, want %q", g.name, got, g.want)
		}
	}
}

// sorted compares what is done, whose order strangers show differently.
func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}
