package mailbox_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
	"haven/platform/errs"
)

// dice are random choices from a seed.
type dice struct{ *rand.Rand }

func (d dice) chance(of int) bool { return d.IntN(of) == 0 }

func one[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// flags are any of the five; two throws, so that few are set.
func (d dice) flags() mailbox.Flags {
	first, second := d.IntN(32), d.IntN(32)
	return mailbox.Flags(first & second)
}

func (d dice) names() []string {
	var names []string
	for d.chance(3) && len(names) < 3 {
		if name := one(d, []string{"$Forwarded", "done", "Urgent", "later"}); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func TestModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		engine      string
		seed        uint64
		step, steps int
	}{
		{"sqlite", 1, 1, 900}, {"sqlite", 2, 3, 1500}, {"sqlite", 3, 0, 1500}, {"postgres", 4, 2, 250}, {"postgres", 5, 0, 250},
	} {
		t.Run(fmt.Sprint(c.engine, c.seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.engine, c.seed, c.step)
			steps := c.steps
			if testing.Short() || racing {
				steps /= 10
			}
			for n := range steps {
				w.do(n)
			}
			for _, a := range w.accounts {
				w.compareContent(a)
			}
		})
	}
}

// newWorld has three people and two shared mailboxes.
func newWorld(t *testing.T, engine string, seed uint64, step int) *world {
	t.Helper()
	w := &world{t: t, touched: map[*account]bool{}, s: mailboxtest.NewSteps(t, engine, step), rights: map[[2]haven.AccountNo]haven.Rights{}, dice: dice{rand.New(rand.NewPCG(seed, 0))}}
	for i := range 5 {
		a := &account{no: w.s.Account(), folders: map[haven.MailboxNo]*folder{}, numbers: map[haven.MailboxNo]bool{},
			letters: map[haven.MessageID]*letter{}, threads: map[string]haven.MessageID{}, last: uint32(w.s.Clock.Now().Unix())}
		for k, f := range mailbox.Provisioned {
			no := haven.MailboxNo(k + 1)
			a.folders[no] = &folder{no: no, path: []string{f.Name}, validity: a.last, next: 1, gone: map[haven.UID]bool{}}
			a.numbers[no] = true
		}
		w.accounts = append(w.accounts, a)
		w.rights[[2]haven.AccountNo{a.no, a.no}] = haven.Own
		if i < 3 {
			w.people = append(w.people, a.no)
		}
	}
	for _, p := range w.people {
		w.grant(p, w.accounts[3].no, haven.Member)
		w.grant(p, w.accounts[4].no, haven.Member)
	}
	return w
}

func (w *world) grant(person, account haven.AccountNo, r haven.Rights) {
	w.rights[[2]haven.AccountNo{person, account}] = r
	w.s.Grants.Set(person, account, r)
}

// do is one random step, after which everything is compared.
func (w *world) do(n int) {
	w.t.Helper()
	doings := []struct {
		often int
		name  string
		fn    func()
	}{
		{8, "deliver", w.deliver}, {3, "append", w.append}, {10, "store", w.store}, {6, "copy", func() { w.transfer(false) }}, {6, "move", func() { w.transfer(true) }},
		{6, "expunge", w.expunge}, {2, "create", w.create}, {2, "rename", w.rename}, {2, "delete", w.delete}, {1, "grant", w.regrant}, {2, "upkeep", w.upkeep}, {2, "undelete", w.undelete},
	}
	total := 0
	for _, d := range doings {
		total += d.often
	}
	k := w.IntN(total)
	for _, d := range doings {
		if k -= d.often; k < 0 {
			w.step = fmt.Sprintf("step %d, %s", n, d.name)
			d.fn()
			break
		}
	}
	for _, a := range w.accounts {
		if w.touched[a] || n%20 == 0 {
			w.compare(a)
		}
	}
	clear(w.touched)
	w.follow(n)
}

// follow lets some clients catch up, and new ones begin.
func (w *world) follow(n int) {
	w.t.Helper()
	w.clients = slices.DeleteFunc(w.clients, func(c *client) bool { return w.chance(4) && !w.catchUp(c) })
	if len(w.clients) < 20 {
		a := one(w.dice, w.accounts)
		c := &client{a: a, no: one(w.dice, a.list()).no, session: w.chance(2)}
		w.catchUp(c)
		w.clients = append(w.clients, c)
	}
	if n%40 == 0 {
		w.compareContent(one(w.dice, w.accounts))
	}
}

