package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// Edit is what is to become of a message, wherever it lies in its account.
type Edit struct {
	Msg     haven.MessageID
	Destroy bool // out of all folders: it stays restorable as one expunged does

	Replace bool     // Set are all flags and keywords that the message has then; \Deleted stays as it is
	Set     Keywords // to be there
	Unset   Keywords // to be gone
	Refile  bool     // Into are all folders that hold the message then
	Into    []haven.MailboxNo
	OutOf   []haven.MailboxNo
}

// Keywords are flags and keywords by name.
type Keywords struct {
	Flags Flags
	Names []string
}

// Edited is what a set of edits did.
type Edited struct {
	Errors        []error // by edit: NotFound for a message that is not there, Invalid (RuleNoFolder) for a folder that is not
	Before, After State   // all that happened between them is these edits
}

// Rules by which an edit is refused.
const (
	RuleNoFolder  = "message.no-folder"  // there is no such folder
	RuleNoFolders = "message.no-folders" // a message is in one folder at least
)

var (
	errNoSuchFolder = &errs.Error{Kind: errs.Invalid, Rule: RuleNoFolder, Say: "There is no such folder. Read the list of folders anew."}
	errHomeless     = &errs.Error{Kind: errs.Invalid, Rule: RuleNoFolders, Say: "A message is in one folder at least. Destroy it to be rid of it."}
)

// RuleStateMismatch is the rule by which a change is refused since the account changed before.
const RuleStateMismatch = "mailbox.state-mismatch"

var errStateMismatch = &errs.Error{Kind: errs.Conflict, Rule: RuleStateMismatch, Say: "The mailbox has changed meanwhile. Read it anew and try again."}

// EditMessages changes messages, each wholly or not at all, in steps that are durable by themselves. The error is for what kept it from beginning, or, with what was done until then, from going on.
func (s *Service) EditMessages(ctx context.Context, v Viewer, edits []Edit) (res Edited, err error) {
	res.Errors = make([]error, len(edits))
	for lo := 0; lo == 0 || lo < len(edits); lo += s.step {
		part := edits[lo:min(lo+s.step, len(edits))]
		step := Edited{Errors: res.Errors[lo : lo+len(part)]}
		err := s.write(ctx, v, haven.Write, 4*len(part)+1, func(tx *db.Tx, l *lock) error {
			clear(step.Errors)
			return s.editStep(tx, v, l, part, &step)
		})
		if err != nil {
			return res, err
		}
		if lo == 0 {
			res.Before, res.After = step.Before, step.After
		} else if res.After == step.Before { // else somebody came between: what is told then has to be asked for
			res.After = step.After
		}
	}
	return res, nil
}

func (s *Service) editStep(tx *db.Tx, v Viewer, l *lock, part []Edit, step *Edited) (err error) {
	e := editor{s: s, tx: tx, v: v, lock: l}
	if err := e.begin(part); err != nil {
		return err
	}
	step.Before, step.After, err = around(tx, v, func() error {
		for i := range part {
			err := e.edit(&part[i])
			if err != nil && !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooMany) && !errs.Is(err, errs.OverQuota) {
				return err
			}
			step.Errors[i] = err
		}
		return nil
	})
	return err
}

// around runs fn in a transaction that has the account locked, and gives the states right before and after.
func around(tx *db.Tx, v Viewer, fn func() error) (before, after State, err error) {
	st, err := states(tx, v)
	if err != nil {
		return before, after, err
	}
	before = State{st.Mail, st.Epoch}
	if err := fn(); err != nil {
		return before, after, err
	}
	st, err = states(tx, v)
	return before, State{st.Mail, st.Epoch}, err
}

// editor changes messages in one transaction.
type editor struct {
	s       *Service
	tx      *db.Tx
	v       Viewer
	lock    *lock
	folders map[haven.MailboxNo]bool
}

// begin reads which folders there are, and joins the marks on messages of an account that is being settled.
func (e *editor) begin(part []Edit) error {
	e.folders = map[haven.MailboxNo]bool{}
	err := e.tx.Query(sqlFolderNos, []any{int64(e.v.Account)}, func(r db.Row) error {
		e.folders[haven.MailboxNo(r.Int64(0))] = true
		return nil
	})
	if err != nil || e.lock.reads != settling {
		return err
	}
	msgs := make([]haven.MessageID, len(part))
	for i := range part {
		msgs[i] = part[i].Msg
	}
	return join(e.tx, e.v.Account, e.lock, msgs, nil)
}

func (e *editor) places(msg haven.MessageID) ([]spot, error) {
	return placesOf(e.tx, e.v.Account, msg)
}

// placesOf are where a message is.
func placesOf(tx *db.Tx, account haven.AccountNo, msg haven.MessageID) (all []spot, err error) {
	err = tx.Query(sqlPlacesOf, []any{int64(account), int64(msg)}, func(r db.Row) error {
		all = append(all, scanSpot(r))
		return nil
	})
	return all, err
}

func (e *editor) edit(d *Edit) error {
	places, err := e.places(d.Msg)
	if err != nil {
		return err
	}
	seen := inSight(places)
	if len(seen) == 0 {
		return errNoMessage
	}
	if d.Destroy {
		return e.remove(places, expunged)
	}
	into, outOf, err := e.refiling(d, seen)
	if err != nil {
		return err
	}
	if err := e.flag(d, seen[0]); err != nil {
		return err
	}
	if len(into) == 0 && len(outOf) == 0 {
		return nil
	}
	return e.refile(d.Msg, into, outOf)
}

