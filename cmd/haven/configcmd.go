package main

import (
	"context"
	"fmt"
)

func configCommand(_ context.Context, args []string, std stdio) error {
	f := newFlags("config", "print|check [--config FILE]", "print: every key with its value in force and where that came from. check: what is wrong with the file.", std)
	file := configFlag(f)
	rest, err := f.exactly(args, 1)
	if err != nil {
		return err
	}
	if rest[0] != "print" && rest[0] != "check" {
		return f.refuse("%q is neither print nor check", rest[0])
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	if rest[0] == "print" {
		return conf.Print(std.out)
	}
	fmt.Fprintln(std.out, *file, "can be used.")
	return nil
}
