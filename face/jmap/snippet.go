package jmap

import (
	"haven"
	"haven/mail/mailbox"
	"haven/mail/search"
)

// snippetGet is SearchSnippet/get (RFC 8621 §5.1).
func snippetGet(c *call) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	c.args.Require("emailIds")
	ids := c.args.IDs("emailIds")
	f := c.askedFilter()
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := atMost(len(ids), c.srv.o.Policy.Get, "messages can be looked through"); err != nil {
		return nil, err
	}
	l := &listing{c: c, v: v, own: c.accountID(v)}
	if _, err := l.compile(f); err != nil {
		return nil, err
	}
	var w lookedFor
	w.add(f)
	list, notFound, err := c.snippets(v, ids, w)
	if err != nil {
		return nil, err
	}
	return record{"accountId": c.args.String("accountId"), "list": list, "notFound": listOrNull(notFound)}, nil
}

// lookedFor is the words of a filter that are to be found, in a subject and in a text.
type lookedFor struct{ subject, body []string }

func (w *lookedFor) add(f *filter) {
	switch {
	case f == nil || f.Op == "NOT":
		return
	case f.Condition == nil:
		for _, sub := range f.Of {
			w.add(sub)
		}
		return
	}
	o := f.Condition
	all := search.Typed(o.String("text"))
	w.subject = append(append(w.subject, all...), search.Typed(o.String("subject"))...)
	w.body = append(append(w.body, all...), search.Typed(o.String("body"))...)
}

func (c *call) snippets(v mailbox.Viewer, ids []string, w lookedFor) (list []record, notFound []string, err error) {
	there := make([]bool, len(ids))
	msgs := make([]haven.MessageID, len(ids))
	err = c.overview(v, func(o *mailbox.Overview) error {
		for i, id := range ids {
			real, _ := c.resolve(id)
			msgs[i] = messageOf(real, "M")
			_, there[i] = o.Find(msgs[i])
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var of []int
	var look []haven.MessageID
	for i, id := range ids {
		if there[i] {
			of, look = append(of, i), append(look, msgs[i])
		} else {
			notFound = append(notFound, id)
		}
	}
	list = make([]record, 0, len(look))
	err = c.srv.o.Search.Snippets(c.ctx, v, look, w.subject, w.body, func(i int, sn search.Snippet) {
		list = append(list, record{"emailId": ids[of[i]], "subject": orNullText(sn.Subject), "preview": orNullText(sn.Preview)})
	})
	return list, notFound, err
}
