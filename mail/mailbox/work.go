package mailbox

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/mail/mime"
	"haven/platform/db"
)

// The keywords by which programs see who handles a thread, and what was filed to a record (package work). The service alone sets them: what programs and filters
// ask of them is left out, as RFC 9051 §7.1 has it of flags that are not in PERMANENTFLAGS.
const (
	KeywordHandled = "$HavenHandled" // somebody handles it
	KeywordDone    = "$HavenDone"    // it is done
	KeywordFiled   = "$HavenFiled"   // the message was filed to a patient's record
)

// Ours reports whether a keyword is one that the service alone sets.
func Ours(keyword string) bool {
	return strings.EqualFold(keyword, KeywordHandled) || strings.EqualFold(keyword, KeywordDone) || strings.EqualFold(keyword, KeywordFiled)
}

// ourBits are the bits of those keywords in an account, workBits those of who handles a thread.
func (k *keywordSet) ourBits() uint64  { return k.workBits() | k.find(KeywordFiled) }
func (k *keywordSet) workBits() uint64 { return k.find(KeywordHandled) | k.find(KeywordDone) }

// Work is told, in the commit, of each message that joins a thread which is there already, or of which a filter said what it is. mail/work is behind it.
type Work interface {
	Came(c *Change, m Coming) error
}

// Coming is a message that joins a thread.
type Coming struct {
	Msg, Thread haven.MessageID
	Role        Role            // of the folder; "" where a person put it there
	SentBy      haven.AccountNo // who sent it, where it is the mailbox's own and a person wrote it
	Refs        []int64         // it and what it refers to, as References gives them
	At          time.Time
	Duty        *Duty // nil: nothing was said
}

// Duty is what a filter says of a letter: its category, and within which time it has to be done.
type Duty struct {
	Category string
	Within   time.Duration // 0: no time is set
	AllHours bool          // it runs on days on which the premises is closed too
}

// answeredBy is who sent a Sent copy: nobody, where a program wrote the letter by itself (RFC 3834 §5).
func (j *filing) answeredBy() haven.AccountNo {
	if auto := j.Letter.message.Header.Get("Auto-Submitted"); auto != "" && auto != "no" {
		return 0
	}
	return j.SentBy
}

// SetWork has the store tell work of what comes. It is called before the store is used.
func (s *Service) SetWork(w Work) { s.work = w }

// came tells work of a message.
func (s *Service) came(tx *db.Tx, account haven.AccountNo, l *lock, m Coming) error {
	if s.work == nil || m.Msg == m.Thread && m.Duty == nil {
		return nil
	}
	return s.work.Came(&Change{Tx: tx, Account: account, s: s, lock: l}, m)
}

// Messages are the messages of a thread, restorable ones among them: the newest most of those after the first, and the first.
func (c *Change) Messages(thread haven.MessageID, most int) ([]haven.MessageID, error) {
	return threadMessages(c.Tx, c.Account, thread, most)
}

func threadMessages(tx *db.Tx, account haven.AccountNo, thread haven.MessageID, most int) (all []haven.MessageID, err error) {
	add := func(r db.Row) error { all = append(all, haven.MessageID(r.Int64(0))); return nil }
	if err = tx.Query(sqlThreadMessages, []any{int64(account), int64(thread), int64(most)}, add); err == nil {
		err = tx.Query(sqlFirstOfThread, []any{int64(account), int64(thread)}, add)
	}
	return all, err
}

// Mark gives messages, in all their places, one of the keywords of who handles a thread and takes the other away; "" takes both away. Where the
// account has no room for the keyword, none shows.
func (c *Change) Mark(msgs []haven.MessageID, keyword string) error {
	set, err := c.s.keywordSet(c.Tx, c.Account)
	if err != nil {
		return err
	}
	var bit uint64
	if keyword != "" {
		bit = set.findOrAdd(keyword)
	}
	return c.markAll(msgs, bit, set.workBits()|bit)
}

// MarkFiled gives a message, in all its places, the keyword of what was filed to a record, or takes it away.
func (c *Change) MarkFiled(msg haven.MessageID, on bool) error {
	set, err := c.s.keywordSet(c.Tx, c.Account)
	if err != nil {
		return err
	}
	if !on {
		return c.markAll([]haven.MessageID{msg}, 0, set.find(KeywordFiled))
	}
	bit := set.findOrAdd(KeywordFiled)
	return c.markAll([]haven.MessageID{msg}, bit, bit)
}

