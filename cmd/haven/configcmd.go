package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"haven/platform/cert"
	"haven/platform/config"
)

func configCommand(_ context.Context, args []string, std stdio) error {
	f := newFlags("config", "print|check [--config FILE]", "print: every key with its value in force and where that came from; what is missing or wrong is marked MISTAKE. check: what is wrong with the file, and with the certificate.", std)
	file := configFlag(f)
	rest, err := f.exactly(args, 1)
	if err != nil {
		return err
	}
	if rest[0] != "print" && rest[0] != "check" {
		return f.refuse("%q is neither print nor check", rest[0])
	}
	conf, err := loadConfig(*file)
	if rest[0] == "print" && conf != nil { // also with mistakes, which are marked: it helps to mend them
		return conf.Print(std.out)
	}
	if err != nil {
		return err
	}
	if err := certificateOpens(conf); err != nil {
		return err
	}
	fmt.Fprintln(std.out, *file, "can be used.")
	return nil
}

// certificateOpens reads the certificate that is named: without it nothing starts.
func certificateOpens(conf *config.Loaded) error {
	if conf.TLS.Certificate == "" {
		return nil
	}
	_, err := cert.Open(conf.TLS.Certificate, conf.TLS.Key, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		err = fmt.Errorf("%s: tls.certificate: %w", conf.Origins["tls.certificate"], err)
	}
	return err
}
