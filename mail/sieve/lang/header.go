package lang

import (
	"slices"
	"strings"

	"haven/mail/mime"
)

// field is a field of the letter's header as the script sees it.
type field struct {
	name, body, raw string
	ours            bool // written by us in front of the letter
}

func (m *machine) readHeader() {
	at := 0
	for f := range m.letter.Header.Fields() {
		m.fields = append(m.fields, field{f.Name, f.Body, f.Raw, at < m.letter.Traced})
		at += len(f.Raw)
	}
}

// value is a field as it is compared: unfolded and decoded (RFC 5228 §2.4.2.2).
func (f field) value() string { return mime.DecodeHeader(f.body) }

// written is the header as the script has edited it, for what is done with the letter now (RFC 5293 §6); "": as it came.
func (m *machine) written() mime.Header {
	if !m.edited || m.asWritten != "" {
		return m.asWritten
	}
	var b strings.Builder
	for _, f := range m.fields {
		if !f.ours {
			b.WriteString(f.raw)
			if !strings.HasSuffix(f.raw, "\n") {
				b.WriteString("\r\n")
			}
		}
	}
	b.WriteString("\r\n")
	m.asWritten = mime.Header(b.String())
	return m.asWritten
}

// guarded are fields that tell how a letter came and whether it is to be trusted: no script adds or takes away any (RFC 5293 §6, §7).
func guarded(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "haven-") || slices.Contains([]string{"received", "auto-submitted", "return-path", "delivered-to", "authentication-results",
		"received-spf", "dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results"}, name)
}

func isFieldName(s string) bool {
	bad := func(c rune) bool { return c <= ' ' || c >= 127 || c == ':' }
	return s != "" && len(s) <= 76 && !strings.ContainsFunc(s, bad)
}

func (m *machine) addHeader(c *command) error {
	name, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	value, err := m.text(c.args[1])
	if err != nil {
		return err
	}
	switch {
	case !isFieldName(name):
		return m.fail("%s can't be the name of a header field.", quote(name))
	case guarded(name):
		return nil
	case m.edits >= m.lim.Edits:
		return m.fail("A script adds at most %d header fields.", m.lim.Edits)
	}
	m.edits++
	m.edited, m.asWritten = true, ""
	f := field{name: name, body: " " + fold(len(name)+2, mime.EncodeHeader(strings.TrimSpace(value)))}
	f.raw = name + ":" + f.body + "\r\n"
	at := len(m.fields)
	if !c.has("last") {
		at = slices.IndexFunc(m.fields, func(f field) bool { return !f.ours })
		at = max(at, 0)
	}
	m.fields = slices.Insert(m.fields, at, f)
	if total := m.headerOctets(); total > mime.MaxHeader {
		return m.fail("The letter's header becomes longer than %d octets.", mime.MaxHeader)
	}
	return m.spend(int64(len(f.raw)))
}

func (m *machine) headerOctets() (n int) {
	for _, f := range m.fields {
		n += len(f.raw)
	}
	return n
}

// fold breaks a value at spaces into lines of at most 78 octets where it can (RFC 5322 §2.1.1); used is what stands before it in its line.
func fold(used int, s string) string {
	var b strings.Builder
	for i, word := range strings.Split(s, " ") {
		if i > 0 {
			if used+1+len(word) > 78 && word != "" {
				b.WriteString("\r\n")
				used = 0
			}
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	return b.String()
}

// deleteHeader takes fields away: all of a name, those whose value matches, or one by its number among those of the name (RFC 5293 §5).
func (m *machine) deleteHeader(c *command) error {
	name, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	if !isFieldName(name) {
		return m.fail("%s can't be the name of a header field.", quote(name))
	}
	if guarded(name) {
		return nil
	}
	at, err := m.named(name)
	if err != nil {
		return err
	}
	at = pick(c, at)
	if len(c.args) > 1 {
		keys, err := m.keys(c, c.args[1])
		if err != nil {
			return err
		}
		if at, err = m.matching(c, at, keys); err != nil {
			return err
		}
	}
	var left []field
	for i, f := range m.fields {
		if _, found := slices.BinarySearch(at, i); !found || f.ours {
			left = append(left, f)
		}
	}
	if len(left) < len(m.fields) {
		m.fields, m.edited, m.asWritten = left, true, ""
	}
	return m.spend(int64(len(left)))
}

// named are the places of the fields of a name, in order.
func (m *machine) named(name string) (at []int, err error) {
	for i, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			at = append(at, i)
		}
	}
	return at, m.spend(int64(len(m.fields)))
}

// matching are those of the fields whose value one of the keys matches; :count counts them all.
func (m *machine) matching(c *command, at []int, keys []key) (left []int, err error) {
	if c.matching.kind == matchCount {
		if yes, err := m.matchKeysOf(c, make([]string, len(at)), keys); !yes || err != nil {
			return nil, err
		}
		return at, nil
	}
	for _, i := range at {
		yes, err := m.matchKeysOf(c, []string{m.fields[i].value()}, keys)
		if err != nil {
			return nil, err
		}
		if yes {
			left = append(left, i)
		}
	}
	return left, nil
}

// pick leaves the one that :index and :last name, counted from 1 (RFC 5260 §6).
func pick[T any](c *command, all []T) []T {
	v, ok := c.tags["index"]
	if !ok {
		return all
	}
	i := v.num - 1
	if c.has("last") {
		i = int64(len(all)) - v.num
	}
	if i < 0 || i >= int64(len(all)) {
		return nil
	}
	return all[i : i+1]
}

func checkField(c *checker, cmd *command) {
	constants(cmd.args[0], func(s string) {
		if !isFieldName(s) {
			c.fail(cmd.line, "%s can't be the name of a header field.", quote(s))
		}
	})
	if v, ok := cmd.tags["index"]; ok && v.num < 1 {
		c.fail(cmd.line, ":index counts from 1.")
	}
}

// checkFields is checkField for a list.
func checkFields(c *checker, cmd *command) { checkField(c, cmd) }