// someone is a person looking at an account, which may be closed to them.
func (w *world) someone() (*account, mailbox.Viewer) {
	a := w.account()
	if slices.Contains(w.people, a.no) && !w.chance(10) {
		return a, mailboxtest.Own(a.no)
	}
	return a, mailboxtest.Own(one(w.dice, w.people)).As(a.no)
}

// account is one that is about to change.
func (w *world) account() *account {
	a := one(w.dice, w.accounts)
	w.touched[a] = true
	return a
}

func (w *world) folder(a *account) *folder {
	list := a.list()
	if w.chance(2) {
		return list[0]
	}
	return one(w.dice, list)
}

// write makes a letter of the model and its text; it may answer others.
func (w *world) write() *letter {
	w.serial++
	l := &letter{refs: []string{fmt.Sprintf("%d@x.test", w.serial)}, keywords: map[string]bool{}}
	text := fmt.Sprintf("Message-ID: <%s>\nSubject: letter %d\n", l.refs[0], w.serial)
	for range w.IntN(3) {
		ref := fmt.Sprintf("%d@x.test", max(1, w.serial-10+w.IntN(13))) // one that is yet to come, too
		if !slices.Contains(l.refs, ref) {
			l.refs = append(l.refs, ref)
		}
	}
	for _, ref := range l.refs[1:] {
		text += "References: <" + ref + ">\n"
		break
	}
	if len(l.refs) > 2 {
		text += "In-Reply-To: <" + l.refs[2] + ">\n"
	}
	l.text = mailboxtest.CRLF(text + "\n" + strings.Repeat("Two tablets. ", w.IntN(10)) + "\n")
	return l
}

func (l *letter) copy() *letter {
	c := *l
	c.keywords = maps.Clone(l.keywords)
	c.thread, c.left = 0, time.Time{}
	return &c
}

func (w *world) deliver() {
	l := w.write()
	stored := w.s.Letter(l.text)
	var filings []mailbox.Filing
	var to []*account
	for range 1 + w.IntN(3) {
		a := w.account()
		f := mailbox.Filing{Account: a.no, Letter: stored, Role: one(w.dice, []mailbox.Role{"", mailbox.Inbox, mailbox.Junk}), Flags: w.flags(), Keywords: w.names()}
		if w.chance(2) {
			f.Trace = []byte(fmt.Sprintf("Delivered-To: %d\r\n", a.no))
		}
		filings, to = append(filings, f), append(to, a)
	}
	filed, err := w.s.File(w.t.Context(), filings, nil)
	w.must(err)
	// Within a commit accounts come in ascending order, and of one account in the order given.
	order := make([]int, len(filings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return int(to[x].no - to[y].no) })
	for _, i := range order {
		a, f, c := to[i], filings[i], l.copy()
		c.id, c.text = filed[i].Msg, string(f.Trace)+l.text
		w.arrive(a, c, f.Flags, f.Keywords)
		box := a.folders[filed[i].Mailbox]
		if uid := box.put(c, f.Flags&mailbox.Deleted != 0); uid != filed[i].UID {
			w.failf("filed as %d, want %d", filed[i].UID, uid)
		}
	}
}

// arrive makes a new letter known to an account with flags and keywords.
func (w *world) arrive(a *account, l *letter, flags mailbox.Flags, names []string) {
	l.flags = flags &^ mailbox.Deleted
	for _, name := range names {
		l.keywords[a.keyword(name, true)] = true
	}
	a.add(l)
}

func (w *world) append() {
	a, v := w.someone()
	f := w.folder(a)
	if f.no == sent {
		return // its rules have tests of their own
	}
	var items []mailbox.Append
	var letters []*letter
	for range 1 + w.IntN(3) {
		l := w.write()
		letters = append(letters, l)
		items = append(items, mailbox.Append{Letter: w.s.Letter(l.text), Flags: w.flags(), Keywords: w.names()})
	}
	validity, uids, err := w.s.Append(w.t.Context(), v, f.no, items)
	if !w.allowed(err, v, haven.Write) {
		return
	}
	w.must(err)
	if validity != f.validity {
		w.failf("UIDVALIDITY %d, want %d", validity, f.validity)
	}
	for i, l := range letters {
		l.id = w.messageAt(a, f, uids[i])
		w.arrive(a, l, items[i].Flags, items[i].Keywords)
		if uid := f.put(l, items[i].Flags&mailbox.Deleted != 0); uid != uids[i] {
			w.failf("appended as %d, want %d", uids[i], uid)
		}
	}
}

