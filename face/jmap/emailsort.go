package jmap

import (
	"cmp"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/search"
)

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
	read := map[search.SortBy]map[haven.MessageID]string{}
	for i, s := range by {
		how, ok := sealedSorts[s.Property]
		if keys[i] = read[how]; !ok || keys[i] != nil {
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
		read[how] = keys[i]
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
