package mailbox

import (
	"context"
	"fmt"
	"slices"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// A letter that is sent later stands in a folder of role Scheduled until it goes. Only the service puts letters there; whoever takes one out, or
// marks it \Deleted, in whatever way, has withdrawn it, which Options.Withdrawn is told in the same transaction.

// RuleScheduled is the rule by which nothing is put into the folder of letters that are sent later.
const RuleScheduled = "folder.scheduled"

var (
	errScheduled     = &errs.Error{Kind: errs.Invalid, Rule: RuleScheduled, Say: "Only letters that are sent later stand in this folder. Choose another one, or send the letter with a time."}
	errScheduledRole = &errs.Error{Kind: errs.Invalid, Rule: RuleScheduled, Say: "The folder of letters that are sent later is made by the service."}
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
	seen := slices.DeleteFunc(slices.Clone(places), func(p spot) bool { return p.Flags&Deleted != 0 })
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
	return s.rememberSent(e.tx, j, provisioned(Sent), locks)
}

// Turn is a transaction over one account in which another concept writes rows of its own beside the mail, under the account's numbers. It is good until the
// function that got it returns.
type Turn struct {
	Tx      *db.Tx
	s       *Service
	account haven.AccountNo
	lock    *lock
}

// turnNumbers is how many numbers a turn takes; beyond them what it changes shares the last.
const turnNumbers = 16

// Turn runs fn with the account locked, and announces what it changed once that is durable. No viewer is asked unless fn calls May.
func (s *Service) Turn(ctx context.Context, account haven.AccountNo, fn func(t *Turn) error) error {
	return s.writeEach(ctx, map[haven.AccountNo]int{account: turnNumbers}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
		return fn(&Turn{tx, s, account, locks[account]})
	})
}

// Number takes a number of an account that this transaction has locked already, as File does: what a filing does also can note by it when it happened.
func Number(tx *db.Tx, account haven.AccountNo) (haven.Seq, error) {
	l, err := takeSeq(tx, account, 1)
	if err != nil {
		return 0, err
	}
	return l.take(), nil
}

// Take gives the next number.
func (t *Turn) Take() haven.Seq { return t.lock.take() }

// Rights are what a viewer holds on the account, at least Read: NotFound for whoever may not know of it.
func (t *Turn) Rights(v Viewer) (haven.Rights, error) { return t.s.need(t.Tx, v, haven.Read) }

// Find is a message's thread, and whether it is in Sent. NotFound: there is none in sight.
func (t *Turn) Find(msg haven.MessageID) (thread haven.MessageID, inSent bool, err error) {
	e := t.editor()
	places, err := e.places(msg)
	found := false
	for _, p := range places {
		if p.Flags&Deleted == 0 {
			thread, found, inSent = p.Thread, true, inSent || p.mb == provisioned(Sent)
		}
	}
	if err == nil && !found {
		err = errNoMessage
	}
	return thread, inSent, err
}

func (t *Turn) editor() *editor {
	return &editor{s: t.s, tx: t.Tx, v: Viewer{Account: t.account}, lock: t.lock}
}

// Schedule takes a message out of Drafts and puts it into the folder of role Scheduled, which is made where there is none.
func (t *Turn) Schedule(msg haven.MessageID) error {
	if t.lock.scheduled == 0 {
		if err := t.makeScheduled(); err != nil {
			return err
		}
	}
	return t.refile(msg, t.lock.scheduled, provisioned(Drafts))
}

// Recall puts a message that is not sent after all back into Drafts: out of Scheduled, and unless it was there before also out of Sent, where only what was
// sent stands. One that is in neither stays where somebody put it.
func (t *Turn) Recall(msg haven.MessageID, wasSent bool) error {
	from := []haven.MailboxNo{t.lock.scheduled}
	if !wasSent {
		from = append(from, provisioned(Sent))
	}
	e := t.editor()
	places, err := e.places(msg)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(places, func(p spot) bool { return p.Flags&Deleted == 0 && p.mb != 0 && slices.Contains(from, p.mb) })
	if i < 0 {
		return nil
	}
	if err := t.refile(msg, provisioned(Drafts), from...); err != nil {
		return err
	}
	if places, err = e.places(msg); err != nil || len(places) == 0 {
		return err
	}
	if t.lock.reads == each {
		return t.markDraft(places)
	}
	return e.flag(&Edit{Set: Keywords{Flags: Draft}}, places[0])
}

// markDraft sets Draft on all places of a message without a look at who reads.
func (t *Turn) markDraft(places []spot) error {
	for _, p := range places {
		b := &batch{mb: p.mb, rows: []Row{p.Row}, raw: []Flags{p.raw}}
		f := flagWriter{tx: t.Tx, account: t.account, lock: t.lock, batch: b, counts: map[haven.MailboxNo]*delta{}}
		f.setRow(0, p.raw&settable|Draft, p.Keywords)
		f.finish()
	}
	return nil
}

// refile puts a message into a folder, and takes it out of those of the others that it is in.
func (t *Turn) refile(msg haven.MessageID, into haven.MailboxNo, outOf ...haven.MailboxNo) error {
	e := t.editor()
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

func (t *Turn) makeScheduled() error {
	all, err := folders(t.Tx, Viewer{Account: t.account})
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
	if f.No, f.UIDValidity, err = t.s.nextFolder(t.Tx, t.account); err != nil {
		return err
	}
	insertFolder(t.Tx, t.account, f, t.lock.take())
	t.Tx.Exec(sqlSetScheduled, int64(t.account), int64(f.No))
	t.lock.scheduled = f.No
	return nil
}

const sqlSetScheduled = `UPDATE account_seq SET scheduled = $2 WHERE an = $1`
