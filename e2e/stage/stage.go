// Package stage sets the scene for end-to-end scenarios: it runs the real binary on ports of its own, lets people act
// on it through real protocols and other people's programs, and makes sure at the end that the stores are whole and
// no process stays behind. It needs Linux.
package stage

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Domain is where the people of a scenario live.
const Domain = "pharmacies.test"

// Patience is how long anything may take before a scenario says that it doesn't happen.
const Patience = 30 * time.Second

// House is one installation of Haven: a folder, ports, and a process that may be started and ended again.
type House struct {
	Dir   string         // of its data
	Conf  string         // its configuration
	CA    string         // PEM file with the authority that its certificate is under
	Ports map[string]int // smtp, submission, submissions, imap, imaps, http

	t    testing.TB
	bin  string
	args []string
	tls  func() *tls.Config
	proc *process
}

// Setting is a table of the configuration, and the lines to put there.
type Setting struct{ Table, Lines string }

// Pages is the setting that opens the pages, on the port for http.
var Pages = Setting{"listen", "pages_on_http = true"}

// Person is somebody with an account.
type Person struct{ Name, Address, Password string }

// Serve starts `haven serve` with the reference policy, STARTTLS and TLS as in production, and no mail or people yet.
// When the test ends it is stopped by SIGTERM, unless it was before, and its stores are checked.
func Serve(t testing.TB, settings ...Setting) *House {
	t.Helper()
	return ServeIn(t, filepath.Join(t.TempDir(), "data"), settings...)
}

// ServeIn is Serve with a data folder that the scenario chose.
func ServeIn(t testing.TB, data string, settings ...Setting) *House {
	t.Helper()
	home := t.TempDir()
	h := &House{t: t, Dir: data, Conf: filepath.Join(home, "haven.toml"), Ports: freePorts(t), bin: binary(t)}
	h.tls = sync.OnceValue(h.trust)
	cert, key := h.certificate(home)
	h.args = []string{"serve", "--config", h.Conf}
	if err := os.WriteFile(h.Conf, []byte(h.config(cert, key, settings)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.end)
	h.Start()
	if slices.Contains(settings, Pages) {
		h.Admin("operator", "add", h.Person("Tess", "Okafor").Address) // before there is one, the pages say only that
	}
	return h
}

// config is the configuration file. Names are looked up with a name server of the scenario's own that knows nobody.
func (h *House) config(cert, key string, settings []Setting) string {
	at := func(name string) string { return strconv.Quote(h.Addr(name)) }
	tables := []Setting{
		{"service", fmt.Sprintf("domains = [%q]\nhostname = \"localhost\"\ndata = %q\n", Domain, h.Dir)},
		{"listen", fmt.Sprintf("smtp = %s\nsubmission = %s\nsubmissions = %s\nimap = %s\nimaps = %s\nmanagesieve = %s\nhttp = %s\n",
			at("smtp"), at("submission"), at("submissions"), at("imap"), at("imaps"), at("managesieve"), at("http"))},
		{"tls", fmt.Sprintf("certificate = %q\nkey = %q\n", cert, key)},
		{"outbox", fmt.Sprintf("resolver = %q\n", nameServer(h.t))},
		{"policy.account", "passwords_in_programs = true\n"},
		{"database", ""}, {"policy.jmap", ""}, {"policy.sending", ""}, {"policy.connection", ""}, {"policy.mailbox", ""}, {"log", ""},
	}
	var b strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&b, "[%s]\n%s", table.Table, table.Lines)
		for _, s := range settings {
			if s.Table == table.Table {
				b.WriteString(strings.TrimSpace(s.Lines) + "\n")
			}
		}
	}
	return b.String()
}

// Demo starts `haven demo`, as a newcomer does, and returns who plays in it.
func Demo(t testing.TB) (*House, Cast) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	offset, ports := freeOffset(t)
	h := &House{t: t, Dir: dir, Conf: dir, CA: filepath.Join(dir, "ca.pem"), Ports: ports, bin: binary(t)}
	h.tls = sync.OnceValue(h.trust)
	h.args = []string{"demo", "--data", dir, "--port-offset", strconv.Itoa(offset)}
	t.Cleanup(h.end)
	h.Start()
	text, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cast Cast
	if err := json.Unmarshal(text, &cast); err != nil {
		t.Fatalf("demo.json: %v", err)
	}
	return h, cast
}

// Cast is demo.json.
type Cast struct {
	People []struct{ Name, Address, Password, Role string }
	Shared []struct {
		Address         string
		Owners, Members []string
	}
}

// Person finds who has that name.
func (c Cast) Person(name string) Person {
	for _, p := range c.People {
		if p.Name == name {
			return Person{p.Name, p.Address, p.Password}
		}
	}
	panic("stage: nobody in the demo is called " + name)
}

// Addr is where a port of the house is.
func (h *House) Addr(port string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(h.Ports[port]))
}

// Port is the number of a port, as programs want it.
func (h *House) Port(name string) string { return strconv.Itoa(h.Ports[name]) }

// TLS is how a client trusts the house.
func (h *House) TLS() *tls.Config { return h.tls().Clone() }

// trust reads the authority once it is there.
func (h *House) trust() *tls.Config {
	pem, err := os.ReadFile(h.CA)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		h.t.Errorf("no authority in %s: %v", h.CA, err)
	}
	return &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

// Haven runs a command of the binary beside the service and returns what it printed, and its error.
func (h *House) Haven(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.bin, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr, cmd.Cancel = ownGroup(), func() error { return killGroup(cmd.Process.Pid) }
	err := runLocked(cmd)
	return out.String(), err
}

// Admin is `haven admin`, which has to succeed.
func (h *House) Admin(words ...string) string {
	h.t.Helper()
	out, err := h.Haven(append([]string{"admin", "--config", h.Conf}, words...)...)
	if err != nil {
		h.t.Fatalf("haven admin %s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return out
}

// Person makes an account for somebody.
func (h *House) Person(first, last string) Person {
	h.t.Helper()
	words := strings.Fields(h.Admin("account", "add", first, last))
	if len(words) < 3 || words[1] != "password" {
		h.t.Fatalf("account add printed %q", words)
	}
	return Person{Name: first + " " + last, Address: words[0], Password: words[2]}
}

// Pharmacy makes the shared mailbox of a made-up pharmacy and returns its address.
func (h *House) Pharmacy(code string, owner Person, members ...Person) string {
	h.t.Helper()
	h.Admin("organisation", "add", "pharmacy", code, "Test Pharmacy", "Leeds")
	words := []string{"mailbox", "add", code, "--owner", owner.Address}
	for _, m := range members {
		words = append(words, "--member", m.Address)
	}
	address, _, _ := strings.Cut(strings.TrimSpace(h.Admin(words...)), " ")
	return address
}

// Shared is the name of a shared mailbox's folder as its members see it; folder "" is its Inbox.
func Shared(address, folder string) string {
	name := "Shared/" + address
	if folder != "" {
		name += "/" + folder
	}
	return name
}

// Check runs `haven check`, with bodies, on a house that stands still or runs.
func (h *House) Check() {
	h.t.Helper()
	if out, err := h.Haven("check", "--bodies", "--config", h.Conf); err != nil {
		h.t.Errorf("haven check: %v\n%s", err, out)
	}
}
