package jmap

import (
	"encoding/json"
	"strings"
	"time"

	"haven/mail/mime"
)

// headerValues are the bodies of the fields that a property stands for, written already; with :all there may be several.
func headerValues(o *object, property string, h headerProperty) (values []string, ok bool) {
	if !h.all {
		v, ok := headerValue(o, property, o.Raw(property), h)
		return []string{v}, ok
	}
	var all []json.RawMessage
	if json.Unmarshal(o.Raw(property), &all) != nil {
		o.Bad(property, "must be an array")
		return nil, false
	}
	for _, raw := range all {
		v, ok := headerValue(o, property, raw, h)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// headerValue writes one value in the form in which it is given (RFC 8621 §4.1.2).
func headerValue(o *object, property string, raw json.RawMessage, h headerProperty) (body string, ok bool) {
	one, err := parseObject(json.RawMessage(`{"v":` + string(raw) + `}`))
	if err != nil {
		return "", false
	}
	switch h.form {
	case "asRaw":
		body, ok = rawValue(one.String("v"))
	case "asText":
		body, ok = mime.FoldedText(h.name, one.String("v")), true
	case "asAddresses":
		var list []mime.Address
		if list, ok = addressList(one.Objects("v")); ok {
			body = mime.FoldedAddresses(h.name, list)
		}
	case "asGroupedAddresses":
		body, ok = groupedValue(h.name, one.Objects("v"))
	case "asMessageIds":
		ids := one.Strings("v")
		body, ok = mime.FoldedIDs(h.name, ids), len(ids) > 0 && goodIDs(ids)
	case "asDate":
		var t time.Time
		t, err = time.Parse(time.RFC3339, one.String("v"))
		body, ok = mime.FormatDate(t), err == nil
	case "asURLs":
		urls := one.Strings("v")
		body, ok = "<"+strings.Join(urls, ">, <")+">", len(urls) > 0 && goodURLs(urls)
	}
	if one.Err() != nil || !ok {
		o.Bad(property, "is no value "+h.form)
		return "", false
	}
	return body, true
}

// rawValue is a value as it is to stand in the header (RFC 8621 §4.1.2.1): folded right, if at all, and of ASCII.
func rawValue(s string) (string, bool) {
	rest := strings.NewReplacer("\r\n ", "", "\r\n\t", "").Replace(s)
	for i := 0; i < len(rest); i++ {
		if c := rest[i]; c >= 127 || c < ' ' && c != '\t' {
			return "", false
		}
	}
	for line := range strings.SplitSeq(s, "\r\n") {
		if len(line) > 900 || strings.TrimSpace(line) == "" && s != "" && strings.Contains(s, "\r\n") {
			return "", false
		}
	}
	return strings.TrimPrefix(s, " "), true
}

// addressList reads EmailAddress objects.
func addressList(list []*object) (out []mime.Address, ok bool) {
	for _, o := range list {
		o.Require("email")
		name, email := o.String("name"), o.String("email")
		if o.Done() != nil || strings.ContainsAny(email, "\r\n\x00<>,;") {
			return nil, false
		}
		local, host := email, ""
		if i := strings.LastIndexByte(email, '@'); i >= 0 {
			local, host = email[:i], email[i+1:]
		}
		if parsed := mime.ParseAddresses(email); len(parsed) == 1 && parsed[0].Kind == mime.Mailbox {
			local, host = parsed[0].Mailbox, parsed[0].Host
		}
		out = append(out, mime.Address{Name: name, Mailbox: local, Host: host})
	}
	return out, len(out) > 0
}

// groupedValue reads EmailAddressGroup objects.
func groupedValue(field string, list []*object) (string, bool) {
	var all []mime.Address
	for _, o := range list {
		name, named := o.OptString("name")
		members, ok := addressList(o.Objects("addresses"))
		if o.Done() != nil || !ok && !named {
			return "", false
		}
		if named {
			all = append(all, mime.Address{Kind: mime.GroupStart, Mailbox: name})
		}
		all = append(all, members...)
		if named {
			all = append(all, mime.Address{Kind: mime.GroupEnd})
		}
	}
	return mime.FoldedAddresses(field, all), len(all) > 0
}

func goodIDs(ids []string) bool {
	for _, id := range ids {
		if id == "" || len(id) > 900 || strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c >= 127 || c == '<' || c == '>' }) {
			return false
		}
	}
	return true
}

func goodURLs(urls []string) bool {
	for _, u := range urls {
		if u == "" || len(u) > 900 || strings.ContainsFunc(u, func(c rune) bool { return c <= ' ' || c >= 127 || c == '<' || c == '>' }) {
			return false
		}
	}
	return true
}
