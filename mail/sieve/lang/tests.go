package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/mail/mime"
)

func (m *machine) keys(c *command, v value) ([]key, error) {
	texts, err := m.texts(v)
	return m.makeKeys(c, texts), err
}

func (m *machine) makeKeys(c *command, texts []string) []key {
	keys := make([]key, len(texts))
	for i, s := range texts {
		keys[i] = c.matching.key(s)
	}
	return keys
}

// match reports whether any value matches any key.
func (m *machine) match(c *command, values []string, v value) (bool, error) {
	texts, err := m.texts(v)
	if err != nil {
		return false, err
	}
	return m.matchKeys(c, values, texts)
}

func (m *machine) matchKeys(c *command, values, texts []string) (bool, error) {
	return m.matchKeysOf(c, values, m.makeKeys(c, texts))
}

func (m *machine) matchKeysOf(c *command, values []string, keys []key) (bool, error) {
	if c.matching.kind == matchCount { // RFC 5231 §4.2: the number of values, as a text
		count := strconv.Itoa(len(values))
		for _, k := range keys {
			if c.matching.holds(c.matching.compare(count, k.text)) {
				return true, nil
			}
		}
		return false, nil
	}
	for _, value := range values {
		for _, k := range keys {
			ok, captured, work := k.match(value, m.lim.Work-m.work)
			if err := m.spend(work); err != nil {
				return false, err
			}
			if !ok {
				continue
			}
			if captured != nil && c.name != "body" && c.name != "deleteheader" { // RFC 5173 §6
				m.frame.matches = captured[:min(len(captured), mostCaptures+1)]
			}
			return true, nil
		}
	}
	return false, nil
}

// values are those of the fields of some names, in the letter's order for each.
func (m *machine) values(c *command, names []string) (all []string, err error) {
	for _, name := range names {
		at, err := m.named(name)
		if err != nil {
			return nil, err
		}
		for _, i := range pick(c, at) {
			v := m.fields[i].value()
			if err := m.spend(int64(len(v))); err != nil {
				return nil, err
			}
			all = append(all, v)
		}
	}
	return all, nil
}

func (m *machine) header(c *command) (bool, error) {
	names, err := m.texts(c.args[0])
	if err != nil {
		return false, err
	}
	values, err := m.values(c, names)
	if err != nil {
		return false, err
	}
	return m.match(c, values, c.args[1])
}

// exists holds where every one of the fields is there.
func (m *machine) exists(c *command) (bool, error) {
	names, err := m.texts(c.args[0])
	for _, name := range names {
		if at, err := m.named(name); len(at) == 0 || err != nil {
			return false, err
		}
	}
	return err == nil, err
}

func (m *machine) size(c *command) (bool, error) {
	if c.has("over") {
		return m.letter.Size > c.args[0].num, nil
	}
	return m.letter.Size < c.args[0].num, nil
}

// addressFields are those that hold addresses (RFC 5228 §5.1).
var addressFields = []string{"from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-bcc", "resent-sender", "resent-reply-to",
	"return-path", "delivered-to", "x-original-to", "envelope-to", "errors-to", "mail-reply-to", "mail-followup-to", "disposition-notification-to"}

func checkAddressFields(c *checker, cmd *command) {
	checkField(c, cmd)
	constants(cmd.args[0], func(s string) {
		if isFieldName(s) && !slices.Contains(addressFields, strings.ToLower(s)) {
			c.fail(cmd.line, "The header field %s holds no addresses. Use the test header.", quote(s))
		}
	})
}

func (m *machine) address(c *command) (bool, error) {
	names, err := m.texts(c.args[0])
	if err != nil {
		return false, err
	}
	var values []string
	for _, name := range names {
		if !slices.Contains(addressFields, strings.ToLower(name)) {
			continue
		}
		at, err := m.named(name)
		if err != nil {
			return false, err
		}
		for _, i := range pick(c, at) {
			f := m.fields[i]
			if err := m.spend(int64(len(f.body))); err != nil {
				return false, err
			}
			for _, a := range mime.ParseAddresses(mime.Field{Body: f.body}.Value()) {
				if a.Kind != mime.Mailbox || a.Host == "" || a.Mailbox == "" {
					continue
				}
				values = addressPart(values, c, haven.Address{Local: mime.DecodeHeader(a.Mailbox), Domain: a.Host})
			}
		}
	}
	return m.match(c, values, c.args[1])
}

