package imap

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// sharedRoot is where shared mailboxes stand: "Shared/<address>" is one's Inbox, its other folders are below
// (ARCHITECTURE §4).
const sharedRoot = "Shared"

const delimiter = "/"

// place is where a mailbox name points: a path in an account's folders. It need not exist.
type place struct {
	name    string // as the client names it, in UTF-8
	viewer  mailbox.Viewer
	account haven.AccountID
	path    []string
	shared  bool // under Shared/
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// viewer is the person looking at the account at the root.
func (s *session) viewer() mailbox.Viewer {
	program := "imap"
	if s.program != "" {
		program += " " + s.program
	}
	return mailbox.Viewer{Person: s.who.Person, Account: s.who.Account, Place: s.place, Program: program, ByProgram: true}
}

// ownRoot tells whether the session shows the person's own mail at the root, and so the shared mailboxes below Shared/.
func (s *session) ownRoot() bool { return s.who.Person == s.who.Account }

// mailboxName reads a mailbox name and gives it in UTF-8: as it is where the client asked for UTF-8 (RFC 6855 §3, RFC
// 9051 §5.1), else from modified UTF-7. Programs that send bare UTF-8 unasked are understood.
func (c *call) mailboxName() string { return c.decodeName(c.d.AString()) }

func (c *call) decodeName(s string) string {
	if c.d.Err() != nil {
		return ""
	}
	if !c.session.utf8 && !c.rev2 && isASCII(s) {
		plain, err := wire.DecodeUTF7(s)
		if err != nil {
			c.d.Bad("The mailbox name is no modified UTF-7.")
		}
		s = plain
	}
	if !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") {
		c.d.Bad("A mailbox name is UTF-8 in one line.")
		return ""
	}
	return s
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

var (
	errNoMailbox = errs.E(errs.NotFound, "There is no such mailbox.")
	errReserved  = errs.E(errs.Invalid, "The mailboxes below Shared are those that you are a member of; none can be made there.")
)

// resolve finds where a name points.
func (c *call) resolve(name string) (place, error) {
	trimmed := strings.TrimSuffix(name, delimiter)
	if trimmed == "" {
		return place{}, errNoMailbox
	}
	path := strings.Split(trimmed, delimiter)
	p := place{name: trimmed, viewer: c.viewer(), account: c.who.AccountID, path: path}
	if strings.EqualFold(path[0], "INBOX") {
		path[0] = "INBOX"
		p.name = strings.Join(path, delimiter)
	}
	if path[0] != sharedRoot || !c.ownRoot() {
		return p, nil
	}
	if len(path) == 1 {
		return place{}, errNoMailbox
	}
	boxes, err := c.sharedBoxes()
	if err != nil {
		return place{}, err
	}
	for _, b := range boxes {
		if strings.EqualFold(b.Address, path[1]) {
			return p.in(b), nil
		}
	}
	return place{}, errNoMailbox
}

// sharedBoxes are the mailboxes below Shared/.
func (c *call) sharedBoxes() ([]SharedBox, error) {
	boxes, err := c.srv.people.Shared(c.ctx, c.who.Person)
	return boxes[:min(len(boxes), c.srv.limits.Shared)], err
}

// in is the place of the same name in a shared mailbox.
func (p place) in(b SharedBox) place {
	p.viewer, p.account, p.shared = p.viewer.As(b.Account), b.AccountID, true
	rest := p.path[2:]
	p.path[1] = b.Address
	p.name = strings.Join(p.path, delimiter)
	if p.path = rest; len(rest) == 0 {
		p.path = []string{"INBOX"}
	}
	return p
}

// folder finds the folder that a name points to.
func (c *call) folder(name string) (place, mailbox.Folder, error) {
	p, err := c.resolve(name)
	if err != nil {
		return place{}, mailbox.Folder{}, err
	}
	f, err := c.srv.mail.FolderAt(c.ctx, p.viewer, p.path)
	return p, f, err
}

// nameOf is the name under which a folder of the root account, or of a shared mailbox, is shown.
func nameOf(f *mailbox.Folder, box *SharedBox) string {
	path := f.Path
	if box == nil {
		return strings.Join(path, delimiter)
	}
	if f.Role == mailbox.Inbox {
		path = nil
	}
	return strings.Join(append([]string{sharedRoot, box.Address}, path...), delimiter)
}
