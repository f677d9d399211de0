package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"haven/mail/document"
	"haven/mail/mailbox"
	"haven/mail/search"
	"haven/people/account"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/blob"
	"haven/platform/config"
	"haven/platform/db"
	"haven/platform/obs"
)

// maxFaults is how many faults check prints; the rest is counted.
const maxFaults = 100

func checkCommand(ctx context.Context, args []string, std stdio) error {
	f := newFlags("check", "[--config FILE] [--repair] [--bodies]", "Holds the stores against what must be true. It only reads, unless --repair rebuilds what is derived.", std)
	file := configFlag(f)
	repair := f.Bool("repair", false, "rebuild counters, envelopes, structures, threads and the search index, and free bodies that nothing holds; stop the service first")
	bodies := f.Bool("bodies", false, "read every message body too, and verify its checksum")
	if _, err := f.exactly(args, 0); err != nil {
		return err
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	release, err := lookAt(conf, *repair)
	if err != nil {
		return err
	}
	h, err := openToLook(ctx, conf, obs.NewLogger(std.err, "warn", conf.Log.Format))
	if err != nil {
		return errors.Join(err, release())
	}
	if *repair {
		if err := h.repair(ctx, std); err != nil {
			return errors.Join(err, h.close(), release())
		}
	}
	n, err := h.check(ctx, *bodies, std)
	if err == nil {
		err = errors.Join(h.noticeOwnerless(ctx, std), h.noticeSearch(ctx, std))
	}
	if err == nil && n > 0 {
		err = fmt.Errorf("%d faults; counters, envelopes, threads and bodies that nothing holds are put right with haven check --repair, all else needs a back-up", n)
	}
	if err == nil {
		fmt.Fprintln(std.out, "Everything is as it must be.")
	}
	return errors.Join(err, h.close(), release())
}

// lookAt makes sure that there is a store to check, since an empty one would be made and found whole; a repair has the
// folder for itself.
func lookAt(conf *config.Loaded, repair bool) (release func() error, err error) {
	if err := storeIsThere(conf); err != nil {
		return nil, err
	}
	if repair {
		return lockData(conf.Service.Data)
	}
	return func() error { return nil }, nil
}

// storeIsThere makes sure that a command which only uses a store finds one: a new one is made by a service's first start,
// and by nothing else.
func storeIsThere(conf *config.Loaded) error {
	if err := isOurs(conf.Service.Data); err != nil {
		return err
	}
	if err := isOurs(packsIn(conf)); err != nil {
		return err
	}
	if err := isThere(packsIn(conf), "store"); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w\nFor a new service: start it first, which makes one (systemctl start haven)", err)
	} else if err != nil {
		return err
	}
	main, keys := databases(conf, nil)
	for _, d := range []struct{ file, what string }{{main.Path, "database"}, {keys.Path, "key store"}} {
		if strings.Contains(d.file, "://") {
			continue
		}
		if err := isThere(d.file, d.what); err != nil {
			return err
		}
	}
	return hasMasterKey(conf)
}

func isThere(path, what string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no %s at %s; check service.data in the configuration, and that its disk is mounted, or restore a back-up: %w", what, path, err)
	}
	return nil
}

// check prints what is wrong and returns how much that is. What can't be checked keeps nothing else from being checked.
func (h *house) check(ctx context.Context, bodies bool, std stdio) (n int, err error) {
	found := func(what string) {
		if n++; n <= maxFaults {
			fmt.Fprintln(std.out, what)
		}
	}
	err = errors.Join(h.mail.Check(ctx, func(f mailbox.Fault) { found(f.String()) }), h.checkBodyRows(ctx, found), h.checkPeople(ctx, found))
	known := note.VerifierList()
	if h.verifier != nil {
		known = note.VerifierList(h.verifier)
	} else {
		found("the audit log's key is not in the key store")
	}
	r, failed := audit.Verify(ctx, h.db, known)
	for _, f := range r.Faults {
		found(fmt.Sprintf("audit record %d: %s", f.N, f.What))
	}
	err = errors.Join(err, failed)
	if bodies {
		err = errors.Join(err, h.checkBodies(ctx, found, std))
	}
	return n, err
}

// checkPeople holds accounts and shared mailboxes against what cannot be.
func (h *house) checkPeople(ctx context.Context, found func(string)) error {
	faults, err := account.Check(ctx, h.db)
	if err != nil {
		return err
	}
	boxes, err := sharedmailbox.Check(ctx, h.db)
	for _, f := range append(faults, boxes.Faults...) {
		found(f)
	}
	if err != nil {
		return err
	}
	return h.directory.Check(ctx, found)
}

// noticeOwnerless names the mailboxes that nobody answers for. That is no fault of the stores, and for a person to see to.
func (h *house) noticeOwnerless(ctx context.Context, std stdio) error {
	n, err := sharedmailbox.Ownerless(ctx, h.db)
	if err != nil || n == 0 {
		return err
	}
	names, err := sharedmailbox.OwnerlessNames(ctx, h.db, maxFaults)
	fmt.Fprintf(std.out, "notice: %d mailboxes have no owner who can act; name one with haven admin member add, or set:\n", n)
	for _, a := range names {
		fmt.Fprintf(std.out, "  %s\n", a)
	}
	return err
}

// noticeSearch says what a search doesn't find: what is not indexed yet, and what nobody can read inside.
func (h *house) noticeSearch(ctx context.Context, std stdio) error {
	for _, p := range document.Lacking() {
		fmt.Fprintf(std.out, "notice: %s are not searched inside, since %s is not there; install the package %s\n", p.Reads, p.Name, p.Package)
	}
	b, err := search.BehindIn(ctx, h.db, h.clock.Now())
	if err != nil || b == (search.Behind{}) {
		return err
	}
	fmt.Fprintf(std.out, "notice: %d letters wait to be indexed for the search, the oldest for %v, and documents of %d to be read, for %v\n",
		b.Letters, b.For.Round(time.Second), b.Documents, b.DocumentsFor.Round(time.Second))
	if b.Rebuilding {
		fmt.Fprintln(std.out, "notice: the search index is being built anew; older letters will follow")
	}
	return nil
}

// bodyPage is how many bodies' places are read at once.
const bodyPage = 1000

// checkBodies verifies the checksum of every body that has a row.
func (h *house) checkBodies(ctx context.Context, found func(string), std stdio) error {
	total := 0
	for last, more := blob.ID(0), true; more; {
		var page []blob.Placed
		err := h.db.Read(ctx, func(tx *db.Tx) (err error) {
			page, err = blob.After(tx, last, bodyPage)
			return err
		})
		if err != nil {
			return err
		}
		for _, b := range page {
			if err := h.bodies.VerifyRow(ctx, h.db, b); err != nil {
				found(fmt.Sprintf("body %d: %v", b.ID, err))
			}
			last = b.ID
		}
		if total += len(page); total%10_000 < bodyPage && len(page) == bodyPage {
			fmt.Fprintf(std.err, "%d bodies read\n", total)
		}
		more = len(page) == bodyPage
	}
	return nil
}

func (h *house) repair(ctx context.Context, std stdio) error {
	shown := 0
	err := h.mail.Repair(ctx, func(done, of int) {
		if done == of || done >= shown+1000 {
			shown = done
			fmt.Fprintf(std.out, "%d of %d accounts rebuilt\n", done, of)
		}
	})
	if err != nil {
		return err
	}
	if err := h.freeLeaked(ctx); err != nil {
		return err
	}
	if err := h.openSearch(ctx); err != nil {
		return err
	}
	return h.search.Rebuild(ctx)
}
