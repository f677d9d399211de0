package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"haven/platform/config"
	"haven/platform/obs"
)

// demoDomain is where the demo's people live, and benchDomain the load users.
const (
	demoDomain  = "haven.test"
	benchDomain = "bench.test"
)

// demoPorts are the demo's ports without an offset, by the names of demo.json.
var demoPorts = map[string]int{"smtp": 2525, "submission": 2587, "submissions": 2465, "imap": 2143, "imaps": 2993, "http": 8080}

// demoOptions are the demo's flags.
type demoOptions struct {
	data      string
	offset    int
	loadUsers int
	fresh     bool
	listen    string
}

func demoCommand(ctx context.Context, args []string, std stdio) error {
	f := newFlags("demo", "[--data DIR] [--fresh] [--port-offset N] [--load-users N]", "Runs everything in one process on loopback, with made-up people and mail. Data stays between runs.", std)
	var o demoOptions
	f.StringVar(&o.data, "data", "haven-demo", "`DIR` for everything that is kept")
	f.IntVar(&o.offset, "port-offset", 0, "`N` added to every port")
	f.IntVar(&o.loadUsers, "load-users", 0, "also make user1@bench.test to user`N`@bench.test")
	f.BoolVar(&o.fresh, "fresh", false, "start over: delete what the folder holds of an earlier demo")
	f.StringVar(&o.listen, "listen", "127.0.0.1", "loopback `ADDRESS`; the demo refuses any other")
	if _, err := parseExact(f, args, 0); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	if err := o.prepare(); err != nil {
		return err
	}
	conf, err := o.configure()
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(o.data, "haven.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	return o.run(ctx, conf, obs.NewLogger(logFile, conf.Log.Level, conf.Log.Format), std)
}

func (o *demoOptions) check() error {
	if !config.IsLoopback(o.listen) {
		return fmt.Errorf("the demo's passwords are known to everybody, so it listens on loopback only; %s is not", o.listen)
	}
	for name, port := range demoPorts {
		if p := port + o.offset; p < 1 || p > 65535 {
			return fmt.Errorf("--port-offset %d gives %s the port %d; ports are 1 to 65535", o.offset, name, p)
		}
	}
	if o.loadUsers < 0 || o.loadUsers > 100_000 {
		return errors.New("--load-users takes a number from 0 to 100000")
	}
	return nil
}

// demoMark is the file by which a folder is known as a demo's, so that --fresh deletes nothing else.
const demoMark = "demo.json"

// prepare makes the folder, or empties that of an earlier demo.
func (o *demoOptions) prepare() error {
	entries, err := os.ReadDir(o.data)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if o.fresh && len(entries) > 0 {
		if !isDemo(o.data) {
			return fmt.Errorf("%s holds files and is no demo's folder, so --fresh does not delete it; name another with --data", o.data)
		}
		if err := os.RemoveAll(o.data); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	if o.data, err = filepath.Abs(o.data); err != nil {
		return err
	}
	// What stands there from the last run must not be taken for this one's.
	if err := os.Remove(filepath.Join(o.data, demoMark)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Chmod(o.data, 0o700)
}

func isDemo(dir string) bool {
	for _, name := range []string{demoMark, "haven.toml"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && strings.Contains(string(b), demoDomain) {
			return true
		}
	}
	return false
}

// configure writes the demo's configuration, so that `haven admin --config DIR` finds it, and reads it back.
func (o *demoOptions) configure() (*config.Loaded, error) {
	at := func(name string) string {
		return strconv.Quote(net.JoinHostPort(o.listen, strconv.Itoa(demoPorts[name]+o.offset)))
	}
	text := fmt.Sprintf(`# Written by haven demo at each start.
[service]
domains = [%q, %q]
hostname = "localhost"
data = %q
portal = "http://localhost:%d"

[listen]
smtp = %s
submission = %s
submissions = %s
imap = %s
imaps = %s
http = %s
allow_plaintext_login = true
profiles = true

[policy]
profile = "bench"

[policy.account]
passwords_in_programs = true
`, demoDomain, benchDomain, o.data, demoPorts["http"]+o.offset, at("smtp"), at("submission"), at("submissions"), at("imap"), at("imaps"), at("http"))
	file := filepath.Join(o.data, "haven.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return config.Load(file)
}

func (o *demoOptions) run(ctx context.Context, conf *config.Loaded, log *slog.Logger, std stdio) error {
	h, err := openHouse(ctx, conf, log)
	if err != nil {
		return err
	}
	s := newServing(h)
	fail := func(err error) error { return errors.Join(err, s.stop(), h.close()) }
	cast, err := seedDemo(ctx, h, o.loadUsers, std)
	if err != nil {
		return fail(err)
	}
	if err := s.start(ctx); err != nil {
		return fail(err)
	}
	if err := o.announce(s, cast); err != nil {
		return fail(err)
	}
	o.table(s, cast, std)
	err = s.wait(ctx)
	fmt.Fprintln(std.out, "\nstopping")
	return fail(err)
}

// demoFile is DIR/demo.json: what a program needs to use the demo.
type demoFile struct {
	Ports     map[string]int `json:"ports"`
	CA        string         `json:"ca"`
	People    []demoPerson   `json:"people"`
	Shared    []demoShared   `json:"shared"`
	LoadUsers demoLoad       `json:"load_users"`
}

type demoPerson struct {
	Address      string `json:"address"`
	Name         string `json:"name"`
	Password     string `json:"password"`
	Organisation string `json:"organisation"`
	Role         string `json:"role"`
}

type demoShared struct {
	Address      string   `json:"address"`
	Aliases      []string `json:"aliases"`
	Organisation string   `json:"organisation"`
	Owners       []string `json:"owners"`
	Members      []string `json:"members"`
}

type demoLoad struct {
	Pattern  string `json:"pattern"`
	Count    int    `json:"count"`
	Password string `json:"password"`
}

// announce writes demo.json, whole or not at all, once everything listens.
func (o *demoOptions) announce(s *serving, cast *demoFile) error {
	ca := filepath.Join(o.data, "ca.pem")
	if err := os.WriteFile(ca, s.h.authority, 0o600); err != nil {
		return err
	}
	cast.Ports, cast.CA = s.ports, ca
	b, err := json.MarshalIndent(cast, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(o.data, demoMark)
	if err := os.WriteFile(file+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func (o *demoOptions) table(s *serving, cast *demoFile, std stdio) {
	fmt.Fprintf(std.out, "Haven runs on %s. Everything is made up; data is in %s.\n\n", o.listen, o.data)
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PERSON\tADDRESS\tPASSWORD\tROLE")
	for _, p := range cast.People {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s, %s\n", p.Name, p.Address, p.Password, p.Role, p.Organisation)
	}
	fmt.Fprintln(w, "\nSHARED MAILBOX\tOWNERS AND MEMBERS\t\t")
	for _, m := range cast.Shared {
		fmt.Fprintf(w, "%s\t%s\t\t\n", m.Address, localParts(append(append([]string{}, m.Owners...), m.Members...)))
	}
	if l := cast.LoadUsers; l.Count > 0 {
		fmt.Fprintf(w, "\nload users\t%s to %d\t%s\t\n", fmt.Sprintf(l.Pattern, 1), l.Count, l.Password)
	}
	_ = w.Flush() // a closed terminal is no reason to stop serving
	p := s.ports
	fmt.Fprintf(std.out, "\nsmtp %d   submission %d (STARTTLS) %d (TLS)   imap %d (STARTTLS) %d (TLS)   http %d\n",
		p["smtp"], p["submission"], p["submissions"], p["imap"], p["imaps"], p["http"])
	if len(cast.People) < 3 || len(cast.Shared) == 0 {
		return
	}
	ward, reader, box := cast.person("ward nurse"), cast.Shared[0].Owners[0], cast.Shared[0].Address
	fmt.Fprintf(std.out, `
Three things to try:
  1. A ward sends a discharge note to a pharmacy:
     curl -s smtp://%[1]s:%[2]d --mail-from %[3]s --mail-rcpt %[4]s --crlf -T - --user '%[3]s:%[5]s' <<< $'From: %[3]s\nTo: %[4]s\nSubject: discharge note\n\nTwo tablets at night.'
  2. Who is linked to the pharmacy's mailbox reads it with the own password:
     curl -s 'imap://%[1]s:%[6]d/Shared%%2F%[4]s;UID=*' --user '%[7]s:%[5]s'
  3. See who may open it, and change that:
     bin/haven admin --config %[8]s member list %[4]s

Ctrl-C stops it.
`, o.listen, p["submission"], ward, box, demoPassword, p["imap"], reader, o.data)
}

func (d *demoFile) person(role string) string {
	for _, p := range d.People {
		if p.Role == role {
			return p.Address
		}
	}
	return d.People[0].Address
}

func localParts(addresses []string) string {
	for i, a := range addresses {
		addresses[i], _, _ = strings.Cut(a, "@")
	}
	return strings.Join(addresses, ", ")
}
