package mime

import (
	"strings"
	"time"

	"haven"
)

// DeliveryStatus is the machine's part of a delivery status notification (RFC 3464; RFC 6533 where an address isn't ASCII).
type DeliveryStatus struct {
	ReportingMTA string // host name
	EnvelopeID   string // the sender's ENVID, decoded; "" if none was given
	Arrival      time.Time
	Recipients   []RecipientStatus
}

// RecipientStatus is the fate of one recipient.
type RecipientStatus struct {
	Original    string // the sender's ORCPT as it came, such as "rfc822;a@b.example"; "" if none was given
	Final       haven.Address
	Action      Action
	Status      string // RFC 3463, such as "5.1.1"
	RemoteMTA   string // host that answered; "" if it was us
	Diagnostic  string // that host's reply; "" if there was none
	LastAttempt time.Time
	RetryUntil  time.Time // for Delayed
}

// Action is what happened to a recipient (RFC 3464 §2.3.3).
type Action string

// The actions.
const (
	Failed    Action = "failed"
	Delayed   Action = "delayed"
	Delivered Action = "delivered"
	Relayed   Action = "relayed"
	Expanded  Action = "expanded"
)

// NewDeliveryReport is a multipart/report (RFC 6522): a text for people, the status, and the original letter: all of it where
// full is set, else its header alone. original may be nil.
func NewDeliveryReport(text string, s DeliveryStatus, original []byte, full bool) *Entity {
	e := NewMultipart("report", NewText(text), s.entity())
	e.params = "; report-type=delivery-status"
	switch {
	case original == nil:
	case full:
		e.children = append(e.children, NewMessage(original))
	default:
		e.children = append(e.children, newHeaders(original[:headLength(original)]))
	}
	return e
}

// newHeaders is a part that holds a letter's header: text/rfc822-headers, or message/global-headers (RFC 6533 §6.3).
func newHeaders(head []byte) *Entity {
	e := &Entity{encoding: "7bit", body: []byte(canonical(string(head)))}
	typ := "text/rfc822-headers"
	if !isASCII(e.body) {
		typ, e.encoding = "message/global-headers", "8bit"
	}
	e.fields = []HeaderField{{"Content-Type", typ}}
	return e
}

func (s DeliveryStatus) entity() *Entity {
	global := false
	for _, r := range s.Recipients {
		global = global || !r.Final.IsASCII()
	}
	var b []byte
	add := func(name, value string) {
		if value != "" {
			b = appendField(b, HeaderField{name, foldStructured(name, value)})
		}
	}
	add("Reporting-MTA", "dns; "+statusText(s.ReportingMTA, global))
	add("Original-Envelope-Id", statusText(s.EnvelopeID, global))
	add("Arrival-Date", statusTime(s.Arrival))
	for _, r := range s.Recipients {
		b = append(b, "\r\n"...)
		add("Original-Recipient", statusText(r.Original, global))
		kind := "rfc822; "
		if !r.Final.IsASCII() {
			kind = "utf-8; "
		}
		add("Final-Recipient", kind+r.Final.String())
		add("Action", string(r.Action))
		add("Status", r.Status)
		if r.RemoteMTA != "" {
			add("Remote-MTA", "dns; "+statusText(r.RemoteMTA, global))
		}
		if r.Diagnostic != "" {
			add("Diagnostic-Code", "smtp; "+statusText(truncate(r.Diagnostic, 900), global))
		}
		add("Last-Attempt-Date", statusTime(r.LastAttempt))
		add("Will-Retry-Until", statusTime(r.RetryUntil))
	}
	e := &Entity{encoding: "7bit", body: b, fields: []HeaderField{{"Content-Type", "message/delivery-status"}}}
	if global {
		e.encoding, e.fields[0].Body = "8bit", "message/global-delivery-status"
	}
	return e
}

// statusText makes a value fit for one line; in a report that must be ASCII, other characters become question marks.
func statusText(s string, global bool) string {
	s = cleanText(strings.ToValidUTF8(s, "\uFFFD"))
	if global || isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r > 0x7e {
			return '?'
		}
		return r
	}, s)
}

func statusTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return FormatDate(t)
}