// markAll sets the keywords that ours names to bits, in all places of messages.
func (c *Change) markAll(msgs []haven.MessageID, bits, ours uint64) error {
	if ours == 0 {
		return nil
	}
	var places []sibling
	for _, msg := range msgs {
		of, err := siblings(c.Tx, c.Account, msg)
		if err != nil {
			return err
		}
		places = append(places, of...)
	}
	c.mark(places, bits, ours)
	return nil
}

func (c *Change) mark(places []sibling, bit, ours uint64) {
	seqs := map[haven.MailboxNo]haven.Seq{}
	for _, p := range places {
		kw := p.kw&^ours | bit
		if kw == p.kw {
			continue
		}
		seq := c.Seq()
		c.Tx.Exec(sqlMark, int64(c.Account), int64(p.mb), int64(p.uid), int64(kw), int64(seq))
		seqs[p.mb] = seq
	}
	for _, mb := range slices.Sorted(maps.Keys(seqs)) {
		c.Tx.Exec(sqlCount, int64(c.Account), int64(mb), int64(0), int64(0), int64(0), int64(0), int64(seqs[mb]))
	}
}

// Letter is a message's thread, and whether it is a draft. NotFound: there is none in sight.
func (c *Change) Letter(msg haven.MessageID) (thread haven.MessageID, draft bool, err error) {
	seen, err := c.sighted(msg)
	if err != nil {
		return 0, false, err
	}
	return seen[0].Thread, seen[0].Flags&Draft != 0, nil
}

// Keep holds a message of the account back until a time, whoever deletes it or moves it to another account: out of sight it can be put back until then (Undelete). The zero time lets go of it.
func (c *Change) Keep(msg haven.MessageID, until time.Time) {
	if until.IsZero() {
		c.Tx.Exec(sqlLetGo, int64(c.Account), int64(msg))
		return
	}
	c.Tx.Exec(sqlKeep, int64(c.Account), int64(msg), micros(until))
}

// EachThread calls fn with each thread that has a message in a folder, and the newest of those, from the newest to the oldest. fn returns false to end.
func (o *Overview) EachThread(folder haven.MailboxNo, fn func(thread haven.MessageID, newest *Brief) bool) {
	o.begin()
	for i := len(o.order) - 1; i >= 0; i-- {
		b := &o.slots[o.order[i]]
		if o.marks[b.thread] == o.mark || !b.In(folder) {
			continue
		}
		o.marks[b.thread] = o.mark
		if !fn(b.Thread, b) {
			return
		}
	}
}

// FolderOf is the folder of a role in an account; 0 where there is none.
func FolderOf(tx *db.Tx, account haven.AccountNo, r Role) (no haven.MailboxNo, err error) {
	err = tx.Query(sqlFolderRole, []any{int64(account), string(r)}, func(row db.Row) error { no = haven.MailboxNo(row.Int64(0)); return nil })
	return no, err
}

// HasThread reports whether an account has a message of a thread, a restorable one among them.
func HasThread(tx *db.Tx, account haven.AccountNo, thread haven.MessageID) (bool, error) {
	msgs, err := threadMessages(tx, account, thread, 1)
	return len(msgs) > 0, err
}

// RefsOf names the Message-IDs in fields such as In-Reply-To and References under an account's key, as Coming.Refs does.
func (s *Service) RefsOf(ctx context.Context, account haven.AccountNo, fields []string) ([]int64, error) {
	keys, err := s.keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range fields {
		ids = append(ids, mime.MessageIDs(f)...)
	}
	ids = ids[max(0, len(ids)-mostRefs):]
	return refHashes(keys, ids)
}

// ThreadOfRefs is the thread that a letter with these references would join: the oldest that any of them belongs to; 0 for a new one.
func ThreadOfRefs(tx *db.Tx, account haven.AccountNo, refs []int64) (haven.MessageID, error) {
	found, _, err := threadOf(tx, account, refs)
	return found, err
}
