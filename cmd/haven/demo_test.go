package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demo starts a demo as a process of its own and waits until it says that it runs.
func demo(t *testing.T, data string, more ...string) (*child, *demoFile) {
	t.Helper()
	c := spawn(t, append([]string{"demo", "--free-ports", "--data", data}, more...)...)
	c.out.await(t, "Ctrl-C stops it.", c.ended)
	text, err := os.ReadFile(filepath.Join(data, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	file := &demoFile{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(file); err != nil {
		t.Fatalf("demo.json: %v\n%s", err, text)
	}
	return c, file
}

// TestDemo follows a newcomer: start, look, try the three commands, start a second one by mistake, stop, start again.
func TestDemo(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "a demo")
	c, file := demo(t, data)
	checkCast(t, data, file)
	checkAwkward(t, data, file)
	checkContacts(t, data)
	checkModes(t, data)
	checkHTTP(t, file.Ports["http"])
	tryCommands(t, c.out.String())
	checkOutside(t, data, file)
	checkSecond(t, data)
	before := c.out.String()
	c.end(t, syscall.SIGTERM)
	for _, name := range []string{"demo.json", adminSocket} {
		if _, err := os.Stat(filepath.Join(data, name)); err == nil {
			t.Errorf("%s is there after the end", name)
		}
	}
	log, err := os.ReadFile(filepath.Join(data, "haven.log"))
	if err != nil || bytes.Contains(log, []byte(demoPassword)) || bytes.Contains(log, []byte("discharge note")) {
		t.Errorf("the log holds a password or a subject, or can't be read: %v", err)
	}
	if bytes.Contains(log, []byte("level=WARN")) {
		t.Errorf("a fresh demo warns:\n%s", log)
	}

	c, again := demo(t, data)
	if got, want := people(again), people(file); !slices.Equal(got, want) {
		t.Errorf("the second start has %v, the first had %v", got, want)
	}
	if n := strings.Count(before, "pharmacist"); n != strings.Count(c.out.String(), "pharmacist") {
		t.Error("the tables differ")
	}
	if out := curl(t, readerCommand(t, c.out.String())); !strings.Contains(out, "Two tablets at night.") {
		t.Errorf("the letter of the first run is not there:\n%s", out)
	}
	c.end(t, syscall.SIGINT)
	if out, errOut, code := operate(t, "check", "--bodies", "--config", data); code != 0 {
		t.Errorf("check: %d\n%s%s", code, out, errOut)
	}

	c, _ = demo(t, data, "--fresh", "--load-users", "3")
	if out := curl(t, readerCommand(t, c.out.String())); strings.Contains(out, "Two tablets at night.") {
		t.Errorf("a fresh demo has an old letter:\n%s", out)
	}
	c.end(t, syscall.SIGTERM)
}

// checkCast holds demo.json against what programs rely on.
func checkCast(t *testing.T, data string, file *demoFile) {
	t.Helper()
	for _, name := range []string{"smtp", "submission", "submissions", "imap", "imaps", "managesieve", "http"} {
		if file.Ports[name] == 0 {
			t.Errorf("no port %s", name)
		}
	}
	if file.CA != filepath.Join(data, "ca.pem") || !strings.HasSuffix(file.Clock, "/demo/clock") || len(file.People) != len(demoCast) || len(file.Shared) != len(demoMailboxes) || file.LoadUsers.Pattern != "user%d@bench.test" {
		t.Errorf("demo.json: %+v", file)
	}
	seen := map[string]bool{}
	for _, address := range []string{"ben.whitlock@haven.test", "ben.whitlock2@haven.test"} { // namesakes
		if !slices.ContainsFunc(file.People, func(p demoPerson) bool { return p.Address == address && p.Name == "Ben Whitlock" }) {
			t.Errorf("%s is not in demo.json", address)
		}
		out, errOut, code := operate(t, "admin", "--config", data, "account", "show", address)
		id := regexp.MustCompile(`id [a-z2-7]{26}`).FindString(out)
		if code != 0 || id == "" || seen[id] || strings.Count(out, "  address ") != 1 {
			t.Errorf("%s: code %d\n%s%s", address, code, out, errOut)
		}
		seen[id] = true
	}
}

// checkContacts: some premises can be registered in a tour, one has no e-mail, and one belongs to a group that does it.
func checkContacts(t *testing.T, data string) {
	t.Helper()
	const registered, central = "registered e-mail", "registered centrally by P0MG: Jonas Petty"
	for code, want := range map[string]string{"FA670": "  registered e-mail p•••@h•••, GPhC number 1999670 (made up for the demo, 2025-04-30)\n", "FA240": registered,
		"FA818": registered, "FAM05": "registered e-mail none, GPhC number 1999055", "FA545": central, "FAQ06": "mailbox nhspharmacy."} {
		out, errOut, code1 := operate(t, "admin", "--config", data, "ods", "show", code)
		if code1 != 0 || !strings.Contains(out, want) || want == registered && strings.Contains(out, "mailbox ") {
			t.Errorf("%s: %d, wanted %q\n%s%s", code, code1, want, out, errOut)
		}
	}
}

func people(file *demoFile) (out []string) {
	for _, p := range file.People {
		out = append(out, p.Address)
	}
	for _, s := range file.Shared {
		out = append(out, fmt.Sprint(s))
	}
	return out
}

// checkModes: nobody else on the machine may read any of it.
func checkModes(t *testing.T, data string) {
	t.Helper()
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func checkHTTP(t *testing.T, port int) {
	t.Helper()
	for path, want := range map[string]string{"/healthz": "alive\n", "/readyz": "ready\n", "/metrics": "haven_imap_connections "} {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		if err != nil {
			t.Error(err)
			continue
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // it was read to its end
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: %d, %v\n%.500s", path, resp.StatusCode, err, text)
		}
	}
}

// commands3 are those of the table, as they would be pasted.
func commands3(t *testing.T, table string) []string {
	t.Helper()
	_, table, _ = strings.Cut(table, "Three commands to try:\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var out []string
	for i, line := range strings.Split(table, "\n") {
		if i%2 == 1 {
			out = append(out, strings.TrimSpace(line))
		}
	}
	if len(out) != 3 {
		t.Fatalf("not three commands:\n%s", table)
	}
	return out
}

func readerCommand(t *testing.T, table string) string { return commands3(t, table)[1] }

func curl(t *testing.T, command string) string {
	t.Helper()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed; make test installs it", program)
		}
	}
	cmd := exec.Command("bash", "-c", command)
	cmd.Env = append(os.Environ(), asHaven+"=1") // the third command names this binary
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s\n%v\n%s", command, err, out)
	}
	return string(out)
}

func tryCommands(t *testing.T, table string) {
	t.Helper()
	wants := []string{"", "Two tablets at night.", "aisha.rahman@haven.test"}
	for i, command := range commands3(t, table) {
		if out := curl(t, command); !strings.Contains(out, wants[i]) {
			t.Errorf("%s\nprints no %q:\n%s", command, wants[i], out)
		}
	}
}

// checkOutside: the made-up people's mail goes nowhere; it waits in the queue.
func checkOutside(t *testing.T, data string, file *demoFile) {
	t.Helper()
	i := &installation{t: t, conf: data, ports: file.Ports}
	if err := i.submit(file.People[0].Address, demoPassword, "somebody@outside.example", "Hello"); err != nil {
		t.Fatal(err)
	}
	queue := func(want string) string {
		give := time.Now().Add(patience)
		for {
			list := i.admin("queue", "list")
			if strings.Contains(list, want) || time.Now().After(give) {
				return list
			}
		}
	}
	list := queue("waiting  tried 1 times")
	if !strings.Contains(list, "somebody@outside.example") || !strings.Contains(list, "1 in the queue") {
		t.Fatalf("queue list says\n%s", list)
	}
	id, _, _ := strings.Cut(list, " ")
	hold := i.admin("queue", "hold", id) + i.admin("queue", "list", "--state", "held") + i.admin("queue", "release", id)
	for _, want := range []string{"1 recipients held", "1 in the queue", "1 recipients released"} {
		if !strings.Contains(hold, want) {
			t.Errorf("hold, list and release print no %q:\n%s", want, hold)
		}
	}
	queue("waiting  tried 2 times")
	for _, c := range []struct{ words, want string }{
		{"queue drop --domain outside.example --tell", "1 recipients dropped"},
		{"audit about " + file.People[0].Address, "delivery.submitted "},
	} {
		if out := i.admin(strings.Fields(c.words)...); !strings.Contains(out, c.want) {
			t.Errorf("%s prints no %q:\n%s", c.words, c.want, out)
		}
	}
	if list := queue("0 in the queue"); !strings.Contains(list, "0 in the queue") {
		t.Errorf("queue list says\n%s", list)
	}
}

// checkSecond: a second demo or service in the same folder says so and leaves the first one alone.
func checkSecond(t *testing.T, data string) {
	t.Helper()
	for _, words := range [][]string{{"demo", "--data", data}, {"demo", "--data", data, "--fresh"}, {"serve", "--config", data}, {"check", "--repair", "--config", data}} {
		out, errOut, code := operate(t, words...)
		if code != 1 || !strings.Contains(errOut, " is in use by another haven (process ") || !strings.Contains(errOut, "stop that one first, or name another data folder") {
			t.Errorf("%v: code %d\n%s%s", words, code, out, errOut)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "demo.json")); err != nil {
		t.Error(err)
	}
	if out, errOut, code := operate(t, "check", "--config", data); code != 0 { // which only reads
		t.Errorf("check: code %d\n%s%s", code, out, errOut)
	}
}

// TestDemoPorts: ports that are taken are named, with the way out.
func TestDemoPorts(t *testing.T) {
	t.Parallel()
	taken := install(t).serve()
	o := demoOptions{data: t.TempDir(), listen: "127.0.0.1", offset: taken.ports["smtp"] - demoPorts["smtp"]}
	if o.check() != nil {
		t.Skipf("port %d is too high for an offset", taken.ports["smtp"])
	}
	out, errOut, code := operate(t, "demo", "--data", o.data, "--port-offset", fmt.Sprint(o.offset))
	if code != 1 || !strings.Contains(errOut, "address already in use") || !strings.Contains(errOut, "--port-offset N or --free-ports") {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
}

// checkAwkward: of each of these people something is the matter, as demo.json says.
func checkAwkward(t *testing.T, data string, file *demoFile) {
	t.Helper()
	for address, want := range map[string]string{"rosa.bianchi": ", invited, ", "vera.quist": "Your password expired on ", "theo.marsh": "  locked until ",
		"sven.aldred": ", leaver, ", "uma.castell": ", active, "} {
		address += "@haven.test"
		out, errOut, code := operate(t, "admin", "--config", data, "account", "show", address)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d, wanted %q\n%s%s", address, code, want, out, errOut)
		}
		if !slices.ContainsFunc(file.Awkward, func(p demoAwkwardPerson) bool { return p.Address == address && p.What != "" }) {
			t.Errorf("%s is not in demo.json", address)
		}
	}
}
