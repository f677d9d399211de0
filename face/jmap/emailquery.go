package jmap

import (
	"context"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/search"
)

// Searcher finds messages by what they say; *search.Service is one.
type Searcher interface {
	// Everywhere finds the messages of an account that q is true of, ascending.
	Everywhere(ctx context.Context, v mailbox.Viewer, q search.Query) ([]haven.MessageID, error)
	// SortKeys are what messages are sorted by, in the order asked; one that is gone has an empty key.
	SortKeys(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, by search.SortBy) ([]string, error)
	// Snippets shows where messages say what is looked for.
	Snippets(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, subject, body []string, fn func(i int, sn search.Snippet)) error
}

// sortOptions are the properties that Email/query sorts by (RFC 8621 §4.4.2).
var sortOptions = []string{"receivedAt", "size", "from", "to", "subject", "sentAt", "hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"}

// emailList is a query for messages.
type emailList struct{ collapse bool }

func emailQuery(c *call) (any, error) {
	collapse := c.args.Bool("collapseThreads", false)
	r, err := c.query(emailList{collapse})
	if err == nil {
		r.(record)["collapseThreads"] = collapse
	}
	return r, err
}

func emailQueryChanges(c *call) (any, error) {
	collapse := c.args.Bool("collapseThreads", false)
	r, err := c.queryChanges(emailList{collapse})
	if err == nil {
		r.(record)["collapseThreads"] = collapse
	}
	return r, err
}

// listing is a query on its way: what it asks is compiled once, then the overview answers.
type listing struct {
	c       *call
	v       mailbox.Viewer
	own     haven.AccountID
	texts   []*textSet // conditions on what messages say
	threads bool       // some condition or order looks at whole threads
	mutable bool       // what it looks at may change while a message is there
	sought  int        // octets of the texts that are looked for
	weigh   bool       // some condition looks at attachments
	weighed map[haven.MessageID]bool
}

// textSet is the messages that a condition on texts is true of.
type textSet struct {
	q    search.Query
	msgs []haven.MessageID
}

func (t *textSet) has(b *mailbox.Brief) bool {
	_, ok := slices.BinarySearch(t.msgs, b.Msg)
	return ok
}

// keeping tests a message within an overview.
type keeping func(o *mailbox.Overview) func(*mailbox.Brief) bool

func (t emailList) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	l := &listing{c: c, v: v, own: c.accountID(v)}
	keep, err := l.compile(q.Filter)
	if err != nil {
		return found{}, err
	}
	order, err := l.order(q.Sort)
	if err != nil {
		return found{}, err
	}
	name := strings.Join([]string{string(compact(c.args.Raw("filter"))), string(compact(c.args.Raw("sort"))), map[bool]string{true: "threads"}[t.collapse]}, "\n")
	if strings.Contains(name, `"#`) { // a creation id stands for something else in another request
		name = ""
	}
	f, kept, err := l.kept(name)
	if err != nil || kept {
		return f, err
	}
	if err := l.find(&f); err != nil {
		return found{}, err
	}
	keys, err := l.sortKeys(order, keep)
	if err != nil {
		return found{}, err
	}
	err = c.overview(v, func(o *mailbox.Overview) error {
		test := mailbox.Listing{Name: name, Keep: keep(o), Compare: order.compare(o, keys), Collapse: t.collapse}
		if st := o.State(); stateAt(st.Mail, st.Epoch) != f.State {
			test.Name = "" // somebody came between the search and the list: the state stays that of before
		}
		f.IDs = messageList(o.List(test))
		return nil
	})
	return f, err
}

// kept is the answer that the overview still has.
func (l *listing) kept(name string) (f found, kept bool, err error) {
	err = l.c.overview(l.v, func(o *mailbox.Overview) error {
		st := o.State()
		f = found{State: stateAt(st.Mail, st.Epoch), Calculate: true}
		if msgs, ok := o.Kept(name); ok && name != "" {
			f.IDs, kept = messageList(msgs), true
		}
		if l.weigh && !kept {
			o.All(func(b *mailbox.Brief) {
				if _, known := b.Attached(); !known {
					l.weighed[b.Msg] = false
				}
			})
		}
		return nil
	})
	return f, kept, err
}

// find asks the search for what the overview does not know.
func (l *listing) find(*found) (err error) {
	for _, t := range l.texts {
		if t.msgs, err = l.c.srv.o.Search.Everywhere(l.c.ctx, l.v, t.q); err != nil {
			return err
		}
	}
	if len(l.weighed) == 0 {
		return nil
	}
	msgs := make([]haven.MessageID, 0, len(l.weighed))
	for m := range l.weighed {
		msgs = append(msgs, m)
	}
	return l.c.srv.o.Mail.Infos(l.c.ctx, l.v, msgs, func(i int, info *mailbox.Info) error {
		l.weighed[msgs[i]] = info.Meta.Root != nil && info.Meta.Root.Bodies().HasAttachment()
		return nil
	})
}

// QueryChanges takes out what changed since, with all of its thread where the query looks at threads, and puts it where it is now.
func (t emailList) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	from, err := pointOf(since)
	if err != nil {
		return delta{}, err
	}
	f, err := t.Query(c, v, q) // first, so that what changes meanwhile is taken out and put where the list has it
	if err != nil {
		return delta{}, err
	}
	d, err := c.srv.o.Mail.Since(c.ctx, v, from, 0)
	if err != nil {
		return delta{}, lostState(err)
	}
	l := &listing{c: c, v: v, own: c.accountID(v)}
	if _, err = l.compile(q.Filter); err == nil {
		_, err = l.order(q.Sort)
	}
	if err != nil {
		return delta{}, err
	}
	touched := slices.Concat(d.Created, d.Updated, d.Destroyed)
	if t.collapse || l.threads {
		if touched, err = l.wholeThreads(touched); err != nil {
			return delta{}, err
		}
	}
	return delta{found: f, Touched: emailIDs(touched), Immutable: !l.mutable && !t.collapse && !l.threads}, nil
}

// wholeThreads adds the messages of the threads of some messages.
func (l *listing) wholeThreads(msgs []haven.MessageID) ([]haven.MessageID, error) {
	of, err := l.c.srv.o.Mail.ThreadsOf(l.c.ctx, l.v, msgs)
	if err != nil {
		return nil, err
	}
	var threads []haven.MessageID
	for _, t := range of {
		threads = append(threads, t)
	}
	slices.Sort(threads)
	threads = slices.Compact(threads)
	err = l.c.overview(l.v, func(o *mailbox.Overview) error {
		o.Threads(threads, func(_ int, more []haven.MessageID) { msgs = append(msgs, more...) })
		return nil
	})
	return msgs, err
}