// messageAt asks the store for the id that it gave a message.
func (w *world) messageAt(a *account, f *folder, uid haven.UID) (id haven.MessageID) {
	w.t.Helper()
	w.must(w.s.Rows(w.t.Context(), mailboxtest.Own(a.no), f.no, only(uid), 0, func(rs []mailbox.Row) error {
		id = rs[0].Msg
		return nil
	}))
	if id == 0 || a.letters[id] != nil {
		w.failf("UID %d of folder %v is message %d", uid, f.path, id)
	}
	return id
}

// ranges names some UIDs of a folder, and some that are not there.
func (w *world) ranges(f *folder) []mailbox.Range {
	if w.chance(4) {
		return all
	}
	var rs []mailbox.Range
	for range 1 + w.IntN(4) {
		lo := haven.UID(1 + w.IntN(int(f.next)+1))
		rs = append(rs, mailbox.Range{Lo: lo, Hi: lo + haven.UID(w.IntN(3))})
	}
	return rs
}

// within are the places that ranges name.
func (f *folder) within(rs []mailbox.Range) []place {
	var out []place
	for _, p := range f.places {
		if slices.ContainsFunc(rs, func(r mailbox.Range) bool { return r.Lo <= p.uid && p.uid <= r.Hi }) {
			out = append(out, p)
		}
	}
	return out
}

func (w *world) store() {
	a, v := w.someone()
	f := w.folder(a)
	rs := w.ranges(f)
	ch := mailbox.FlagChange{Op: mailbox.FlagOp(1 + w.IntN(3)), Flags: w.flags(), Keywords: w.names()}
	before := rows(w.t, w.s, mailboxtest.Own(a.no), f.no)
	if w.chance(3) && len(before) > 0 {
		since := one(w.dice, before).Changed
		ch.UnchangedSince = &since
	}
	res, err := w.s.Store(w.t.Context(), v, f.no, rs, ch)
	if !w.allowed(err, v, haven.Write) {
		return
	}
	w.must(err)
	late := map[haven.UID]bool{}
	for _, r := range before {
		late[r.UID] = ch.UnchangedSince != nil && r.Changed > *ch.UnchangedSince
	}
	var modified []haven.UID
	named := f.within(rs)
	for _, name := range ch.Keywords { // made even where no message is named
		a.keyword(name, ch.Op != mailbox.RemoveFlags)
	}
	for _, p := range named {
		if late[p.uid] {
			modified = append(modified, p.uid)
			continue
		}
		a.change(f, p.uid, ch)
	}
	if !slices.Equal(res.Modified, modified) {
		w.failf("left alone %v, want %v", res.Modified, modified)
	}
	if len(res.Rows) != len(named) {
		w.failf("%d rows, want %d", len(res.Rows), len(named))
	}
	for i, p := range f.within(rs) {
		if r := res.Rows[i]; r.UID != p.uid || r.Flags != p.flags() {
			w.failf("told %+v, want UID %d with %v", r, p.uid, p.flags())
		}
	}
}

// change is a STORE of one place.
func (a *account) change(f *folder, uid haven.UID, ch mailbox.FlagChange) {
	p := &f.places[f.at(uid)]
	l := p.letter
	flags := p.flags()
	switch ch.Op {
	case mailbox.AddFlags:
		flags |= ch.Flags
	case mailbox.RemoveFlags:
		flags &^= ch.Flags
	case mailbox.ReplaceFlags:
		flags = ch.Flags
		clear(l.keywords)
	}
	p.deleted, l.flags = flags&mailbox.Deleted != 0, flags&^mailbox.Deleted
	for _, name := range ch.Keywords {
		if k := a.keyword(name, false); ch.Op != mailbox.RemoveFlags {
			l.keywords[k] = true
		} else {
			delete(l.keywords, k)
		}
	}
}

