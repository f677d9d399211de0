package jmap

import (
	"cmp"
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

// compile makes a test of a filter (RFC 8621 §4.4.1).
func (l *listing) compile(f *filter) (keeping, error) {
	if f == nil {
		return func(*mailbox.Overview) func(*mailbox.Brief) bool {
			return func(*mailbox.Brief) bool { return true }
		}, nil
	}
	if f.Condition != nil {
		return l.condition(f.Condition)
	}
	var all []keeping
	for _, sub := range f.Of {
		k, err := l.compile(sub)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return func(o *mailbox.Overview) func(*mailbox.Brief) bool {
		bound := &filter{Op: f.Op, Of: make([]*filter, len(all))}
		i := -1
		test, _ := combine(bound, func(*filter) (func(*mailbox.Brief) bool, error) {
			i++
			return all[i](o), nil
		})
		return test
	}, nil
}

// condition compiles a FilterCondition: all of its members are to be true.
func (l *listing) condition(o *object) (keeping, error) {
	var all []keeping
	plain := func(name string, test func(*mailbox.Brief) bool) {
		if o.Given(name) {
			all = append(all, func(*mailbox.Overview) func(*mailbox.Brief) bool { return test })
		}
	}
	l.placeConditions(o, plain)
	before, after := o.UTCDate("before").UnixMicro(), o.UTCDate("after").UnixMicro()
	plain("before", func(b *mailbox.Brief) bool { return b.Received < before })
	plain("after", func(b *mailbox.Brief) bool { return b.Received >= after })
	least, _ := o.OptUnsigned("minSize")
	most, _ := o.OptUnsigned("maxSize")
	plain("minSize", func(b *mailbox.Brief) bool { return b.Size >= least })
	plain("maxSize", func(b *mailbox.Brief) bool { return b.Size < most })
	if o.Given("hasAttachment") {
		want := o.Bool("hasAttachment", false)
		l.weigh = true
		if l.weighed == nil {
			l.weighed = map[haven.MessageID]bool{}
		}
		plain("hasAttachment", func(b *mailbox.Brief) bool {
			has, known := b.Attached()
			return (has || !known && l.weighed[b.Msg]) == want
		})
	}
	all = append(all, l.keywordConditions(o)...)
	all = append(all, l.textConditions(o)...)
	if err := conditionDone(o); err != nil {
		return nil, err
	}
	return func(o *mailbox.Overview) func(*mailbox.Brief) bool {
		tests := make([]func(*mailbox.Brief) bool, len(all))
		for i, k := range all {
			tests[i] = k(o)
		}
		if len(tests) == 1 {
			return tests[0]
		}
		return every(tests)
	}, nil
}

// placeConditions are those on where a message is.
func (l *listing) placeConditions(o *object, plain func(string, func(*mailbox.Brief) bool)) {
	l.mutable = l.mutable || o.Given("inMailbox") || o.Given("inMailboxOtherThan")
	in := l.folder(o.ID("inMailbox"))
	plain("inMailbox", func(b *mailbox.Brief) bool { return b.In(in) })
	not := map[haven.MailboxNo]bool{}
	for _, id := range o.IDs("inMailboxOtherThan") {
		not[l.folder(id)] = true
	}
	plain("inMailboxOtherThan", func(b *mailbox.Brief) bool {
		return !not[b.Folder] || slices.ContainsFunc(b.More, func(mb haven.MailboxNo) bool { return !not[mb] })
	})
}

// folder is the number of a folder, -1 for one that there is not: nothing is in it.
func (l *listing) folder(id string) haven.MailboxNo {
	real, _ := l.c.resolve(id)
	if no := folderOf(l.own, real); no != 0 {
		return no
	}
	return -1
}

// keywordConditions are those on keywords, of a message or of its thread.
func (l *listing) keywordConditions(o *object) (all []keeping) {
	for _, name := range []string{"hasKeyword", "notKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword", "noneInThreadHaveKeyword"} {
		if !o.Given(name) {
			continue
		}
		word := o.String(name)
		l.mutable = true
		l.threads = l.threads || strings.Contains(name, "InThread")
		all = append(all, func(v *mailbox.Overview) func(*mailbox.Brief) bool { return keywordTest(v, name, word) })
	}
	return all
}

// keywordTest is a condition or a sort property on a keyword.
func keywordTest(v *mailbox.Overview, name, word string) func(*mailbox.Brief) bool {
	has := hasKeyword(v, word)
	if name == "hasKeyword" {
		return has
	}
	if name == "notKeyword" {
		return func(b *mailbox.Brief) bool { return !has(b) }
	}
	some, every := v.InThreads(has)
	switch name {
	case "allInThreadHaveKeyword":
		return every
	case "someInThreadHaveKeyword":
		return some
	}
	return func(b *mailbox.Brief) bool { return !some(b) }
}

func hasKeyword(v *mailbox.Overview, word string) func(*mailbox.Brief) bool {
	word = strings.ToLower(word)
	if f := systemKeywords[word]; f != 0 {
		return func(b *mailbox.Brief) bool { return b.Flags&f != 0 }
	}
	bit := v.KeywordBit(word)
	return func(b *mailbox.Brief) bool { return b.Keywords&bit != 0 }
}

// mostSought is how many octets the texts have that one filter looks for: each of their words is looked for by itself.
const mostSought = 1 << 10

// textConditions are those on what a message says.
func (l *listing) textConditions(o *object) (all []keeping) {
	seek := func(name, text string, q func(text string) search.Query) {
		if l.sought += len(text); l.sought > mostSought {
			o.Bad(name, "is too long: a filter looks for texts of at most %d octets together", mostSought)
			return
		}
		t := &textSet{q: q(text)}
		l.texts = append(l.texts, t)
		all = append(all, func(*mailbox.Overview) func(*mailbox.Brief) bool { return t.has })
	}
	add := func(name string, q func(text string) search.Query) {
		if text, ok := o.OptString(name); ok {
			seek(name, text, q)
		}
	}
	add("text", func(s string) search.Query { return search.Said(search.Text, s) })
	add("body", func(s string) search.Query { return search.Said(search.Body, s) })
	add("subject", search.InSubject)
	for name, in := range map[string]search.AddressField{"from": search.From, "to": search.To, "cc": search.Cc, "bcc": search.Bcc} {
		add(name, func(s string) search.Query { return search.InAddresses(in, s) })
	}
	if o.Given("header") {
		h := o.Strings("header")
		if len(h) < 1 || len(h) > 2 || !isFieldName(h[0]) {
			o.Bad("header", "must be a field's name, and the text to look for in it where one is wanted")
			return all
		}
		seek("header", strings.Join(h[1:], ""), func(text string) search.Query { return search.Header{Name: h[0], Contains: text} })
	}
	return all
}

// ordering is by what a query sorts.
type ordering []orderBy

type orderBy struct {
	comparator
	word string
}

func (l *listing) order(by []comparator) (all ordering, err error) {
	for _, s := range by {
		if !slices.Contains(sortOptions, s.Property) {
			return nil, fail("unsupportedSort", "Emails are sorted by %s.", strings.Join(sortOptions, ", "))
		}
		x := orderBy{comparator: s}
		if strings.HasSuffix(s.Property, "Keyword") {
			s.Object.Require("keyword")
			x.word = s.Object.String("keyword")
			l.mutable = true
			l.threads = l.threads || strings.Contains(s.Property, "InThread")
		}
		if err := sortDone(s); err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

// sealedSorts are the properties for which what is sealed has to be opened.
var sealedSorts = map[string]search.SortBy{"from": search.ByDisplayFrom, "to": search.ByDisplayTo, "subject": search.BySubject, "sentAt": search.ByDate}

// sortKeys reads what the overview does not have, of all messages that the filter is true of.
func (l *listing) sortKeys(by ordering, keep keeping) (keys []map[haven.MessageID]string, err error) {
	keys = make([]map[haven.MessageID]string, len(by))
	var msgs []haven.MessageID
	for i, s := range by {
		how, ok := sealedSorts[s.Property]
		if !ok {
			continue
		}
		if msgs == nil {
			err = l.c.overview(l.v, func(o *mailbox.Overview) error {
				msgs = o.List(mailbox.Listing{Keep: keep(o)})
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		list, err := l.c.srv.o.Search.SortKeys(l.c.ctx, l.v, msgs, how)
		if err != nil {
			return nil, err
		}
		keys[i] = make(map[haven.MessageID]string, len(msgs))
		for k, m := range msgs {
			keys[i][m] = list[k]
		}
	}
	return keys, nil
}

// compare is the order of messages; nil for the usual one, the newest first.
func (by ordering) compare(o *mailbox.Overview, keys []map[haven.MessageID]string) func(a, b *mailbox.Brief) int {
	if len(by) == 0 || by[0].Property == "receivedAt" && by[0].Descending {
		return nil
	}
	tests := make([]func(a, b *mailbox.Brief) int, len(by))
	for i, s := range by {
		tests[i] = s.compare(o, keys[i])
	}
	return func(a, b *mailbox.Brief) int {
		for i, s := range by {
			n := tests[i](a, b)
			if s.Descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	}
}

func (s orderBy) compare(o *mailbox.Overview, keys map[haven.MessageID]string) func(a, b *mailbox.Brief) int {
	switch {
	case s.Property == "receivedAt":
		return func(a, b *mailbox.Brief) int { return cmp.Compare(a.Received, b.Received) }
	case s.Property == "size":
		return func(a, b *mailbox.Brief) int { return cmp.Compare(a.Size, b.Size) }
	case keys != nil:
		return func(a, b *mailbox.Brief) int { return cmp.Compare(keys[a.Msg], keys[b.Msg]) }
	}
	has := keywordTest(o, s.Property, s.word)
	n := func(b *mailbox.Brief) int {
		if has(b) {
			return 1
		}
		return 0
	}
	return func(a, b *mailbox.Brief) int { return cmp.Compare(n(a), n(b)) }
}
