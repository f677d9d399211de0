package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"haven/platform/config"
)

// defaultConfig is where the Debian package puts the configuration.
const defaultConfig = "/etc/haven/haven.toml"

// How a command can end that has said all there is to say.
var (
	errUsage = errors.New("usage")           // words that make no command: exit code 2
	errHelp  = errors.New("help was wanted") // and was given: exit code 0
)

// words are a command's flags and the words that stand among them.
type words struct {
	*flag.FlagSet
	args, what string // the words that its help names, and what it does
	std        stdio
}

// newFlags is a command's flags, name being its words after haven.
func newFlags(name, args, what string, std stdio) *words {
	w := &words{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), args: args, what: what, std: std}
	w.SetOutput(io.Discard)
	w.Usage = func() {}
	return w
}

// help explains the command.
func (w *words) help(out io.Writer) {
	fmt.Fprintln(out, strings.TrimSpace("haven "+w.Name()+" "+w.args))
	fmt.Fprintln(out, w.what)
	w.VisitAll(func(f *flag.Flag) {
		name, what := flag.UnquoteUsage(f)
		line := "  --" + strings.TrimSpace(f.Name+" "+name)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			what += " (else " + f.DefValue + ")"
		}
		fmt.Fprintf(out, "%-28s %s\n", line, what)
	})
}

// refuse says what is wrong with the words, and how they go.
func (w *words) refuse(format string, args ...any) error {
	fmt.Fprintf(w.std.err, "haven %s: %s\n\n", w.Name(), fmt.Sprintf(format, args...))
	w.help(w.std.err)
	return errUsage
}

// parse reads flags wherever they stand among the words, and returns the other words.
func (w *words) parse(args []string) (rest []string, err error) {
	for {
		switch err := w.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			w.help(w.std.out)
			return nil, errHelp
		case err != nil:
			return nil, w.refuse("%v", err)
		}
		args = w.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// between is parse for a command that takes at least and at most so many words.
func (w *words) between(args []string, least, most int) ([]string, error) {
	rest, err := w.parse(args)
	switch {
	case err != nil:
		return nil, err
	case len(rest) < least && len(rest) == 0:
		return nil, w.refuse("it needs words after it")
	case len(rest) < least:
		return nil, w.refuse("a word is missing after %q", rest[len(rest)-1])
	case len(rest) > most:
		return nil, w.refuse("%q is one word too many", rest[most])
	}
	return rest, nil
}

// exactly is parse for a command that takes n words.
func (w *words) exactly(args []string, n int) ([]string, error) { return w.between(args, n, n) }

func configFlag(w *words) *string {
	file := os.Getenv("HAVEN_CONFIG")
	if file == "" {
		file = defaultConfig
	}
	return w.String("config", file, "configuration `FILE`, or a demo's folder; HAVEN_CONFIG names it too")
}

// loadConfig reads the configuration; for a demo's folder the one that the demo wrote there.
func loadConfig(file string) (*config.Loaded, error) {
	if st, err := os.Stat(file); err == nil && st.IsDir() {
		file = strings.TrimSuffix(file, "/") + "/haven.toml"
	}
	return config.Load(file)
}
