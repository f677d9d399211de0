package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// ruleUndelete is under which rule expunged mail comes back: an operator decided.
const ruleUndelete haven.Rule = "mailbox.operator"

// mailboxUndelete puts back what was deleted by mistake, or first says how much of it there is: never what it says.
func mailboxUndelete(ctx context.Context, h *house, c *adminCall) error {
	since := c.flags.String("since", "", "deleted from this `TIME` on, such as 2026-11-20 or 2026-11-20T09:00; all that is kept where not given")
	until := c.flags.String("until", "", "deleted until this `TIME`; a day belongs to it")
	folder := c.flags.String("folder", "", "only what was in this `FOLDER` last, such as INBOX or Archive/2026")
	into := c.flags.String("into", "", "put it all into this `FOLDER`, rather than each message where it was")
	apply := c.flags.Bool("apply", false, "do it, rather than only say what would come back")
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	which := mailbox.Expunged{Until: h.clock.Now().Add(time.Second)}
	if which.Since, _, err = parseTime(*since); err != nil {
		return err
	}
	if *until != "" {
		if which.Until, err = parseUntil(*until); err != nil {
			return err
		}
	}
	if !which.Since.Before(which.Until) {
		return errors.New("--until comes after --since; nothing is deleted between these two")
	}
	if which.Folder, err = h.folderNamed(ctx, a, *folder); err != nil {
		return err
	}
	to, err := h.folderNamed(ctx, a, *into)
	if err != nil {
		return err
	}
	if !*apply {
		return h.sayExpunged(ctx, c, a, which)
	}
	back, err := h.mail.Undelete(ctx, a.No, which, to, func(tx *db.Tx, back []mailbox.Filed) {
		audit.Record(tx, audit.Entry{At: h.clock.Now(), Actor: c.actor, What: "mailbox.undeleted", On: a.ID, Rule: ruleUndelete, Note: "messages " + strconv.Itoa(len(back))})
	})
	c.say("%s back in %s", messages(int64(len(back))), a.Address)
	if errs.Is(err, errs.OverQuota) {
		return fmt.Errorf("the mailbox has no room for more; bring back less with --since or --folder, or make room, and run it again: %w", err)
	}
	return err
}

// sayExpunged says how much could come back, by folder.
func (h *house) sayExpunged(ctx context.Context, c *adminCall, a account.Account, which mailbox.Expunged) error {
	folders, err := h.mail.Expunged(ctx, a.No, which)
	if err != nil {
		return err
	}
	var all int64
	for _, f := range folders {
		all += f.Messages
		name := strings.Join(f.Path, "/")
		if name == "" {
			name = "a folder that is no more (they go to INBOX)"
		}
		c.say("%7d  %10d octets  %s, deleted %s to %s", f.Messages, f.Bytes, name, f.First.Local().Format(minuteForm), f.Last.Local().Format(minuteForm))
	}
	if all == 0 {
		c.say("Nothing that was deleted then is kept for %s. What was deleted more than %d days ago is gone for good.",
			a.Address, int(h.conf.Policy.Mailbox.RestoreFor.Hours()/24))
		return nil
	}
	c.say("%s can come back. Nothing was changed. Run it again with --apply to do it.", messages(all))
	return nil
}

func messages(n int64) string {
	if n == 1 {
		return "1 message"
	}
	return strconv.FormatInt(n, 10) + " messages"
}

// folderNamed finds a folder of an account by its path as IMAP writes it; 0 where none is named.
func (h *house) folderNamed(ctx context.Context, a account.Account, path string) (haven.MailboxNo, error) {
	if path == "" {
		return 0, nil
	}
	no, err := h.mail.FolderOf(ctx, a.No, strings.Split(path, "/"))
	return no, errNotFound("folder in "+a.Address.String()+" named", path, err)
}
