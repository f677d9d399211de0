package imap

import (
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// grants are our rights as the letters of RFC 4314 §2.1; c and d are the old names that §2.1.1 asks for in answers.
// A right covers the whole account, so every mailbox of it has the same letters.
var grants = []struct {
	right   haven.Rights
	letters string
}{
	{haven.Read, "lr"},
	{haven.Write, "switekxcd"},
	{haven.SendAs | haven.SendOnBehalf, ""}, // sending is no right of IMAP
	{haven.Manage, "a"},
}

// letterOrder is how rights are written.
const letterOrder = "lrswipkxteacd"

// letters writes rights as RFC 4314 does.
func letters(r haven.Rights) string {
	have := ""
	for _, g := range grants {
		if r.Has(g.right) {
			have += g.letters
		}
	}
	var b strings.Builder
	for _, l := range letterOrder {
		if strings.ContainsRune(have, l) {
			b.WriteRune(l)
		}
	}
	return b.String()
}

// rightsOf reads letters. A right of ours needs all of its letters to be given and loses by each one taken away, so a
// client that names only some of them is refused rather than given more or less than it named.
func rightsOf(s string) (haven.Rights, error) {
	var r haven.Rights
	for _, l := range s {
		if !strings.ContainsRune(letterOrder, l) {
			return 0, errs.E(errs.Invalid, "There is no such right.")
		}
	}
	for _, g := range grants {
		given := 0
		for _, l := range strings.Trim(g.letters, "cd") {
			if strings.ContainsRune(s, l) {
				given++
			}
		}
		switch need := len(strings.Trim(g.letters, "cd")); {
		case need == 0 || given == 0:
		case given < need:
			return 0, errs.E(errs.Invalid, "The rights %s go together here; give all of them or none.", strings.Trim(g.letters, "cd"))
		default:
			r |= g.right
		}
	}
	return r, nil
}

func myRights(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	if !c.end() {
		return nil
	}
	p, _, err := c.folder(name)
	if err != nil {
		return err
	}
	r, err := c.srv.mail.Rights(c.ctx, p.viewer)
	if err != nil {
		return err
	}
	c.e.Raw("* MYRIGHTS ").Mailbox(p.name).SP().Raw(letters(r)).CRLF()
	return nil
}

var errNoManage = errs.E(errs.Denied, "Only an owner of the mailbox may see or change who opens it.")

// managed finds a mailbox whose access list the person may see and change.
func (c *call) managed(name string) (place, error) {
	p, _, err := c.folder(name)
	if err != nil {
		return place{}, err
	}
	r, err := c.srv.mail.Rights(c.ctx, p.viewer)
	if err == nil && !r.Has(haven.Manage) {
		err = errNoManage
	}
	return p, err
}

func getACL(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	if !c.end() {
		return nil
	}
	p, err := c.managed(name)
	if err != nil {
		return err
	}
	members, err := c.members(p.viewer)
	if err != nil {
		return err
	}
	c.e.Raw("* ACL ").Mailbox(p.name)
	for _, m := range members {
		c.e.SP().AString(m.Address).SP().Raw(letters(m.Rights))
	}
	c.e.CRLF()
	return nil
}

// members are who may open the account: a person's own is open to the person alone.
func (c *call) members(v mailbox.Viewer) ([]Member, error) {
	if v.Account == v.Person {
		return []Member{{Address: c.who.Address, Rights: haven.Own}}, nil
	}
	if c.srv.access == nil {
		return nil, errNoManage
	}
	return c.srv.access.Members(c.ctx, v.Person, v.Account)
}

func listRights(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	c.d.SP()
	who := c.d.AString()
	if !c.end() {
		return nil
	}
	p, err := c.managed(name)
	if err != nil {
		return err
	}
	c.e.Raw("* LISTRIGHTS ").Mailbox(p.name).SP().AString(who)
	c.e.Raw(` "" lr switekxcd a`).CRLF()
	return nil
}

func setACL(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	c.d.SP()
	who := c.d.AString()
	c.d.SP()
	mod := c.d.AString()
	if !c.end() {
		return nil
	}
	return c.setRights(name, who, mod)
}

func deleteACL(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	c.d.SP()
	who := c.d.AString()
	if !c.end() {
		return nil
	}
	return c.setRights(name, who, "")
}

// setRights gives a member the rights of mod: as named, or with + or - more or fewer than now.
func (c *call) setRights(name, who, mod string) error {
	p, err := c.managed(name)
	if err != nil {
		return err
	}
	if p.viewer.Account == p.viewer.Person || c.srv.access == nil {
		return errs.E(errs.Denied, "A personal mailbox opens to its owner alone.")
	}
	change, err := rightsOf(strings.TrimLeft(mod, "+-"))
	if err != nil {
		return err
	}
	return c.srv.access.SetMember(c.ctx, p.viewer.Person, p.viewer.Account, who, func(now haven.Rights) haven.Rights {
		switch {
		case strings.HasPrefix(mod, "+"):
			return withSending(now|change, now)
		case strings.HasPrefix(mod, "-"):
			return withSending(now&^change, now)
		}
		return withSending(change, 0)
	})
}

// withSending completes rights set over IMAP, which knows nothing of sending: who writes may send as the mailbox, as
// a new member may (Rules 3), and keeps what was given elsewhere.
func withSending(r, before haven.Rights) haven.Rights {
	sending := before & (haven.SendAs | haven.SendOnBehalf)
	if before == 0 && r.Has(haven.Write) {
		sending = haven.SendAs
	}
	if r.Has(haven.Manage) {
		return r | haven.Owner
	}
	if r == 0 {
		return 0
	}
	return r&^(haven.SendAs|haven.SendOnBehalf) | sending
}
