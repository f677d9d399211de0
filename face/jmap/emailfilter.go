package jmap

import (
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/search"
)

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
