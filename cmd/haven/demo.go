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
	"syscall"
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
var demoPorts = map[string]int{"smtp": 2525, "submission": 2587, "submissions": 2465, "imap": 2143, "imaps": 2993, "managesieve": 4190, "http": 8080}

// demoOptions are the demo's flags.
type demoOptions struct {
	data      string
	offset    int
	loadUsers int
	fresh     bool
	listen    string
	freePorts bool
}

func demoCommand(ctx context.Context, args []string, std stdio) error {
	f := newFlags("demo", "[--data DIR] [--fresh] [--port-offset N | --free-ports] [--load-users N]", "Runs everything in one process on loopback, with made-up people and mail. Data stays between runs.\n"+
		"DIR/demo.json says to programs what runs where, once everything listens. Mail for outside stays in the queue.", std)
	var o demoOptions
	f.StringVar(&o.data, "data", "haven-demo", "`DIR` for everything that is kept")
	f.IntVar(&o.offset, "port-offset", 0, "`N` added to every port")
	f.BoolVar(&o.freePorts, "free-ports", false, "any ports that are free, new ones at each start; demo.json has their numbers")
	f.IntVar(&o.loadUsers, "load-users", 0, "also make user1@bench.test to user`N`@bench.test")
	f.BoolVar(&o.fresh, "fresh", false, "start over: delete what the folder holds of an earlier demo")
	f.StringVar(&o.listen, "listen", "127.0.0.1", "loopback `ADDRESS`; the demo refuses any other")
	if _, err := f.exactly(args, 0); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	if err := o.empty(); err != nil {
		return err
	}
	release, err := lockData(o.data)
	if err != nil {
		return err
	}
	return errors.Join(o.locked(ctx, std), release())
}

// locked is the demo once it has its folder for itself.
func (o *demoOptions) locked(ctx context.Context, std stdio) error {
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
	return errors.Join(o.run(ctx, conf, obs.NewLogger(logFile, conf.Log.Level, conf.Log.Format), std), logFile.Close())
}

func (o *demoOptions) check() error {
	if !config.IsLoopback(o.listen) {
		return fmt.Errorf("the demo's passwords are known to everybody, so it listens on loopback only; %s is not", o.listen)
	}
	if o.freePorts && o.offset != 0 {
		return errors.New("--port-offset and --free-ports don't go together; leave one out")
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

// demoMark is there while a demo runs.
const demoMark = "demo.json"

// empty makes sure that the folder is the demo's own to write into, and deletes what an earlier demo left where that is
// wanted.
func (o *demoOptions) empty() error {
	entries, err := os.ReadDir(o.data)
	if errors.Is(err, os.ErrNotExist) || err == nil && isEmpty(entries) {
		return nil
	} else if err != nil {
		return err
	}
	if !isDemo(o.data) {
		return fmt.Errorf("%s holds files and is no demo's folder; name another with --data", o.data)
	}
	if !o.fresh {
		return nil
	}
	release, err := lockData(o.data)
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(o.data), release())
}

func isEmpty(entries []os.DirEntry) bool {
	return len(entries) == 0 || len(entries) == 1 && entries[0].Name() == lockFile
}

// prepare makes the folder nobody else's, and takes away what the last run said of itself.
func (o *demoOptions) prepare() (err error) {
	if o.data, err = filepath.Abs(o.data); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(o.data, demoMark)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Chmod(o.data, 0o700)
}

func isDemo(dir string) bool {
	b, err := os.ReadFile(filepath.Join(dir, "haven.toml"))
	return err == nil && strings.HasPrefix(string(b), demoHead)
}

// demoHead begins the configuration that a demo writes.
const demoHead = "# Written by haven demo at each start.\n"

// configure writes the demo's configuration, so that `haven admin --config DIR` finds it, and reads it back.
func (o *demoOptions) configure() (*config.Loaded, error) {
	at := func(name string) string {
		port := demoPorts[name] + o.offset
		if o.freePorts {
			port = 0
		}
		return strconv.Quote(net.JoinHostPort(o.listen, strconv.Itoa(port)))
	}
	text := fmt.Sprintf(demoHead+`[service]
domains = [%q, %q]
hostname = "localhost"
data = %q

[listen]
smtp = %s
submission = %s
submissions = %s
imap = %s
imaps = %s
managesieve = %s
http = %s
allow_plaintext_login = true
pages_on_http = true
profiles = true

[outbox]
# Nobody answers there, so mail for outside stays in the queue: the people are made up, and their mail goes nowhere.
resolver = "127.0.0.1:9"

[policy]
profile = "bench"

[policy.account]
passwords_in_programs = true

[policy.password]
max_age = "90d"

[policy.lockout]
lock_after = 30

[policy.second_factor]
owners = true

[policy.reset]
# How people are reached was set a moment ago, by the demo itself.
settled_for = "0s"
`, demoDomain, benchDomain, o.data, at("smtp"), at("submission"), at("submissions"), at("imap"), at("imaps"), at("managesieve"), at("http"))
	file := filepath.Join(o.data, "haven.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return config.Load(file)
}

func (o *demoOptions) run(ctx context.Context, conf *config.Loaded, log *slog.Logger, std stdio) error {
	h, err := openDemo(ctx, conf, log)
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
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w\nAnother demo may run: choose other ports with --port-offset N or --free-ports", err)
		}
		return fail(err)
	}
	if err := o.announce(s, cast); err != nil {
		return fail(err)
	}
	o.table(s, cast, std)
	err = s.wait(ctx)
	fmt.Fprintln(std.out, "\nstopping")
	if gone := os.Remove(filepath.Join(o.data, demoMark)); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone) // it speaks of a running demo
	}
	return fail(err)
}

