// Command haven is the whole service: it serves, runs the demo, and is the operator's tool.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"haven/mail/document"
	"haven/platform/errs"
)

// version is set by the Makefile.
var version = "unreleased"

// command is one word after haven.
type command struct {
	name, args, what string
	run              func(ctx context.Context, args []string, std stdio) error
}

// stdio is what a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

func commands() []command {
	return []command{
		{"serve", "[--config FILE]", "run the service", serveCommand},
		{"demo", "[--data DIR] [--fresh]", "run everything on loopback, with made-up people and mail", demoCommand},
		{"admin", "SUBJECT VERB …", "organisations, accounts, mailboxes, members, the queue, DNS records, the audit log", adminCommand},
		{"check", "[--config FILE] [--repair]", "hold the stores against what must be true", checkCommand},
		{"backup", "[--config FILE] DIR KEYS-DIR", "back up a running service; its keys go to a folder of their own", backupCommand},
		{"restore", "[--config FILE] DIR KEYS-DIR", "read a back-up into an empty data folder", restoreCommand},
		{"config", "print|check [--config FILE]", "what is in force and where it came from", configCommand},
		{"version", "", "which haven this is", versionCommand},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	code := run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run does what the words say and returns the exit code: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, std stdio) int {
	if len(args) > 0 && (args[0] == "help" || args[0] == "--help" || args[0] == "-h") {
		if args = args[1:]; len(args) > 0 && args[0] != "help" { // haven help serve: haven serve --help
			args = append(args, "--help")
		}
	}
	if len(args) == 0 || args[0] == "help" {
		usage(std.out)
		return 0
	}
	if args[0] == "extract" { // what serve starts for documents; people have no use for it
		return document.Child(args[1:], std.in, std.out, std.err)
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		switch err := c.run(ctx, args[1:], std); {
		case err == nil, errors.Is(err, errHelp):
			return 0
		case errors.Is(err, errUsage):
			return 2
		default:
			fmt.Fprintln(std.err, "haven "+c.name+":", explain(err))
			return 1
		}
	}
	fmt.Fprintf(std.err, "haven: there is no command %q; `haven help` lists those there are\n", args[0])
	return 2
}

// explain is an error for an operator: the sentence, and the cause where there is one.
func explain(err error) string {
	var e *errs.Error
	switch {
	case errors.As(err, &e) && e.Cause == nil && e.Say != "":
		return e.Say
	case errors.Is(err, context.Canceled):
		return "it was stopped before it was done; run it again"
	}
	return err.Error()
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "haven: secure mail, directory and messaging for a health service")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  haven %-40s %s\n", c.name+" "+c.args, c.what)
	}
	fmt.Fprintln(w, "\n`haven help COMMAND` explains one.")
}

func versionCommand(_ context.Context, args []string, std stdio) error {
	if _, err := newFlags("version", "", "Says which haven this is.", std).exactly(args, 0); err != nil {
		return err
	}
	fmt.Fprintln(std.out, "haven", version)
	return nil
}
