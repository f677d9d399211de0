package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/push"
	"haven/mail/search"
	"haven/people/account"
	"haven/platform/backup"
	"haven/platform/config"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/obs"
	"haven/platform/secret"
)

func backupCommand(ctx context.Context, args []string, std stdio) error {
	f := newFlags("backup", "[--config FILE] DIR KEYS-DIR", "Copies a store, also while the service runs, into two empty folders: the mail into DIR, its keys into KEYS-DIR.\n"+
		"Keep KEYS-DIR elsewhere, and not for longer than policy.mailbox.key_backup: while a copy of it exists, deleted mail can be read.", std)
	file := configFlag(f)
	words, err := f.exactly(args, 2)
	if err != nil {
		return err
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	if err := isOurs(conf.Service.Data); err != nil {
		return err
	}
	for _, dir := range words {
		for _, own := range []string{conf.Service.Data, packsIn(conf)} {
			if err := isOutside(own, dir); err != nil {
				return err
			}
		}
	}
	main, keys := databases(conf, obs.NewLogger(std.err, "warn", conf.Log.Format))
	err = backup.Backup(ctx, backup.Sources{Main: main, Keys: keys, Bodies: packsIn(conf), KeysDir: words[1],
		Rebuilt: []backup.Rebuilt{{Concept: search.IndexConcept, Tables: search.IndexTables}}, Program: version}, words[0], showOctets(std))
	if err == nil {
		fmt.Fprintf(std.out, "The mail is in %s, its keys in %s. Neither is of use without the other and the master key.\n", words[0], words[1])
	}
	return err
}

// isOutside refuses a place for a back-up in a folder of the service: it would be lost together with what it is a copy of.
func isOutside(folder, dir string) error {
	root, err := realPath(folder)
	if err != nil {
		return err
	}
	at, err := realPath(dir)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, at)
	if err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		err = fmt.Errorf("%s is in the service's folder %s, and would be lost with it; name a folder elsewhere", dir, folder)
	}
	return err
}

// realPath is where a path leads, following links as far as it is there.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for rest := ""; ; {
		found, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(found, rest), nil
		}
		up := filepath.Dir(path)
		if !errors.Is(err, os.ErrNotExist) || up == path {
			return "", fmt.Errorf("the folder can't be read: %w", err)
		}
		path, rest = up, filepath.Join(filepath.Base(path), rest)
	}
}

func restoreCommand(ctx context.Context, args []string, std stdio) error {
	f := newFlags("restore", "[--config FILE] DIR KEYS-DIR", "Reads a back-up into an empty data folder (or empty PostgreSQL schemas). The master key has to be there already.\n"+
		"Mail programs will read everything anew, since every folder gets a new UIDVALIDITY.", std)
	file := configFlag(f)
	older := f.Bool("allow-older-keys", false, "take keys that were copied before the mail; accounts made between the two stay unreadable")
	words, err := f.exactly(args, 2)
	if err != nil {
		return err
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	if err := hasMasterKey(conf); err != nil {
		return err
	}
	release, err := lockData(conf.Service.Data)
	if err != nil {
		return err
	}
	main, keys := databases(conf, obs.NewLogger(std.err, "warn", conf.Log.Format))
	at := func(name string) string { return filepath.Join(conf.Service.Data, name) }
	var last haven.AccountNo // that the keys know, which may be newer than the mail
	err = backup.Restore(ctx, words[0], words[1], backup.Target{Main: main, Keys: keys, Bodies: packsIn(conf), Absent: []string{at(searchFile)},
		Schemas: schemas, KeySchemas: []db.Schema{secret.Schema}, OpenKeys: keysOpener(conf, words[1]), AllowOlderKeys: *older, Progress: showOctets(std),
		AfterKeys: func(tx *db.Tx) (err error) {
			last, err = secret.LastNumber(tx)
			return err
		},
		After: func(tx *db.Tx) error {
			account.Restored(tx, last)
			mailbox.Restored(tx, time.Now().Unix())
			search.Restored(tx)
			push.Restored(tx)
			return nil
		}})
	err = errors.Join(err, release())
	if err == nil {
		fmt.Fprintln(std.out, "Everything is back. What waited in the queue may have been sent since: look with haven admin queue list before you start the service. "+
			"So may letters that people had scheduled; those go again when it starts.")
	}
	return err
}

// keysOpener opens a key store that comes from dir with the master key.
func keysOpener(conf *config.Loaded, dir string) func(context.Context, *db.DB) error {
	return func(ctx context.Context, d *db.DB) error {
		some, err := secret.Begun(ctx, d)
		if err == nil && !some {
			err = errs.E(errs.Invalid, "The back-up of the keys in %s holds none. Name another one.", dir)
		}
		if err != nil {
			return err
		}
		keys, err := secret.Open(ctx, d, secret.NewFileKMS(masterKeyFile(conf), rand.Reader), secret.Options{})
		if err != nil {
			return fmt.Errorf("nothing was restored, since the keys in %s can't be opened: %w", dir, err)
		}
		keys.Close()
		return nil
	}
}

// masterKeyFile is where the master key is.
func masterKeyFile(conf *config.Loaded) string {
	if conf.Database.MasterKey != "" {
		return conf.Database.MasterKey
	}
	return filepath.Join(conf.Service.Data, "master.key")
}

// packsIn is the folder of the message bodies.
func packsIn(conf *config.Loaded) string {
	if conf.Database.Packs != "" {
		return conf.Database.Packs
	}
	return filepath.Join(conf.Service.Data, "packs")
}

func hasMasterKey(conf *config.Loaded) error {
	file := masterKeyFile(conf)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the master key %s is not there; it is in no back-up, so put your own copy of it there first", file)
	}
	return nil
}

// showOctets tells the progress of a copy, every five percent.
func showOctets(std stdio) func(done, total int64) {
	shown := int64(-1)
	return func(done, total int64) {
		if percent := done * 100 / max(total, 1); percent/5 > shown {
			shown = percent / 5
			fmt.Fprintf(std.err, "%d of %d MB (%d %%)\n", done/1e6, total/1e6, percent)
		}
	}
}
