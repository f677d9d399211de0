package sending

import (
	"slices"
	"strings"

	"haven"
	"haven/mail/mime"
)

// Bounds of what a notification says.
const (
	mdnRecipients = 10  // to whom one goes
	mdnFields     = 20  // further fields
	mdnValue      = 900 // octets of one value, so that a line holds it (RFC 5322 §2.1.1)
)

// mdnAsked is where a letter wants its notifications to go; nil: it asks for none, or in a way that nobody may answer. A notification is never answered by another
// (RFC 8098 §2.1), nor is a request that needs something which is not known here (§2.2).
func mdnAsked(h mime.Header, root *mime.Part) (to []haven.Address) {
	if h.Count("Disposition-Notification-To") != 1 || root.Is("multipart/report") {
		return nil
	}
	if options := strings.ToLower(strings.Join(strings.Fields(h.Get("Disposition-Notification-Options")), "")); strings.Contains(options, "=required") {
		return nil
	}
	for _, a := range mime.ParseAddresses(h.Get("Disposition-Notification-To")) {
		at, err := a.Haven()
		if err != nil {
			return nil
		}
		if !slices.Contains(to, at) {
			to = append(to, at)
		}
	}
	if len(to) > mdnRecipients {
		return nil
	}
	return to
}

// mdnOwn are the fields that a notification has itself (RFC 8098 §3.1); no extension is called so.
var mdnOwn = []string{"reporting-ua", "mdn-gateway", "original-recipient", "final-recipient", "original-message-id", "disposition", "error", "failure", "warning"}

// wrongIn names the property of RFC 9007 §2 that can't be meant, and says why; "": all can.
func wrongIn(d mime.Disposition) (property, say string) {
	for _, x := range []struct {
		property, value string
		of              []string
	}{
		{"disposition/actionMode", d.Action, []string{"manual-action", "automatic-action"}},
		{"disposition/sendingMode", d.Sending, []string{"mdn-sent-manually", "mdn-sent-automatically"}},
		{"disposition/type", d.Type, []string{"deleted", "dispatched", "displayed", "processed"}},
	} {
		if !slices.Contains(x.of, x.value) {
			return x.property, "It is one of " + strings.Join(x.of, ", ") + "."
		}
	}
	if len(d.Agent) > mdnValue {
		return "reportingUA", "The name of the program is too long."
	}
	if len(d.Extension) > mdnFields {
		return "extensionFields", "There are too many further fields."
	}
	for _, f := range d.Extension {
		if !isExtension(f.Name) || len(f.Body) > mdnValue || strings.TrimSpace(f.Body) == "" {
			return "extensionFields", "A further field has a name of letters, digits and hyphens that no other field has, and one line of text."
		}
	}
	return "", ""
}

// isExtension reports whether a further field may have a name (RFC 8098 §3.3).
func isExtension(name string) bool {
	plain := func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}
	return name != "" && len(name) <= 70 && !strings.ContainsFunc(name, plain) && !slices.Contains(mdnOwn, strings.ToLower(name))
}
