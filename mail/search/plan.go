package search

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

// The bounds of a query.
const (
	maxDepth      = 64
	maxNodes      = 1_000
	maxNeedle     = 1_000 // octets of a text looked for
	maxQueryWords = 40    // in one Words
	maxWordTests  = 50    // Words in one query
)

// verdict is what is known of a condition so far. Once yes or no it stays so, whatever more is learned.
type verdict int8

const (
	maybe verdict = iota
	yes
	no
)

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// facts is what is known of one message at some step of a search. A field that is nil isn't known yet.
type facts struct {
	row    *mailbox.Row
	index  func(test int) verdict // what the word index says to the plan's test-th Words; goes by info too
	info   *mailbox.Info
	folded *[fields]folded // of info; made by the first that asks
	header [][]string      // folded values of the letter's header, by field of the plan
	words  *content
}

// field is a part of the envelope that is looked into as text.
type field uint8

const (
	fieldSubject field = iota
	fieldMessageID
	fieldInReplyTo
	fieldFrom
	fieldTo
	fieldCc
	fieldBcc
	fields
)

// folded is a field made comparable; maybe: not yet, no: the message has none.
type folded struct {
	there verdict
	text  string
}

// fold makes a field comparable, once for all the keys that look into it: these may be 1,000, and it 64 KB.
func (f *facts) fold(of field) folded {
	if f.folded == nil {
		f.folded = new([fields]folded)
	}
	t := &f.folded[of]
	if t.there == maybe {
		*t = foldField(&f.info.Meta.Envelope, of)
	}
	return *t
}

func foldField(e *mime.Envelope, of field) folded {
	switch of {
	case fieldSubject:
		return folded{yes, foldHeader(e.Subject)}
	case fieldMessageID:
		return folded{yes, foldHeader(e.MessageID)}
	case fieldInReplyTo:
		return folded{yes, foldHeader(e.InReplyTo)}
	}
	list := addresses(e, of)
	if len(list) == 0 {
		return folded{there: no}
	}
	return folded{yes, Fold(writeAddresses(list))}
}

func (in AddressField) field() field { return fieldFrom + field(in-From) }

func addresses(e *mime.Envelope, of field) []mime.Address {
	switch of {
	case fieldFrom:
		return e.From
	case fieldTo:
		return e.To
	case fieldCc:
		return e.Cc
	case fieldBcc:
		return e.Bcc
	}
	return nil
}

func foldHeader(value string) string { return Fold(mime.DecodeHeader(value)) }

// node is a compiled condition.
type node interface{ judge(*facts) verdict }

type (
	allOf   []node
	anyOf   []node
	negated struct{ of node }
	// onRow, onInfo, onHeader and onWords need what they are named after, onField an info.
	onRow   func(*mailbox.Row) bool
	onInfo  func(*mailbox.Info) bool
	onField struct {
		of       field
		contains string
	}
	onHeader struct {
		field    int // of the plan
		contains string
	}
	onWords struct {
		test  int
		in    Place
		words []string
	}
)

func (a allOf) judge(f *facts) verdict {
	all := yes
	for _, n := range a {
		switch n.judge(f) {
		case no:
			return no
		case maybe:
			all = maybe
		}
	}
	return all
}

func (a anyOf) judge(f *facts) verdict {
	any := no
	for _, n := range a {
		switch n.judge(f) {
		case yes:
			return yes
		case maybe:
			any = maybe
		}
	}
	return any
}

func (n negated) judge(f *facts) verdict {
	switch n.of.judge(f) {
	case yes:
		return no
	case no:
		return yes
	}
	return maybe
}

func (t onRow) judge(f *facts) verdict { return verdictOf(t(f.row)) }

func (t onInfo) judge(f *facts) verdict {
	if f.info == nil {
		return maybe
	}
	return verdictOf(t(f.info))
}

func (t onField) judge(f *facts) verdict {
	if f.info == nil {
		return maybe
	}
	text := f.fold(t.of)
	return verdictOf(text.there == yes && strings.Contains(text.text, t.contains))
}

func (t onHeader) judge(f *facts) verdict {
	if f.header == nil {
		return maybe
	}
	for _, v := range f.header[t.field] {
		if strings.Contains(v, t.contains) {
			return yes
		}
	}
	return no
}

func (t onWords) judge(f *facts) verdict {
	if f.index != nil { // which knows of documents what the letter's own words don't
		if v := f.index(t.test); v != maybe {
			return v
		}
	}
	if f.words != nil {
		return verdictOf(f.words.has(t.in, t.words))
	}
	return maybe
}

// needed are the tests for words without which a condition can't be true.
func needed(n node) (tests []int) {
	switch n := n.(type) {
	case onWords:
		return []int{n.test}
	case allOf:
		for _, part := range n {
			tests = append(tests, needed(part)...)
		}
	}
	return tests
}

