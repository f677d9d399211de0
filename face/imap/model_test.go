package imap

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
)

// mirror is what a careful client believes of its open mailbox, from untagged responses alone.
type mirror struct {
	*client
	uids []uint32 // by number less one; 0: not known yet
	n    int      // commands given
	rnd  *rand.Rand
}

var (
	reExists  = regexp.MustCompile(`^\* (\d+) EXISTS$`)
	reExpunge = regexp.MustCompile(`^\* (\d+) EXPUNGE$`)
	reVanish  = regexp.MustCompile(`^\* VANISHED (\(EARLIER\) )?([\d:,]+)$`)
	reFetch   = regexp.MustCompile(`^\* (\d+) FETCH \((.*)\)$`)
	reUID     = regexp.MustCompile(`\bUID (\d+)`)
	reFlags   = regexp.MustCompile(`\bFLAGS \(([^)]*)\)`)
	reHighest = regexp.MustCompile(`HIGHESTMODSEQ (\d+)`)
)

func num(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

// set lists the numbers of a set.
func set(s string) (out []uint32) {
	for _, item := range strings.Split(s, ",") {
		lo, hi, ok := strings.Cut(item, ":")
		if !ok {
			hi = lo
		}
		for n := num(lo); n <= num(hi); n++ {
			out = append(out, n)
		}
	}
	return out
}

// hear takes a line to heart; what contradicts the mirror is an error of the server.
func (m *mirror) hear(l string) error {
	if f := reExists.FindStringSubmatch(l); f != nil {
		n := int(num(f[1]))
		if n < len(m.uids) {
			return fmt.Errorf("%q shrinks a mailbox of %d", l, len(m.uids))
		}
		m.uids = append(m.uids, make([]uint32, n-len(m.uids))...)
	}
	if f := reExpunge.FindStringSubmatch(l); f != nil {
		n := int(num(f[1]))
		if n < 1 || n > len(m.uids) {
			return fmt.Errorf("%q in a mailbox of %d", l, len(m.uids))
		}
		m.uids = slices.Delete(m.uids, n-1, n)
	}
	if f := reVanish.FindStringSubmatch(l); f != nil && f[1] == "" {
		for _, uid := range set(f[2]) {
			i := slices.Index(m.uids, uid)
			if i < 0 {
				i = slices.Index(m.uids, 0) // one that came and went before we asked for its UID
			}
			if i < 0 {
				return fmt.Errorf("%q names a message that isn't there", l)
			}
			m.uids = slices.Delete(m.uids, i, i+1)
		}
	}
	if f := reFetch.FindStringSubmatch(l); f != nil {
		n := int(num(f[1]))
		if n < 1 || n > len(m.uids) {
			return fmt.Errorf("%q in a mailbox of %d", l, len(m.uids))
		}
		if u := reUID.FindStringSubmatch(f[2]); u != nil {
			uid := num(u[1])
			if m.uids[n-1] != 0 && m.uids[n-1] != uid {
				return fmt.Errorf("%q, but number %d was UID %d", l, n, m.uids[n-1])
			}
			m.uids[n-1] = uid
		}
	}
	return nil
}

// run gives a command and hears its answer.
func (m *mirror) run(command string) error {
	m.n++
	tag := fmt.Sprintf("m%d", m.n)
	numbersStay := strings.HasPrefix(command, "FETCH") || strings.HasPrefix(command, "STORE") || strings.HasPrefix(command, "SEARCH")
	m.send(tag + " " + command + "\r\n")
	for {
		l := m.line()
		switch {
		case strings.HasPrefix(l, tag+" OK"), strings.HasPrefix(l, tag+" NO"):
			return nil
		case strings.HasPrefix(l, tag), l == "EOF":
			return fmt.Errorf("%s: %s", command, l)
		case strings.HasPrefix(l, "+"):
			m.send("DONE\r\n")
		case numbersStay && (reExpunge.MatchString(l) || reVanish.MatchString(l)):
			return fmt.Errorf("%s: %s", command, l)
		}
		if err := m.hear(l); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
	}
}

// random is a command that fits what the mirror believes.
func (m *mirror) random() string {
	const add = "APPEND INBOX {9+}\r\nA: b\r\n\r\nc"
	if len(m.uids) < 5 {
		return add
	}
	a := m.rnd.IntN(len(m.uids)) + 1
	b := min(len(m.uids), a+m.rnd.IntN(3))
	flag := []string{`\Seen`, `\Deleted`, `\Flagged`, "work", `\Deleted`}[m.rnd.IntN(5)]
	switch m.rnd.IntN(12) {
	case 0, 1, 2:
		return add
	case 3:
		return fmt.Sprintf("STORE %d:%d +FLAGS (%s)", a, b, flag)
	case 4:
		return fmt.Sprintf("STORE %d -FLAGS.SILENT (%s)", a, flag)
	case 5:
		return "EXPUNGE"
	case 6:
		return fmt.Sprintf("MOVE %d Archive", a)
	case 7:
		return fmt.Sprintf("COPY %d INBOX", a)
	case 8:
		return "SEARCH UNDELETED"
	case 9:
		return "IDLE"
	case 10:
		return fmt.Sprintf("UID STORE 1:* +FLAGS (%s)", `\Answered`)
	}
	return "NOOP"
}

// TestManySessions: clients that change one mailbox at once each end up with its true content, whatever was told when.
func TestManySessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var g errgroup.Group
	mirrors := make([]*mirror, 4)
	for i := range mirrors {
		m := &mirror{client: w.signIn(t, anna), rnd: rand.New(rand.NewPCG(7, uint64(i)))}
		mirrors[i] = m
		if i%2 == 1 {
			m.do("ENABLE QRESYNC")
		}
		g.Go(func() error {
			if err := m.run("SELECT INBOX"); err != nil {
				return err
			}
			for range 60 {
				if err := m.run(m.random()); err != nil {
					return err
				}
				if len(m.uids) > 0 {
					if err := m.run("FETCH 1:* (UID FLAGS)"); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, m := range mirrors {
		ok(t, m.run("NOOP"))
		ok(t, m.run("UID FETCH 1:* (UID)"))
		got := strings.Fields(m.do("UID SEARCH ALL")[0])[2:]
		if want := fmt.Sprint(m.uids); want != "["+strings.Join(got, " ")+"]" {
			t.Errorf("session %d believes %s, there are %s", i, want, got)
		}
	}
}

// cache is what a client keeps of a mailbox between connections (RFC 7162 §6).
type cache struct {
	flags   map[uint32]string
	highest uint64
}

// resync connects, resumes and brings the cache up to date.
func (c *cache) resync(w *world, t *testing.T, validity string) {
	k := w.signIn(t, anna)
	k.do("ENABLE QRESYNC")
	command := "SELECT INBOX"
	if c.highest > 0 {
		command += fmt.Sprintf(" (QRESYNC (%s %d))", validity, c.highest)
	}
	lines := k.do(command)
	if c.highest == 0 {
		lines = append(lines, k.do("UID FETCH 1:* (FLAGS MODSEQ)")...)
	}
	for _, l := range lines {
		if f := reVanish.FindStringSubmatch(l); f != nil {
			for _, uid := range set(f[2]) {
				delete(c.flags, uid)
			}
		}
		if f := reFetch.FindStringSubmatch(l); f != nil {
			c.flags[num(reUID.FindStringSubmatch(f[2])[1])] = reFlags.FindStringSubmatch(f[2])[1]
		}
		if f := reHighest.FindStringSubmatch(l); f != nil {
			c.highest, _ = strconv.ParseUint(f[1], 10, 64)
		}
	}
	_ = k.conn.Close()
}

// TestResync: a client that only ever resumes has, each time, what a fresh look shows (RFC 7162 §3.2.5).
func TestResync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f, err := w.FolderAt(t.Context(), w.viewer(anna), []string{"INBOX"})
	ok(t, err)
	validity := fmt.Sprint(f.UIDValidity)
	m := &mirror{client: w.signIn(t, anna), rnd: rand.New(rand.NewPCG(3, 4))}
	ok(t, m.run("SELECT INBOX"))
	kept := &cache{flags: map[uint32]string{}}
	for round := range 25 {
		for range 1 + m.rnd.IntN(8) {
			ok(t, m.run(m.random()))
		}
		kept.resync(w, t, validity)
		fresh := &cache{flags: map[uint32]string{}}
		fresh.resync(w, t, validity)
		if !maps.Equal(kept.flags, fresh.flags) || kept.highest != fresh.highest {
			t.Fatalf("round %d: kept %v at %d, fresh %v at %d", round, kept.flags, kept.highest, fresh.flags, fresh.highest)
		}
	}
}
