package lang

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestStranger runs every golden script in Dovecot's interpreter, which has to do the same. Where it doesn't, the script says why.
func TestStranger(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("sieve-test")
	if err != nil {
		t.Skip("needs sieve-test of the Debian package dovecot-sieve (make install-test)")
	}
	d := newDovecot(t, program)
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			got := d.run(t, g)
			want := slices.Clone(g.want)
			if same := slices.Equal(sorted(got), sorted(want)); same == (g.differs != "") {
				t.Errorf("Dovecot does %q, we do %q (differs: %q)", got, want, g.differs)
			}
		})
	}
}

type dovecot struct{ program, dir, config string }

func newDovecot(t *testing.T, program string) dovecot {
	t.Helper()
	dir, err := os.MkdirTemp("", "sieve-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	who := fmt.Sprintf("mail_uid = %d\nmail_gid = %d\n", os.Getuid(), os.Getgid())
	if os.Getuid() == 0 { // it refuses to be root
		who = "mail_uid = nobody\nmail_gid = nogroup\nfirst_valid_uid = 1\n"
	}
	d := dovecot{program, dir, filepath.Join(dir, "dovecot.conf")}
	text := "protocols =\nbase_dir = " + dir + "/run\nmail_location = maildir:" + dir + "/mail\nmail_home = " + dir + "\nlog_path = /dev/stderr\n" + who +
		"plugin {\n sieve_extensions = +spamtest +spamtestplus +virustest +editheader +vacation-seconds +duplicate\n sieve_vacation_min_period = 1h\n sieve = " + dir + "/active.sieve\n sieve_dir = " + dir + "/scripts\n}\n"
	if err := os.WriteFile(d.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	err = os.Mkdir(filepath.Join(dir, "scripts"), 0o755)
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	wrongLine  = regexp.MustCompile(`(?m): line (\d+): error: `)
	storeFlags = regexp.MustCompile(`add IMAP flags: (.*)`)
)

func (d dovecot) run(t *testing.T, g golden) []string {
	t.Helper()
	script := filepath.Join(d.dir, g.name+".sieve")
	letter := filepath.Join(d.dir, g.name+".eml")
	for path, text := range map[string]string{script: g.text, letter: readLetter(t, g.letter)} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), d.program, "-c", d.config, "-f", g.from, "-a", "alice@pharmacy.test", "-r", "alice@pharmacy.test", script, letter)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	if m := wrongLine.FindStringSubmatch(log.String()); m != nil {
		if strings.Contains(log.String(), "runtime") || strings.Contains(out.String(), "Performed actions") || strings.Contains(log.String(), "final result") {
			return []string{"error " + m[1]}
		}
		return []string{"wrong " + m[1]}
	}
	if err != nil && !strings.Contains(out.String(), "Performed actions") {
		return []string{log.String()}
	}
	return readActions(out.String())
}

// readActions reads what sieve-test prints.
func readActions(s string) (out []string) {
	lines := strings.Split(s, "\n")
	for i := 0; i < len(lines); i++ {
		what, ok := strings.CutPrefix(lines[i], " * ")
		if !ok {
			continue
		}
		more := ""
		for i+1 < len(lines) && !strings.HasPrefix(lines[i+1], " * ") && !strings.HasPrefix(lines[i+1], "Implicit keep:") {
			more += lines[i+1] + "\n"
			i++
		}
		if what != "track duplicate" {
			out = append(out, action(what, more))
		}
	}
	return out
}

func action(what, more string) string {
	if name, ok := strings.CutPrefix(what, "store message in folder: "); ok {
		var flags []string
		if m := storeFlags.FindStringSubmatch(more); m != nil {
			for _, f := range strings.Fields(m[1]) {
				if f[0] == '\\' { // it writes them in small letters
					f = f[:1] + strings.ToUpper(f[1:2]) + f[2:]
				}
				flags = append(flags, f)
			}
		}
		return filed(name, strings.Contains(more, "create mailbox"), flags)
	}
	if to, ok := strings.CutPrefix(what, "redirect message to: "); ok {
		return "redirect " + strings.Trim(to, "<>")
	}
	if _, ok := strings.CutPrefix(what, "reject message with reason: "); ok {
		text, _, _ := strings.Cut(what+"\n"+more, "\n\nImplicit")
		text = strings.ReplaceAll(strings.TrimPrefix(text, "reject message with reason: "), "??", "\n")
		return "reject " + oneLine(strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\n"))
	}
	if strings.HasPrefix(what, "send vacation message") {
		seconds := regexp.MustCompile(`seconds : (\d+)`).FindStringSubmatch(more)
		_, text, _ := strings.Cut(more, "START MESSAGE\n")
		text, _, _ = strings.Cut(text, "\nEND MESSAGE")
		if seconds == nil {
			return what + more
		}
		return "vacation " + seconds[1] + " " + text
	}
	return strings.TrimSpace(what)
}
