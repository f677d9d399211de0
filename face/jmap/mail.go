package jmap

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

const mailURN = "urn:ietf:params:jmap:mail"

// mailMethods are those of RFC 8621 §2 to §5.
var mailMethods = map[string]method{
	"Mailbox/get":          {mailURN, func(c *call) (any, error) { return c.get(mailboxes{}) }},
	"Mailbox/changes":      {mailURN, func(c *call) (any, error) { return c.changes(mailboxes{}) }},
	"Mailbox/query":        {mailURN, mailboxQuery},
	"Mailbox/queryChanges": {mailURN, mailboxQueryChanges},
	"Mailbox/set":          {mailURN, mailboxSet},
	"Thread/get":           {mailURN, func(c *call) (any, error) { return c.get(threads{}) }},
	"Thread/changes":       {mailURN, func(c *call) (any, error) { return c.changes(threads{}) }},
	"Email/get":            {mailURN, emailGet},
	"Email/changes":        {mailURN, func(c *call) (any, error) { return c.changes(emails{}) }},
	"Email/query":          {mailURN, emailQuery},
	"Email/queryChanges":   {mailURN, emailQueryChanges},
	"Email/set":            {mailURN, func(c *call) (any, error) { return c.set(emails{}) }},
	"Email/copy":           {mailURN, func(c *call) (any, error) { return c.copy(emails{}, "Email/set") }},
	"Email/import":         {mailURN, emailImport},
	"Email/parse":          {mailURN, emailParse},
	"SearchSnippet/get":    {mailURN, snippetGet},
}

// mailCapability is what RFC 8621 §1.3.1 says of an account.
func (s *Server) mailCapability(a Account) any {
	p := s.o.Mailbox
	return record{"maxMailboxesPerEmail": nil, "maxMailboxDepth": p.FolderDepth, "maxSizeMailboxName": p.FolderOctets,
		"maxSizeAttachmentsPerEmail": s.o.Policy.UploadOctets, "emailQuerySortOptions": sortOptions,
		"mayCreateTopLevelMailbox": a.Rights.Has(haven.Write)}
}

// Ids are those of IMAP's OBJECTID (RFC 8474), so that a program that speaks both knows a message again.

func emailID(m haven.MessageID) string  { return mailbox.EmailID(m) }
func threadID(m haven.MessageID) string { return mailbox.ThreadID(m) }

// messageOf is the number behind an id with a letter before it; 0 for what can't be one.
func messageOf(id string, letter string) haven.MessageID {
	digits, ok := strings.CutPrefix(id, letter)
	n, err := strconv.ParseInt(digits, 36, 64)
	if !ok || err != nil || n <= 0 || strconv.FormatInt(n, 36) != digits {
		return 0
	}
	return haven.MessageID(n)
}

// folderOf is the number of a Mailbox id of an account; 0 for what is none.
func folderOf(account haven.AccountID, id string) haven.MailboxNo {
	digits, ok := strings.CutPrefix(id, "F"+account.String()+"-")
	n, err := strconv.ParseInt(digits, 36, 64)
	if !ok || err != nil || n <= 0 || strconv.FormatInt(n, 36) != digits {
		return 0
	}
	return haven.MailboxNo(n)
}

// accountID is the id of the account that a viewer looks at.
func (c *call) accountID(v mailbox.Viewer) haven.AccountID {
	for _, a := range c.run.accounts {
		if a.No == v.Account {
			return a.ID
		}
	}
	return haven.AccountID{}
}

// stateText is a state as clients get it: the number, the epoch and, where not all that came before was told, where they began.
func stateText(p mailbox.Point) string {
	s := strconv.FormatInt(int64(p.Seq), 36) + "-" + strconv.FormatUint(uint64(p.Epoch), 36)
	if p.Origin != p.Seq {
		s += "-" + strconv.FormatInt(int64(p.Origin), 36)
	}
	return s
}

func stateAt(seq haven.Seq, epoch uint32) string {
	return stateText(mailbox.Point{State: mailbox.State{Seq: seq, Epoch: epoch}, Origin: seq})
}

// pointOf reads a state. It is errCantCalculate for what is none.
func pointOf(s string) (p mailbox.Point, err error) {
	parts := strings.Split(s, "-")
	if len(parts) != 2 && len(parts) != 3 {
		return p, errCantCalculate
	}
	seq, err1 := strconv.ParseInt(parts[0], 36, 64)
	epoch, err2 := strconv.ParseUint(parts[1], 36, 32)
	origin := seq
	if len(parts) == 3 {
		origin, err = strconv.ParseInt(parts[2], 36, 64)
	}
	p = mailbox.Point{State: mailbox.State{Seq: haven.Seq(seq), Epoch: uint32(epoch)}, Origin: haven.Seq(origin)}
	if err != nil || err1 != nil || err2 != nil || seq < 0 || origin < 0 || stateText(p) != s {
		return p, errCantCalculate
	}
	return p, nil
}

// lostState makes of the store's answer for a state that is too old the error of RFC 8620 §5.2.
func lostState(err error) error {
	if hasRule(err, mailbox.RuleStateLost) {
		return errCantCalculate
	}
	return err
}

func hasRule(err error, rule string) bool {
	var e *errs.Error
	return errors.As(err, &e) && e.Rule == rule
}

// states reads the states of an account's mail.
func (c *call) states(v mailbox.Viewer) (mailbox.States, error) { return c.srv.o.Mail.States(c.ctx, v) }

// overview looks at an account whole.
func (c *call) overview(v mailbox.Viewer, fn func(*mailbox.Overview) error) error {
	return c.srv.o.Mail.Overview(c.ctx, v, fn)
}

// MailStates are the states of the mail types of an account, for what is pushed (RFC 8620 §7.1, RFC 8621 §1.5).
func MailStates(ctx context.Context, mail *mailbox.Service, v mailbox.Viewer) (map[string]string, error) {
	st, err := mail.States(ctx, v)
	if err != nil {
		return nil, err
	}
	return map[string]string{"Mailbox": stateAt(st.Mail, st.Epoch), "Email": stateAt(st.Mail, st.Epoch), "Thread": stateAt(st.Threads, st.Epoch),
		"Quota": stateAt(st.Threads, st.Epoch), "EmailDelivery": stateAt(st.Delivered, st.Epoch)}, nil
}
