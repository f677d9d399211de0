package imap

import (
	"slices"
	"strings"

	"haven/mail/mailbox"
	"haven/platform/errs"
)

const (
	maxPatterns   = 50
	maxPatternLen = 1024
	maxPatternSum = 2048 // octets of all patterns of a command
)

// listing is a LIST or LSUB (RFC 9051 §6.3.9, RFC 5258).
type listing struct {
	command  string // "LIST" or "LSUB"
	patterns []string

	selSubscribed, selUse, recursive bool // selection options
	retSubscribed, retRights         bool // return options; CHILDREN and SPECIAL-USE are always returned
	status                           statusItems
	below                            bool // special uses of shared mailboxes are told
}

// entry is a name that could be listed.
type entry struct {
	place
	folder *mailbox.Folder // nil: a name that only holds others
	rights string
}

func list(c *call) error {
	l := listing{command: "LIST"}
	c.d.SP()
	extended := false
	if p, ok := c.d.Peek(); ok && p == '(' {
		extended = true
		c.readSelectOptions(&l)
		c.d.SP()
	}
	ref := c.mailboxName()
	c.d.SP()
	var patterns []string
	if p, ok := c.d.Peek(); ok && p == '(' {
		extended = true
		c.d.List(func() { patterns = c.addPattern(patterns) })
	} else {
		patterns = c.addPattern(nil)
	}
	if c.d.Accept(' ') {
		extended = true
		c.readReturnOptions(&l)
	}
	if !c.end() {
		return nil
	}
	if l.recursive && !l.selSubscribed && !l.selUse {
		c.d.Bad("RECURSIVEMATCH needs another selection option")
		return nil
	}
	if !extended && len(patterns) == 1 && patterns[0] == "" {
		c.e.Raw(`* LIST (\Noselect) "/" ""`).CRLF()
		return nil
	}
	return c.list(&l, ref, patterns)
}

func lsub(c *call) error {
	c.d.SP()
	ref := c.mailboxName()
	c.d.SP()
	patterns := c.addPattern(nil)
	if !c.end() {
		return nil
	}
	return c.list(&listing{command: "LSUB", selSubscribed: true}, ref, patterns)
}

func (c *call) addPattern(patterns []string) []string {
	p := c.decodeName(c.d.ListMailbox())
	sum := len(p)
	for _, have := range patterns {
		sum += len(have)
	}
	if len(p) > maxPatternLen || len(patterns) == maxPatterns || sum > maxPatternSum {
		c.d.Bad("too many patterns, or too long ones")
	}
	return append(patterns, p)
}

func (c *call) readSelectOptions(l *listing) {
	c.d.List(func() {
		switch c.d.Keyword() {
		case "SUBSCRIBED":
			l.selSubscribed, l.retSubscribed = true, true
		case "SPECIAL-USE":
			l.selUse = true
		case "RECURSIVEMATCH":
			l.recursive = true
		case "REMOTE", "":
		default:
			c.d.Bad("LIST doesn't know a selection option")
		}
	})
}

func (c *call) readReturnOptions(l *listing) {
	if c.d.Keyword() != "RETURN" {
		c.d.Bad("expected RETURN")
	}
	c.d.SP()
	c.d.List(func() {
		switch c.d.Keyword() {
		case "SUBSCRIBED":
			l.retSubscribed = true
		case "MYRIGHTS":
			l.retRights = true
		case "STATUS":
			c.d.SP()
			l.status = c.readStatusItems()
		case "CHILDREN", "SPECIAL-USE", "":
		default:
			c.d.Bad("LIST doesn't know a return option")
		}
	})
}

// list writes what matches.
func (c *call) list(l *listing, ref string, patterns []string) error {
	for _, p := range patterns {
		l.add(ref + p)
	}
	entries, err := c.entries(l)
	if err != nil {
		return err
	}
	for i := range entries {
		if err := c.ctx.Err(); err != nil {
			return errs.Wrap(errs.Transient, err, "There are too many folders to list at once. Ask for fewer.")
		}
		if err := c.listEntry(l, entries, i); err != nil {
			return err
		}
	}
	return nil
}

// add takes one more pattern. The Inbox is found in any case, and what only begins like it is not (RFC 9051 §5.1); where a
// wildcard follows, either may be meant.
func (l *listing) add(p string) {
	l.below = l.below || strings.HasPrefix(p, sharedRoot+delimiter)
	p = joinWildcards(p)
	if len(p) >= len(inbox) && strings.EqualFold(p[:len(inbox)], inbox) {
		rest := p[len(inbox):]
		if rest != "" && (rest[0] == '*' || rest[0] == '%') {
			l.patterns = append(l.patterns, p)
		}
		if rest == "" || strings.IndexByte("/*%", rest[0]) >= 0 {
			p = inbox + rest
		}
	}
	l.patterns = append(l.patterns, p)
}

const inbox = "INBOX"

// joinWildcards makes one of each run of wildcards, which says the same.
func joinWildcards(p string) string {
	var b strings.Builder
	for p != "" {
		rest := strings.TrimLeft(p, "*%")
		switch run := p[:len(p)-len(rest)]; {
		case strings.Contains(run, "*"):
			b.WriteByte('*')
		case run != "":
			b.WriteByte('%')
		}
		end := strings.IndexAny(rest, "*%")
		if end < 0 {
			end = len(rest)
		}
		b.WriteString(rest[:end])
		p = rest[end:]
	}
	return b.String()
}

