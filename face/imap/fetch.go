package imap

import (
	"strconv"
	"strings"

	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
	"haven/mail/mime"
)

// itemKind is what a FETCH item tells.
type itemKind uint8

const (
	itemFlags itemKind = iota + 1
	itemUID
	itemDate
	itemSize
	itemModSeq
	itemEmailID
	itemThreadID
	itemEnvelope
	itemBody
	itemStructure
	itemPreview
	itemSection
	itemBinary
	itemBinarySize
)

// fetchItem is one item of a FETCH, with the name that its answer begins with.
type fetchItem struct {
	kind  itemKind
	label string

	// Of sections: which part and which of its octets.
	path    []int
	section mime.Section
	fields  []string // of HEADER.FIELDS; nil: the whole section
	not     bool     // HEADER.FIELDS.NOT
	partial bool
	off     int64
	count   int64
}

// fetching is a FETCH being run.
type fetching struct {
	*call
	items []fetchItem

	info, body   bool // what answering needs beyond rows
	whole        bool // all octets of messages are wanted
	setSeen      bool
	changedSince haven.Seq
	vanished     bool
	answered     int
	badEncoding  bool
}

// topHeader tells whether the item is of the message's own header, which is found without its structure.
func (it *fetchItem) topHeader() bool {
	return it.kind == itemSection && it.section == mime.HeaderSection && len(it.path) == 0
}

const maxItems = 200

var simpleItems = map[string]itemKind{
	"FLAGS": itemFlags, "UID": itemUID, "INTERNALDATE": itemDate, "RFC822.SIZE": itemSize, "MODSEQ": itemModSeq,
	"EMAILID": itemEmailID, "THREADID": itemThreadID, "ENVELOPE": itemEnvelope, "BODYSTRUCTURE": itemStructure,
}

