package imap

import (
	"haven/mail/mailbox"
	"haven/mail/search"
	"haven/platform/errs"
)

var sortKeys = map[string]search.SortBy{
	"ARRIVAL": search.ByArrival, "CC": search.ByCc, "DATE": search.ByDate, "FROM": search.ByFrom, "SIZE": search.BySize,
	"SUBJECT": search.BySubject, "TO": search.ByTo, "DISPLAYFROM": search.ByDisplayFrom, "DISPLAYTO": search.ByDisplayTo,
}

// sortMessages is SORT (RFC 5256 §3, RFC 5957) with RETURN (RFC 5267 §3).
func sortMessages(c *call) error {
	k := &keyReader{call: c}
	var ret returns
	c.d.SP()
	if c.d.Ahead("RETURN ") {
		c.d.Keyword()
		c.d.SP()
		ret = c.readReturns()
		c.d.SP()
	}
	keys := c.readSortKeys()
	c.d.SP()
	known := c.charset()
	c.d.SP()
	q := k.all()
	if !c.end() {
		return nil
	}
	if !known {
		return errCharset
	}
	return c.find(&ret, k.modSeq, "SORT", func(v mailbox.Viewer) (search.Result, error) {
		return c.srv.search.Sort(c.ctx, v, c.sel.no, c.within(q), keys)
	})
}

func (c *call) readSortKeys() []search.SortKey {
	var keys []search.SortKey
	c.d.List(func() {
		name := c.d.Keyword()
		reverse := name == "REVERSE"
		if reverse {
			c.d.SP()
			name = c.d.Keyword()
		}
		by, ok := sortKeys[name]
		if !ok || len(keys) == len(sortKeys) {
			c.d.Bad("SORT doesn't know a criterion, or there are too many")
		}
		keys = append(keys, search.SortKey{By: by, Reverse: reverse})
	})
	if c.d.Err() == nil && len(keys) == 0 {
		c.d.Bad("expected a sort criterion")
	}
	return keys
}

// thread is THREAD (RFC 5256 §3).
func thread(c *call) error {
	k := &keyReader{call: c}
	c.d.SP()
	how := search.References
	name := c.d.Keyword()
	c.d.SP()
	known := c.charset()
	c.d.SP()
	q := k.all()
	if !c.end() {
		return nil
	}
	switch name {
	case "REFERENCES":
	case "ORDEREDSUBJECT":
		how = search.OrderedSubject
	default:
		return errs.E(errs.Invalid, "Messages are threaded by REFERENCES or ORDEREDSUBJECT.")
	}
	if !known {
		return errCharset
	}
	var threads []*search.Thread
	if c.sel.uids.Len() > 0 {
		var err error
		if threads, err = c.srv.search.Thread(c.ctx, c.sel.viewer, c.sel.no, c.within(q), how); err != nil {
			return err
		}
	}
	c.e.Raw("* THREAD")
	if len(threads) > 0 {
		c.e.SP()
	}
	for _, t := range threads {
		c.writeThread(t)
	}
	c.e.CRLF()
	return nil
}

// writeThread writes a thread: a line of answers as numbers, and where it branches each branch in parentheses.
func (c *call) writeThread(t *search.Thread) {
	c.e.Byte('(')
	for first := true; ; first = false {
		if t.UID != 0 {
			if !first {
				c.e.SP()
			}
			c.e.Num(c.nameOf(t.UID))
		}
		if len(t.Answers) != 1 {
			break
		}
		t = t.Answers[0]
	}
	if len(t.Answers) > 0 && t.UID != 0 {
		c.e.SP()
	}
	for _, a := range t.Answers {
		c.writeThread(a)
	}
	c.e.Byte(')')
}
