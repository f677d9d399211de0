package imap

import (
	"errors"
	"strings"

	"haven/mail/mailbox"
	"haven/platform/errs"
)

// codes is every kind of error as a response code of NO (RFC 5530, RFC 9051 §7.1). The test proves that it is total.
var codes = map[errs.Kind]string{
	errs.Internal:  "SERVERBUG",
	errs.Transient: "UNAVAILABLE",
	errs.NotFound:  "NONEXISTENT",
	errs.Denied:    "NOPERM",
	errs.Private:   "AUTHENTICATIONFAILED",
	errs.OverQuota: "OVERQUOTA",
	errs.Invalid:   "CANNOT",
	errs.Conflict:  "ALREADYEXISTS",
	errs.TooMany:   "LIMIT",
}

// rules are rules whose refusal has a code of its own.
var ruleCodes = map[string]string{
	"password.expired": "EXPIRED",
	"imap.plaintext":   "PRIVACYREQUIRED",
	"message.size":     "TOOBIG",
	"imap.cte":         "UNKNOWN-CTE",
	"imap.badcharset":  "BADCHARSET (UTF-8 US-ASCII)",
	"imap.useattr":     "USEATTR",
	"imap.notsaved":    "NOTSAVED",

	mailbox.RuleFolderHolds: "HASCHILDREN",
	mailbox.RuleRoleTaken:   "USEATTR",

	mailbox.RuleScheduled:     "CANNOT",
	mailbox.RuleScheduledRole: "USEATTR",
}

// codeOf is the response code of an error.
func codeOf(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		if code, ok := ruleCodes[e.Rule]; ok {
			return code
		}
	}
	return codes[errs.KindOf(err)]
}

// tagged answers NO. Faults of ours go to the log with their cause; the client sees none of it.
func (s *session) tagged(tag, name string, err error) {
	if errs.Is(err, errs.Internal) {
		s.srv.log.Error("imap: a command failed", "command", name, "err", err)
	}
	s.io.enc.Raw(tag).Raw(" NO [").Raw(codeOf(err)).Raw("] ").Raw(oneLine(errs.Say(err))).CRLF()
}

// oneLine keeps a sentence from breaking out of its response line.
func oneLine(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if clean == "" {
		return "Sorry."
	}
	return clean
}

func refuse(kind errs.Kind, rule, say string) error {
	return &errs.Error{Kind: kind, Rule: rule, Say: say}
}
