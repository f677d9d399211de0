package main

import (
	"context"
	"fmt"
)

func configCommand(_ context.Context, args []string, std stdio) error {
	f := newFlags("config", "print|check [--config FILE]", "print: every key with its value in force and where that came from. check: what is wrong with the file.", std)
	file := configFlag(f)
	words, err := parseExact(f, args, 1)
	if err != nil {
		return err
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	switch words[0] {
	case "print":
		return conf.Print(std.out)
	case "check":
		fmt.Fprintln(std.out, *file, "can be used.")
		return nil
	}
	f.Usage()
	return errUsage
}
