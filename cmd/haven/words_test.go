package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWords is how haven answers words: the exit code, and what stands on which output.
func TestWords(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.toml")
	if err := os.WriteFile(bad, []byte("[service]\ndomains = [\"mail.example\"]\nhostnam = \"x\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := install(t)
	installed := "../../deploy/haven.toml"
	lost := install(t, "tls: certificate = \"/nowhere/fullchain.pem\"", "tls: key = \"/nowhere/privkey.pem\"")
	for _, c := range []struct {
		words         string
		code          int
		out, errWords string
	}{
		{"", 0, "haven serve", ""},
		{"help", 0, "haven backup", ""},
		{"--help", 0, "`haven help COMMAND` explains one", ""},
		{"help serve", 0, "haven serve [--config FILE]\nRuns the service", ""},
		{"serve --help", 0, "--config FILE", ""},
		{"help admin", 0, "queue drop", ""},
		{"help nothing", 2, "", "there is no command \"nothing\""},
		{"version", 0, "haven unreleased", ""},
		{"version now", 2, "", "\"now\" is one word too many"},
		{"serv", 2, "", "haven: there is no command \"serv\"; `haven help` lists those there are"},
		{"serve --port 5", 2, "", "haven serve: flag provided but not defined: -port"},
		{"serve now", 2, "", "\"now\" is one word too many"},
		{"serve --config /nowhere/x.toml", 1, "", "haven serve: the configuration can't be read: open /nowhere/x.toml: no such file or directory; name another file with --config"},
		{"serve --config BAD", 1, "", "bad.toml:3: service.hostnam: unknown key; did you mean service.hostname?"},
		{"config", 2, "", "it needs words after it"},
		{"config prnt", 2, "", "\"prnt\" is neither print nor check"},
		{"config check --config BAD", 1, "", "service.hostname: the machine's name is missing"},
		{"config check --config GOOD", 0, "can be used", ""},
		{"config check --config LOST", 1, "", "tls.certificate: the certificate /nowhere/fullchain.pem with the key /nowhere/privkey.pem can't be used: open /nowhere/fullchain.pem: no such file or directory; put a PEM chain and its key there"},
		{"config print --config GOOD", 0, "hostname = \"localhost\"  # ", ""},
		{"config print --config INSTALLED", 0, "# MISTAKE: no mail domain is named; write domains = [\"your.domain\"] under [service]\ndomains = []  # default\n", ""},
		{"config print --config INSTALLED", 0, "# MISTAKE: the machine's name is missing", ""},
		{"config print --config INSTALLED", 0, "min_length = 12  # profile nhsmail-2017\n", ""},
		{"config print --config BAD", 1, "", "service.hostnam: unknown key"},
		{"config check --config INSTALLED", 1, "", "service.domains: no mail domain is named"},
		{"serve --config INSTALLED", 1, "", "service.domains: no mail domain is named"},
		{"serve --config", 2, "", "flag needs an argument: -config"},
		{"admin account list --config", 2, "", "--config is given without a value"},
		{"admin --config= account list", 2, "", "--config is given without a value"},
		{"check --config GOOD", 1, "", "there is no store at "},
		{"backup --config GOOD", 2, "", "it needs words after it"},
		{"backup --config GOOD one", 2, "", "a word is missing after \"one\""},
		{"backup --config GOOD /tmp/none-a /tmp/none-b", 1, "", "There is no store of bodies in "},
		{"restore --config GOOD /tmp/none-a /tmp/none-b", 1, "", "put your own copy of it there first"},
		{"admin", 2, "", "SUBJECT VERB"},
		{"admin queue", 2, "", "queue hold [ID]"},
		{"admin queue drpo", 2, "", "\"queue drpo\" is nothing that it can do"},
		{"admin mailbox --help", 0, "mailbox add CODE --owner A", ""},
		{"admin queue hold --help", 0, "--domain DOMAIN", ""},
		{"admin member set --help --config /nowhere/x.toml", 0, "--rights RIGHTS", ""},
		{"admin queue list --config /nowhere/x.toml", 1, "", "the configuration can't be read"},
		{"demo --listen 0.0.0.0", 1, "", "listens on loopback only; 0.0.0.0 is not"},
		{"demo --listen 192.0.2.1", 1, "", "listens on loopback only"},
		{"demo --port-offset 70000", 1, "", "ports are 1 to 65535"},
		{"demo --port-offset 5 --free-ports", 1, "", "don't go together"},
		{"demo --load-users -1", 1, "", "a number from 0 to 100000"},
		{"demo --data /etc", 1, "", "/etc holds files and is no demo's folder"},
		{"demo --fresh --data /etc", 1, "", "/etc holds files and is no demo's folder"},
	} {
		t.Run(c.words, func(t *testing.T) {
			t.Parallel()
			words := strings.Fields(strings.NewReplacer("BAD", bad, "GOOD", good.conf, "LOST", lost.conf, "INSTALLED", installed).Replace(c.words))
			out, errOut, code := operate(t, words...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errOut, c.errWords) {
				t.Errorf("code %d, wanted %d\n%s---\n%s", code, c.code, out, errOut)
			}
			if c.errWords != "" && out != "" || c.errWords == "" && errOut != "" {
				t.Errorf("it speaks on both outputs:\n%s---\n%s", out, errOut)
			}
		})
	}
}

// TestLoopback: passwords in the clear are for loopback alone, and only where the configuration says so.
func TestLoopback(t *testing.T) {
	t.Parallel()
	i := install(t, "listen: allow_plaintext_login = true", "listen: imap = \"0.0.0.0:0\"")
	out, errOut, code := operate(t, "serve", "--config", i.conf)
	if code != 1 || !strings.Contains(errOut, "listen.allow_plaintext_login: listen.imap is not loopback; passwords without TLS are for 127.0.0.1 and ::1 alone") {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
	if _, err := os.Stat(i.data); err == nil {
		t.Error("a service that may not start made its data folder")
	}
}