// onlyWords reports whether a condition is true wherever its tests for words are.
func onlyWords(n node) bool {
	all, ok := n.(allOf)
	_, one := n.(onWords)
	return one || ok && !slices.ContainsFunc(all, func(part node) bool { return !onlyWords(part) })
}

// plan is a query made ready for many messages.
type plan struct {
	root   node
	uids   []mailbox.Range // only these are looked at; nil: all
	words  []onWords       // by test
	header map[string]int  // fields of the header that leaves need, by name in lower case
	nodes  int
	err    error

	now      time.Time
	keywords []string
}

// newPlan compiles q; Invalid for one that is too large or deep. keywords are the account's, by bit.
func newPlan(q Query, keywords []string, now time.Time) (*plan, error) {
	p := &plan{now: now, keywords: keywords, header: map[string]int{}}
	p.root = p.compile(q, 0)
	if p.err != nil {
		return nil, p.err
	}
	p.uids = outerUIDs(q)
	return p, nil
}

// readsLetters reports whether a letter may have to be read.
func (p *plan) readsLetters() bool { return len(p.header) > 0 || len(p.words) > 0 }

var errTooLarge = errs.E(errs.Invalid, "The search has too many parts. Ask for less at once.")

// outerUIDs is a joined set that holds every UID which q can be true of; nil if that isn't plain.
func outerUIDs(q Query) []mailbox.Range {
	switch q := q.(type) {
	case UIDs:
		return append([]mailbox.Range{}, joined(q)...)
	case And:
		var all []mailbox.Range
		for _, part := range q {
			switch set := outerUIDs(part); {
			case set == nil:
			case all == nil:
				all = set
			default:
				all = common(all, set)
			}
		}
		return all
	}
	return nil
}