var macros = map[string][]string{
	"FAST": {"FLAGS", "INTERNALDATE", "RFC822.SIZE"},
	"ALL":  {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"},
	"FULL": {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"},
}

// fetch is FETCH (RFC 9051 §6.4.5) with CHANGEDSINCE and VANISHED (RFC 7162 §3.1.4.1, §3.2.6).
func fetch(c *call) error {
	f := &fetching{call: c}
	c.d.SP()
	set := c.d.NumSet()
	c.d.SP()
	f.readItems()
	if c.d.Accept(' ') {
		c.d.List(f.modifier)
	}
	if !c.end() {
		return nil
	}
	if f.vanished && (!c.uid || !c.qresync || f.changedSince == 0) {
		c.d.Bad("VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE QRESYNC")
		return nil
	}
	uids, ok := c.uidsOf(set)
	if !ok {
		return nil
	}
	f.complete()
	return f.run(set, uids)
}

func (f *fetching) readItems() {
	if p, ok := f.d.Peek(); ok && p == '(' {
		f.d.List(func() { f.readItem(false) })
		return
	}
	f.readItem(true)
}

// readItem reads one item; macros stand alone.
func (f *fetching) readItem(alone bool) {
	name := f.d.Word(".-")
	if f.d.Err() != nil {
		return
	}
	if names, ok := macros[name]; ok && alone {
		for _, n := range names {
			f.addNamed(n)
		}
		return
	}
	if !f.addNamed(name) {
		f.d.Bad("FETCH doesn't know an item that was asked for")
	}
	if len(f.items) > maxItems {
		f.d.Bad("too many items")
	}
}

func (f *fetching) addNamed(name string) bool {
	if kind, ok := simpleItems[name]; ok {
		f.items = append(f.items, fetchItem{kind: kind, label: name})
		return true
	}
	p, _ := f.d.Peek()
	switch name {
	case "BODY":
		if p == '[' {
			f.setSeen = true
			f.readSection("BODY", itemSection)
		} else {
			f.items = append(f.items, fetchItem{kind: itemBody, label: "BODY"})
		}
	case "BODY.PEEK":
		f.readSection("BODY", itemSection)
	case "BINARY":
		f.setSeen = true
		f.readSection("BINARY", itemBinary)
	case "BINARY.PEEK":
		f.readSection("BINARY", itemBinary)
	case "BINARY.SIZE":
		f.readSection("BINARY.SIZE", itemBinarySize)
	case "PREVIEW":
		f.readPreview()
	case "RFC822":
		f.setSeen = true
		f.items = append(f.items, fetchItem{kind: itemSection, label: name, section: mime.WholeSection})
	case "RFC822.HEADER":
		f.items = append(f.items, fetchItem{kind: itemSection, label: name, section: mime.HeaderSection})
	case "RFC822.TEXT":
		f.setSeen = true
		f.items = append(f.items, fetchItem{kind: itemSection, label: name, section: mime.TextSection})
	default:
		return false
	}
	return true
}

// readPreview is RFC 8970. LAZY changes nothing: a preview is made when a message comes.
func (f *fetching) readPreview() {
	f.items = append(f.items, fetchItem{kind: itemPreview, label: "PREVIEW"})
	p, ok := f.d.PeekPast(' ')
	if !ok || p != '(' {
		return
	}
	f.d.SP()
	f.d.List(func() {
		if f.d.Keyword() != "LAZY" {
			f.d.Bad("PREVIEW knows the modifier LAZY")
		}
	})
}

// readSection reads [section]<partial> (RFC 9051 §9, section).
func (f *fetching) readSection(name string, kind itemKind) {
	it := fetchItem{kind: kind}
	var spec string
	f.d.Expect('[')
	if p, ok := f.d.Peek(); ok && p != ']' {
		spec = f.d.Word(".")
	}
	it.parseSpec(f.d, spec, kind)
	label := name + "[" + spec
	if it.fields != nil {
		f.d.SP()
		label += " (" + f.readFields(&it) + ")"
	}
	f.d.Expect(']')
	label += "]"
	if kind != itemBinarySize && f.d.Accept('<') {
		it.partial = true
		it.off = int64(f.d.Number64())
		f.d.Expect('.')
		it.count = int64(f.d.Number64())
		f.d.Expect('>')
		if f.d.Err() == nil && it.count == 0 {
			f.d.Bad("a partial fetch has at least one octet")
		}
		label += "<" + strconv.FormatInt(it.off, 10) + ">"
	}
	it.label = label
	f.items = append(f.items, it)
}

// parseSpec reads the part numbers and what follows them.
func (it *fetchItem) parseSpec(d *wire.Decoder, spec string, kind itemKind) {
	rest := spec
	for rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		num, after, more := strings.Cut(rest, ".")
		n, err := strconv.ParseUint(num, 10, 31)
		if err != nil || n == 0 || len(it.path) == 200 || more && after == "" {
			d.Bad("a section has part numbers from 1")
			return
		}
		it.path = append(it.path, int(n))
		rest = after
	}
	switch {
	case rest == "":
		it.section = mime.WholeSection
		return
	case kind != itemSection:
		d.Bad("BINARY takes part numbers")
	case rest == "HEADER":
		it.section = mime.HeaderSection
	case rest == "HEADER.FIELDS":
		it.section, it.fields = mime.HeaderSection, []string{}
	case rest == "HEADER.FIELDS.NOT":
		it.section, it.fields, it.not = mime.HeaderSection, []string{}, true
	case rest == "TEXT":
		it.section = mime.TextSection
	case rest == "MIME" && len(it.path) > 0:
		it.section = mime.MIMESection
	default:
		d.Bad("FETCH doesn't know a section that was asked for")
	}
}

// readFields reads header field names and gives them as the answer repeats them.
func (f *fetching) readFields(it *fetchItem) string {
	e := wire.NewEncoder(nil)
	e.Hold()
	f.d.List(func() {
		name := f.d.AString()
		if len(it.fields) == 500 || strings.ContainsAny(name, "\r\n") {
			f.d.Bad("too many field names, or one that is none")
		}
		it.fields = append(it.fields, name)
		if e.Len() > 0 {
			e.SP()
		}
		e.AString(name)
	})
	if f.d.Err() == nil && len(it.fields) == 0 {
		f.d.Bad("expected header field names")
	}
	return e.Text()
}

func (f *fetching) modifier() {
	switch f.d.Keyword() {
	case "CHANGEDSINCE":
		f.d.SP()
		f.changedSince = haven.Seq(f.d.Number64())
		if f.d.Err() == nil && f.changedSince == 0 {
			f.d.Bad("CHANGEDSINCE begins at 1")
		}
	case "VANISHED":
		f.vanished = true
	default:
		f.d.Bad("FETCH doesn't know a modifier")
	}
}

// complete adds what the command implies and works out what answering needs.
func (f *fetching) complete() {
	has := map[itemKind]bool{}
	for i := range f.items {
		has[f.items[i].kind] = true
	}
	if f.uid && !has[itemUID] {
		f.items = append([]fetchItem{{kind: itemUID, label: "UID"}}, f.items...)
	}
	if f.changedSince > 0 && !has[itemModSeq] {
		f.items = append(f.items, fetchItem{kind: itemModSeq, label: "MODSEQ"})
	}
	for i := range f.items {
		switch it := &f.items[i]; it.kind {
		case itemModSeq:
			f.turnOnCondstore()
		case itemThreadID, itemEnvelope, itemPreview, itemBody, itemStructure:
			f.info = true
		case itemBinary, itemBinarySize:
			f.body, f.info, f.whole = true, true, true
		case itemSection:
			f.body = true
			switch {
			case it.topHeader():
			case it.section == mime.WholeSection && len(it.path) == 0:
				f.whole = f.whole || !it.partial
			default:
				f.info = true
				f.whole = f.whole || it.section != mime.HeaderSection && it.section != mime.MIMESection
			}
		}
	}
	f.setSeen = f.setSeen && !f.sel.readOnly
}

// hasFlags tells whether FLAGS was asked for.
func (f *fetching) hasFlags() bool {
	for i := range f.items {
		if f.items[i].kind == itemFlags {
			return true
		}
	}
	return false
}

// run answers: first what vanished, then each message.
func (f *fetching) run(set wire.NumSet, uids []mailbox.Range) error {
	if f.vanished {
		if err := f.tellVanished(set); err != nil {
			return err
		}
	}
	if len(uids) == 0 {
		return nil
	}
	err := f.srv.mail.Rows(f.ctx, f.sel.viewer, f.sel.no, uids, f.changedSince, f.rows)
	if err != nil {
		return err
	}
	switch {
	case f.badEncoding:
		return errEncoding
	case !f.uid && f.changedSince == 0 && f.answered < count(uids):
		f.code, f.text = "EXPUNGEISSUED", "Some of these messages are gone."
	}
	return nil
}

func count(rs []mailbox.Range) (n int) {
	for _, r := range rs {
		n += int(r.Hi-r.Lo) + 1
	}
	return n
}

// tellVanished tells which of the UIDs asked for are gone since, known to the session or not (RFC 7162 §3.2.6).
func (f *fetching) tellVanished(set wire.NumSet) error {
	within := storeRanges(set.Resolve(uint32(mailbox.MaxUID))) // "*" ends above what vanished from the top
	if set.Saved {
		within = f.saved
	}
	gone, err := f.srv.mail.Vanished(f.ctx, f.sel.viewer, f.sel.no, f.changedSince, within)
	if err == nil && len(gone) > 0 {
		f.e.Raw("* VANISHED (EARLIER) ").Ranges(wireRanges(gone)).CRLF()
	}
	return err
}
