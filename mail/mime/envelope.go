package mime

import (
	"strings"
	"time"

	"haven/platform/errs"
)

// ErrAddress is returned for a group's mark where an address is asked for.
var ErrAddress = errs.E(errs.Invalid, "A group is no address.")

// Envelope is what a letter's header says of whom and what, as RFC 9051 §7.5.2 shows it: values as written, unfolded,
// encoded words not decoded. A field that occurs twice counts as its last (see Header.Get).
type Envelope struct {
	Date      string
	Subject   string
	From      []Address
	Sender    []Address
	ReplyTo   []Address
	To        []Address
	Cc        []Address
	Bcc       []Address
	InReplyTo string
	MessageID string
}

// readEnvelope reads a header once.
func readEnvelope(h Header) (e Envelope, references []string) {
	var from, sender, replyTo, to, cc, bcc, refs string
	for f := range h.Fields() {
		switch len(f.Name) {
		case 2:
			keepField(f, "To", &to)
			keepField(f, "Cc", &cc)
		case 3:
			keepField(f, "Bcc", &bcc)
		case 4:
			keepField(f, "From", &from)
			keepField(f, "Date", &e.Date)
		case 6:
			keepField(f, "Sender", &sender)
		case 7:
			keepField(f, "Subject", &e.Subject)
		case 8:
			keepField(f, "Reply-To", &replyTo)
		case 10:
			keepField(f, "Message-ID", &e.MessageID)
			keepField(f, "References", &refs)
		case 11:
			keepField(f, "In-Reply-To", &e.InReplyTo)
		}
	}
	e.Date, e.Subject = unfold(e.Date), unfold(e.Subject)
	e.MessageID, e.InReplyTo = unfold(e.MessageID), unfold(e.InReplyTo)
	e.From, e.Sender, e.ReplyTo = ParseAddresses(from), ParseAddresses(sender), ParseAddresses(replyTo)
	e.To, e.Cc, e.Bcc = ParseAddresses(to), ParseAddresses(cc), ParseAddresses(bcc)
	return e, MessageIDs(refs)
}

func keepField(f Field, name string, to *string) {
	if f.Is(name) {
		*to = f.Body
	}
}

// SenderOrFrom and ReplyToOrFrom fill an absent list in as IMAP wants it (RFC 9051 §7.5.2).
func (e *Envelope) SenderOrFrom() []Address {
	if len(e.Sender) > 0 {
		return e.Sender
	}
	return e.From
}

// ReplyToOrFrom is described at SenderOrFrom.
func (e *Envelope) ReplyToOrFrom() []Address {
	if len(e.ReplyTo) > 0 {
		return e.ReplyTo
	}
	return e.From
}

// Sent is the Date field's time in the zone that it names; it is not ok for one that is missing or makes no sense, and
// a caller then takes the time of arrival (RFC 5256 §2.2).
func (e *Envelope) Sent() (time.Time, bool) { return ParseDate(e.Date) }

// MessageIDs takes the message ids out of a Message-ID, In-Reply-To or References field, without their angle brackets. Words
// that aren't ids, such as the obsolete "your message of Monday", are left out; ids without brackets are taken if they are
// words with an @. Of more than 1,000 the last ones stay, since these are the nearest ancestors.
func MessageIDs(s string) []string {
	var ids []string
	bare := true
	for rest := s; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		n := strings.IndexByte(rest[i:], '>')
		if n < 0 {
			break
		}
		bare = false
		ids = addID(ids, rest[i+1:i+n])
		rest = rest[i+n+1:]
	}
	if bare {
		for w := range strings.FieldsSeq(s) {
			if i := strings.IndexByte(w, '@'); i > 0 && i < len(w)-1 {
				ids = addID(ids, w)
			}
		}
	}
	return ids[max(0, len(ids)-maxReferences):]
}

func addID(ids []string, id string) []string {
	id = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, id)
	if id == "" || len(id) > 998 {
		return ids
	}
	if len(ids) == 2*maxReferences {
		ids = ids[:copy(ids, ids[maxReferences:])]
	}
	return append(ids, id)
}
