package mailbox

import (
	"fmt"
	"slices"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// A letter that is sent later stands in a folder of role Scheduled until it goes. Only the service puts letters there; whoever takes one out, or
// marks it \Deleted, in whatever way, has withdrawn it, which Options.Withdrawn is told in the same transaction.

// Rules by which nothing is put into the folder of letters that are sent later, and nobody makes one.
const (
	RuleScheduled     = "folder.scheduled"
	RuleScheduledRole = "folder.scheduled-role"
)

var (
	errScheduled     = &errs.Error{Kind: errs.Invalid, Rule: RuleScheduled, Say: "Only letters that are sent later stand in this folder. Choose another one, or send the letter with a time."}
	errScheduledRole = &errs.Error{Kind: errs.Invalid, Rule: RuleScheduledRole, Say: "The folder of letters that are sent later is made by the service."}
)

// withdraw tells that a letter leaves a folder, if that is the one of letters that are sent later.
func (l *lock) withdraw(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, msg haven.MessageID) error {
	if l.scheduled == 0 || mb != l.scheduled || l.withdrawn == nil {
		return nil
	}
	return l.withdrawn(tx, account, msg, l.take())
}

// Sending is the message of an account that a letter was sent of.
type Sending struct {
	Msg    haven.MessageID
	Same   bool // the Sent copy says what the message says, octet by octet
	InSent bool // the message was in Sent before it was sent this time: it is of an earlier sending, and stays
}

// fileOrKeep files one letter; of a Sent copy and the message that it was made of, one stays: the message where the two are the same, else the copy, which
// is what was sent.
func (s *Service) fileOrKeep(tx *db.Tx, j *filing, locks map[haven.AccountNo]*lock) error {
	if j.Of == nil {
		return s.fileOne(tx, j, locks)
	}
	l := locks[j.Account]
	l.withdrawn = nil // it leaves the folder since it is sent
	e := editor{s: s, tx: tx, v: Viewer{Person: j.SentBy, Account: j.Account}, lock: l}
	if err := e.begin([]Edit{{Msg: j.Of.Msg}}); err != nil {
		return err
	}
	places, err := e.places(j.Of.Msg)
	if err != nil {
		return err
	}
	seen := inSight(places)
	if j.Of.Same && len(seen) > 0 {
		return s.keepSent(&e, j, seen, locks)
	}
	if err := s.fileOne(tx, j, locks); err != nil {
		return err
	}
	away := slices.DeleteFunc(places, func(p spot) bool { return !e.leaves(p.mb) && (j.Of.InSent || p.mb != provisioned(Sent)) })
	return e.remove(away, left)
}

// leaves reports whether what is sent has no business in a folder any more.
func (e *editor) leaves(mb haven.MailboxNo) bool {
	return mb == provisioned(Drafts) || mb == e.lock.scheduled && mb != 0
}

// keepSent has a message itself be the Sent copy. The letter that was made of it is nobody's, and its body goes once the queue needs it no more.
func (s *Service) keepSent(e *editor, j *filing, seen []spot, locks map[haven.AccountNo]*lock) error {
	blob.Released(e.tx, j.at, j.Letter.stored.ID)
	if err := e.flag(&Edit{Set: Keywords{Flags: Seen}, Unset: Keywords{Flags: Draft}}, seen[0]); err != nil {
		return err
	}
	var into, outOf []haven.MailboxNo
	if !slices.ContainsFunc(seen, func(p spot) bool { return p.mb == provisioned(Sent) }) {
		into = append(into, provisioned(Sent))
	}
	for _, p := range seen {
		if e.leaves(p.mb) {
			outOf = append(outOf, p.mb)
		}
	}
	if len(into) > 0 || len(outOf) > 0 {
		if err := e.refile(j.Of.Msg, into, outOf); err != nil {
			return err
		}
	}
	j.msg = j.Of.Msg
	j.filed = Filed{Account: j.Account, Mailbox: provisioned(Sent), Msg: j.msg, Seq: e.lock.take()}
	if err := s.rememberSent(e.tx, j, provisioned(Sent), locks); err != nil {
		return err
	}
	return s.came(e.tx, j.Account, e.lock, Coming{Msg: j.msg, Thread: seen[0].Thread, Role: Sent, SentBy: j.answeredBy(), Refs: j.refs, At: j.at})
}

// sentNumbers is how many numbers it takes to make a message the Sent copy, or to do away with it.
const sentNumbers = 16

// Schedule takes a message out of Drafts and puts it into the folder of role Scheduled, which is made where there is none.
func (c *Change) Schedule(msg haven.MessageID) error {
	if c.lock.scheduled == 0 {
		if err := c.makeScheduled(); err != nil {
			return err
		}
	}
	return c.refile(msg, c.lock.scheduled, provisioned(Drafts))
}

// Recall puts a message that is not sent after all back into Drafts: out of Scheduled, and unless it was there before also out of Sent, where only what was
// sent stands. One that is in neither stays where somebody put it.
func (c *Change) Recall(msg haven.MessageID, wasSent bool) error {
	from := []haven.MailboxNo{c.lock.scheduled}
	if !wasSent {
		from = append(from, provisioned(Sent))
	}
	e := c.editor()
	places, err := e.places(msg)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(places, func(p spot) bool { return p.Flags&Deleted == 0 && p.mb != 0 && slices.Contains(from, p.mb) })
	if i < 0 {
		return nil
	}
	if err := c.refile(msg, provisioned(Drafts), from...); err != nil {
		return err
	}
	if places, err = e.places(msg); err != nil || len(places) == 0 {
		return err
	}
	return e.flag(&Edit{Set: Keywords{Flags: Draft}}, places[0])
}

// refile puts a message into a folder, and takes it out of those of the others that it is in.
func (c *Change) refile(msg haven.MessageID, into haven.MailboxNo, outOf ...haven.MailboxNo) error {
	e := c.editor()
	places, err := e.places(msg)
	if err != nil {
		return err
	}
	in := func(mb haven.MailboxNo) bool {
		return mb != 0 && slices.ContainsFunc(places, func(p spot) bool { return p.mb == mb })
	}
	var to []haven.MailboxNo
	if !in(into) {
		to = append(to, into)
	}
	outOf = slices.DeleteFunc(slices.Clone(outOf), func(mb haven.MailboxNo) bool { return !in(mb) })
	if len(to) == 0 && len(outOf) == 0 {
		return nil
	}
	return e.refile(msg, to, outOf)
}

// scheduledNames is how many names are tried for the folder; people may have folders of that name.
const scheduledNames = 100

func (c *Change) makeScheduled() error {
	all, err := folders(c.Tx, Viewer{Account: c.Account})
	if err != nil {
		return err
	}
	f := Folder{Name: "Scheduled", Role: Scheduled}
	for n := 2; slices.ContainsFunc(all, func(o Folder) bool { return o.Parent == 0 && o.Name == f.Name }); n++ {
		if n > scheduledNames {
			return errFolderIs
		}
		f.Name = fmt.Sprintf("Scheduled %d", n)
	}
	if f.No, f.UIDValidity, err = c.s.nextFolder(c.Tx, c.Account); err != nil {
		return err
	}
	insertFolder(c.Tx, c.Account, f, c.lock.take())
	c.Tx.Exec(sqlSetScheduled, int64(c.Account), int64(f.No))
	c.lock.scheduled = f.No
	return nil
}
