package agree_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"haven/e2e/stage"
	"haven/face/jmap/jmapclient"
)

func TestIMAPAndJMAPAgree(t *testing.T) {
	stage.EachEngine(t, func(t *testing.T, database stage.Setting) {
		s := newScene(t, database)
		for i := range 150 {
			s.step()
			if i%10 == 9 {
				s.compare()
			}
			if t.Failed() {
				t.Fatalf("after these steps:\n%s", strings.Join(s.did, "\n"))
			}
		}
		s.allAtOnce(25)
	})
}

// scene is people at mailboxes.
type scene struct {
	*rand.Rand
	t         *testing.T
	house     *stage.House
	mailboxes []*mailboxOf
	letters   int
	made      int
	did       []string
}

// mailboxOf is a mailbox, what has to be in it, and who works there.
type mailboxOf struct {
	address string
	*table
	hands []*person
}

// person is somebody at a mailbox, with a program for each protocol.
type person struct {
	name string
	imap *imapHand
	jmap *jmapHand
}

func newScene(t *testing.T, database stage.Setting) *scene {
	s := &scene{Rand: rand.New(rand.NewPCG(3, seed())), t: t, house: stage.Serve(t, database, stage.Pages)}
	people := []stage.Person{s.house.Person("Aisha", "Rahman"), s.house.Person("Ben", "Whitlock"), s.house.Person("Cleo", "Marsh")}
	pharmacy := &mailboxOf{address: s.house.Pharmacy("FAA01", people[0], people[1:]...), table: newTable()}
	s.mailboxes = []*mailboxOf{pharmacy, pharmacy, pharmacy} // where most happens
	for _, p := range people {
		session := s.house.IMAP(p, nil)
		c, err := jmapclient.Open(t.Context(), http.DefaultClient, s.house.Portal(), jmapclient.Basic(p.Address, p.Password))
		if err != nil {
			t.Fatal(err)
		}
		c.Using = append(c.Using, "urn:ietf:params:jmap:mail")
		own := &mailboxOf{address: p.Address, table: newTable()}
		for id, a := range c.Session.Accounts {
			j := &jmapHand{ctx: t.Context(), c: c, account: id}
			if a.Personal {
				own.hands = append(own.hands, &person{p.Name, &imapHand{c: session}, j})
			} else {
				pharmacy.hands = append(pharmacy.hands, &person{p.Name, &imapHand{c: session, shared: pharmacy.address}, j})
			}
		}
		s.mailboxes = append(s.mailboxes, own)
	}
	return s
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// step is one thing that somebody does, with the table going along.
func (s *scene) step() {
	m := pick(s.Rand, s.mailboxes)
	p := pick(s.Rand, m.hands)
	what := pick(s.Rand, []func(*mailboxOf, *person, bool) (string, error){
		s.arrive, s.file, s.file, s.keyword, s.keyword, s.keyword, s.copy, s.copy, s.move, s.move, s.remove, s.remove, s.mark, s.destroy, s.carry, s.carry, s.makeFolder, s.renameFolder, s.deleteFolder})
	overJMAP := s.IntN(2) == 0
	if err := p.jmap.refresh(); err != nil {
		s.t.Fatalf("%s asks what changed in %s: %v", p.name, m.address, err)
	}
	did, err := what(m, p, overJMAP)
	if did == "" {
		return // there was nothing to do it with
	}
	s.did = append(s.did, fmt.Sprintf("%s in %s, over JMAP %v: %s", p.name, m.address, overJMAP, did))
	if err != nil {
		s.t.Errorf("%s: %v", s.did[len(s.did)-1], err)
	}
}

func (p *person) hand(overJMAP bool) hand {
	if overJMAP {
		return p.jmap
	}
	return p.imap
}

// some is any letter, and any folder in which it lies; over JMAP one in which it can be seen.
func (s *scene) some(m *mailboxOf, overJMAP bool) (l *letter, folder string) {
	ids := slices.Sorted(maps.Keys(m.letters))
	if len(ids) == 0 {
		return nil, ""
	}
	l = m.letters[pick(s.Rand, ids)]
	in := l.in()
	if overJMAP {
		in = l.seen()
	}
	if len(in) == 0 {
		return nil, ""
	}
	return l, pick(s.Rand, in)
}

func (s *scene) someFolder(m *mailboxOf) string {
	return pick(s.Rand, slices.Sorted(maps.Keys(m.folders)))
}

// write writes a letter, now and then as an answer to an earlier one.
func (s *scene) write(to string) (id, text string) {
	s.letters++
	id = fmt.Sprintf("m%d@outside.example", s.letters)
	text = stage.Letter("ward@outside.example", to, fmt.Sprintf("Discharge %d", s.letters), id, "apixaban")
	if s.IntN(2) == 0 && s.letters > 1 {
		earlier := fmt.Sprintf("m%d@outside.example", 1+s.IntN(s.letters+2)) // or a later one
		text = "In-Reply-To: <" + earlier + ">\r\nReferences: <" + earlier + ">\r\n" + text
	}
	return id, text
}

func (s *scene) arrive(m *mailboxOf, _ *person, _ bool) (string, error) {
	id, text := s.write(m.address)
	s.house.Receive("ward@outside.example", text, m.address)
	m.table.file(id, inbox)
	return id + " arrives", nil
}

func (s *scene) file(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	id, text := s.write(m.address)
	folder := s.someFolder(m)
	var keywords []string
	if s.IntN(2) == 0 {
		keywords = []string{pick(s.Rand, words)}
	}
	m.table.file(id, folder, keywords...)
	return fmt.Sprintf("file %s in %s with %v", id, folder, keywords), p.hand(overJMAP).file(folder, id, text, keywords)
}

func (s *scene) keyword(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	l, folder := s.some(m, overJMAP)
	if l == nil {
		return "", nil
	}
	word, on := pick(s.Rand, words), s.IntN(3) > 0
	l.keywords[word] = on
	return fmt.Sprintf("%s of %s is %v", word, l.id, on), p.hand(overJMAP).keyword(l.id, folder, word, on)
}

// clean reports whether no place of a letter in a folder is marked as deleted: what becomes of the mark elsewhere is not looked at here.
func (l *letter) clean(folder string) bool { return !slices.Contains(l.places[folder], place{true}) }

// copy gives a letter places in another folder: over IMAP as many as it has, over JMAP one where it can't be seen there yet.
func (l *letter) copy(from, to string, overJMAP bool) {
	switch {
	case !overJMAP:
		l.places[to] = append(l.places[to], l.places[from]...)
	case !slices.Contains(l.seen(), to):
		l.places[to] = append(l.places[to], place{})
	}
}

func (s *scene) copy(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	l, from := s.some(m, overJMAP)
	to := s.someFolder(m)
	if l == nil || !l.clean(from) || to == from {
		return "", nil
	}
	l.copy(from, to, overJMAP)
	return fmt.Sprintf("copy %s from %s to %s", l.id, from, to), p.hand(overJMAP).copy(l.id, from, to)
}

func (s *scene) move(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	l, from := s.some(m, overJMAP)
	to := s.someFolder(m)
	if l == nil || !l.clean(from) || to == from {
		return "", nil
	}
	l.copy(from, to, overJMAP)
	delete(l.places, from)
	return fmt.Sprintf("move %s from %s to %s", l.id, from, to), p.hand(overJMAP).move(l.id, from, to)
}

func (s *scene) remove(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	l, from := s.some(m, overJMAP)
	if l == nil || overJMAP && len(l.seen()) < 2 { // over JMAP it is destroyed then
		return "", nil
	}
	m.leave(l, from)
	return fmt.Sprintf("take %s out of %s", l.id, from), p.hand(overJMAP).remove(l.id, from)
}

// mark marks a letter as deleted in a folder, or takes the mark away, as mail programs do that have no Trash.
func (s *scene) mark(m *mailboxOf, p *person, _ bool) (string, error) {
	l, folder := s.some(m, false)
	if l == nil {
		return "", nil
	}
	deleted := s.IntN(2) == 0
	for i := range l.places[folder] {
		l.places[folder][i].deleted = deleted
	}
	return fmt.Sprintf("%s in %s is deleted: %v", l.id, folder, deleted), p.imap.mark(l.id, folder, deleted)
}

func (s *scene) destroy(m *mailboxOf, p *person, _ bool) (string, error) {
	l, _ := s.some(m, true)
	if l == nil || s.IntN(2) == 0 {
		return "", nil
	}
	delete(m.letters, l.id)
	return "destroy " + l.id, p.jmap.destroy(l.id)
}

// carry copies a letter between the person's own mailbox and the pharmacy's.
func (s *scene) carry(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	l, from := s.some(m, overJMAP)
	to, other := s.other(m, p)
	if l == nil || !l.clean(from) || len(l.places[from]) > 1 || to.letters[l.id] != nil {
		return "", nil
	}
	to.table.file(l.id, inbox)
	maps.Copy(to.letters[l.id].keywords, l.keywords)
	did := fmt.Sprintf("carry %s to %s", l.id, to.address)
	if !overJMAP {
		return did, p.imap.copyTo(l.id, from, other.imap.path(inbox))
	}
	if err := other.jmap.refresh(); err != nil {
		return did, err
	}
	return did, p.jmap.carry(l.id, other.jmap)
}

// other is the other mailbox of a person, and the person there.
func (s *scene) other(m *mailboxOf, p *person) (*mailboxOf, *person) {
	for _, o := range s.mailboxes {
		for _, q := range o.hands {
			if o != m && q.name == p.name {
				return o, q
			}
		}
	}
	return nil, nil
}

func (s *scene) makeFolder(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	if len(m.folders) > 4 {
		return "", nil
	}
	s.made++
	name := fmt.Sprintf("folder %d", s.made)
	m.folders[name] = true
	return "make " + name, p.hand(overJMAP).make(name)
}

func (s *scene) renameFolder(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	name := s.someFolder(m)
	if name == inbox {
		return "", nil
	}
	s.made++
	to := fmt.Sprintf("folder %d", s.made)
	delete(m.folders, name)
	m.folders[to] = true
	for _, l := range m.letters {
		if places, ok := l.places[name]; ok {
			delete(l.places, name)
			l.places[to] = places
		}
	}
	return fmt.Sprintf("rename %s to %s", name, to), p.hand(overJMAP).rename(name, to)
}

// deleteFolder deletes a folder; over JMAP one that is empty.
func (s *scene) deleteFolder(m *mailboxOf, p *person, overJMAP bool) (string, error) {
	name := s.someFolder(m)
	var in []*letter
	for _, l := range m.letters {
		if len(l.places[name]) > 0 {
			in = append(in, l)
		}
	}
	if name == inbox || overJMAP && len(in) > 0 {
		return "", nil
	}
	delete(m.folders, name)
	for _, l := range in {
		m.leave(l, name)
	}
	return "delete " + name, p.hand(overJMAP).delete(name)
}

// each calls fn with everybody at each mailbox.
func (s *scene) each(fn func(m *mailboxOf, p *person)) {
	for i, m := range s.mailboxes {
		if i == slices.Index(s.mailboxes, m) {
			for _, p := range m.hands {
				fn(m, p)
			}
		}
	}
}

// compare looks at every mailbox as everybody who works there, over both protocols.
func (s *scene) compare() {
	s.t.Helper()
	s.each(func(m *mailboxOf, p *person) {
		for _, look := range []struct {
			over string
			hand
			want map[string][]string
		}{{"IMAP", p.imap, m.overIMAP()}, {"JMAP", p.jmap, m.overJMAP()}} {
			got, err := look.look()
			if fault := differ(made(got), look.want); err != nil || fault != "" {
				s.t.Errorf("%s looks at %s over %s: %v%s", p.name, m.address, look.over, err, fault)
			}
		}
		if fault, err := p.jmap.stale(); err != nil || fault != "" {
			s.t.Errorf("what %s knows of %s: %v\n%s", p.name, m.address, err, fault)
		}
	})
}

// allAtOnce has all people work at the same time, without looking at one another, and then compares what they see.
func (s *scene) allAtOnce(steps int) {
	var wg sync.WaitGroup
	for i, p := range s.mailboxes[0].hands {
		_, own := s.other(s.mailboxes[0], p)
		w := &worker{Rand: rand.New(rand.NewPCG(uint64(i), 15)), folders: slices.Sorted(maps.Keys(s.mailboxes[0].folders)), letters: slices.Sorted(maps.Keys(s.mailboxes[0].letters))}
		wg.Go(func() {
			for k := range steps {
				if err := w.step(p, own, k); err != nil && !refused(err) {
					s.t.Errorf("%s: %v", p.name, err)
				}
			}
		})
	}
	wg.Wait()
	s.each(func(m *mailboxOf, p *person) {
		overIMAP, err1 := p.imap.look()
		overJMAP, err2 := p.jmap.look()
		for f, lines := range overIMAP {
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasSuffix(l, ` \deleted`) })
			overIMAP[f] = slices.Compact(lines) // one letter in two places of a folder
		}
		if fault := differ(made(overJMAP), made(overIMAP)); err1 != nil || err2 != nil || fault != "" {
			s.t.Errorf("%s sees two different mailboxes of %s: %v %v%s", p.name, m.address, err1, err2, fault)
		}
		if fault, err := p.jmap.stale(); err != nil || fault != "" {
			s.t.Errorf("what %s knows of %s: %v\n%s", p.name, m.address, err, fault)
		}
	})
}

