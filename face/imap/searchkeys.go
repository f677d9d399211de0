package imap

import (
	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
	"haven/mail/search"
)

// maxKeys bounds the keys of one search, over all parentheses.
const maxKeys = 1000

// keyReader decodes search keys (RFC 9051 §6.4.4) into a query. Message numbers become the UIDs that the client knows
// under them.
type keyReader struct {
	*call
	keys   int
	modSeq bool // MODSEQ was among them, so that the answer tells the highest (RFC 7162 §3.1.5)
}

// flagKeys are the keys that are a flag, set or not.
var flagKeys = map[string]search.Query{
	"ALL":      search.All{},
	"ANSWERED": search.Flags(mailbox.Answered), "UNANSWERED": search.Not{Of: search.Flags(mailbox.Answered)},
	"DELETED": search.Flags(mailbox.Deleted), "UNDELETED": search.Not{Of: search.Flags(mailbox.Deleted)},
	"DRAFT": search.Flags(mailbox.Draft), "UNDRAFT": search.Not{Of: search.Flags(mailbox.Draft)},
	"FLAGGED": search.Flags(mailbox.Flagged), "UNFLAGGED": search.Not{Of: search.Flags(mailbox.Flagged)},
	"SEEN": search.Flags(mailbox.Seen), "UNSEEN": search.Not{Of: search.Flags(mailbox.Seen)},
	"NEW": search.Not{Of: search.All{}}, "RECENT": search.Not{Of: search.All{}}, "OLD": search.All{}, // nothing is recent
}

// all reads keys with spaces between up to the end of the line.
func (k *keyReader) all() search.Query {
	and := search.And{k.key()}
	for k.d.Accept(' ') {
		and = append(and, k.key())
	}
	if len(and) == 1 {
		return and[0]
	}
	return and
}

// key reads one key.
func (k *keyReader) key() search.Query {
	if k.keys++; k.keys > maxKeys {
		k.d.Bad("too many search keys")
	}
	p, ok := k.d.Peek()
	switch {
	case !ok:
		return search.All{}
	case p == '(':
		return k.group()
	case p >= '0' && p <= '9' || p == '*' || p == '$':
		return k.numbers(k.d.NumSet())
	}
	name := k.d.Keyword()
	if q, ok := flagKeys[name]; ok {
		return q
	}
	k.d.SP()
	if q := k.textKey(name); q != nil {
		return q
	}
	if q := k.numberKey(name); q != nil {
		return q
	}
	k.d.Bad("SEARCH doesn't know a key that was given")
	return search.All{}
}

func (k *keyReader) group() search.Query {
	var and search.And
	k.d.List(func() { and = append(and, k.key()) })
	if len(and) == 0 {
		k.d.Bad("expected a search key")
	}
	return and
}

// textKey reads the keys that take text, a flag or further keys.
func (k *keyReader) textKey(name string) search.Query {
	switch name {
	case "FROM":
		return search.Address{In: search.From, Contains: k.d.AString()}
	case "TO":
		return search.Address{In: search.To, Contains: k.d.AString()}
	case "CC":
		return search.Address{In: search.Cc, Contains: k.d.AString()}
	case "BCC":
		return search.Address{In: search.Bcc, Contains: k.d.AString()}
	case "SUBJECT":
		return search.Subject(k.d.AString())
	case "BODY":
		return search.Words{In: search.Body, Text: k.d.AString()}
	case "TEXT":
		return search.Words{In: search.Text, Text: k.d.AString()}
	case "HEADER":
		field := k.d.AString()
		k.d.SP()
		return search.Header{Name: field, Contains: k.d.AString()}
	case "KEYWORD":
		return search.Keyword(k.d.Flag())
	case "UNKEYWORD":
		return search.Not{Of: search.Keyword(k.d.Flag())}
	case "EMAILID":
		return search.EmailID(k.d.AString())
	case "THREADID":
		return search.ThreadID(k.d.AString())
	case "NOT":
		k.d.Nest()
		defer k.d.Unnest()
		return search.Not{Of: k.key()}
	case "OR":
		k.d.Nest()
		defer k.d.Unnest()
		a := k.key()
		k.d.SP()
		return search.Or{a, k.key()}
	}
	return nil
}

// numberKey reads the keys that take a number, a date or a set.
func (k *keyReader) numberKey(name string) search.Query {
	switch name {
	case "LARGER":
		return search.Larger(k.d.Number64())
	case "SMALLER":
		return search.Smaller(k.d.Number64())
	case "YOUNGER":
		return search.Younger(k.interval())
	case "OLDER":
		return search.Older(k.interval())
	case "BEFORE":
		return search.Received{When: search.Before, Day: k.day()}
	case "ON":
		return search.Received{When: search.On, Day: k.day()}
	case "SINCE":
		return search.Received{When: search.Since, Day: k.day()}
	case "SENTBEFORE":
		return search.Sent{When: search.Before, Day: k.day()}
	case "SENTON":
		return search.Sent{When: search.On, Day: k.day()}
	case "SENTSINCE":
		return search.Sent{When: search.Since, Day: k.day()}
	case "UID":
		return k.uids(k.d.NumSet())
	case "MODSEQ":
		return k.modSequence()
	}
	return nil
}

func (k *keyReader) day() search.Day { return search.DayOf(k.d.Date()) }

func (k *keyReader) interval() uint32 {
	n := k.d.Number()
	if n == 0 {
		k.d.Bad("an interval is at least one second")
	}
	return n
}

// modSequence reads the argument of MODSEQ. One flag's own mod-sequence is not kept; the message's stands for it, as
// RFC 7162 §3.1.5 allows.
func (k *keyReader) modSequence() search.Query {
	k.modSeq = true
	if p, ok := k.d.Peek(); ok && p == '"' {
		k.d.AString()
		k.d.SP()
		switch k.d.Keyword() {
		case "ALL", "PRIV", "SHARED":
		default:
			k.d.Bad("MODSEQ of a flag is priv, shared or all")
		}
		k.d.SP()
	}
	return search.ModSeq(haven.Seq(k.d.Number64()))
}

// numbers is a set of message numbers, or "$". Numbers above the last match nothing.
func (k *keyReader) numbers(set wire.NumSet) search.Query {
	if k.d.Err() != nil || k.sel == nil {
		return search.All{}
	}
	if set.Saved {
		return search.UIDs(k.saved)
	}
	return search.UIDs(k.numbered(set, uint32(k.sel.uids.Len())))
}

func (k *keyReader) uids(set wire.NumSet) search.Query {
	if k.d.Err() != nil || k.sel == nil {
		return search.All{}
	}
	if set.Saved {
		return search.UIDs(k.saved)
	}
	return search.UIDs(storeRanges(set.Resolve(uint32(k.sel.uids.Last()))))
}
