package imap

import (
	"strings"

	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
)

// storeStep is how many messages' rows a STORE keeps at once.
const storeStep = 2000

// storing is a STORE being run.
type storing struct {
	*call
	change    mailbox.FlagChange
	silent    bool
	condition bool // UNCHANGEDSINCE was given
	modified  []haven.UID
}

// store is STORE (RFC 9051 §6.4.6) with UNCHANGEDSINCE (RFC 7162 §3.1.3).
func store(c *call) error {
	st := &storing{call: c}
	c.d.SP()
	set := c.d.NumSet()
	c.d.SP()
	if p, ok := c.d.Peek(); ok && p == '(' {
		c.d.List(st.modifier)
		c.d.SP()
	}
	st.action()
	c.d.SP()
	names := c.d.Flags()
	if !c.end() {
		return nil
	}
	uids, ok := c.uidsOf(set)
	if !ok {
		return nil
	}
	if c.sel.readOnly {
		return errReadOnly
	}
	var err error
	if st.change.Flags, st.change.Keywords, err = readFlags(names); err != nil {
		return err
	}
	return st.run(uids)
}

func (st *storing) modifier() {
	if st.d.Keyword() != "UNCHANGEDSINCE" {
		st.d.Bad("STORE knows the modifier UNCHANGEDSINCE")
	}
	st.d.SP()
	since := haven.Seq(st.d.Number64())
	st.change.UnchangedSince, st.condition = &since, true
}

func (st *storing) action() {
	word := st.d.Word("+-.")
	if strings.HasSuffix(word, ".SILENT") {
		st.silent, word = true, strings.TrimSuffix(word, ".SILENT")
	}
	switch word {
	case "FLAGS":
		st.change.Op = mailbox.ReplaceFlags
	case "+FLAGS":
		st.change.Op = mailbox.AddFlags
	case "-FLAGS":
		st.change.Op = mailbox.RemoveFlags
	default:
		st.d.Bad("STORE changes FLAGS, +FLAGS or -FLAGS")
	}
}

func (st *storing) run(uids []mailbox.Range) error {
	if st.condition {
		st.turnOnCondstore()
	}
	if st.silent {
		// Silence is about this change. What others did before it the client must hear, and can't be told from ours after.
		mode := pollNoExpunge
		if st.uid {
			mode = pollAll
		}
		if err := st.poll(st.ctx, mode); err != nil {
			return err
		}
	}
	err := pieces(uids, storeStep, func(part []mailbox.Range) error {
		res, err := st.srv.mail.Store(st.ctx, st.sel.viewer, st.sel.no, part, st.change)
		if err == nil {
			err = st.tell(res)
		}
		return err
	})
	if err == nil && len(st.modified) > 0 {
		st.code = "MODIFIED " + string(wire.AppendRanges(nil, st.names(st.modified)))
	}
	return err
}

// tell answers with the flags as they are now, unless the client wants silence.
func (st *storing) tell(res mailbox.StoreResult) error {
	st.modified = append(st.modified, res.Modified...)
	failed := res.Modified
	for i := range res.Rows {
		r := &res.Rows[i]
		for len(failed) > 0 && failed[0] < r.UID {
			failed = failed[1:]
		}
		n, ok := st.sel.uids.Number(r.UID)
		if !ok || len(failed) > 0 && failed[0] == r.UID {
			continue // what was left alone is told by MODIFIED, and by the look at the end if it is news
		}
		if err := st.knowKeywords(st.ctx, r.Keywords); err != nil {
			return err
		}
		if !st.silent || res.Before[i] <= st.sel.seq { // else somebody else's change would be hushed with ours
			st.told = append(st.told, told{r.UID, r.Changed})
		}
		switch {
		case !st.silent:
			st.fetchFlags(n, r, st.uid || st.qresync)
		case st.condstore:
			st.modSeq(n, r)
		}
	}
	return nil
}

// modSeq tells a new MODSEQ alone, which a client gets in spite of .SILENT (RFC 7162 §3.1.3).
func (st *storing) modSeq(n int, r *mailbox.Row) {
	st.e.Raw("* ").Num(uint64(n)).Raw(" FETCH (")
	if st.uid || st.qresync {
		st.e.Raw("UID ").Num(uint64(r.UID)).SP()
	}
	st.e.Raw("MODSEQ (").Num(uint64(r.Changed)).Raw("))").CRLF()
}

// names are UIDs as this command names messages: as they are, or as numbers.
func (c *call) names(uids []haven.UID) []wire.NumRange {
	if c.uid {
		return ranges(uids)
	}
	numbers := make([]int, 0, len(uids))
	for _, uid := range uids {
		if n, ok := c.sel.uids.Number(uid); ok {
			numbers = append(numbers, n)
		}
	}
	return ranges(numbers)
}
