package imap

import (
	"context"
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/search"
	"haven/platform/errs"
)

// Searcher finds messages; *search.Service is one.
type Searcher interface {
	Search(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, q search.Query) (search.Result, error)
	Sort(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, q search.Query, keys []search.SortKey) (search.Result, error)
	Thread(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, q search.Query, how search.Threading) ([]*search.Thread, error)
}

// returns are the result options of SEARCH and SORT (RFC 4731, RFC 5182, RFC 5267).
type returns struct {
	given, min, max, all, count, save bool
}

func (c *call) readReturns() (r returns) {
	r.given = true
	none := true
	c.d.List(func() {
		none = false
		switch c.d.Keyword() {
		case "MIN":
			r.min = true
		case "MAX":
			r.max = true
		case "ALL":
			r.all = true
		case "COUNT":
			r.count = true
		case "SAVE":
			r.save = true
		default:
			c.d.Bad("RETURN doesn't know an option")
		}
	})
	r.all = r.all || none
	return r
}

// searchMessages is SEARCH (RFC 9051 §6.4.4). A client that speaks IMAP4rev2 gets ESEARCH always, another when it gives RETURN.
func searchMessages(c *call) error {
	k := &keyReader{call: c}
	var ret returns
	var badCharset bool
	c.d.SP()
	if c.d.Ahead("RETURN ") {
		c.d.Keyword()
		c.d.SP()
		ret = c.readReturns()
		c.d.SP()
	}
	if c.d.Ahead("CHARSET ") {
		c.d.Keyword()
		c.d.SP()
		badCharset = !c.charset()
		c.d.SP()
		if c.session.utf8 {
			c.d.Bad("after ENABLE UTF8=ACCEPT a search names no character set") // RFC 6855 §3
		}
	}
	q := k.all()
	if !c.end() {
		return nil
	}
	if badCharset {
		return errCharset
	}
	if !ret.given && c.rev2 {
		ret = returns{given: true, all: true}
	}
	return c.find(&ret, k.modSeq, "SEARCH", func(v mailbox.Viewer) (search.Result, error) {
		return c.srv.search.Search(c.ctx, v, c.sel.no, c.within(q))
	})
}

var errCharset = refuse(errs.Invalid, "imap.badcharset", "Searches are in UTF-8 or US-ASCII.")

// charset reads the name of a character set and tells whether it is one of ours.
func (c *call) charset() bool {
	name := c.d.AString()
	return equalFold(name, "UTF-8") || equalFold(name, "US-ASCII") || c.d.Err() != nil
}

// within keeps a query to the messages that the client knows of.
func (c *call) within(q search.Query) search.Query {
	return search.And{search.UIDs{{Lo: 1, Hi: c.sel.uids.Last()}}, q}
}

// find runs a search and answers it in the form that was asked for.
func (c *call) find(ret *returns, modSeq bool, name string, run func(mailbox.Viewer) (search.Result, error)) error {
	if modSeq {
		c.turnOnCondstore()
	}
	if ret.save {
		c.saved = nil // what a failed search leaves, RFC 5182 §2.1
	}
	var res search.Result
	if c.sel.uids.Len() > 0 {
		var err error
		if res, err = run(c.sel.viewer); err != nil {
			return err
		}
	}
	res.UIDs = slices.DeleteFunc(res.UIDs, func(uid haven.UID) bool {
		_, known := c.sel.uids.Number(uid)
		return !known
	})
	if ret.save {
		c.save(ret, res.UIDs)
	}
	if !ret.given {
		c.plainResult(name, &res, modSeq)
		return nil
	}
	if modSeq && len(res.UIDs) > 0 && !ret.all && !ret.count && (ret.min || ret.max) {
		if err := c.edgeModSeq(ret, &res); err != nil {
			return err
		}
	}
	c.extendedResult(ret, &res, modSeq)
	return nil
}

// save keeps the result for "$": with MIN or MAX alone only these (RFC 5182 §2.4).
func (c *call) save(ret *returns, uids []haven.UID) {
	if len(uids) > 0 && !ret.all && !ret.count && (ret.min || ret.max) {
		edge := []haven.UID{uids[0], uids[len(uids)-1]}
		switch {
		case !ret.max:
			edge = edge[:1]
		case !ret.min:
			edge = edge[1:]
		}
		uids = edge
	}
	sorted := slices.Clone(uids)
	slices.Sort(sorted)
	c.saved = storeRanges(ranges(slices.Compact(sorted)))
}

// plainResult is * SEARCH or * SORT with all numbers.
func (c *call) plainResult(name string, res *search.Result, modSeq bool) {
	c.e.Raw("* ").Raw(name)
	for _, uid := range res.UIDs {
		c.e.SP().Num(c.nameOf(uid))
	}
	if modSeq && len(res.UIDs) > 0 {
		c.e.Raw(" (MODSEQ ").Num(uint64(res.HighestModSeq)).Byte(')')
	}
	c.e.CRLF()
}

// nameOf is a message as this command names messages: its UID or its number.
func (c *call) nameOf(uid haven.UID) uint64 {
	if c.uid {
		return uint64(uid)
	}
	n, _ := c.sel.uids.Number(uid)
	return uint64(n)
}

// extendedResult is * ESEARCH (RFC 4731 §3.1).
func (c *call) extendedResult(ret *returns, res *search.Result, modSeq bool) {
	if ret.save && !ret.min && !ret.max && !ret.all && !ret.count {
		return
	}
	e, uids := c.e, res.UIDs
	e.Raw("* ESEARCH (TAG ").String(c.tag).Byte(')')
	if c.uid {
		e.Raw(" UID")
	}
	if ret.min && len(uids) > 0 {
		e.Raw(" MIN ").Num(c.nameOf(uids[0]))
	}
	if ret.max && len(uids) > 0 {
		e.Raw(" MAX ").Num(c.nameOf(uids[len(uids)-1]))
	}
	if ret.all && len(uids) > 0 {
		e.Raw(" ALL ").Ranges(c.names(uids))
	}
	if ret.count {
		e.Raw(" COUNT ").Num(uint64(len(uids)))
	}
	if modSeq && len(uids) > 0 {
		e.Raw(" MODSEQ ").Num(uint64(res.HighestModSeq))
	}
	e.CRLF()
}

// edgeModSeq narrows the highest mod-sequence to the messages that MIN and MAX tell of (RFC 7162 §3.1.10).
func (c *call) edgeModSeq(ret *returns, res *search.Result) error {
	var edge []mailbox.Range
	first, last := res.UIDs[0], res.UIDs[len(res.UIDs)-1]
	if ret.min {
		edge = append(edge, mailbox.Range{Lo: first, Hi: first})
	}
	if ret.max {
		edge = append(edge, mailbox.Range{Lo: last, Hi: last})
	}
	res.HighestModSeq = 0
	return c.srv.mail.Rows(c.ctx, c.sel.viewer, c.sel.no, edge, 0, func(rows []mailbox.Row) error {
		for i := range rows {
			res.HighestModSeq = max(res.HighestModSeq, rows[i].Changed)
		}
		return nil
	})
}