// common is what two joined sets share; never nil.
func common(a, b []mailbox.Range) []mailbox.Range {
	out := []mailbox.Range{}
	for len(a) > 0 && len(b) > 0 {
		if lo, hi := max(a[0].Lo, b[0].Lo), min(a[0].Hi, b[0].Hi); lo <= hi {
			out = append(out, mailbox.Range{Lo: lo, Hi: hi})
		}
		if a[0].Hi < b[0].Hi {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

func (p *plan) compile(q Query, depth int) node {
	if p.nodes++; p.nodes > maxNodes || depth > maxDepth {
		p.err = errTooLarge
	}
	if p.err != nil {
		return allOf(nil)
	}
	switch q := q.(type) {
	case And:
		return allOf(p.compileAll(q, depth))
	case Or:
		return anyOf(p.compileAll(q, depth))
	case Not:
		return negated{p.compile(q.Of, depth+1)}
	case Header:
		return p.compileHeader(q)
	case Address:
		return p.compileAddress(q)
	case Subject:
		return onField{fieldSubject, p.needle(string(q))}
	case Sent:
		return onInfo(func(i *mailbox.Info) bool {
			t, ok := i.Meta.Envelope.Sent()
			return ok && q.When.is(DayOf(t), q.Day)
		})
	case ThreadID:
		return onInfo(func(i *mailbox.Info) bool { return mailbox.ThreadID(i.Thread) == string(q) })
	case Words:
		return p.compileWords(q)
	case spokenIn:
		return p.compileSpokenIn(q)
	}
	if t := p.rowTest(q); t != nil {
		return t
	}
	p.err = errs.E(errs.Invalid, "This search key isn't known.")
	return allOf(nil)
}

func (p *plan) compileAll(qs []Query, depth int) []node {
	nodes := make([]node, 0, min(len(qs), maxNodes))
	for _, q := range qs {
		if p.err != nil {
			break
		}
		nodes = append(nodes, p.compile(q, depth+1))
	}
	return nodes
}

// rowTest is the test of a query that a row alone answers, nil for another.
func (p *plan) rowTest(q Query) onRow {
	switch q := q.(type) {
	case All:
		return func(*mailbox.Row) bool { return true }
	case UIDs:
		if p.nodes += len(q) / 64; p.nodes > maxNodes {
			p.err = errTooLarge
		}
		set := joined(q)
		return func(r *mailbox.Row) bool { return inRanges(set, r.UID) }
	case Flags:
		return func(r *mailbox.Row) bool { return r.Flags&mailbox.Flags(q) == mailbox.Flags(q) }
	case Keyword:
		bit := p.keywordBit(string(q))
		return func(r *mailbox.Row) bool { return r.Keywords&bit != 0 }
	case Larger:
		return func(r *mailbox.Row) bool { return r.Size > int64(q) }
	case Smaller:
		return func(r *mailbox.Row) bool { return r.Size < int64(q) }
	case Received:
		return func(r *mailbox.Row) bool { return q.When.is(DayOf(r.Received.UTC()), q.Day) }
	case Younger:
		since := p.now.Add(-seconds(int64(q)))
		return func(r *mailbox.Row) bool { return !r.Received.Before(since) }
	case Older:
		until := p.now.Add(-seconds(int64(q)))
		return func(r *mailbox.Row) bool { return !r.Received.After(until) }
	case ModSeq:
		return func(r *mailbox.Row) bool { return int64(r.Changed) >= int64(q) }
	case EmailID:
		return func(r *mailbox.Row) bool { return mailbox.EmailID(r.Msg) == string(q) }
	}
	return nil
}

// seconds is n seconds, at most what a Duration holds.
func seconds(n int64) time.Duration {
	const most = int64(1<<63-1) / int64(time.Second)
	return time.Duration(min(max(n, 0), most)) * time.Second
}

// joined is the set in ascending order, ranges that touch made one.
func joined(set []mailbox.Range) []mailbox.Range {
	set = slices.Clone(set)
	slices.SortFunc(set, func(a, b mailbox.Range) int { return cmp.Compare(a.Lo, b.Lo) })
	out := set[:0]
	for _, r := range set {
		switch n := len(out); {
		case r.Lo > r.Hi:
		case n > 0 && (out[n-1].Hi == mailbox.MaxUID || r.Lo <= out[n-1].Hi+1):
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
		default:
			out = append(out, r)
		}
	}
	return out
}

// inRanges looks uid up in a joined set.
func inRanges(set []mailbox.Range, uid haven.UID) bool {
	i := sort.Search(len(set), func(i int) bool { return set[i].Hi >= uid })
	return i < len(set) && set[i].Lo <= uid
}

func (p *plan) keywordBit(name string) uint64 {
	for i, k := range p.keywords {
		if strings.EqualFold(k, name) {
			return 1 << i
		}
	}
	return 0
}

// needle folds a text looked for.
func (p *plan) needle(s string) string {
	if len(s) > maxNeedle {
		p.err = errs.E(errs.Invalid, "The text to look for is too long.")
		return ""
	}
	if !utf8.ValidString(s) {
		p.err = errs.E(errs.Invalid, "The text to look for isn't valid UTF-8.")
	}
	return Fold(s)
}

// compileHeader answers from the envelope where it has the field as written; the header is read for others.
func (p *plan) compileHeader(q Header) node {
	want, name := p.needle(q.Contains), lowerName(q.Name)
	of, ok := map[string]field{"subject": fieldSubject, "message-id": fieldMessageID, "in-reply-to": fieldInReplyTo}[name]
	if ok && want != "" {
		return onField{of, want}
	}
	n, ok := p.header[name]
	if !ok {
		n = len(p.header)
		p.header[name] = n
	}
	return onHeader{n, want}
}

// lowerName is a field's name in lower case. Real ones are ASCII (RFC 5322 §3.6.8); others must not become so.
func lowerName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return rune(lowerASCII(byte(r)))
		}
		return r
	}, s)
}

// headerValues are the folded values of the fields that the plan asks for, by field, each made once for all keys.
func (p *plan) headerValues(h mime.Header) [][]string {
	values := make([][]string, len(p.header))
	for f := range h.Fields() {
		if n, ok := p.header[lowerName(f.Name)]; ok {
			values[n] = append(values[n], foldHeader(f.Value()))
		}
	}
	return values
}

func (p *plan) compileAddress(q Address) node {
	want := p.needle(q.Contains)
	if q.In < From || q.In > Bcc {
		return anyOf(nil)
	}
	return onField{q.In.field(), want}
}

// writeAddresses writes a list for a person, names decoded: what FROM, TO, CC and BCC look into.
func writeAddresses(list []mime.Address) string {
	var b strings.Builder
	for _, a := range list {
		switch {
		case a.Kind == mime.GroupStart:
			b.WriteString(mime.DecodeHeader(a.Mailbox) + ": ")
			continue
		case a.Kind == mime.GroupEnd:
			b.WriteString("; ")
			continue
		case a.Name != "":
			b.WriteString(mime.DecodeHeader(a.Name) + " ")
		}
		b.WriteString("<" + a.Spec() + ">, ")
	}
	return b.String()
}

func (p *plan) compileWords(q Words) node {
	p.needle(q.Text)
	words := queryWords(q.Text)
	switch {
	case q.Text == "":
		return allOf(nil)
	case len(words) == 0:
		return anyOf(nil)
	case len(words) > maxQueryWords || len(p.words) == maxWordTests:
		p.err = errTooLarge
	}
	t := onWords{test: len(p.words), in: q.In, words: words}
	p.words = append(p.words, t)
	return t
}
