package imap

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db/dbtest"
)

// TestScripts plays the conversations of testdata/*.imap, whose README tells the form. Each begins in a new world.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.imap")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		for _, engine := range dbtest.Engines() {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".imap")+"/"+engine, func(t *testing.T) {
				t.Parallel()
				playFile(t, file, newWorldOf(t, mailboxtest.New(t, engine)))
			})
		}
	}
}

func playFile(t *testing.T, file string, w *world) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := &player{t: t, w: w, clients: map[string]*client{}}
	defer func() {
		if t.Failed() {
			t.Log("at", p.at)
		}
	}()
	for i, line := range strings.Split(string(b), "\n") {
		p.at = fmt.Sprintf("%s:%d", file, i+1)
		p.play(line)
	}
}

// player is one script being played.
type player struct {
	t       *testing.T
	w       *world
	at      string
	clients map[string]*client
}

func (p *player) play(line string) {
	p.t.Helper()
	verb, rest, _ := strings.Cut(line, ":")
	rest = strings.TrimPrefix(rest, " ")
	switch {
	case line == "" || line[0] == '#':
	case line[0] == '!':
		p.direct(strings.Fields(line[1:]))
	case verb[0] == 'C':
		p.client(verb[1:]).send(rest + "\r\n")
	case verb[0] == 'R': // raw: a Go string without its quotes, and no line end added
		raw, err := strconv.Unquote(`"` + rest + `"`)
		if err != nil {
			p.t.Fatalf("%s: %v", p.at, err)
		}
		p.client(verb[1:]).send(raw)
	case verb[0] == 'S':
		if got := p.client(verb[1:]).line(); !like(rest, got) {
			p.t.Fatalf("%s:\nwant %s\ngot  %s", p.at, rest, got)
		}
	default:
		p.t.Fatalf("%s: what is %q?", p.at, line)
	}
}

// like compares with "…" standing for any text.
func like(pattern, got string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return pattern == got
	}
	if !strings.HasPrefix(got, parts[0]) {
		return false
	}
	got = got[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(got, part)
		if i < 0 {
			return false
		}
		got = got[i+len(part):]
	}
	return strings.HasSuffix(got, parts[len(parts)-1])
}

func (p *player) client(name string) *client {
	p.t.Helper()
	if p.clients[name] == nil {
		p.clients[name] = dial(p.t, p.w.addr)
		if l := p.clients[name].line(); !strings.HasPrefix(l, "* OK ") {
			p.t.Fatalf("%s: %s", p.at, l)
		}
	}
	return p.clients[name]
}

// direct does what happens beside the conversation.
func (p *player) direct(words []string) {
	p.t.Helper()
	switch words[0] {
	case "deliver": // to letter…
		for _, name := range words[2:] {
			p.w.Deliver(p.w.people.no[words[1]], letter(p.t, name))
		}
	case "login": // client user: logs in without a word of it in the script
		p.client(words[1]).do(fmt.Sprintf("LOGIN %q secret", words[2]))
	case "select": // client mailbox
		p.client(words[1]).do(fmt.Sprintf("SELECT %q", words[2]))
	case "grant": // person box rights
		r, err := haven.ParseRights(words[3])
		if err != nil {
			p.t.Fatal(p.at, err)
		}
		p.w.people.grant(words[1], words[2], r)
		p.w.Hub.Announce(p.w.people.no[words[2]], 0)
	case "expired":
		p.w.people.expired = true
	case "down":
		p.w.people.down = true
	case "later": // duration
		d, err := time.ParseDuration(words[1])
		if err != nil {
			p.t.Fatal(p.at, err)
		}
		p.w.Clock.Advance(d)
	default:
		p.t.Fatalf("%s: what is !%s?", p.at, words[0])
	}
}
