package search

import (
	"context"
	"errors"
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// answers are what the word index says about a range of messages.
type answers struct {
	unread       []haven.MessageID // not indexed yet, ascending
	filled, upto haven.MessageID   // above filled and up to upto nothing is sure
	blind        bool              // there is no index
	tests        []answer          // by test of the plan
}

// answer is about one Words: hits are sure; doubts share the first letters of a long word and must be read.
type answer struct{ hits, doubts []haven.MessageID }

// of is what the index says about a message. All beginnings of words are known of one that has documents: there is no doubt about it.
func (a *answers) of(test int, msg haven.MessageID, documents bool) verdict {
	if a.blind || msg > a.filled && msg <= a.upto || contains(a.unread, msg) {
		return maybe
	}
	t := &a.tests[test]
	switch {
	case contains(t.hits, msg):
		return yes
	case !documents && contains(t.doubts, msg):
		return maybe
	}
	return no
}

// candidates are the messages, ascending, for which every one of some tests may be true, if these are few; ok is false
// otherwise, or where the index doesn't know.
func (a *answers) candidates(tests []int, few int) (msgs []haven.MessageID, ok bool) {
	if a.blind || a.filled < a.upto || len(a.unread) > few {
		return nil, false
	}
	msgs = a.all(tests, func(t *answer) []haven.MessageID {
		if len(t.doubts) > 0 {
			return t.doubts // hits are among them
		}
		return t.hits
	})
	msgs = append(msgs, a.unread...)
	slices.Sort(msgs)
	msgs = slices.Compact(msgs)
	return msgs, len(msgs) <= few
}

// sure are the messages, ascending, for which every one of some tests is true, whatever else is learned.
func (a *answers) sure(tests []int) []haven.MessageID {
	msgs := a.all(tests, func(t *answer) []haven.MessageID { return t.hits })
	return without(msgs, a.unread)
}

// all are the messages that the sets of all tests share.
func (a *answers) all(tests []int, set func(*answer) []haven.MessageID) (msgs []haven.MessageID) {
	for i, t := range tests {
		of := set(&a.tests[t])
		if i == 0 {
			msgs = slices.Clone(of)
			continue
		}
		msgs = slices.DeleteFunc(msgs, func(m haven.MessageID) bool { return !contains(of, m) })
	}
	return msgs
}

func contains(sorted []haven.MessageID, msg haven.MessageID) bool {
	_, ok := slices.BinarySearch(sorted, msg)
	return ok
}

// askIndex asks the word index about the pending rows.
func (e *evaluation) askIndex() error {
	lo, hi := e.rows[e.pending[0]].Msg, e.rows[e.pending[0]].Msg
	for _, i := range e.pending {
		lo, hi = min(lo, e.rows[i].Msg), max(hi, e.rows[i].Msg)
	}
	a, err := e.index.ask(e.ctx, e.v, e.plan.words, lo, hi)
	e.answers = a
	return err
}

// ask looks words up for the messages from lo to hi. What is not indexed yet is read before the index is, or with it: a message
// that is on its way between the two then counts as unread, never as one without the word. All of it is of one index: a
// rebuild waits until the answers are there.
func (x *index) ask(ctx context.Context, v mailbox.Viewer, tests []onWords, lo, hi haven.MessageID) (*answers, error) {
	asked, err := x.questions(ctx, v.Account, tests)
	if err != nil {
		return nil, err
	}
	x.mu.RLock()
	e := x.engine
	if e == nil {
		x.mu.RUnlock()
		return &answers{blind: true, tests: make([]answer, len(tests))}, nil
	}
	a, err := x.askAll(ctx, e, v.Account, asked, lo, hi)
	x.mu.RUnlock()
	var main errMain
	switch {
	case errors.As(err, &main):
		return nil, main.error
	case outOfRoom(err): // a reader too takes a little of the disk
		a.blind, err = true, nil
	case errs.Is(err, errs.Internal) && ctx.Err() == nil:
		x.doubt(e, err)
		a.blind, err = true, nil
	}
	return a, err
}

// question is a test in the words of the index; see groups.
type question struct{ begin, whole [][]token }

func (x *index) questions(ctx context.Context, account haven.AccountNo, tests []onWords) (asked []question, err error) {
	terms, err := x.keys(ctx, account)
	if err != nil {
		return nil, err
	}
	asked = make([]question, len(tests))
	for i, t := range tests {
		if asked[i].begin, asked[i].whole, err = groups(t, terms); err != nil {
			return nil, err
		}
	}
	return asked, nil
}

// read reads what the index doesn't know.
func (a *answers) read(tx *db.Tx, account haven.AccountNo, lo, hi haven.MessageID) error {
	st, err := readState(tx)
	if err != nil {
		return err
	}
	a.filled, a.upto = st.filled, st.upto
	a.unread = a.unread[:0]
	return tx.Query(sqlUnread, []any{int64(account), int64(lo), int64(hi)}, func(r db.Row) error {
		a.unread = append(a.unread, haven.MessageID(r.Int64(0)))
		return nil
	})
}

// askAll asks an index. The caller holds mu.
func (x *index) askAll(ctx context.Context, e engine, account haven.AccountNo, asked []question, lo, hi haven.MessageID) (*answers, error) {
	a := &answers{tests: make([]answer, len(asked))}
	unread := func(tx *db.Tx) error { return a.read(tx, account, lo, hi) }
	return a, e.ask(ctx, x.main, account, unread, func(find find) (err error) {
		for i, q := range asked {
			t := &a.tests[i]
			if t.hits, err = find(q.begin, lo, hi); err != nil {
				return err
			}
			if q.whole != nil {
				t.doubts = t.hits
				if t.hits, err = find(q.whole, lo, hi); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// groups are the tokens of which a message must have one each: begin by the words' beginnings as far as the index
// knows these, whole by the words themselves. whole is nil where it is no different.
func groups(t onWords, terms Terms) (begin, whole [][]token, err error) {
	long := false
	for _, w := range t.words {
		short, cut := cutPrefix(w)
		g, err := group(terms, short, t.in)
		if err != nil {
			return nil, nil, err
		}
		begin = append(begin, g)
		if cut {
			long = true
			if g, err = group(terms, w, t.in); err != nil {
				return nil, nil, err
			}
		}
		whole = append(whole, g)
	}
	if !long {
		whole = nil
	}
	return begin, whole, nil
}

// group are the tokens of one word in the places where it may be.
func group(terms Terms, word string, in Place) ([]token, error) {
	hash, err := terms.Term([]byte(word))
	if err != nil {
		return nil, err
	}
	g := []token{tokenOf(hash, inBody)}
	if in == Text {
		g = append(g, tokenOf(hash, 0))
	}
	return g, nil
}
