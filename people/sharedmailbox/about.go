package sharedmailbox

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

const (
	sqlAbout    = `SELECT about FROM shared_mailbox WHERE an = $1`
	sqlSetAbout = `UPDATE shared_mailbox SET about = $2 WHERE an = $1`
)

// ParseAbout reads what owners say about their mailbox: plain text in lines, without blank ends; "" says nothing.
func ParseAbout(text string, p policy.SharedMailbox) (string, haven.Verdict) {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	text = strings.Trim(strings.Join(lines, "\n"), "\n")
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), account.NotShown):
		return "", haven.Refuse("sharedmailbox.about", "Write plain text: letters, numbers and line breaks.")
	case utf8.RuneCountInString(text) > p.AboutRunes:
		return "", haven.Refuse("sharedmailbox.about", fmt.Sprintf("Write at most %d characters.", p.AboutRunes))
	}
	return text, haven.Allow("sharedmailbox.about")
}

// About is what the owners of a mailbox say about it, for everybody who finds it. Who asks has been let in to the mailbox.
func (s *Service) About(ctx context.Context, mailbox haven.AccountNo) (text string, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlAbout, []any{int64(mailbox)}, func(r db.Row) error { text = r.Text(0); return nil })
	})
	return text, err
}

// SetAbout keeps what owners say about their mailbox; "" takes it away. The actor is an owner, or the service itself. It is Invalid
// (sharedmailbox.about) for what is too long or can't be shown.
func (s *Service) SetAbout(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, text string) error {
	text, v := ParseAbout(text, s.o.Policy.Shared)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		tx.Exec(sqlSetAbout, int64(mailbox), text)
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "sharedmailbox.about-set", On: a.ID, Rule: v.Rule,
			Note: fmt.Sprintf("%d characters", utf8.RuneCountInString(text))})
		return nil
	})
}
