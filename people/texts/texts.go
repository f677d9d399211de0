// Package texts is the pages about the service whose words the operator writes: help, training, privacy, accessibility, cookies, and how the
// national desk is reached.
//
// Each has a text that ships with the program, until an operator writes another. Every version is kept, with who wrote it and when.
package texts

import (
	"time"

	"haven"
)

// Name names a text, in addresses too.
type Name string

const (
	Help          Name = "help"
	Training      Name = "training"
	Privacy       Name = "privacy"
	Accessibility Name = "accessibility"
	Cookies       Name = "cookies"
	NationalDesk  Name = "national-desk" // one line: its number and hours, on every page
)

// Names are all of them, in the order of lists.
var Names = []Name{Help, Training, NationalDesk, Privacy, Accessibility, Cookies}

// Title is the heading of a text's page.
func (n Name) Title() string { return shipped[n].title }

// Text is one version.
type Text struct {
	Name    Name
	Version int // 0: the one that ships
	Body    string
	At      time.Time
	By      haven.AccountID // zero: the command line, or a program
}

var shipped = map[Name]struct{ title, body string }{
	Help: {"Get help", `The pharmacy helpdesk helps with everything: accounts, mailboxes, registrations and mail programs. It is open from 9am to 5pm, Monday to Friday, except bank holidays.

The national helpdesk is always there. It resets passwords and unlocks accounts; for all else it takes your call, and the pharmacy helpdesk rings back.

# Before you call
- [I have forgotten my password](/forgotten-password)
- [I don't know my address, or the mailbox's](/lost-details)
- [Is the service working?](/status)
- [Guides and training](/about/training)`},
	Training: {"Guides and training", `# Your first day
Activate your account: you have a username by e-mail and a temporary password by text. It takes about five minutes, also on a colleague's computer. [Activate your account](/activate)

# The premises' mailbox
Everybody who works at the premises reads it with an account of their own. What you send as the mailbox is kept in its Sent folder, so that colleagues see it.

# Owners
An owner lets colleagues in and takes access away, at once. A premises should have two owners, so that one can be away.

# Mail programs
Each mail program gets a password of its own, under My account. If a phone is lost, one button logs it out.`},
	Privacy: {"Privacy", `We keep what the service needs: your name, your addresses, your mobile number, where you work, and when you logged in and from where.

Nobody but the people who open a mailbox reads its mail: not the helpdesk, not those who run the service.

What is done with accounts and mailboxes is recorded, with who did it and when. You see what concerns you under My account.`},
	Accessibility: {"Accessibility statement", `These pages are made to be used with a keyboard, with a screen reader, at any size of text, and without script.

We aim at level AA of WCAG 2.2. If something does not work for you, tell the helpdesk: it is a fault and we mend it.`},
	Cookies: {"Cookies", `We use cookies only so that the pages work, and none to follow you.

- One protects the forms that you fill in.
- One keeps you logged in, and ends when you log out or close the browser.
- One is kept if you ask this browser not to ask for the second step again.`},
	NationalDesk: {"National helpdesk", `The national helpdesk is always open, for passwords and locked accounts.`},
}
