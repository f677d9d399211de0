package mime

import (
	"io"
	"strings"
)

// ReportKind is what a report (RFC 6522) tells of a letter.
type ReportKind uint8

// The kinds.
const (
	DeliveryReport    ReportKind = iota + 1 // whether it arrived (RFC 3464)
	DispositionReport                       // what became of it at its recipient (RFC 8098)
)

// About is which letter a report is about.
type About struct {
	Kind       ReportKind
	MessageID  string // the letter's, without angle brackets; "" where the report does not say it
	EnvelopeID string // of its envelope, decoded (RFC 3464 §2.2.1); "" likewise
}

// ReadAbout reads which letter a letter reports on; false: it is no report, or does not say. It says so in the machine's part, in the letter or header that comes with
// it, or as the servers do that write neither, by referring to it.
func ReadAbout(src io.ReaderAt, m *Message) (a About, is bool) {
	if m.Root == nil {
		return a, false
	}
	a.Kind = DeliveryReport
	part := statusPart(m, "delivery-status")
	if part == nil {
		a.Kind = DispositionReport
		part = statusPart(m, "disposition-notification")
	}
	if part == nil {
		return a, false
	}
	status := readFieldsOf(src, part)
	a.EnvelopeID = oneLine(status.Get("Original-Envelope-Id"))
	refs := append([]string{status.Get("Original-Message-ID")}, originalIDs(src, m.Root.Children)...)
	refs = append(refs, "<"+strings.Join(m.References, "> <")+">", m.Envelope.InReplyTo)
	for _, field := range refs {
		if ids := MessageIDs(field); len(ids) > 0 && a.MessageID == "" {
			a.MessageID = ids[len(ids)-1]
		}
	}
	return a, a.MessageID != "" || a.EnvelopeID != ""
}

// readFieldsOf is the beginning of a part that holds fields.
func readFieldsOf(src io.ReaderAt, p *Part) Header {
	b, err := io.ReadAll(io.LimitReader(p.Content(src), statusOctets))
	if err != nil {
		return ""
	}
	return Header(b)
}

// originalIDs are the Message-ID fields of what comes with a report: the letter, or its header.
func originalIDs(src io.ReaderAt, parts []*Part) (ids []string) {
	for _, p := range parts {
		switch {
		case p.Envelope != nil:
			ids = append(ids, p.Envelope.MessageID)
		case p.Is("text/rfc822-headers"), p.Is("message/global-headers"):
			ids = append(ids, readFieldsOf(src, p).Get("Message-ID"))
		}
	}
	return ids
}

func oneLine(s string) string { return strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD")) }