// inSight are the places that don't carry \Deleted.
func inSight(places []spot) []spot {
	return slices.DeleteFunc(slices.Clone(places), func(p spot) bool { return p.Flags&Deleted != 0 })
}

// refiling is which folders a message comes into and which places it leaves.
func (e *editor) refiling(d *Edit, seen []spot) (into []haven.MailboxNo, outOf []haven.MailboxNo, err error) {
	for _, mb := range d.Into {
		if !e.folders[mb] {
			return nil, nil, errNoSuchFolder
		}
		if !slices.ContainsFunc(seen, func(p spot) bool { return p.mb == mb }) && !slices.Contains(into, mb) {
			if mb == e.lock.scheduled {
				return nil, nil, errScheduled
			}
			into = append(into, mb)
		}
	}
	left := len(into)
	for _, p := range seen {
		gone := slices.Contains(d.OutOf, p.mb) && !slices.Contains(d.Into, p.mb)
		if d.Refile {
			gone = !slices.Contains(d.Into, p.mb)
		}
		if gone {
			outOf = append(outOf, p.mb)
		} else {
			left++
		}
	}
	if left == 0 {
		return nil, nil, errHomeless
	}
	return into, outOf, nil
}

// flag changes flags and keywords of a message in all its places.
func (e *editor) flag(d *Edit, at spot) error {
	if !d.Replace && d.Set.Flags == 0 && d.Unset.Flags == 0 && len(d.Set.Names) == 0 && len(d.Unset.Names) == 0 {
		return nil
	}
	b := &batch{mb: at.mb, rows: []Row{at.Row}, raw: []Flags{at.raw}}
	f := flagWriter{tx: e.tx, account: e.v.Account, lock: e.lock, batch: b, counts: map[haven.MailboxNo]*delta{}}
	seen := d.Replace || (d.Set.Flags|d.Unset.Flags)&Seen != 0
	if e.lock.reads == each && seen { // whoever changes something else has not read it
		var err error
		if f.own, err = newOwnWriter(e.tx, e.v, e.lock, b); err != nil {
			return err
		}
	}
	if d.Replace || len(d.Unset.Names) > 0 {
		if err := f.guard(e.s, d.Replace); err != nil {
			return err
		}
	}
	row := b.rows[0]
	set, err := e.s.keywordBits(e.tx, e.v.Account, d.Set.Names, true)
	if err != nil {
		return err
	}
	unset, err := e.s.keywordBits(e.tx, e.v.Account, d.Unset.Names, false)
	if err != nil {
		return err
	}
	const settable = settable &^ Deleted
	flags, kw := row.Flags, row.Keywords
	if d.Replace {
		flags, kw = flags&Deleted, 0
	}
	flags, kw = (flags|d.Set.Flags&settable)&^(d.Unset.Flags&settable), (kw|set)&^unset
	if err := f.apply(0, FlagChange{Op: ReplaceFlags, Flags: flags}, kw); err != nil {
		return err
	}
	f.finish()
	return nil
}

// refile gives a message places in some folders and takes it out of others.
func (e *editor) refile(msg haven.MessageID, into, outOf []haven.MailboxNo) error {
	places, err := e.places(msg) // with the flags that they have now
	if err != nil {
		return err
	}
	if err := e.place(places, into, len(outOf) == 0 || len(into) > 1); err != nil {
		return err
	}
	away := slices.DeleteFunc(places, func(p spot) bool { return !slices.Contains(outOf, p.mb) })
	why := moved
	if len(into) == 0 {
		why = left // it lives on in its other places
	}
	return e.remove(away, why)
}

// place adds places; several marks all of them as having others.
func (e *editor) place(places []spot, into []haven.MailboxNo, several bool) error {
	if len(into) == 0 {
		return nil
	}
	from := places[0]
	raw := from.raw &^ Deleted
	if several || len(places) > 1 {
		raw |= many
		for _, p := range places {
			if p.raw&many == 0 {
				e.tx.Exec(sqlMarkMany, int64(e.v.Account), int64(p.mb), int64(p.UID), int64(p.raw|many))
			}
		}
	}
	for _, mb := range into {
		p := placing{msg: from.Msg, thread: from.Thread, flags: raw, kw: from.Keywords, size: from.Size, received: micros(from.Received), seq: e.lock.take()}
		if _, err := place(e.tx, e.v.Account, mb, []placing{p}); err != nil {
			return err
		}
	}
	return nil
}

// remove takes places away.
func (e *editor) remove(places []spot, why parting) error {
	now := micros(e.s.clock.Now())
	for _, p := range places {
		r := remover{tx: e.tx, account: e.v.Account, lock: e.lock, now: now}
		g := going{placed{p.mb, p.UID, p.raw, p.Keywords}, p.Msg, p.Size, 0, p.Created, p.Thread}
		if len(places) > 1 {
			g.flags |= many
		}
		if err := r.remove(p.mb, g, why); err != nil {
			return err
		}
		r.finish(p.mb)
	}
	return nil
}
