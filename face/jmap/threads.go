package jmap

import (
	"slices"

	"haven"
	"haven/mail/mailbox"
)

// threads is the type Thread (RFC 8621 §3).
type threads struct{}

var threadShape = Shape{
	{"id", "ThreadId", ServerSet, ""},
	{"emailIds", "EmailId[]", ServerSet, "the oldest first"},
}

var threadProperties = threadShape.names()

func (threads) Properties() (all, usual []string) { return threadProperties, threadProperties }

func (threads) State(c *call, v mailbox.Viewer) (string, error) {
	st, err := c.states(v)
	return stateAt(st.Threads, st.Epoch), err
}

func (threads) All(c *call, v mailbox.Viewer) (ids []string, err error) {
	err = c.overview(v, func(o *mailbox.Overview) error {
		once := map[haven.MessageID]bool{}
		o.All(func(b *mailbox.Brief) {
			if !once[b.Thread] {
				once[b.Thread], ids = true, append(ids, threadID(b.Thread))
			}
		})
		return nil
	})
	return ids, err
}

func (threads) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	list := make([]haven.MessageID, len(ids))
	for i, id := range ids {
		list[i] = messageOf(id, "T")
	}
	return c.overview(v, func(o *mailbox.Overview) error {
		o.Threads(list, func(i int, msgs []haven.MessageID) {
			if len(msgs) == 0 {
				return
			}
			emails := make([]string, len(msgs))
			for k, m := range msgs {
				emails[k] = emailID(m)
			}
			add(ids[i], record{"id": ids[i], "emailIds": emails})
		})
		return nil
	})
}

// Changes tells of threads in which a message came or went (RFC 8621 §3.2).
func (threads) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	from, err := pointOf(since)
	if err != nil {
		return changed{}, err
	}
	st, err := c.states(v)
	if err != nil {
		return changed{}, err
	}
	if from.Epoch == st.Epoch && from.Seq >= st.Threads && from.Seq <= st.Mail && from.Origin == from.Seq {
		return changed{NewState: stateAt(st.Threads, st.Epoch)}, nil
	}
	d, err := c.srv.o.Mail.Since(c.ctx, v, from, most)
	if err != nil {
		return changed{}, lostState(err)
	}
	ch := changed{NewState: stateText(d.Until), More: d.More}
	if !d.More {
		ch.NewState = stateAt(min(st.Threads, d.Until.Seq), st.Epoch)
	}
	return ch, c.sortThreads(v, from, d, &ch)
}

// sortThreads says of each thread of messages that came or went what became of it.
func (c *call) sortThreads(v mailbox.Viewer, from mailbox.Point, d mailbox.Delta, ch *changed) error {
	of, err := c.srv.o.Mail.ThreadsOf(c.ctx, v, slices.Concat(d.Created, d.Destroyed))
	if err != nil {
		return err
	}
	fresh := make(map[haven.MessageID]bool, len(d.Created))
	for _, m := range d.Created {
		fresh[m] = true
	}
	old := map[haven.MessageID]bool{} // threads that were there
	var all []haven.MessageID
	for _, m := range slices.Concat(d.Created, d.Destroyed) {
		t, ok := of[m]
		if !ok {
			continue
		}
		all = append(all, t)
		old[t] = old[t] || !fresh[m]
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return c.overview(v, func(o *mailbox.Overview) error {
		o.Threads(all, func(i int, msgs []haven.MessageID) {
			t, was := all[i], old[all[i]]
			for _, m := range msgs {
				b, _ := o.Find(m)
				was = was || !fresh[m] && b.Created <= from.Origin
			}
			switch {
			case len(msgs) == 0:
				ch.Destroyed = append(ch.Destroyed, threadID(t))
			case was:
				ch.Updated = append(ch.Updated, threadID(t))
			default:
				ch.Created = append(ch.Created, threadID(t))
			}
		})
		return nil
	})
}
