package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"haven/platform/config"
)

// defaultConfig is where the Debian package puts the configuration.
const defaultConfig = "/etc/haven/haven.toml"

// newFlags is a command's flags; its help names the words that follow them.
func newFlags(name, args, what string, std stdio) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(std.err)
	f.Usage = func() {
		fmt.Fprintf(std.err, "haven %s %s\n%s\n", name, args, what)
		f.PrintDefaults()
	}
	return f
}

// parse reads flags wherever they stand among the words, and returns the other words.
func parse(f *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, errUsage
			}
			return nil, errUsage // the flag package has said what is wrong
		}
		args = f.Args()
		if len(args) == 0 {
			return words, nil
		}
		words, args = append(words, args[0]), args[1:]
	}
}

// parseExact is parse for a command that takes exactly n words.
func parseExact(f *flag.FlagSet, args []string, n int) ([]string, error) {
	words, err := parse(f, args)
	if err != nil {
		return nil, err
	}
	if len(words) != n {
		f.Usage()
		return nil, errUsage
	}
	return words, nil
}

func configFlag(f *flag.FlagSet) *string {
	file := os.Getenv("HAVEN_CONFIG")
	if file == "" {
		file = defaultConfig
	}
	return f.String("config", file, "configuration `FILE` (or HAVEN_CONFIG)")
}

// loadConfig reads the configuration; for a demo's folder the one that the demo wrote there.
func loadConfig(file string) (*config.Loaded, error) {
	if st, err := os.Stat(file); err == nil && st.IsDir() {
		file = strings.TrimSuffix(file, "/") + "/haven.toml"
	}
	return config.Load(file)
}
