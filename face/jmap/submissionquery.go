package jmap

import (
	"slices"
	"strings"

	"haven/mail/mailbox"
	"haven/mail/sending"
)

// submissionTest is a filter over submissions, and whether it looks at what changes.
type submissionTest struct {
	match   func(sending.Brief) bool
	mutable bool
}

// submissionFilter reads a filter (RFC 8621 §7.3).
func (c *call) submissionFilter(f *filter) submissionTest {
	if f == nil {
		return submissionTest{func(sending.Brief) bool { return true }, false}
	}
	if f.Condition != nil {
		return c.submissionCondition(f.Condition)
	}
	t := submissionTest{}
	var parts []submissionTest
	for _, sub := range f.Of {
		p := c.submissionFilter(sub)
		parts, t.mutable = append(parts, p), t.mutable || p.mutable
	}
	hits := func(b sending.Brief) (n int) {
		for _, p := range parts {
			if p.match(b) {
				n++
			}
		}
		return n
	}
	t.match = map[string]func(sending.Brief) bool{
		"AND": func(b sending.Brief) bool { return hits(b) == len(parts) },
		"OR":  func(b sending.Brief) bool { return hits(b) > 0 },
		"NOT": func(b sending.Brief) bool { return hits(b) == 0 },
	}[f.Op]
	return t
}

func (c *call) submissionCondition(o *object) submissionTest {
	var tests []func(sending.Brief) bool
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
			real, _ := c.resolve(want)
			wanted[real] = true
		}
		tests = append(tests, func(b sending.Brief) bool { return wanted[id(b)] })
	}
	status, mutable := o.OptString("undoStatus")
	if mutable {
		tests = append(tests, func(b sending.Brief) bool { return b.Undo.String() == status })
	}
	if before := o.UTCDate("before"); !before.IsZero() {
		tests = append(tests, func(b sending.Brief) bool { return b.SendAt.Before(before) })
	}
	if after := o.UTCDate("after"); !after.IsZero() {
		tests = append(tests, func(b sending.Brief) bool { return !b.SendAt.Before(after) })
	}
	c.args.Take("filter", o)
	return submissionTest{func(b sending.Brief) bool {
		return !slices.ContainsFunc(tests, func(test func(sending.Brief) bool) bool { return !test(b) })
	}, mutable}
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
		if keys[s.Property] == nil || s.Collation != "" {
			return nil, fail("unsupportedSort", "Submissions are sorted by emailId, threadId and sentAt.")
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
	test := c.submissionFilter(q.Filter)
	if err := c.args.Err(); err != nil {
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
		if test.match(b) {
			ids = append(ids, sending.SubmissionID(b.ID))
		}
	}
	return found{State: stateAt(st.Seq, st.Epoch), IDs: ids, Calculate: true}, test.mutable, nil
}

func (t *submissions) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	f, mutable, err := t.find(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := t.Changes(c, v, since, 0)
	return delta{found: f, Touched: ch.all(), Immutable: !mutable}, err
}
