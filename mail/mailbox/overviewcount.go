package mailbox

import (
	"slices"
	"strings"

	"haven"
)

// Counts are a folder's (RFC 8621 §2).
type Counts struct {
	Emails, Unread, Threads, UnreadThreads int64
}

// Of the messages of a thread that are unread: some outside the trash, some in it.
const (
	unreadOutside uint8 = 1 << iota
	unreadTrash
)

// Counts are the folders' counts. A thread is unread in a folder where any of its messages is unread, wherever that is; but those that
// are only in the trash count for the trash alone, and nothing else counts for it (RFC 8621 §2 unreadThreads).
func (o *Overview) Counts() map[haven.MailboxNo]Counts {
	if o.counts == nil {
		o.count()
	}
	return o.counts
}

func (o *Overview) count() {
	o.counts = map[haven.MailboxNo]Counts{}
	unread := make([]uint8, len(o.threads))
	threads := map[haven.MailboxNo][]int32{}
	for _, i := range o.order {
		b := &o.slots[i]
		if b.Unread() {
			if b.In(o.trash) {
				unread[b.thread] |= unreadTrash
			}
			if b.Folder != o.trash || len(b.More) > 0 {
				unread[b.thread] |= unreadOutside
			}
		}
		o.countIn(b.Folder, b, threads)
		for _, mb := range b.More {
			o.countIn(mb, b, threads)
		}
	}
	for mb, in := range threads {
		want := unreadOutside
		if mb == o.trash {
			want = unreadTrash
		}
		c := o.counts[mb]
		o.begin()
		for _, t := range in {
			if o.marks[t] == o.mark {
				continue
			}
			o.marks[t] = o.mark
			c.Threads++
			if unread[t]&want != 0 {
				c.UnreadThreads++
			}
		}
		o.counts[mb] = c
	}
}

func (o *Overview) countIn(mb haven.MailboxNo, b *Brief, threads map[haven.MailboxNo][]int32) {
	c := o.counts[mb]
	c.Emails++
	if b.Unread() {
		c.Unread++
	}
	o.counts[mb] = c
	threads[mb] = append(threads[mb], b.thread)
}

// keptLists is how many answers to queries an overview keeps until the account changes.
const keptLists = 8

// Listing is a question for messages.
type Listing struct {
	Name     string                // says all that the answer depends on, which is then kept until the account changes; "": it is not
	Keep     func(*Brief) bool     // which
	Compare  func(a, b *Brief) int // in which order; nil: of arrival, the newest first. Where it is 0 the newest is first
	Collapse bool                  // only the first of each thread
}

// Kept is an answer that was given before, and whether there is one.
func (o *Overview) Kept(name string) ([]haven.MessageID, bool) {
	l, ok := o.lists[name]
	return l, ok
}

// List answers a listing. Nobody may change the answer.
func (o *Overview) List(q Listing) []haven.MessageID {
	if l, ok := o.lists[q.Name]; ok && q.Name != "" {
		return l
	}
	var list []int32
	for k := len(o.order) - 1; k >= 0; k-- {
		if i := o.order[k]; q.Keep(&o.slots[i]) {
			list = append(list, i)
		}
	}
	if q.Compare != nil {
		slices.SortStableFunc(list, func(a, b int32) int { return q.Compare(&o.slots[a], &o.slots[b]) })
	}
	if q.Collapse {
		list = o.collapsed(list)
	}
	msgs := make([]haven.MessageID, len(list))
	for k, i := range list {
		msgs[k] = o.slots[i].Msg
	}
	if q.Name != "" {
		o.keepList(strings.Clone(q.Name), msgs)
	}
	return msgs
}

// InThreads tells of any message whether some, and whether every, message of its thread has something. It is good for as long as the overview.
func (o *Overview) InThreads(has func(*Brief) bool) (some, every func(*Brief) bool) {
	with, without := make([]bool, len(o.threads)), make([]bool, len(o.threads))
	for _, i := range o.order {
		if b := &o.slots[i]; has(b) {
			with[b.thread] = true
		} else {
			without[b.thread] = true
		}
	}
	return func(b *Brief) bool { return with[b.thread] }, func(b *Brief) bool { return !without[b.thread] }
}

func (o *Overview) collapsed(list []int32) []int32 {
	o.begin()
	out := list[:0]
	for _, i := range list {
		if t := o.slots[i].thread; o.marks[t] != o.mark {
			o.marks[t] = o.mark
			out = append(out, i)
		}
	}
	return out
}

func (o *Overview) keepList(name string, list []haven.MessageID) {
	if o.lists == nil {
		o.lists = map[string][]haven.MessageID{}
	}
	if len(o.listed) == keptLists {
		delete(o.lists, o.listed[0])
		o.listed = o.listed[1:]
	}
	o.lists[name], o.listed = list, append(o.listed, name)
}
