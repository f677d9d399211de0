package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// day is the nth day of a test's calendar.
func day(n int) time.Time { return time.Date(2026, 1, n, 9, 0, 0, 0, time.UTC) }

// readThreaded reads messages as "uid subject id<ref<ref", the nearest reference last as in the header: "3 Re:a c<a,b".
// Message n was sent on day n.
func readThreaded(t *testing.T, lines string) []Threaded {
	t.Helper()
	var list []Threaded
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		f := strings.Fields(line)
		var uid int
		if _, err := fmt.Sscan(f[0], &uid); err != nil || len(f) != 3 {
			t.Fatalf("bad line %q", line)
		}
		m := Threaded{UID: haven.UID(uid), Sent: day(uid), Subject: strings.TrimPrefix(f[1], "Re:"), Reply: strings.HasPrefix(f[1], "Re:")}
		if m.Subject == "-" {
			m.Subject = ""
		}
		id, refs, _ := strings.Cut(f[2], "<")
		if id != "-" {
			m.MessageID = id
		}
		if refs != "" {
			m.Refs = strings.Split(refs, ",")
		}
		list = append(list, m)
	}
	return list
}

// writeThreads writes threads as IMAP does (RFC 5256 §4).
func writeThreads(threads []*Thread) string {
	var b strings.Builder
	for _, t := range threads {
		b.WriteString("(" + writeThread(t) + ")")
	}
	return b.String()
}

func writeThread(t *Thread) string {
	s := ""
	if t.UID != 0 {
		s = fmt.Sprint(t.UID)
	}
	switch {
	case len(t.Answers) == 1 && t.UID != 0:
		return s + " " + writeThread(t.Answers[0])
	case len(t.Answers) > 0:
		if s != "" {
			s += " "
		}
		return s + writeThreads(t.Answers)
	}
	return s
}

func TestThreadByReferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, lines, want string }{
		{"one alone", "1 a a", "(1)"},
		{"an answer", "1 a a\n2 Re:a b<a", "(1 2)"},
		{"answers before their parent", "1 Re:a b<a\n2 a a", "(2 1)"},
		{"two answers", "1 a a\n2 Re:a b<a\n3 Re:a c<a", "(1 (2)(3))"},
		{"a chain", "1 a a\n2 Re:a b<a\n3 Re:a c<a,b", "(1 2 3)"},
		{"a parent that isn't there, two answers", "2 Re:a b<x\n3 Re:a c<x", "((2)(3))"},
		{"a parent that isn't there, one answer", "2 Re:a b<x", "(2)"},
		{"missing in the middle", "1 a a\n3 Re:a c<a,b", "(1 3)"},
		{"missing in the middle, with two below", "1 a a\n3 Re:a c<a,b\n4 Re:a d<a,b", "(1 (3)(4))"},
		{"the message's own word counts more", "1 a a\n2 z b\n3 Re:a c<a,d\n4 z d<b", "(1)(2 4 3)"},
		{"own references to itself", "1 a a<a", "(1)"},
		{"a loop of two", "1 a a<b\n2 b b<a", "(2 1)"},
		{"the same id twice", "1 a a\n2 b a", "(1)(2)"},
		{"no ids", "1 a -\n2 b -", "(1)(2)"},
		{"same subject, reply without references", "1 a a\n2 Re:a b", "(1 2)"},
		{"same subject, reply first", "1 Re:a a\n2 a b", "(2 1)"},
		{"same subject, neither a reply", "1 a a\n2 a b", "((1)(2))"},
		{"same subject, three, none a reply", "1 a a\n2 a b\n3 a c", "((1)(2)(3))"},
		{"same subject, both replies", "1 Re:a a\n2 Re:a b", "((1)(2))"},
		{"empty subjects stay apart", "1 - a\n2 - b", "(1)(2)"},
		{"a dummy takes a message of its subject", "2 Re:a b<x\n3 Re:a c<x\n4 a d", "((2)(3)(4))"},
		{"two dummies become one", "2 Re:a b<x\n3 Re:a c<x\n4 Re:a d<y\n5 Re:a e<y", "((2)(3)(4)(5))"},
		{"ordered by date of the first", "5 a a\n2 b b\n3 Re:a c<a", "(2)(5 3)"},
	} {
		if got := writeThreads(byReferences(t, readThreaded(t, c.lines))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestThreadBySubject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, lines, want string }{
		{"siblings below the first", "1 a -\n2 b -\n3 Re:a -\n4 Re:a -", "(1 (3)(4))(2)"},
		{"by date, not by number", "4 b -\n2 Re:b -\n3 a -", "(2 4)(3)"},
	} {
		if got := writeThreads(ThreadBySubject(readThreaded(t, c.lines))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestThreadHostile: chains and loops of many messages end soon and lose none.
func TestThreadHostile(t *testing.T) {
	t.Parallel()
	const n = 20_000
	shapes := map[string]func(i int) []string{
		"forwards":  func(i int) []string { return []string{fmt.Sprint(i - 1)} },
		"backwards": func(i int) []string { return []string{fmt.Sprint(i + 1)} },
		"one loop":  func(i int) []string { return []string{fmt.Sprint((i + 1) % n)} },
		"one moved": func(i int) []string { return []string{"x", fmt.Sprint(i + 1)} },
		"star":      func(int) []string { return []string{"x"} },
	}
	for name, refs := range shapes {
		list := make([]Threaded, n)
		for i := range list {
			list[i] = Threaded{UID: haven.UID(i + 1), Sent: day(1), MessageID: fmt.Sprint(i), Refs: refs(i)}
		}
		begin := time.Now()
		if got := countThreads(byReferences(t, list)); got != n {
			t.Errorf("%s: %d messages of %d", name, got, n)
		}
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

func byReferences(t *testing.T, list []Threaded) []*Thread {
	t.Helper()
	threads, err := ThreadByReferences(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	return threads
}

func countThreads(list []*Thread) int {
	n := 0
	for list = slices.Clone(list); len(list) > 0; {
		last := list[len(list)-1]
		list = append(list[:len(list)-1], last.Answers...)
		if last.UID != 0 {
			n++
		}
	}
	return n
}

// manyRefs are letters that name 1,000 references each and together continue one chain, of which nothing else is there.
func manyRefs(n int) []Threaded {
	list := make([]Threaded, n)
	for i := range list {
		var info mailbox.Info
		info.Meta.Envelope.MessageID = fmt.Sprintf("<m%d@x>", i)
		for k := range 1_000 {
			info.Meta.References = append(info.Meta.References, fmt.Sprintf("%d@x", 999*i+k))
		}
		list[i] = threaded(&mailbox.Row{UID: haven.UID(i + 1), Received: day(1)}, &info)
	}
	return list
}

// TestThreadManyReferences: a chain of millions of ids ends soon, and in an answer.
func TestThreadManyReferences(t *testing.T) {
	t.Parallel()
	const n = 7_000
	list := manyRefs(n)
	begin := time.Now()
	if got := countThreads(byReferences(t, list)); got != n {
		t.Errorf("%d messages of %d", got, n)
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

// TestThreadDeep: a thread that is a million ids deep, a tenth of them messages.
func TestThreadDeep(t *testing.T) {
	t.Parallel()
	const n, each = 100_000, 10
	list := make([]Threaded, n)
	for i := range list {
		m := Threaded{UID: haven.UID(i + 1), Sent: day(1), MessageID: fmt.Sprint(i * each)}
		for k := range each {
			m.Refs = append(m.Refs, fmt.Sprint((i-1)*each+k))
		}
		list[i] = m
	}
	if got := countThreads(byReferences(t, list)); got != n {
		t.Errorf("%d messages of %d", got, n)
	}
}

// TestThreadLoops: references that ask again and again whether one end of a long chain is above the other.
func TestThreadLoops(t *testing.T) {
	t.Parallel()
	const n = 50_000
	list := make([]Threaded, n)
	for i := range list {
		m := Threaded{UID: haven.UID(i + 1), Sent: day(1), MessageID: fmt.Sprint(i)}
		if m.Refs = []string{fmt.Sprint(i - 1)}; i > n/2 {
			for range maxRefs / 2 {
				m.Refs = append(m.Refs, fmt.Sprint(n/2), "-1")
			}
		}
		list[i] = m
	}
	begin := time.Now()
	if got := countThreads(byReferences(t, list)); got != n {
		t.Errorf("%d messages of %d", got, n)
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

// TestThreadStops: a search that nobody waits for any more threads nothing.
func TestThreadStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ThreadByReferences(ctx, readThreaded(t, "1 a a")); !errs.Is(err, errs.Transient) {
		t.Errorf("error %v", err)
	}
}

// TestThreadedKeepsLittle: of what strangers write, each message keeps a bounded part, and the nearest ancestors.
func TestThreadedKeepsLittle(t *testing.T) {
	t.Parallel()
	var info mailbox.Info
	long := strings.Repeat("x", 50_000)
	info.Meta.Envelope.MessageID, info.Meta.Envelope.Subject = "<"+long+"@a>", "Re: "+long
	for i := range 1_000 {
		info.Meta.References = append(info.Meta.References, fmt.Sprint(i, long))
	}
	info.Meta.References[999] = "parent@a"
	m := threaded(&mailbox.Row{UID: 1, Received: day(1)}, &info)
	size := len(m.Subject) + len(m.MessageID)
	for _, id := range m.Refs {
		size += len(id)
	}
	if len(m.Refs) != maxRefs || m.Refs[maxRefs-1] != "parent@a" || size > 5_000 {
		t.Errorf("%d octets, %d references, the last %q", size, len(m.Refs), m.Refs[len(m.Refs)-1])
	}
}

// TestThreadLikeRFC: small mailboxes of all kinds thread as by the steps of RFC 5256 §3, written recursively and plainly.
func TestThreadLikeRFC(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		list := make([]Threaded, 1+rnd.IntN(12))
		for i, uid := range rnd.Perm(len(list)) {
			m := &list[i]
			*m = Threaded{UID: haven.UID(uid + 1), Sent: day(1 + rnd.IntN(4)), Reply: rnd.IntN(2) == 0}
			m.Subject = []string{"", "a", "b", "c", "d"}[rnd.IntN(5)]
			if rnd.IntN(6) > 0 {
				m.MessageID = fmt.Sprint(rnd.IntN(14))
			}
			for range rnd.IntN(5) {
				m.Refs = append(m.Refs, fmt.Sprint(rnd.IntN(14)))
			}
		}
		got, want := writeThreads(byReferences(t, list)), writeThreads(plainThreads(list))
		if got != want {
			t.Fatalf("%+v\nthreads %s\nwant    %s", list, got, want)
		}
	}
}

// plainThreads is THREAD=REFERENCES without regard to time and stack.
func plainThreads(list []Threaded) []*Thread {
	f := forest{byID: map[string]*container{}, walk: 1 << 40}
	for i := range list {
		f.add(&list[i])
	}
	roots := plainPrune(f.roots(), true)
	plainSort(roots, false)
	roots = gatherSubjects(roots)
	plainSort(roots, true)
	var out []*Thread
	for _, c := range roots {
		out = append(out, plainThread(c))
	}
	return out
}

func plainPrune(list []*container, root bool) (out []*container) {
	for _, c := range list {
		c.children = plainPrune(c.children, false)
		if c.msg != nil || root && len(c.children) > 1 {
			out = append(out, c)
		} else {
			out = append(out, c.children...)
		}
	}
	return out
}

func plainSort(list []*container, deep bool) {
	for _, c := range list {
		if deep || c.msg == nil {
			plainSort(c.children, deep)
		}
	}
	slices.SortStableFunc(list, func(a, b *container) int { return bySent(a.first(), b.first()) })
}

func plainThread(c *container) *Thread {
	t := &Thread{}
	if c.msg != nil {
		t.UID = c.msg.UID
	}
	for _, k := range c.children {
		t.Answers = append(t.Answers, plainThread(k))
	}
	return t
}

func TestSort(t *testing.T) {
	t.Parallel()
	list := func() []Sorting {
		l := []Sorting{
			{UID: 1, Received: day(3), Sent: day(2), Size: 30},
			{UID: 2, Received: day(1), Sent: day(3), Size: 10},
			{UID: 3, Received: day(2), Sent: day(2), Size: 10},
		}
		for i, s := range []string{"Zebra", "élan", "apple"} {
			l[i].texts[BySubject] = Collate(s)
		}
		return l
	}
	for _, c := range []struct {
		keys []SortKey
		want string
	}{
		{nil, "[1 2 3]"},
		{[]SortKey{{ByArrival, false}}, "[2 3 1]"},
		{[]SortKey{{ByArrival, true}}, "[1 3 2]"},
		{[]SortKey{{ByDate, false}}, "[1 3 2]"},
		{[]SortKey{{BySize, true}}, "[1 2 3]"},
		{[]SortKey{{BySize, false}, {ByArrival, true}}, "[3 2 1]"},
		{[]SortKey{{BySubject, false}}, "[3 2 1]"},
	} {
		l := list()
		Sort(l, c.keys)
		uids := make([]haven.UID, len(l))
		for i := range l {
			uids[i] = l[i].UID
		}
		if got := fmt.Sprint(uids); got != c.want {
			t.Errorf("%v: %s, want %s", c.keys, got, c.want)
		}
	}
}
