package search

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/document"
	"haven/mail/document/documenttest"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/mime"
	"haven/platform/db"
)

// house is a mail store with a search over it.
type house struct {
	*mailboxtest.Store
	search *Service
	path   string
	room   Room         // nil: as it is
	inside Documents    // nil: inProcess
	log    *slog.Logger // nil: none
	t      testing.TB
}

func newHouse(t testing.TB, engine string) *house {
	t.Helper()
	h := &house{Store: mailboxtest.New(t, engine), path: filepath.Join(t.TempDir(), "index.db"), t: t}
	if err := h.DB.Migrate(t.Context(), Schema); err != nil {
		t.Fatal(err)
	}
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *house) open() {
	h.t.Helper()
	if h.inside == nil {
		h.inside = inProcess{}
	}
	s, err := Open(context.Background(), Options{Documents: h.inside,
		Main: h.DB, Store: h.Store, Itself: mailboxtest.Own, IndexPath: h.path, Clock: h.Clock, Room: h.room, Logger: h.log,
		Keys: func(ctx context.Context, no haven.AccountNo) (Terms, error) { return h.Store.Keys.Account(ctx, no) },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.search = s
}

func (h *house) close() {
	if err := h.search.Close(); err != nil {
		h.t.Error(err)
	}
}

// settle works until the index is up to date.
func (h *house) settle() {
	h.t.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = h.search.Step(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// inProcess reads documents as the service's child does, but here: tests bring no strangers' files.
type inProcess struct{}

func (inProcess) Text(_ context.Context, typ, name string, r io.Reader, limit int) (string, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	text, _ := document.Extract(document.KindOf(typ, name), b, limit) // one that can't be read has none
	return text, nil
}

// insideRead reports whether the index knows what stands inside a message's documents.
func (h *house) insideRead(msg haven.MessageID) bool {
	h.t.Helper()
	waits := false
	err := h.DB.Read(h.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT msg FROM index_todo WHERE msg = $1 UNION SELECT msg FROM index_documents WHERE msg = $1`, []any{int64(msg)}, func(db.Row) error {
			waits = true
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return !waits
}

func (h *house) find(no haven.AccountNo, q Query) Result {
	h.t.Helper()
	r, err := h.search.Search(h.t.Context(), mailboxtest.Own(no), inbox, q)
	if err != nil {
		h.t.Fatalf("%#v: %v", q, err)
	}
	return r
}

// inbox is the number of every account's Inbox (mailbox.Provisioned).
const inbox = haven.MailboxNo(1)

func eachEngine(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fn(t, newHouse(t, engine))
		})
	}
}

// oracle finds by reading every message whole, with none of the machinery under test but Fold and the word cutter.
type oracle struct {
	now      time.Time
	keywords []string
	letters  []oracleLetter
}

type oracleLetter struct {
	row    mailbox.Row
	thread haven.MessageID
	msg    *mime.Message
	head   []string
	body   []string
}

func (h *house) oracle(no haven.AccountNo) *oracle {
	h.t.Helper()
	ctx, v := h.t.Context(), mailboxtest.Own(no)
	o := &oracle{now: h.Clock.Now()}
	var err error
	if o.keywords, err = h.Keywords(ctx, v); err != nil {
		h.t.Fatal(err)
	}
	err = h.Rows(ctx, v, inbox, []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}, 0, func(rows []mailbox.Row) error {
		for _, r := range rows {
			o.letters = append(o.letters, oracleLetter{row: r})
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range o.letters {
		l := &o.letters[i]
		raw := h.Text(v, l.row.Msg)
		if l.msg, err = mime.Parse(strings.NewReader(raw), mime.Limits{}); err != nil {
			h.t.Fatal(err)
		}
		l.head = textWords(l.msg.Envelope.MessageID)
		err = l.msg.SearchText(strings.NewReader(raw), 1<<20, func(from mime.Source, s string) bool {
			if from == mime.FromHeader {
				l.head = append(l.head, textWords(s)...)
			} else {
				l.body = append(l.body, textWords(s)...)
			}
			return true
		})
		if err != nil {
			h.t.Fatal(err)
		}
		if h.insideRead(l.row.Msg) {
			l.body = append(l.body, h.insideWords(l.msg.Root, raw)...)
		}
		err = h.Infos(ctx, v, []haven.MessageID{l.row.Msg}, func(_ int, info *mailbox.Info) error {
			l.thread = info.Thread
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return o
}

// insideWords are the words inside a letter's documents.
func (h *house) insideWords(p *mime.Part, raw string) (words []string) {
	h.t.Helper()
	if p.IsLeaf() {
		text, err := h.inside.Text(h.t.Context(), p.Type+"/"+p.Subtype, p.FileName(), p.Content(strings.NewReader(raw)), 1<<20)
		if err != nil {
			h.t.Fatal(err)
		}
		words = textWords(text)
	}
	for _, c := range p.Children {
		words = append(words, h.insideWords(c, raw)...)
	}
	return words
}

func (o *oracle) find(q Query) (r Result) {
	for i := range o.letters {
		if o.is(&o.letters[i], q) {
			r.UIDs = append(r.UIDs, o.letters[i].row.UID)
			r.HighestModSeq = max(r.HighestModSeq, o.letters[i].row.Changed)
		}
	}
	return r
}

func (o *oracle) is(l *oracleLetter, q Query) bool {
	e := &l.msg.Envelope
	switch q := q.(type) {
	case All:
		return true
	case And:
		return !slices.ContainsFunc(q, func(p Query) bool { return !o.is(l, p) })
	case Or:
		return slices.ContainsFunc(q, func(p Query) bool { return o.is(l, p) })
	case Not:
		return !o.is(l, q.Of)
	case UIDs:
		return slices.ContainsFunc(q, func(r mailbox.Range) bool { return r.Lo <= l.row.UID && l.row.UID <= r.Hi })
	case Flags:
		return l.row.Flags&mailbox.Flags(q) == mailbox.Flags(q)
	case Keyword:
		i := slices.IndexFunc(o.keywords, func(k string) bool { return strings.EqualFold(k, string(q)) })
		return i >= 0 && l.row.Keywords>>i&1 == 1
	case Larger:
		return l.row.Size > int64(q)
	case Smaller:
		return l.row.Size < int64(q)
	case Received:
		return onDay(l.row.Received.UTC().Format(time.DateOnly), q.When, q.Day)
	case Sent:
		t, ok := e.Sent()
		return ok && onDay(t.Format(time.DateOnly), q.When, q.Day)
	case Younger:
		return o.now.Sub(l.row.Received) <= time.Duration(q)*time.Second
	case Older:
		return o.now.Sub(l.row.Received) >= time.Duration(q)*time.Second
	case ModSeq:
		return l.row.Changed >= haven.Seq(q)
	case Header:
		for v := range l.msg.Header.Values(q.Name) {
			if holds(mime.DecodeHeader(v), q.Contains) {
				return true
			}
		}
		return false
	case Subject:
		return holds(mime.DecodeHeader(e.Subject), string(q))
	case Address:
		list := map[AddressField][]mime.Address{From: e.From, To: e.To, Cc: e.Cc, Bcc: e.Bcc}[q.In]
		text := ""
		for _, a := range list {
			text += strings.TrimSpace(mime.DecodeHeader(a.Name)+" <"+a.Spec()+">") + ", "
		}
		return len(list) > 0 && holds(text, q.Contains)
	case Words:
		return o.hasWords(l, q)
	case spokenIn:
		return spokenThere(e, q)
	case EmailID:
		return mailbox.EmailID(l.row.Msg) == string(q)
	case ThreadID:
		return mailbox.ThreadID(l.thread) == string(q)
	}
	panic(fmt.Sprintf("the oracle doesn't know %T", q))
}

func holds(text, want string) bool { return strings.Contains(Fold(text), Fold(want)) }

// onDay compares dates as they are written, which sorts as they pass.
func onDay(have string, w When, d Day) bool {
	asked := time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly)
	return map[When]bool{Before: have < asked, On: have == asked, Since: have >= asked}[w]
}

// spokenThere cuts the field and the text into words, and compares each stretch of the one with the other.
func spokenThere(e *mime.Envelope, q spokenIn) bool {
	text := mime.DecodeHeader(e.Subject)
	if q.of != fieldSubject {
		text = writeAddresses(map[field][]mime.Address{fieldFrom: e.From, fieldTo: e.To, fieldCc: e.Cc, fieldBcc: e.Bcc}[q.of])
	}
	alone := func(words []string) []string {
		return slices.DeleteFunc(words, func(w string) bool { r := []rune(w); return len(r) == 2 && isUnspaced(r[0]) })
	}
	have, want := alone(wordsOf(text)), alone(wordsOf(q.text))
	if len(want) == 1 && slices.Contains(textWords(text), want[0]) {
		return true // also the ten digits of three groups
	}
	for at := 0; len(want) > 0 && at+len(want) <= len(have); at++ {
		last := at + len(want) - 1
		if slices.Equal(have[at:last], want[:len(want)-1]) && begins(have[last], want[len(want)-1]) {
			return true
		}
	}
	return false
}

func (o *oracle) hasWords(l *oracleLetter, q Words) bool {
	words := queryWords(q.Text)
	if len(words) == 0 {
		return q.Text == ""
	}
	text := l.body
	if q.In == Text {
		text = slices.Concat(l.head, l.body)
	}
	for _, w := range words {
		if !slices.ContainsFunc(text, func(have string) bool {
			return have == w || len([]rune(w)) >= 3 && strings.HasPrefix(have, w)
		}) {
			return false
		}
	}
	return true
}

// chance makes letters and queries of few words, so that they often meet.
type chance struct{ *rand.Rand }

var (
	someWords = strings.Fields(`repeat repeats repeated prescription prescriptions prescribing metformin amoxicillin 500mg
		surgery Zoë zoe délai urgent urgently a be the referral 東京都 환자 943 476 5919 9434765919 hydroxychloroquine
		hydroxychloroquines hydroxychlorothiazide`)
	someNames = []string{"Anna Example", "=?utf-8?q?Zo=C3=AB_Test?=", "Ben Muster", ""}
	someHosts = []string{"clinic.example", "pharmacy.test", "surgery.example"}
)

func pick[T any](c chance, list []T) T { return list[c.IntN(len(list))] }

func (c chance) words(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(pick(c, []string{" ", " ", " ", ", ", "\n", "-"}))
		}
		b.WriteString(pick(c, someWords))
	}
	return b.String()
}

func (c chance) address() string {
	return fmt.Sprintf("%s <%s@%s>", pick(c, someNames), pick(c, []string{"anna", "zoe.test", "joanna"}), pick(c, someHosts))
}

func (c chance) letter(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\nTo: %s, %s\n", c.address(), c.address(), c.address())
	if c.IntN(2) == 0 {
		fmt.Fprintf(&b, "Cc: %s\n", c.address())
	}
	if c.IntN(8) > 0 {
		fmt.Fprintf(&b, "Date: %d Nov 2026 %02d:30:00 %s\n", 1+c.IntN(28), c.IntN(24), pick(c, []string{"+0000", "-1100", "+1300"}))
	}
	subject := strings.ReplaceAll(c.words(1+c.IntN(4)), "\n", " ")
	fmt.Fprintf(&b, "Subject: %s%s\nMessage-ID: <m%d.x@pharmacy.test>\n", pick(c, []string{"", "Re: "}), mime.EncodeHeader(subject), n)
	if n > 0 && c.IntN(3) == 0 {
		fmt.Fprintf(&b, "References: <m%d.x@pharmacy.test>\n", c.IntN(n))
	}
	if c.IntN(3) == 0 {
		fmt.Fprintf(&b, "X-Place: %s\n", mime.EncodeHeader(pick(c, someWords)))
	}
	text := c.words(c.IntN(30))
	switch c.IntN(4) {
	case 0:
		fmt.Fprintf(&b, "Content-Type: text/html; charset=utf-8\n\n<p class=referral>%s</p><b>%s</b>\n", text, c.words(2))
	case 1:
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n"+
			"--b\nContent-Type: message/rfc822\n\nSubject: %s\n\n%s\n--b\n"+
			"Content-Type: application/pdf; name=urgently.pdf\n\n%s\n--b--\n", text, pick(c, someWords), c.words(2), c.words(2))
	case 2:
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n"+
			"--b\nContent-Type: application/octet-stream; name=notes.txt\nContent-Transfer-Encoding: 8bit\n\n%s\n"+
			"--b\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document\nContent-Transfer-Encoding: base64\n\n%s\n--b--\n",
			text, c.words(6), base64.StdEncoding.EncodeToString(documenttest.Docx(c.words(3), c.words(2))))
	default:
		fmt.Fprintf(&b, "Content-Type: text/plain; charset=utf-8\n\n%s\n", text)
	}
	return b.String()
}

// needle is a piece of a word, or of a name, which needn't begin where a word does.
func (c chance) needle() string {
	r := []rune(pick(c, append(slices.Clone(someWords), "Anna Example", "zoë test <", "nna@clinic", "@pharmacy.test", "Re: ")))
	from := c.IntN(len(r))
	return string(r[from : from+c.IntN(len(r)-from+1)])
}

// prefix is the beginning of a word, often all of it.
func (c chance) prefix() string {
	r := []rune(pick(c, someWords))
	if c.IntN(2) == 0 {
		return string(r)
	}
	return string(r[:1+c.IntN(len(r))])
}

func (c chance) query(depth int, letters []oracleLetter) Query {
	if depth > 0 {
		switch c.IntN(6) {
		case 0:
			return And{c.query(depth-1, letters), c.query(depth-1, letters)}
		case 1:
			return Or{c.query(depth-1, letters), c.query(depth-1, letters), c.query(depth-1, letters)}
		case 2:
			return Not{c.query(depth-1, letters)}
		}
	}
	some := pick(c, letters)
	when, on := pick(c, []When{Before, On, Since}), DayAt(2026, time.November, 1+c.IntN(30))
	age := int64(c.IntN(40 * 86400))
	in := pick(c, []Place{Body, Text})
	return pick(c, []Query{
		All{}, Flags(mailbox.Seen), Flags(mailbox.Flagged | mailbox.Seen), Keyword("$PENDING"), Keyword("unknown"),
		UIDs{{Lo: some.row.UID, Hi: some.row.UID + 9}, {Lo: 1, Hi: 3}}, Larger(some.row.Size), Smaller(some.row.Size),
		Received{when, on}, Sent{when, on}, Sent{when, on}, Younger(age), Older(age), ModSeq(some.row.Changed),
		Header{"X-Place", c.needle()}, Header{"x-place", ""}, Header{"Subject", c.needle()}, Header{"Message-ID", fmt.Sprintf("m%d.", c.IntN(50))},
		Subject(c.needle()), Address{From, c.needle()}, Address{To, c.needle()}, Address{Cc, c.needle()}, Address{Bcc, ""},
		InSubject(c.prefix()), InSubject(c.words(2)), InSubject(`"` + c.words(2) + `"`), InAddresses(To, c.needle()), InAddresses(From, pick(c, someHosts)), InAddresses(Cc, "exam"),
		Words{in, c.prefix()}, Words{in, c.prefix()}, Words{in, c.prefix()}, Words{in, c.prefix() + " " + c.prefix()},
		Words{Text, "pharmacy.test"}, Words{in, "***"}, Words{in, ""},
		EmailID(mailbox.EmailID(some.row.Msg)), ThreadID(mailbox.ThreadID(some.thread)),
	})
}

// TestOracle: whatever is asked, and however much of the mail the index knows, the answer is the oracle's.
func TestOracle(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		c := chance{rand.New(rand.NewPCG(11, 13))}
		no, other := h.Account(), h.Account()
		for i := range 150 {
			h.Clock.Advance(time.Duration(c.IntN(9)) * time.Hour)
			h.Deliver(no, c.letter(i))
			if i%10 == 0 {
				h.Deliver(other, c.letter(i))
			}
		}
		h.flags(no, c)
		for _, stage := range []string{"nothing indexed", "half indexed", "all indexed", "few by the index", "none by the index", "in small chunks"} {
			switch stage {
			case "few by the index":
				h.search.few = 25
			case "none by the index":
				h.search.few = 0
			case "in small chunks":
				h.search.store, h.search.chunk = smallBatches{h.Store}, 7
			}
			h.compare(no, c, stage)
			if stage == "half indexed" {
				h.settleLetters()
				h.compare(no, c, "all but documents indexed")
			}
			h.settle()
			if stage == "nothing indexed" {
				for i := range 150 {
					h.Deliver(no, c.letter(150+i))
				}
			}
		}
	})
}

// compare asks search and oracle alike.
func (h *house) compare(no haven.AccountNo, c chance, stage string) {
	h.t.Helper()
	o := h.oracle(no)
	for range 120 {
		q := c.query(3, o.letters)
		got, want := h.find(no, q), o.find(q)
		if !slices.Equal(got.UIDs, want.UIDs) || got.HighestModSeq != want.HighestModSeq {
			h.t.Fatalf("%s: %#v\nfound %v\nwant  %v", stage, q, got, want)
		}
	}
	h.compareEverywhere(no, c, stage, o)
}

// compareEverywhere asks for what somebody types, in the whole account.
func (h *house) compareEverywhere(no haven.AccountNo, c chance, stage string, o *oracle) {
	h.t.Helper()
	msgOf := map[haven.UID]haven.MessageID{}
	for _, l := range o.letters {
		msgOf[l.row.UID] = l.row.Msg
	}
	for range 150 {
		q := pick(c, []Query{Said(Text, c.prefix()), Said(Body, c.prefix()+" "+c.prefix()), Said(Text, c.words(1)), InSubject(c.prefix()), InAddresses(To, "anna"), InAddresses(From, c.needle()),
			And{Words{Text, c.prefix()}, Not{Words{Body, c.prefix()}}}})
		got, err := h.search.Everywhere(h.t.Context(), mailboxtest.Own(no), q)
		var want []haven.MessageID
		for _, uid := range o.find(q).UIDs {
			want = append(want, msgOf[uid])
		}
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			h.t.Errorf("%s, everywhere: %#v finds %v %v, want %v", stage, q, got, err, want)
		}
	}
}

// settleLetters works until all letters are indexed, but for their documents.
func (h *house) settleLetters() {
	h.t.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = h.search.stepLetters(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// smallBatches is a real store that gives three rows at a time.
type smallBatches struct{ Store }

func (s smallBatches) Rows(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, uids []mailbox.Range, since haven.Seq, fn func([]mailbox.Row) error) error {
	return s.Store.Rows(ctx, v, mb, uids, since, func(rows []mailbox.Row) error {
		for part := range slices.Chunk(rows, 3) {
			if err := fn(part); err != nil {
				return err
			}
		}
		return nil
	})
}

// flags gives random messages random flags and a keyword.
func (h *house) flags(no haven.AccountNo, c chance) {
	h.t.Helper()
	for range 40 {
		uid := haven.UID(1 + c.IntN(150))
		_, err := h.Service.Store(h.t.Context(), mailboxtest.Own(no), inbox, []mailbox.Range{{Lo: uid, Hi: uid + 3}}, mailbox.FlagChange{
			Op: mailbox.AddFlags, Flags: pick(c, []mailbox.Flags{mailbox.Seen, mailbox.Flagged}), Keywords: pick(c, [][]string{nil, {"$Pending"}}),
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
}