// refused reports whether the service said no, as it may where somebody else was quicker.
func refused(err error) bool {
	var no *imap.Error
	return errors.Is(err, errGone) || errors.As(err, &no) || strings.HasPrefix(err.Error(), "invalidProperties")
}

// worker does what comes, whatever others do.
type worker struct {
	*rand.Rand
	folders, letters []string
}

func (w *worker) step(p, own *person, k int) error {
	if err := p.jmap.refresh(); err != nil {
		return err
	}
	h := p.hand(w.IntN(2) == 0)
	id, from, to := pick(w.Rand, w.letters), pick(w.Rand, w.folders), pick(w.Rand, w.folders)
	switch w.IntN(6) {
	case 0:
		id := fmt.Sprintf("all%d.%d@outside.example", w.Uint64(), k)
		return h.file(from, id, stage.Letter("ward@outside.example", "all@outside.example", "All", id, "apixaban"), words[:1])
	case 1:
		return h.keyword(id, from, pick(w.Rand, words), w.IntN(2) == 0)
	case 2:
		return h.copy(id, from, to)
	case 3:
		return h.move(id, from, to)
	case 4:
		if err := own.jmap.refresh(); err != nil {
			return err
		}
		if _, err := own.jmap.find(id); err == nil {
			return nil // two of one Message-ID could not be told apart below
		}
		return p.jmap.carry(id, own.jmap)
	}
	return h.remove(id, from)
}

// seed is HAVEN_SEED, so that other days can be tried; 14 without it.
func seed() uint64 {
	n, err := strconv.ParseUint(os.Getenv("HAVEN_SEED"), 10, 64)
	if err != nil {
		return 14
	}
	return n
}
