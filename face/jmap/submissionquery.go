package jmap

import (
	"slices"
	"strings"

	"haven/mail/mailbox"
	"haven/mail/sending"
)

// submissionLooking is a filter over submissions as it is compiled.
type submissionLooking struct {
	c       *call
	mutable bool // it looks at what changes
}

// submissionTest says whether a submission is looked for.
type submissionTest = func(sending.Brief) bool

// compile makes a test of a filter (RFC 8621 §7.3).
func (l *submissionLooking) compile(f *filter) (submissionTest, error) {
	switch {
	case f == nil:
		return every[sending.Brief](nil), nil
	case f.Condition == nil:
		return combine(f, l.compile)
	}
	return l.condition(f.Condition)
}

func (l *submissionLooking) condition(o *object) (submissionTest, error) {
	var tests []submissionTest
	for name, id := range map[string]func(sending.Brief) string{
		"identityIds": func(b sending.Brief) string { return sending.IdentityID(b.Identity) },
		"emailIds":    func(b sending.Brief) string { return emailID(b.Msg) },
		"threadIds":   func(b sending.Brief) string { return threadID(b.Thread) },
	} {
		if !o.Has(name) {
			continue
		}
		wanted := map[string]bool{}
		for _, want := range o.IDs(name) {
			real, _ := l.c.resolve(want)
			wanted[real] = true
		}
		tests = append(tests, func(b sending.Brief) bool { return wanted[id(b)] })
	}
	if status, ok := o.OptString("undoStatus"); ok {
		l.mutable = true
		tests = append(tests, func(b sending.Brief) bool { return b.Undo.String() == status })
	}
	if before := o.UTCDate("before"); !before.IsZero() {
		tests = append(tests, func(b sending.Brief) bool { return b.SendAt.Before(before) })
	}
	if after := o.UTCDate("after"); !after.IsZero() {
		tests = append(tests, func(b sending.Brief) bool { return !b.SendAt.Before(after) })
	}
	return every(tests), conditionDone(o)
}

// submissionOrder reads how submissions are sorted (RFC 8621 §7.3): sentAt is what the standard calls sendAt there.
func submissionOrder(sort []comparator) (func(a, b sending.Brief) int, error) {
	keys := map[string]func(a, b sending.Brief) int{
		"emailId":  func(a, b sending.Brief) int { return strings.Compare(emailID(a.Msg), emailID(b.Msg)) },
		"threadId": func(a, b sending.Brief) int { return strings.Compare(threadID(a.Thread), threadID(b.Thread)) },
		"sentAt":   func(a, b sending.Brief) int { return a.SendAt.Compare(b.SendAt) },
		"sendAt":   func(a, b sending.Brief) int { return a.SendAt.Compare(b.SendAt) },
	}
	for _, s := range sort {
		if keys[s.Property] == nil {
			return nil, fail("unsupportedSort", "Submissions are sorted by emailId, threadId and sentAt.")
		}
		if err := sortDone(s); err != nil {
			return nil, err
		}
	}
	return func(a, b sending.Brief) int {
		for _, s := range sort {
			if n := keys[s.Property](a, b); n != 0 && s.Descending {
				return -n
			} else if n != 0 {
				return n
			}
		}
		return 0
	}, nil
}

func (t *submissions) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	f, _, err := t.find(c, v, q)
	return f, err
}

// find lists what matches, and whether the filter looks at what changes.
func (*submissions) find(c *call, v mailbox.Viewer, q asking) (f found, mutable bool, err error) {
	l := submissionLooking{c: c}
	match, err := l.compile(q.Filter)
	if err != nil {
		return f, false, err
	}
	order, err := submissionOrder(q.Sort)
	if err != nil {
		return f, false, err
	}
	all, st, err := c.srv.o.Submissions.List(c.ctx, v)
	if err != nil {
		return f, false, err
	}
	slices.SortStableFunc(all, order)
	ids := names{}
	for _, b := range all {
		if match(b) {
			ids = append(ids, sending.SubmissionID(b.ID))
		}
	}
	return found{State: stateAt(st.Seq, st.Epoch), IDs: ids, Calculate: true}, l.mutable, nil
}

func (t *submissions) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	f, mutable, err := t.find(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := t.Changes(c, v, since, 0)
	return delta{found: f, Touched: ch.all(), Immutable: !mutable}, err
}
