package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"haven"
)

// add puts an action into the result. Actions that contradict each other are an error (RFC 5429 §2.3, RFC 5230 §4.7).
func (m *machine) add(a Action) error {
	a.Line = m.line
	reject := a.Kind == Reject || a.Kind == EReject
	for _, had := range m.result.Actions {
		rejected := had.Kind == Reject || had.Kind == EReject
		switch {
		case reject && rejected:
			return m.fail("A letter is rejected once.")
		case reject && had.Kind != Discard, rejected && a.Kind != Discard:
			return m.fail("A letter that is rejected is neither kept nor sent on nor answered.")
		case a.Kind == Vacation && had.Kind == Vacation:
			return m.fail("A letter has one automatic reply.")
		}
	}
	if len(m.result.Actions) >= m.lim.Actions {
		return m.fail("A script does at most %d things with one letter.", m.lim.Actions)
	}
	m.result.Actions = append(m.result.Actions, a)
	return nil
}

// filed finds the action that files into the same folder already; its flags are joined with those of another (RFC 5228 §2.10.3).
func (m *machine) filed(a Action) bool {
	same := func(had Action) bool {
		return had.Kind == a.Kind && (had.Mailbox == a.Mailbox || strings.EqualFold(had.Mailbox, "INBOX") && strings.EqualFold(a.Mailbox, "INBOX")) && had.To == a.To
	}
	i := slices.IndexFunc(m.result.Actions, same)
	if i < 0 {
		return false
	}
	had := &m.result.Actions[i]
	had.Flags = distinct(append(slices.Clone(had.Flags), a.Flags...))
	had.Create = had.Create || a.Create
	return true
}

// flagsOf are the flags of keep and fileinto: those of :flags, or the internal variable (RFC 5232 §5).
func (m *machine) flagsOf(c *command) ([]string, error) {
	if v, ok := c.tags["flags"]; ok {
		return m.flagList(v)
	}
	return slices.Clone(m.flags), nil
}

func (m *machine) keep(c *command) error {
	flags, err := m.flagsOf(c)
	if err != nil {
		return err
	}
	m.settled = true
	a := Action{Kind: Keep, Flags: flags, Header: m.written()}
	if m.filed(a) {
		return nil
	}
	return m.add(a)
}

func (m *machine) discard(*command) error {
	m.settled = true
	a := Action{Kind: Discard}
	if m.filed(a) {
		return nil
	}
	return m.add(a)
}

func (m *machine) fileInto(c *command) error {
	name, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	flags, err := m.flagsOf(c)
	if err != nil {
		return err
	}
	if v, ok := c.tags["mailboxid"]; ok { // RFC 9042 §4.2: the name is for where there is none of that id
		id, err := m.text(v)
		if err != nil {
			return err
		}
		found, err := m.house.MailboxNamed(id)
		if err != nil {
			return err
		}
		if found != "" {
			name = found
		}
	}
	if name == "" {
		return m.fail("fileinto names no folder.")
	}
	m.settled = m.settled || !c.has("copy")
	a := Action{Kind: FileInto, Mailbox: name, Create: c.has("create"), Flags: flags, Header: m.written()}
	if m.filed(a) {
		return nil
	}
	return m.add(a)
}

func (m *machine) redirect(c *command) error {
	s, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	to, err := haven.ParseAddress(strings.TrimSpace(s))
	if err != nil || to.Domain == "" {
		return m.fail("%s is no address.", quote(s))
	}
	m.settled = m.settled || !c.has("copy")
	a := Action{Kind: Redirect, To: to, Header: m.written()}
	if m.filed(a) {
		return nil
	}
	n := 0
	for _, had := range m.result.Actions {
		if had.Kind == Redirect {
			n++
		}
	}
	if n >= m.lim.Redirects {
		return m.fail("A letter is sent on at most %d times.", m.lim.Redirects)
	}
	return m.add(a)
}

func (m *machine) reject(c *command) error {
	reason, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	m.settled = true
	kind := Reject
	if c.name == "ereject" {
		kind = EReject
	}
	return m.add(Action{Kind: kind, Text: reason})
}

// vacation answers the letter's sender; it leaves the letter where it is.
func (m *machine) vacation(c *command) error {
	r := &Reply{Every: m.every(c), MIME: c.has("mime")}
	for _, t := range []struct {
		tag  string
		into *string
	}{{"subject", &r.Subject}, {"from", &r.From}, {"handle", &r.Handle}} {
		s, err := m.text(c.tags[t.tag])
		if err != nil {
			return err
		}
		*t.into = s
	}
	var err error
	if r.Addresses, err = m.texts(c.tags["addresses"]); err != nil {
		return err
	}
	if r.Text, err = m.text(c.args[0]); err != nil {
		return err
	}
	if !c.has("handle") { // RFC 5230 §4.2: replies that say the same are one
		sum := sha256.Sum256([]byte(strings.Join([]string{r.Subject, r.From, r.Text, map[bool]string{true: "mime"}[r.MIME]}, "\x00")))
		r.Handle = hex.EncodeToString(sum[:])
	}
	return m.add(Action{Kind: Vacation, Reply: r})
}

// mostCategory is how long a category's name is at most, in octets (docs/jmap-work.md 2).
const mostCategory = 40

func isCategory(s string) bool {
	return s != "" && len(s) <= mostCategory && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

const sayCategory = "%s is no category: these have up to 40 small letters, digits and hyphens."

func checkCategory(c *checker, cmd *command) {
	v := cmd.args[0]
	constants(v, func(s string) {
		if !isCategory(s) {
			c.fail(v.line, sayCategory, quote(s))
		}
	})
	if w, ok := cmd.tags["within"]; ok && w.num == 0 {
		c.fail(w.line, "What has to be done within no time is late when it comes.")
	}
}

// category says what the letter is; what was said last holds. It is no action: the letter goes where it goes without.
func (m *machine) category(c *command) error {
	name, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	if !isCategory(name) {
		return m.fail(sayCategory, quote(name))
	}
	w := &Work{Category: name, AllHours: c.has("allhours")}
	if v, ok := c.tags["within"]; ok {
		w.Within = time.Duration(min(v.num, 1<<30)) * time.Second
	}
	m.result.Work = w
	return nil
}

const day = 24 * time.Hour

// every is after which time a sender is told again: 7 days where the script says nothing (RFC 5230 §4.1), and what is too short or long is the nearest that is not.
func (m *machine) every(c *command) time.Duration {
	d := 7 * day
	if v, ok := c.tags["days"]; ok {
		d = time.Duration(min(max(v.num, 1), 10_000)) * day
	}
	if v, ok := c.tags["seconds"]; ok {
		d = time.Duration(min(v.num, 1<<30)) * time.Second
	}
	return min(max(d, m.lim.VacationMin), m.lim.VacationMost)
}

func checkVacation(c *checker, cmd *command) {
	v := cmd.tags["from"]
	constants(v, func(s string) {
		if _, err := haven.ParseAddress(bare(s)); err != nil {
			c.fail(v.line, "%s is no address.", quote(s))
		}
	})
}