func (w *world) transfer(move bool) {
	a, v := w.someone()
	b, to := a, v
	if w.chance(2) {
		b = w.account()
		to = v.As(b.no)
	}
	from, dst := w.folder(a), w.folder(b)
	rs := w.ranges(from)
	call, need := w.s.Copy, haven.Read
	if move {
		call, need = w.s.Move, haven.Read|haven.Write
	}
	c, err := call(w.t.Context(), v, from.no, rs, to, dst.no)
	if !w.allowed(err, v, need) || !w.allowed(err, to, haven.Write) {
		return
	}
	w.must(err)
	named := slices.Clone(from.within(rs))
	if len(c.From) != len(named) || len(c.To) != len(named) || len(named) > 0 && c.UIDValidity != dst.validity {
		w.failf("answered %+v, want %d of validity %d", c, len(named), dst.validity)
	}
	for i, p := range named {
		l := p.letter
		if a != b {
			l = p.letter.copy()
			l.id = w.messageAt(b, dst, c.To[i])
			l.keywords = map[string]bool{}
			w.arrive(b, l, p.letter.flags, w.inOrder(a, p.letter.keywords))
		}
		if uid := dst.put(l, false); c.From[i] != p.uid || c.To[i] != uid {
			w.failf("from %d to %d, want %d to %d", c.From[i], c.To[i], p.uid, uid)
		}
		if move {
			a.take(from, p.uid, w.s.Clock.Now())
			p.letter.away = a != b && !a.holds(p.letter)
		}
	}
}

// inOrder are keywords in the order in which the account knows them.
func (w *world) inOrder(a *account, set map[string]bool) []string {
	var out []string
	for _, k := range a.keywords {
		if set[k] {
			out = append(out, k)
		}
	}
	return out
}

func (w *world) expunge() {
	a, v := w.someone()
	f := w.folder(a)
	var rs []mailbox.Range
	if w.chance(2) {
		rs = w.ranges(f)
	}
	gone, err := w.s.Expunge(w.t.Context(), v, f.no, rs)
	if !w.allowed(err, v, haven.Write) {
		return
	}
	w.must(err)
	if rs == nil {
		rs = all
	}
	var want []haven.UID
	for _, p := range slices.Clone(f.within(rs)) {
		if p.deleted {
			want = append(want, p.uid)
			a.take(f, p.uid, w.s.Clock.Now())
		}
	}
	if !slices.Equal(gone, want) {
		w.failf("gone %v, want %v", gone, want)
	}
}

func (w *world) path() []string {
	var path []string
	for range 1 + w.IntN(3) {
		path = append(path, one(w.dice, []string{"a", "b", "c"}))
	}
	if w.chance(4) {
		path = append([]string{one(w.dice, []string{"INBOX", "Sent"})}, path...)
	}
	return path
}

// made enters folders of a path that are not there yet into the model.
func (w *world) made(a *account, path []string) {
	w.t.Helper()
	for depth := 1; depth <= len(path); depth++ {
		if a.child(path[:depth]) != nil {
			continue
		}
		f, err := w.s.FolderAt(w.t.Context(), mailboxtest.Own(a.no), path[:depth])
		w.must(err)
		if a.numbers[f.No] || f.UIDValidity <= a.last {
			w.failf("folder %v has number %d and UIDVALIDITY %d, used before", f.Path, f.No, f.UIDValidity)
		}
		a.numbers[f.No], a.last = true, f.UIDValidity
		a.folders[f.No] = &folder{no: f.No, path: slices.Clone(path[:depth]), validity: f.UIDValidity, next: 1, gone: map[haven.UID]bool{}}
	}
}

func (w *world) create() {
	a, v := w.someone()
	path := w.path()
	_, err := w.s.CreateFolder(w.t.Context(), v, path, mailbox.NoRole)
	if !w.allowed(err, v, haven.Write) {
		return
	}
	if a.child(path) != nil {
		if !errs.Is(err, errs.Conflict) {
			w.failf("made again: %v", err)
		}
		return
	}
	w.must(err)
	w.made(a, path)
}

func (w *world) rename() {
	a, v := w.someone()
	f, to := w.folder(a), w.path()
	if f.no == inbox && !w.chance(3) {
		return
	}
	err := w.s.RenameFolder(w.t.Context(), v, f.path, to)
	r := w.rights[[2]haven.AccountNo{v.Person, v.Account}]
	own := f.no > 1 && int(f.no) <= len(mailbox.Provisioned)
	inside := len(to) > len(f.path) && slices.Equal(to[:len(f.path)], f.path)
	switch {
	case !r.Has(haven.Read):
		w.wantKind(err, errs.NotFound)
	case own || !r.Has(haven.Write):
		w.wantKind(err, errs.Denied)
	case a.child(to) != nil:
		w.wantKind(err, errs.Conflict)
	case f.no == inbox:
		w.must(err)
		w.made(a, to)
		for _, p := range slices.Clone(f.places) {
			a.child(to).put(p.letter, false)
			a.take(f, p.uid, w.s.Clock.Now())
		}
	case inside:
		w.wantKind(err, errs.Invalid)
	default:
		w.must(err)
		w.made(a, to[:len(to)-1])
		a.rename(f, to)
	}
}

