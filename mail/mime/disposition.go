package mime

import (
	"io"
	"strings"
)

// Disposition is the machine's part of a message disposition notification (RFC 8098 §3; RFC 6533 where an address isn't ASCII): what became of a letter at its recipient.
type Disposition struct {
	Agent     string // Reporting-UA; "" if it is not told
	Gateway   string // MDN-Gateway, such as "dns; mx.example"; "" if there was none
	Original  string // Original-Recipient, such as "rfc822; a@b.example"; "" if the letter named none
	Final     string // Final-Recipient, in the same form
	MessageID string // of the letter that it is about, with its angle brackets; "" if that had none
	Action    string // "manual-action", "automatic-action"
	Sending   string // "mdn-sent-manually", "mdn-sent-automatically"
	Type      string // "displayed", "deleted", "dispatched", "processed"
	Modifiers []string
	Errors    []string
	Extension []HeaderField // further fields, unfolded
}

// NewDispositionReport is a multipart/report (RFC 8098 §3): a text for people, what became of the letter, and the letter itself, unless original is nil.
func NewDispositionReport(text string, d Disposition, original []byte) *Entity {
	e := NewMultipart("report", NewText(text), d.entity())
	e.params = "; report-type=disposition-notification"
	if original != nil {
		e.children = append(e.children, NewMessage(original))
	}
	return e
}

func (d Disposition) entity() *Entity {
	global := false
	for _, s := range []string{d.Original, d.Final} {
		global = global || !isASCII(s)
	}
	var b []byte
	add := func(name, value string) {
		if value != "" {
			b = appendField(b, HeaderField{name, foldText(name, statusText(value, global))})
		}
	}
	add("Reporting-UA", d.Agent)
	add("MDN-Gateway", d.Gateway)
	add("Original-Recipient", d.Original)
	add("Final-Recipient", d.Final)
	add("Original-Message-ID", d.MessageID)
	what := d.Type
	if len(d.Modifiers) > 0 {
		what += "/" + strings.Join(d.Modifiers, ",")
	}
	add("Disposition", d.Action+"/"+d.Sending+"; "+what)
	for _, text := range d.Errors {
		add("Error", text)
	}
	for _, f := range d.Extension {
		add(f.Name, f.Body)
	}
	e := &Entity{encoding: "7bit", body: b, fields: []HeaderField{{"Content-Type", "message/disposition-notification"}}}
	if global {
		e.encoding, e.fields[0].Body = "8bit", "message/global-disposition-notification"
	}
	return e
}

// ReadDisposition reads what a letter says that is a message disposition notification, and the text that it has for people; false: it is none. What stands in one
// letter in capitals and in another in small letters comes in small ones.
func ReadDisposition(src io.ReaderAt, m *Message) (d Disposition, text string, is bool) {
	status := statusPart(m, "disposition-notification")
	if status == nil {
		return d, "", false
	}
	for f := range readFieldsOf(src, status).Fields() {
		d.read(f)
	}
	if d.Final == "" || d.Type == "" {
		return d, "", false
	}
	return d, reportText(src, m), true
}

// statusPart is the machine's part of a report (RFC 6522), of message/kind or message/global-kind; nil: the letter is no such report.
func statusPart(m *Message, kind string) *Part {
	if !m.Root.Is("multipart/report") {
		return nil
	}
	for _, p := range m.Root.Children {
		if p.Is("message/"+kind) || p.Is("message/global-"+kind) {
			return p
		}
	}
	return nil
}

// reportText is what a report says to people, in plain text; "" if it does not.
func reportText(src io.ReaderAt, m *Message) (text string) {
	m.Root.Children[0].Walk(func(p *Part) bool {
		if text == "" && p.Is("text/plain") {
			if b, err := io.ReadAll(io.LimitReader(p.Text(src), statusOctets)); err == nil {
				text = strings.ToValidUTF8(string(b), "\uFFFD")
			}
		}
		return p.Envelope == nil
	})
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// read takes a field. The first of those that may stand once is meant.
func (d *Disposition) read(f Field) {
	to := map[string]*string{"reporting-ua": &d.Agent, "mdn-gateway": &d.Gateway, "original-recipient": &d.Original, "final-recipient": &d.Final,
		"original-message-id": &d.MessageID}[strings.ToLower(f.Name)]
	value := oneLine(f.Value())
	switch {
	case to != nil:
		if *to == "" {
			*to = value
		}
	case f.Is("Disposition"):
		if d.Type == "" {
			d.readDisposition(value)
		}
	case f.Is("Error"):
		d.Errors = append(d.Errors, value)
	case f.Is("Failure"), f.Is("Warning"): // of RFC 3798; no longer written
	default:
		d.Extension = append(d.Extension, HeaderField{f.Name, value})
	}
}

// readDisposition reads the field of that name (RFC 8098 §3.2.6).
func (d *Disposition) readDisposition(value string) {
	mode, what, _ := strings.Cut(strings.ToLower(value), ";")
	action, sending, _ := strings.Cut(mode, "/")
	typ, modifiers, _ := strings.Cut(what, "/")
	d.Action, d.Sending, d.Type = strings.TrimSpace(action), strings.TrimSpace(sending), strings.TrimSpace(typ)
	for m := range strings.SplitSeq(modifiers, ",") {
		if m = strings.TrimSpace(m); m != "" {
			d.Modifiers = append(d.Modifiers, m)
		}
	}
}