// entries are all names that l could list: the folders at the root, then the shared mailboxes.
func (c *call) entries(l *listing) ([]entry, error) {
	root := place{viewer: c.viewer(), account: c.who.AccountID}
	var own *SharedBox
	out, err := c.accountEntries(l, nil, root, own)
	if err != nil || !c.ownRoot() || !l.mayMatchShared() {
		return out, err
	}
	boxes, err := c.sharedBoxes()
	if err != nil || len(boxes) == 0 {
		return out, err
	}
	out = append(out, entry{place: place{name: sharedRoot}})
	for i := range boxes {
		p := place{viewer: root.viewer.As(boxes[i].Account), account: boxes[i].AccountID, shared: true}
		more, err := c.accountEntries(l, out, p, &boxes[i])
		if err == nil {
			out = more
		} else if !errs.Is(err, errs.NotFound) { // taken away a moment ago
			return nil, err
		}
	}
	return out, nil
}

func (c *call) accountEntries(l *listing, out []entry, p place, box *SharedBox) ([]entry, error) {
	folders, err := c.srv.mail.Folders(c.ctx, p.viewer)
	if err != nil {
		return out, err
	}
	rights := ""
	if l.retRights {
		r, err := c.srv.mail.Rights(c.ctx, p.viewer)
		if err != nil {
			return out, err
		}
		rights = letters(r)
	}
	for i := range folders {
		f := &folders[i]
		if box != nil && f.Role == mailbox.Inbox {
			f.Children = true // what is beside the Inbox shows below it
		}
		p.name, p.path = nameOf(f, box), f.Path
		out = append(out, entry{place: p, folder: f, rights: rights})
	}
	return out, nil
}

// mayMatchShared tells whether a pattern can match a name at or below Shared.
func (l *listing) mayMatchShared() bool {
	for _, p := range l.patterns {
		fixed := p
		if i := strings.IndexAny(p, "%*"); i >= 0 {
			fixed = p[:i]
		}
		if strings.HasPrefix(fixed, sharedRoot) || strings.HasPrefix(sharedRoot, fixed) && fixed != p {
			return true
		}
	}
	return false
}

func (l *listing) matches(name string) bool {
	for _, p := range l.patterns {
		if match(p, name) {
			return true
		}
	}
	return false
}

// selects tells whether an entry meets the selection options by itself.
func (l *listing) selects(e *entry) bool {
	if l.selSubscribed && (e.folder == nil || !e.folder.Subscribed) {
		return false
	}
	return !l.selUse || l.use(e) != ""
}

// use is the special use to be told of an entry: the root's always, those under Shared only when they were asked for
// there, since programs take the first \Sent that they see (ARCHITECTURE §4).
func (l *listing) use(e *entry) string {
	if e.folder == nil || e.shared && !l.below {
		return ""
	}
	return uses[e.folder.Role]
}

func (c *call) listEntry(l *listing, all []entry, i int) error {
	en := &all[i]
	if !l.matches(en.name) {
		return nil
	}
	self := l.selects(en)
	inside := false
	if l.recursive || l.command == "LSUB" && !self {
		prefix := en.name + delimiter
		for k := range all {
			if strings.HasPrefix(all[k].name, prefix) && l.selects(&all[k]) {
				inside = inside || l.recursive || !l.matches(all[k].name)
			}
		}
	}
	if !self && !inside {
		return nil
	}
	c.writeEntry(l, en, self, inside)
	if en.folder == nil || l.command == "LSUB" {
		return nil
	}
	if l.retRights {
		c.e.Raw("* MYRIGHTS ").Mailbox(en.name).SP().Raw(en.rights).CRLF()
	}
	if len(l.status) > 0 {
		return c.writeStatus(en.place, en.folder, l.status)
	}
	return nil
}

// writeEntry writes a LIST or LSUB response. An LSUB of a name that only holds subscribed ones is \Noselect (RFC 3501
// §6.3.9).
func (c *call) writeEntry(l *listing, en *entry, self, inside bool) {
	e := c.e
	e.Raw("* ").Raw(l.command).Raw(" (")
	switch {
	case en.folder == nil:
		e.Raw(`\Noselect \HasChildren`)
	case l.command == "LSUB" && !self:
		e.Raw(`\Noselect`)
	case en.folder.Children:
		e.Raw(`\HasChildren`)
	default:
		e.Raw(`\HasNoChildren`)
	}
	if en.folder != nil && en.folder.Subscribed && l.retSubscribed {
		e.Raw(` \Subscribed`)
	}
	if use := l.use(en); use != "" {
		e.SP().Raw(use)
	}
	e.Raw(`) "/" `).Mailbox(en.name)
	if l.recursive && inside {
		e.Raw(` ("CHILDINFO" (`)
		if l.selSubscribed {
			e.Raw(`"SUBSCRIBED"`)
		} else {
			e.Raw(`"SPECIAL-USE"`)
		}
		e.Raw("))")
	}
	e.CRLF()
}

// match tells whether name matches a LIST pattern: "*" is anything, "%" anything without the delimiter. The time is
// bounded by the product of the lengths, whatever the pattern.
func match(pattern, name string) bool {
	at := make([]bool, len(name)+1) // at[i]: the pattern so far matches name[:i]
	at[0] = true
	for i := 0; i < len(pattern) && slices.Contains(at, true); i++ {
		switch c := pattern[i]; c {
		case '*', '%':
			for k := 1; k <= len(name); k++ {
				at[k] = at[k] || at[k-1] && (c == '*' || name[k-1] != '/')
			}
		default:
			for k := len(name); k > 0; k-- {
				at[k] = at[k-1] && name[k-1] == c
			}
			at[0] = false
		}
	}
	return at[len(name)]
}