// rename changes the paths of a folder and of all in it.
func (a *account) rename(f *folder, to []string) {
	from := f.path
	for _, g := range a.folders {
		if len(g.path) >= len(from) && slices.Equal(g.path[:len(from)], from) {
			g.path = append(slices.Clone(to), g.path[len(from):]...)
		}
	}
}

func (w *world) wantKind(err error, k errs.Kind) {
	w.t.Helper()
	if !errs.Is(err, k) {
		w.failf("%v, want %v", err, k)
	}
}

func (w *world) delete() {
	a, v := w.someone()
	f := w.folder(a)
	err := w.s.DeleteFolder(w.t.Context(), v, f.path)
	r := w.rights[[2]haven.AccountNo{v.Person, v.Account}]
	parent := false
	for _, g := range a.folders {
		parent = parent || len(g.path) > len(f.path) && slices.Equal(g.path[:len(f.path)], f.path)
	}
	switch {
	case !r.Has(haven.Read):
		w.wantKind(err, errs.NotFound)
	case int(f.no) <= len(mailbox.Provisioned):
		w.wantKind(err, errs.Denied)
	case parent:
		w.wantKind(err, errs.Invalid)
	case !r.Has(haven.Write):
		w.wantKind(err, errs.Denied)
	default:
		w.must(err)
		for _, p := range slices.Clone(f.places) {
			a.take(f, p.uid, w.s.Clock.Now())
		}
		delete(a.folders, f.no)
	}
}

func (w *world) regrant() {
	w.grant(one(w.dice, w.people), w.accounts[3+w.IntN(2)].no, one(w.dice, []haven.Rights{0, haven.Read, haven.Member, haven.Owner}))
}

func (w *world) upkeep() {
	w.s.Clock.Advance(time.Duration(w.IntN(int(9 * day))))
	w.must(w.s.Maintain(w.t.Context()))
	w.compareForgotten()
}

// undelete puts back what was expunged since some day.
func (w *world) undelete() {
	a := w.account()
	now := w.s.Clock.Now()
	e := mailbox.Expunged{Since: now.Add(-time.Duration(w.IntN(int(40 * day)))), Until: now.Add(time.Microsecond)}
	if w.chance(3) {
		e.Until = e.Since.Add(time.Duration(w.IntN(int(40 * day))))
	}
	if w.chance(3) {
		e.Folder = one(w.dice, a.list()).no
	}
	var into *folder
	if w.chance(3) {
		into = one(w.dice, a.list())
	}
	var want []*letter
	for _, l := range a.letters {
		if !a.holds(l) && !l.away && !l.left.Before(e.Since) && l.left.Before(e.Until) && (e.Folder == 0 || e.Folder == l.folder) {
			want = append(want, l)
		}
	}
	slices.SortFunc(want, func(x, y *letter) int { return cmp.Or(cmp.Compare(x.folder, y.folder), cmp.Compare(x.uid, y.uid)) })
	counted := int64(0)
	in, err := w.s.Expunged(w.t.Context(), a.no, e)
	w.must(err)
	for _, f := range in {
		counted += f.Messages
	}
	no := haven.MailboxNo(0)
	if into != nil {
		no = into.no
	}
	back, err := w.s.Undelete(w.t.Context(), a.no, e, no, func(*db.Tx, []mailbox.Filed) {})
	w.must(err)
	if len(back) != len(want) || counted != int64(len(want)) {
		w.failf("%d came back and %d were counted, want %d", len(back), counted, len(want))
	}
	for i, l := range want {
		f := into
		if f == nil {
			f = a.folders[l.folder]
		}
		if f == nil {
			f = a.folders[1]
		}
		if uid := f.put(l, false); back[i].Msg != l.id || back[i].Mailbox != f.no || back[i].UID != uid {
			w.failf("message %d is back as %+v, want folder %d, UID %d", l.id, back[i], f.no, uid)
		}
	}
}
