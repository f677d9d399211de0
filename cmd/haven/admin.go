package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"haven"
	"haven/platform/errs"
	"haven/platform/obs"
)

// adminVerb is one thing that an operator can do from the command line, until the pages can.
type adminVerb struct {
	subject, verb, args, what string
	input                     bool // the last word names a file, or - , that the command reads
	run                       func(ctx context.Context, h *house, c *adminCall) error
}

// adminCall is one run of a verb.
type adminCall struct {
	words []string
	flags *flag.FlagSet
	args  []string
	in    io.Reader
	out   io.Writer
	actor haven.Actor
}

func (c *adminCall) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// need parses the call's flags and wants n words at least and at most.
func (c *adminCall) need(least, most int) error {
	words, err := parse(c.flags, c.args)
	if err != nil {
		return err
	}
	if len(words) < least || len(words) > most {
		c.flags.Usage()
		return errUsage
	}
	c.words = words
	return nil
}

func adminVerbs() []adminVerb {
	return []adminVerb{
		{"ods", "import", "FILE [--apply] [--allow-closures]", "read the national list of premises; says what it would change, and does it with --apply", true, odsImport},
		{"ods", "show", "CODE", "an organisation and its mailboxes", false, odsShow},
		{"organisation", "add", "KIND CODE NAME PLACE", "an organisation that is in no list (gp-practice, care-home, hospital, local-team, head-office, desk, other)", false, organisationAdd},
		{"account", "add", "FIRST LAST [--address A] [--state active]", "a person's account; prints a password once", false, accountAdd},
		{"account", "list", "", "all accounts", false, accountList},
		{"account", "show", "ADDRESS", "an account, its addresses and the mailboxes that it opens", false, accountShow},
		{"account", "state", "ADDRESS STATE", "active, inactive, disabled, leaver, blocked", false, accountState},
		{"account", "password", "ADDRESS", "a new password, printed once", false, accountPassword},
		{"account", "unlock", "ADDRESS", "end a lock-out", false, accountUnlock},
		{"account", "alias", "ADDRESS NEW", "a further address", false, accountAlias},
		{"account", "app-password", "ADDRESS NAME [--mailbox A]", "a password for one mail program, printed once", false, accountAppPassword},
		{"mailbox", "add", "CODE --owner A [--owner B] [--member C]", "the shared mailbox of a premises", false, mailboxAdd},
		{"mailbox", "list", "", "all shared mailboxes", false, mailboxList},
		{"member", "list", "MAILBOX", "who has access to a shared mailbox", false, memberList},
		{"member", "add", "MAILBOX PERSON [--rights member] [--until 2026-12-31]", "let a person in", false, memberSet},
		{"member", "set", "MAILBOX PERSON --rights owner", "other rights for a member: read, write, send-as, send-on-behalf, manage, member, owner", false, memberSet},
		{"member", "remove", "MAILBOX PERSON [--safety]", "end a person's access; --safety also the last owner's", false, memberRemove},
		{"queue", "list", "[--domain D] [--from A] [--state S]", "what waits to leave", false, queueList},
		{"queue", "show", "ID", "one letter's envelope and the last replies", false, queueShow},
		{"queue", "hold", "[ID] [--domain D] [--from A]", "do not try these until released", false, queueHold},
		{"queue", "release", "[ID] [--domain D] [--from A]", "try held ones again", false, queueRelease},
		{"queue", "retry", "[ID] [--domain D] [--from A]", "try now", false, queueRetry},
		{"queue", "drop", "[ID] [--domain D] [--from A] [--tell]", "give up; --tell writes to the senders", false, queueDrop},
		{"dns", "show", "[DOMAIN]", "the DNS records to publish", false, dnsShow},
		{"audit", "verify", "", "that no audit record was altered", false, auditVerify},
		{"audit", "about", "ADDRESS", "what was done by and to an account", false, auditAbout},
	}
}

func adminCommand(ctx context.Context, args []string, std stdio) error {
	file, rest := configOf(args)
	verb, rest, err := findVerb(rest, std.err)
	if err != nil {
		return err
	}
	conf, err := loadConfig(file)
	if err != nil {
		return err
	}
	in, closeIn, err := inputOf(verb, rest, std.in)
	if err != nil {
		return err
	}
	defer closeIn()
	words := append([]string{verb.subject, verb.verb}, rest...)
	code, err := callService(ctx, conf.Service.Data+"/admin.sock", words, in, std.out)
	if !errors.Is(err, errNoService) {
		if err == nil && code == 2 {
			err = errUsage
		} else if err == nil && code != 0 {
			err = errors.New("the service refused; see above")
		}
		return err
	}
	// No service runs: the stores are opened here.
	h, err := openHouse(ctx, conf, obs.NewLogger(std.err, "warn", conf.Log.Format))
	if err != nil {
		return err
	}
	err = runVerb(ctx, h, verb, rest, in, std.out)
	return errors.Join(err, h.close())
}