// addressPart appends the part of an address that a test looks at, if the address has it.
func addressPart(values []string, c *command, a haven.Address) []string {
	user, detail, has := strings.Cut(a.Local, "+")
	switch {
	case a.IsNull(): // RFC 5228 §5.4: empty, whatever the part
		return append(values, "")
	case c.has("localpart"):
		return append(values, a.Local)
	case c.has("domain"):
		return append(values, a.Domain)
	case c.has("user"):
		return append(values, user)
	case c.has("detail") && !has: // RFC 5233 §4
		return values
	case c.has("detail"):
		return append(values, detail)
	}
	return append(values, a.Local+"@"+a.Domain)
}

func (m *machine) envelope(c *command) (bool, error) {
	parts, err := m.texts(c.args[0])
	if err != nil {
		return false, err
	}
	var values []string
	for _, part := range parts {
		switch strings.ToLower(part) {
		case "from":
			values = addressPart(values, c, m.letter.From)
		case "to":
			values = addressPart(values, c, m.letter.To)
		}
	}
	return m.match(c, values, c.args[1])
}

func checkEnvelope(c *checker, cmd *command) {
	constants(cmd.args[0], func(s string) {
		if !strings.EqualFold(s, "from") && !strings.EqualFold(s, "to") {
			c.fail(cmd.line, `The envelope has "from" and "to", and no %s.`, quote(s))
		}
	})
}

func (m *machine) environment(c *command) (bool, error) {
	name, err := m.text(c.args[0])
	if err != nil {
		return false, err
	}
	item, ok := m.letter.Items[strings.ToLower(name)]
	if !ok {
		return false, nil
	}
	return m.match(c, []string{item}, c.args[1])
}

// spam compares how sure somebody is that a letter is junk: 1 to 10, or per cent; with :count whether anybody looked (RFC 5235 §2).
func (m *machine) spam(c *command) (bool, error) {
	score := strconv.Itoa(m.letter.Spam)
	if c.has("percent") {
		score = strconv.Itoa(max(m.letter.Spam-1, 0) * 100 / 9)
	}
	return m.scored(c, score, m.letter.Spam > 0)
}

func (m *machine) virus(c *command) (bool, error) {
	return m.scored(c, strconv.Itoa(m.letter.Virus), m.letter.Virus > 0)
}

func (m *machine) scored(c *command, score string, looked bool) (bool, error) {
	values := []string{score}
	if c.matching.kind == matchCount && !looked {
		values = nil
	}
	return m.match(c, values, c.args[0])
}

func (m *machine) mailboxExists(c *command) (bool, error) {
	return m.eachThere(c, m.house.HasMailbox)
}

func (m *machine) mailboxIDExists(c *command) (bool, error) {
	return m.eachThere(c, func(id string) (bool, error) {
		name, err := m.house.MailboxNamed(id)
		return name != "", err
	})
}

func (m *machine) eachThere(c *command, there func(string) (bool, error)) (bool, error) {
	names, err := m.texts(c.args[0])
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if err := m.spend(perCommand); err != nil {
			return false, err
		}
		if ok, err := there(name); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// duplicate reports whether a letter of the same id came before, and has this one remembered once all is done (RFC 7352).
func (m *machine) duplicate(c *command) (bool, error) {
	id, err := m.duplicateID(c)
	if err != nil || id == "" {
		return false, err
	}
	handle, err := m.text(c.tags["handle"])
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256([]byte(handle + "\x00" + id))
	mark := hex.EncodeToString(sum[:])
	seen := m.marks[mark]
	if !seen {
		if seen, err = m.house.Seen(mark); err != nil {
			return false, err
		}
	}
	if !seen || c.has("last") {
		d := 7 * day
		if v, ok := c.tags["seconds"]; ok {
			d = time.Duration(min(v.num, 1<<30)) * time.Second
		}
		if len(m.result.Marks) >= m.lim.Actions {
			return false, m.fail("A script remembers at most %d things of one letter.", m.lim.Actions)
		}
		m.marks[mark] = true
		m.result.Marks = append(m.result.Marks, Mark{Key: mark, For: min(d, m.lim.SeenMost)})
	}
	return seen, m.spend(int64(len(id)))
}

func (m *machine) duplicateID(c *command) (string, error) {
	if v, ok := c.tags["uniqueid"]; ok {
		return m.text(v)
	}
	name := "Message-ID"
	if v, ok := c.tags["header"]; ok {
		s, err := m.text(v)
		if err != nil {
			return "", err
		}
		name = s
	}
	at, err := m.named(name)
	if len(at) == 0 || err != nil {
		return "", err
	}
	return m.fields[at[0]].value(), nil
}

// bare is an address out of "Name <address>".
func bare(s string) string {
	for _, a := range mime.ParseAddresses(s) {
		if a.Kind == mime.Mailbox {
			return a.Spec()
		}
	}
	return s
}
