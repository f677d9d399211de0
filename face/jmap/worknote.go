package jmap

import (
	"encoding/json"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
)

// workNotes is the type WorkNote: what somebody wrote about a Thread for colleagues.
type workNotes struct{}

var workNoteShape = Shape{
	{"id", "WorkNoteId", ServerSet, ""},
	{"threadId", "ThreadId", Required | Immutable, ""},
	{"author", "AccountId | null", ServerSet, ""},
	{"authorName", "string | null", ServerSet, ""},
	{"createdAt", "UTCDate", ServerSet, ""},
	{"editedAt", "UTCDate | null", ServerSet, ""},
	{"text", "string", Required, "plain, with line ends"},
}

var workNoteProperties = workNoteShape.names()

func (workNotes) Properties() (all, usual []string) { return workNoteProperties, workNoteProperties }

func (workNotes) State(c *call, v mailbox.Viewer) (string, error) { return c.workState(v, work.Notes) }

func (workNotes) All(c *call, v mailbox.Viewer) ([]string, error) {
	ids, err := c.work().NotesOf(c.ctx, v, nil, c.srv.o.Policy.Get+1)
	return idsOf(ids, func(n haven.Seq) string { return noteID(int64(n)) }), err
}

func (workNotes) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	var notes []work.Note
	var authors []haven.AccountNo
	err := c.work().Notes(c.ctx, v, seqsOf(ids, "N"), func(n work.Note) { notes, authors = append(notes, n), append(authors, n.Author) })
	if err != nil {
		return err
	}
	of, err := c.faces(authors)
	for _, n := range notes {
		add(noteID(int64(n.ID)), of.note(n))
	}
	return err
}

func (f faces) note(n work.Note) record {
	r := record{"threadId": threadID(n.Thread), "createdAt": date(n.At), "editedAt": dateOrNull(n.EditedAt), "text": n.Text}
	f.put(r, "author", n.Author)
	return r
}

func (workNotes) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	return c.workChanges(v, work.Notes, since, most, noteID)
}

func (workNotes) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return work.Hold(v.Account, work.Notes, at)
}

func (t workNotes) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		if err := t.create(c, v, s, x); err != nil {
			s.NotCreated(x.CID, err)
		}
	}
	for _, x := range s.Update {
		if err := t.update(c, v, s, x); err != nil {
			s.NotUpdated(x.ID, workError(err, "text"))
		}
	}
	for _, id := range s.Destroy {
		n := numberOf(id, "N")
		if err := c.work().RemoveNote(c.ctx, v, n); err != nil {
			s.NotDestroyed(id, workError(err))
			continue
		}
		s.Destroyed(id)
	}
	return nil
}

func (workNotes) create(c *call, v mailbox.Viewer, s *setting, x creating) error {
	x.Object.Require("threadId", "text")
	thread, text := messageOf(x.Object.String("threadId"), "T"), x.Object.String("text")
	if err := x.Object.Done(); err != nil {
		return err
	}
	n, err := c.work().AddNote(c.ctx, v, thread, text)
	if err != nil {
		return threadError(err, "text")
	}
	of, err := c.faces([]haven.AccountNo{n.Author})
	if err != nil {
		return err
	}
	r := of.note(n)
	delete(r, "threadId")
	delete(r, "text")
	s.Created(x.CID, noteID(int64(n.ID)), r)
	return nil
}

// threadError says of what is made for a thread that there is not that its threadId is at fault.
func threadError(err error, properties ...string) *setError {
	e := workError(err, properties...)
	if e.Type == "notFound" {
		e.Type, e.Properties = "invalidProperties", []string{"threadId"}
	}
	return e
}

func (workNotes) update(c *call, v mailbox.Viewer, s *setting, x updating) error {
	if err := x.Patch.Only("text"); err != nil {
		return err
	}
	var text *string
	if raw := x.Patch.Whole("text"); raw == nil || json.Unmarshal(raw, &text) != nil || text == nil {
		return refuse("invalidProperties", "A note's text is a string.", "text")
	}
	n, err := c.work().EditNote(c.ctx, v, numberOf(x.ID, "N"), *text)
	if err == nil {
		s.Updated(x.ID, record{"editedAt": dateOrNull(n.EditedAt)})
	}
	return err
}

// Query finds notes by threadId, the oldest first.
func (t workNotes) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	if len(q.Sort) > 1 || len(q.Sort) == 1 && (q.Sort[0].Property != "createdAt" || q.Sort[0].Descending || q.Sort[0].Object.Done() != nil) {
		return found{}, fail("unsupportedSort", "WorkNotes are sorted by createdAt ascending.")
	}
	threads, err := c.threadCondition(q, nil)
	if err != nil {
		return found{}, err
	}
	state, err := t.State(c, v)
	if err != nil {
		return found{}, err
	}
	ids, err := c.work().NotesOf(c.ctx, v, threads, mostListed)
	return found{State: state, IDs: names(idsOf(ids, func(n haven.Seq) string { return noteID(int64(n)) })), Calculate: true}, err
}

// mostListed is how many notes or deadlines one query goes through.
const mostListed = 100_000

func (t workNotes) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	now, err := t.Query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := t.Changes(c, v, since, 0)
	return delta{found: now, Touched: ch.all(), Immutable: true}, err
}