// configOf takes --config out of the words, wherever it stands.
func configOf(args []string) (file string, rest []string) {
	if file = os.Getenv("HAVEN_CONFIG"); file == "" {
		file = defaultConfig
	}
	for i := 0; i < len(args); i++ {
		if v, ok := strings.CutPrefix(args[i], "--config="); ok {
			file = v
		} else if (args[i] == "--config" || args[i] == "-config") && i+1 < len(args) {
			i++
			file = args[i]
		} else {
			rest = append(rest, args[i])
		}
	}
	return file, rest
}

func findVerb(args []string, w io.Writer) (adminVerb, []string, error) {
	if len(args) >= 2 {
		for _, v := range adminVerbs() {
			if v.subject == args[0] && v.verb == args[1] {
				return v, args[2:], nil
			}
		}
	}
	if len(args) == 1 && args[0] == "dns" {
		return findVerb([]string{"dns", "show"}, w)
	}
	fmt.Fprintln(w, "haven admin [--config FILE] SUBJECT VERB …  (a demo: --config its data folder)")
	for _, v := range adminVerbs() {
		if len(args) == 0 || args[0] == v.subject || !isSubject(args[0]) {
			fmt.Fprintf(w, "  %-72s %s\n", strings.TrimSpace(v.subject+" "+v.verb+" "+v.args), v.what)
		}
	}
	return adminVerb{}, nil, errUsage
}

func isSubject(s string) bool {
	for _, v := range adminVerbs() {
		if v.subject == s {
			return true
		}
	}
	return false
}

// inputOf opens what a verb reads: the first word that is no flag.
func inputOf(v adminVerb, args []string, std io.Reader) (io.Reader, func() error, error) {
	none := func() error { return nil }
	if !v.input {
		return bytes.NewReader(nil), none, nil
	}
	for _, a := range args {
		if a == "-" {
			return std, none, nil
		}
		if !strings.HasPrefix(a, "-") {
			f, err := os.Open(a)
			if err != nil {
				return nil, none, fmt.Errorf("the file can't be read: %w", err)
			}
			return f, f.Close, nil
		}
	}
	return bytes.NewReader(nil), none, nil
}

func runVerb(ctx context.Context, h *house, v adminVerb, args []string, in io.Reader, out io.Writer) error {
	c := &adminCall{args: args, in: in, out: out, actor: haven.Actor{Program: "admin"}}
	c.flags = newFlags("admin "+v.subject+" "+v.verb, v.args, v.what, stdio{err: out})
	return v.run(ctx, h, c)
}

// The service answers admin calls on a socket in its data folder that nobody else may open, so that what an operator
// does is heard by open sessions at once. A call is a line of JSON and the input; the answer is what is printed, and a last line with the code.

var errNoService = errors.New("no service runs")

const (
	codeTrailer   = "Haven-Code"
	maxAdminWords = 64 << 10
)

func (s *serving) startAdmin(context.Context) error {
	path := s.h.path("admin.sock")
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("the socket for haven admin: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	srv := &http.Server{Handler: http.HandlerFunc(s.admin), ReadHeaderTimeout: 10 * time.Second}
	s.onStop(srv.Shutdown)
	s.wg.Go(func() {
		if err := srv.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("admin socket: %w", err)
		}
	})
	return nil
}

func (s *serving) admin(w http.ResponseWriter, r *http.Request) {
	in := bufio.NewReader(r.Body)
	line, err := in.ReadSlice('\n')
	var words []string
	if err != nil || len(line) > maxAdminWords || json.Unmarshal(line, &words) != nil {
		http.Error(w, "no call", http.StatusBadRequest)
		return
	}
	w.Header().Set("Trailer", codeTrailer)
	out := &flushing{w: w, flush: http.NewResponseController(w).Flush}
	code := "0"
	if verb, rest, err := findVerb(words, out); err != nil {
		code = "2"
	} else if err := runVerb(r.Context(), s.h, verb, rest, in, out); err != nil {
		code = "1"
		if errors.Is(err, errUsage) {
			code = "2"
		} else {
			fmt.Fprintln(out, "haven admin:", explain(err))
		}
	}
	w.Header().Set(codeTrailer, code)
}

// flushing sends each line as it is written, so that progress is seen.
type flushing struct {
	w     io.Writer
	flush func() error
}

func (f *flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = f.flush()
	}
	return n, err
}

// callService has a running service do it. errNoService: none answers at that socket.
func callService(ctx context.Context, socket string, words []string, in io.Reader, out io.Writer) (code int, err error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	if c, err := dial(ctx, "", ""); err != nil {
		return 0, errNoService
	} else if err := c.Close(); err != nil {
		return 0, err
	}
	line, err := json.Marshal(words)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://haven/admin", io.MultiReader(bytes.NewReader(append(line, '\n')), in))
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("the running service does not answer: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(out, resp.Body); err != nil {
		return 0, fmt.Errorf("the running service broke off: %w", err)
	}
	switch resp.Trailer.Get(codeTrailer) {
	case "0":
		return 0, nil
	case "2":
		return 2, nil
	}
	return 1, nil
}

// errNotFound names what was looked for, which an operator may know.
func errNotFound(what, name string, err error) error {
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no %s %s", what, name)
	}
	return err
}