// demoFile is DIR/demo.json: what a program needs to use the demo.
type demoFile struct {
	Ports     map[string]int      `json:"ports"`
	Portal    string              `json:"portal"`
	Web       string              `json:"web"`  // the web client
	JMAP      string              `json:"jmap"` // the session resource (RFC 8620 §2)
	Outbox    string              `json:"outbox"`
	Clock     string              `json:"clock"`
	CA        string              `json:"ca"`
	People    []demoPerson        `json:"people"`
	Awkward   []demoAwkwardPerson `json:"awkward"`
	Shared    []demoShared        `json:"shared"`
	LoadUsers demoLoad            `json:"load_users"`
}

type demoPerson struct {
	Address      string `json:"address"`
	Name         string `json:"name"`
	Password     string `json:"password"`
	Organisation string `json:"organisation"`
	Role         string `json:"role"`
}

// demoAwkwardPerson is somebody of whom something is the matter. Organisation is its code, role the state of the account.
type demoAwkwardPerson struct {
	demoPerson
	What string `json:"what"`
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
	cast.Ports, cast.CA, cast.Portal = s.ports, ca, fmt.Sprintf("http://localhost:%d/", s.ports["http"])
	cast.Web, cast.JMAP = cast.Portal+"mail/", cast.Portal+".well-known/jmap"
	cast.Outbox, cast.Clock = cast.Portal+"outbox", cast.Portal+"demo/clock"
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
	fmt.Fprintf(std.out, "\nsmtp %d   submission %d (STARTTLS) %d (TLS)   imap %d (STARTTLS) %d (TLS)   managesieve %d (STARTTLS)   http %d\n",
		p["smtp"], p["submission"], p["submissions"], p["imap"], p["imaps"], p["managesieve"], p["http"])
	fmt.Fprintf(std.out, "\nPeople of whom something is the matter, with the same password:\n")
	for _, a := range cast.Awkward {
		fmt.Fprintf(w, "  %s\t%s\n", a.Address, a.What)
	}
	_ = w.Flush()
	fmt.Fprintf(std.out, "Two people are called Ben Whitlock, and one of them works at two pharmacies. Aisha Rahman is the only owner of hers.\n")
	fmt.Fprintf(std.out, "\nMail: %s   The pages: %s   log in as one of the people above\nThree minutes there:\n", cast.Web, cast.Portal)
	for i, step := range demoTour(cast) {
		fmt.Fprintf(std.out, "  %d. %s\n", i+1, step)
	}
	fmt.Fprintf(std.out, "\nThree commands to try:\n")
	for _, try := range o.tries(s.ports, cast) {
		fmt.Fprintf(std.out, "  %s\n    %s\n", try.what, try.command)
	}
	fmt.Fprintf(std.out, "\nCtrl-C stops it.\n")
}

// demoTour is the main job, step by step, as somebody does it in a browser.
func demoTour(cast *demoFile) []string {
	return []string{
		fmt.Sprintf("Register a premises that nobody has registered: %sregister?q=FA670, with the GPhC number 1999670.", cast.Portal),
		fmt.Sprintf("The passcode came to its registered e-mail: read it in the outbox, %s, and name yourself as the first person.", cast.Outbox),
		fmt.Sprintf("Your username by e-mail and your temporary password by text are in the outbox too: activate your account with them, %sactivate.", cast.Portal),
		"Log in: the premises' mailbox is under yours. Give a colleague access, Ben Whitlock perhaps; there are two.",
		fmt.Sprintf("Move the time on, to closing time or by 90 days: %s.", cast.Clock),
	}
}

// try is a command for a shell, to be pasted as it stands.
type try struct{ what, command string }

func (o *demoOptions) tries(ports map[string]int, cast *demoFile) []try {
	ward, reader, box := cast.person("ward nurse"), cast.Shared[0].Owners[0], cast.Shared[0].Address
	self := "haven"
	if exe, err := os.Executable(); err == nil {
		self = exe
	}
	letter := fmt.Sprintf("From: %s\\nTo: %s\\nSubject: discharge note\\n\\nTwo tablets at night.\\n", ward, box)
	return []try{
		{"1. A ward sends a discharge note to a pharmacy:", fmt.Sprintf("printf '%s' | curl -sS smtp://%s --mail-from %s --mail-rcpt %s --crlf -T - --user %s",
			letter, o.at(ports["submission"]), ward, box, quoted(ward+":"+demoPassword))},
		{"2. A pharmacist, signed in with the own password, reads the pharmacy's newest letter:", fmt.Sprintf("curl -sS %s --user %s",
			quoted(fmt.Sprintf("imap://%s/Shared%%2F%s;MAILINDEX=*", o.at(ports["imap"]), box)), quoted(reader+":"+demoPassword))},
		{"3. An operator sees who opens that mailbox, and as what (member add, set and remove change it):",
			fmt.Sprintf("%s admin --config %s member list %s", quoted(self), quoted(o.data), box)},
	}
}

// at is a port as URLs have it.
func (o *demoOptions) at(port int) string { return net.JoinHostPort(o.listen, strconv.Itoa(port)) }

// quoted is a word that a shell takes as it is.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
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
