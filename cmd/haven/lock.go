package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// One process at a time changes a data folder from the inside: the service, or a command that runs without one. The
// kernel keeps the lock, so that a killed process leaves none behind; the file names who holds it.
const lockFile = "haven.lock"

// heldError is that another process has the data folder.
type heldError struct{ dir, by string }

func (e *heldError) Error() string {
	return fmt.Sprintf("%s is in use by another haven%s; stop that one first, or name another data folder", e.dir, e.by)
}

// lockData takes the data folder, which it makes where there is none, for this process alone until release. The error
// is a *heldError while another has it.
func lockData(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder can't be made: %w", err)
	}
	if err := isOurs(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data folder can't be used: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		by, _ := io.ReadAll(io.LimitReader(f, 32)) // no number is no harm
		err = errors.Join(err, f.Close())
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the data folder can't be locked: %w", err)
		}
		if by := strings.TrimSpace(string(by)); by != "" {
			return nil, &heldError{dir, " (process " + by + ")"}
		}
		return nil, &heldError{dir, ""}
	}
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid()) // for the eye alone: a full disk is no reason not to start
	}
	return f.Close, nil
}

// isOurs refuses a folder that somebody else owns: files that root makes in the service's folder keep the service from
// starting.
func isOurs(dir string) error {
	st, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("the data folder can't be read: %w", err)
	}
	if owner, ok := st.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to %s, and this is run as %s; run it as that user: %s", dir, userName(int(owner.Uid)), userName(os.Geteuid()), runAs(int(owner.Uid), int(owner.Gid)))
	}
	return nil
}

// userName is a user as people know it.
func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "user " + strconv.Itoa(uid)
}

// runAs is how this user runs a command as that one. runuser and sudo know users by their names; one that has none needs
// setpriv, or sudo's form for numbers.
func runAs(uid, gid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	switch root := os.Geteuid() == 0; {
	case root && err == nil:
		return "runuser -u " + u.Username + " -- haven …"
	case root:
		return fmt.Sprintf("setpriv --reuid %d --regid %d --clear-groups haven …", uid, gid)
	case err == nil:
		return "sudo -u " + u.Username + " haven …"
	}
	return fmt.Sprintf("sudo -u '#%d' haven …", uid)
}

// lockWait is how long a command without a service waits for another one, or for a service that starts or ends.
const lockWait = 15 * time.Second

// retryLock tries until the folder is free, meanwhile asking whether something else serves as well.
func retryLock(stopped context.Context, dir string, instead func() bool) (release func() error, err error) {
	ctx, cancel := context.WithTimeout(stopped, lockWait)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		release, err = lockData(dir)
		var held *heldError
		if !errors.As(err, &held) || instead() {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, cmp.Or(stopped.Err(), err)
		case <-tick.C:
		}
	}
}
