package jmap

import (
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"haven/mail/mime"
)

// headerProperty is a property header:Name:asForm:all (RFC 8621 §4.1.3).
type headerProperty struct {
	name string
	form string // asRaw where none is given
	all  bool
}

var errHeaderProperty = errors.New("jmap: not a header property")

// The forms in which fields may be asked for (RFC 8621 §4.1.2). A field that no standard has may be asked for in any.
var (
	addressFields = []string{"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "resent-bcc"}
	idFields      = []string{"message-id", "in-reply-to", "references", "resent-message-id"}
	dateFields    = []string{"date", "resent-date"}
	urlFields     = []string{"list-help", "list-unsubscribe", "list-subscribe", "list-post", "list-owner", "list-archive"}
	textFields    = []string{"subject", "comments", "keywords", "list-id"}
	otherFields   = []string{"return-path", "received"} // of RFC 5322, in no form but raw
)

var headerForms = map[string][]string{"asRaw": nil, "asText": textFields, "asAddresses": addressFields, "asGroupedAddresses": addressFields,
	"asMessageIds": idFields, "asDate": dateFields, "asURLs": urlFields}

func parseHeaderProperty(s string) (h headerProperty, err error) {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 4 || parts[0] != "header" || !isFieldName(parts[1]) {
		return h, errHeaderProperty
	}
	h = headerProperty{name: parts[1], form: "asRaw"}
	rest := parts[2:]
	if len(rest) > 0 && rest[len(rest)-1] == "all" {
		h.all, rest = true, rest[:len(rest)-1]
	}
	if len(rest) == 1 {
		h.form, rest = rest[0], nil
	}
	fields, known := headerForms[h.form]
	if !known || len(rest) > 0 {
		return h, errHeaderProperty
	}
	lower := strings.ToLower(h.name)
	standard := slices.ContainsFunc([][]string{addressFields, idFields, dateFields, urlFields, textFields, otherFields}, func(l []string) bool { return slices.Contains(l, lower) })
	if h.form != "asRaw" && standard && !slices.Contains(fields, lower) {
		return h, errHeaderProperty
	}
	return h, nil
}

// isFieldName holds a name to RFC 5322 §2.2: printable ASCII without a colon.
func isFieldName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 127 || c == ':' })
}

// of is the property's value in a header: of the last field of the name, or of all; null or empty where there is none.
func (h headerProperty) of(head mime.Header) any {
	var all []any
	for f := range head.Fields() {
		if f.Is(h.name) {
			all = append(all, h.value(f.Body))
		}
	}
	if h.all {
		return some(all)
	}
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

func (h headerProperty) value(body string) any {
	switch h.form {
	case "asText":
		return asText(unfold(body))
	case "asAddresses":
		return asAddresses(mime.ParseAddresses(unfold(body)))
	case "asGroupedAddresses":
		return asGroupedAddresses(mime.ParseAddresses(unfold(body)))
	case "asMessageIds":
		return listOrNull(mime.MessageIDs(unfold(body)))
	case "asDate":
		return asDate(unfold(body))
	case "asURLs":
		return asURLs(unfold(body))
	}
	return asRaw(body)
}

var unfolder = strings.NewReplacer("\r\n", "", "\n", "", "\x00", "")

func unfold(body string) string { return strings.TrimSpace(unfolder.Replace(body)) }

// asRaw is RFC 8621 §4.1.2.1.
func asRaw(body string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(body, "\x00", ""), "\uFFFD")
}

// asText is RFC 8621 §4.1.2.2.
func asText(value string) string {
	return norm.NFC.String(strings.TrimLeft(mime.DecodeHeader(value), " \t"))
}

type emailAddress struct {
	Name  *string `json:"name"`
	Email string  `json:"email"`
}

func addressObject(a mime.Address) emailAddress {
	e := emailAddress{Email: strings.ToValidUTF8(a.Spec(), "\uFFFD")}
	if name := strings.TrimSpace(asText(a.Name)); name != "" {
		e.Name = &name
	}
	return e
}

// asAddresses is RFC 8621 §4.1.2.3: groups are left out, their members are not.
func asAddresses(list []mime.Address) []emailAddress {
	out := make([]emailAddress, 0, len(list))
	for _, a := range list {
		if a.Kind == mime.Mailbox {
			out = append(out, addressObject(a))
		}
	}
	return out
}

type addressGroup struct {
	Name      *string        `json:"name"`
	Addresses []emailAddress `json:"addresses"`
}

// asGroupedAddresses is RFC 8621 §4.1.2.4: addresses outside of groups are in one without a name.
func asGroupedAddresses(list []mime.Address) []addressGroup {
	out := []addressGroup{}
	in := false
	for _, a := range list {
		switch {
		case a.Kind == mime.GroupStart:
			name := asText(a.Mailbox)
			out, in = append(out, addressGroup{&name, []emailAddress{}}), true
		case a.Kind == mime.GroupEnd:
			in = false
		case !in && (len(out) == 0 || out[len(out)-1].Name != nil):
			out = append(out, addressGroup{nil, []emailAddress{addressObject(a)}})
		default:
			g := &out[len(out)-1]
			g.Addresses = append(g.Addresses, addressObject(a))
		}
	}
	return out
}

// asDate is RFC 8621 §4.1.2.6: a Date (RFC 8620 §1.4), null for one that makes no sense.
func asDate(value string) any {
	t, ok := mime.ParseDate(value)
	if !ok || t.Year() < 0 || t.Year() > 9999 {
		return nil
	}
	return t.Format(time.RFC3339)
}

// asURLs is RFC 8621 §4.1.2.7: what stands in angle brackets; null where nothing does.
func asURLs(value string) any {
	var urls []string
	for rest := value; ; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		url, after, ok := strings.Cut(after, ">")
		if !ok {
			break
		}
		urls, rest = append(urls, strings.ToValidUTF8(strings.Join(strings.Fields(url), ""), "\uFFFD")), after
	}
	if len(urls) == 0 {
		return nil
	}
	return urls
}

type emailHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// headersOf is all fields of a header in order (RFC 8621 §4.1.3).
func headersOf(head mime.Header) []emailHeader {
	out := []emailHeader{}
	for f := range head.Fields() {
		if f.Name != "" {
			out = append(out, emailHeader{strings.ToValidUTF8(f.Name, "\uFFFD"), asRaw(f.Body)})
		}
	}
	return out
}
