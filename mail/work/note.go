package work

import (
	"context"
	"encoding/binary"
	"fmt"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

var errNoNote = errs.E(errs.NotFound, "There is no such note any more.")

// sealedNote is a note about to be written: its number is known only in the transaction, so that what seals it is kept until then.
type sealedNote struct {
	text string
	keys *secret.AccountKeys
}

// noteName binds a sealed note to its row.
func noteName(account haven.AccountNo, id haven.Seq) []byte {
	name := binary.LittleEndian.AppendUint64([]byte("work note "), uint64(account))
	return binary.LittleEndian.AppendUint64(name, uint64(id))
}

// sealNote readies a text; nil for none.
func (s *Service) sealNote(ctx context.Context, v mailbox.Viewer, text string) (*sealedNote, error) {
	if text == "" {
		return nil, nil
	}
	if err := refusal(MayWrite(text, s.o.Policy.NoteOctets)); err != nil {
		return nil, err
	}
	keys, err := s.o.Keys.Account(ctx, v.Account)
	return &sealedNote{text, keys}, err
}

func (n *sealedNote) seal(account haven.AccountNo, id haven.Seq) ([]byte, error) {
	return n.keys.Seal(nil, []byte(n.text), noteName(account, id))
}

// putNote writes a new note, under a number of the account's sequence.
func (s *Service) putNote(c *mailbox.Change, v mailbox.Viewer, thread haven.MessageID, n *sealedNote) error {
	_, err := s.newNote(c, v, thread, n)
	return err
}

func (s *Service) newNote(c *mailbox.Change, v mailbox.Viewer, thread haven.MessageID, n *sealedNote) (Note, error) {
	have := 0
	err := c.Tx.Query(sqlNotesOf, []any{int64(c.Account), int64(thread)}, func(db.Row) error { have++; return nil })
	if err == nil && have >= s.o.Policy.Notes {
		err = refusal(haven.Refuse(RuleNotes, fmt.Sprintf("There are %d notes already. Remove one of yours first.", have)))
	}
	if err != nil {
		return Note{}, err
	}
	id := c.Seq()
	note := Note{ID: id, Thread: thread, Author: v.Person, At: s.o.Clock.Now(), Text: n.text, Created: id, Changed: id}
	sealed, err := n.seal(c.Account, id)
	if err == nil {
		c.Tx.Exec(sqlPutNote, int64(c.Account), int64(id), int64(thread), int64(v.Person), db.Micros(note.At), int64(0), sealed, int64(id), int64(id))
	}
	return note, err
}

// AddNote writes a note about a thread. The viewer may write.
func (s *Service) AddNote(ctx context.Context, v mailbox.Viewer, thread haven.MessageID, text string) (n Note, err error) {
	if err := refusal(MayWrite(text, s.o.Policy.NoteOctets)); err != nil {
		return n, err
	}
	sealed, err := s.sealNote(ctx, v, text)
	if err != nil {
		return n, err
	}
	err = s.o.Mail.Change(ctx, v, haven.Write, func(c *mailbox.Change) error {
		there, err := mailbox.HasThread(c.Tx, v.Account, thread)
		if err == nil && !there {
			err = errNoThread
		}
		if err == nil {
			n, err = s.newNote(c, v, thread, sealed)
		}
		return err
	})
	return n, err
}

func noteIn(tx *db.Tx, account haven.AccountNo, id haven.Seq) (n Note, sealed []byte, err error) {
	err = tx.Query(sqlNote, []any{int64(account), int64(id)}, func(r db.Row) error {
		n = Note{ID: haven.Seq(r.Int64(0)), Thread: haven.MessageID(r.Int64(1)), Author: haven.AccountNo(r.Int64(2)), At: db.Moment(r.Int64(3)),
			EditedAt: db.Moment(r.Int64(4)), Created: haven.Seq(r.Int64(6)), Changed: haven.Seq(r.Int64(7))}
		sealed = append(sealed, r.Bytes(5)...)
		return nil
	})
	if err == nil && n.ID == 0 {
		err = errNoNote
	}
	return n, sealed, err
}

// EditNote gives a note another text; RemoveNote takes it away. Both are its author's alone, who may write.
func (s *Service) EditNote(ctx context.Context, v mailbox.Viewer, id haven.Seq, text string) (n Note, err error) {
	if err := refusal(MayWrite(text, s.o.Policy.NoteOctets)); err != nil {
		return n, err
	}
	sealing, err := s.sealNote(ctx, v, text)
	if err != nil {
		return n, err
	}
	err = s.o.Mail.Change(ctx, v, haven.Write, func(c *mailbox.Change) error {
		if n, _, err = noteIn(c.Tx, v.Account, id); err != nil {
			return err
		}
		if err := refusal(MayEdit(n, v.Person)); err != nil {
			return err
		}
		n.Text, n.EditedAt, n.Changed = text, s.o.Clock.Now(), c.Seq()
		sealed, err := sealing.seal(v.Account, id)
		if err == nil {
			c.Tx.Exec(sqlPutNote, int64(v.Account), int64(id), int64(n.Thread), int64(n.Author), db.Micros(n.At), db.Micros(n.EditedAt), sealed, int64(n.Created), int64(n.Changed))
		}
		return err
	})
	return n, err
}

// RemoveNote takes a note away.
func (s *Service) RemoveNote(ctx context.Context, v mailbox.Viewer, id haven.Seq) error {
	return s.o.Mail.Change(ctx, v, haven.Write, func(c *mailbox.Change) error {
		n, _, err := noteIn(c.Tx, v.Account, id)
		if err == nil {
			err = refusal(MayEdit(n, v.Person))
		}
		if err == nil {
			c.Tx.Exec(sqlDropNote, int64(v.Account), int64(id))
			c.Tx.Exec(sqlPutNoteGone, int64(v.Account), int64(id), int64(n.Created), int64(c.Seq()))
		}
		return err
	})
}

// Notes calls each with notes by number; what is not there is left out.
func (s *Service) Notes(ctx context.Context, v mailbox.Viewer, ids []haven.Seq, each func(Note)) error {
	keys, err := s.keysFor(ctx, v)
	if err != nil {
		return err
	}
	return s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		for _, id := range ids {
			n, sealed, err := noteIn(tx, v.Account, id)
			if errs.Is(err, errs.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			text, err := keys.Open(nil, sealed, noteName(v.Account, id))
			if err != nil {
				return err
			}
			n.Text = string(text)
			each(n)
		}
		return nil
	})
}

// keysFor are an account's keys, for who may read there.
func (s *Service) keysFor(ctx context.Context, v mailbox.Viewer) (*secret.AccountKeys, error) {
	if _, err := s.o.Mail.Rights(ctx, v); err != nil {
		return nil, err
	}
	return s.o.Keys.Account(ctx, v.Account)
}

// NotesOf are the numbers of the notes of some threads, the oldest first; without threads of all of the account, at most so many.
func (s *Service) NotesOf(ctx context.Context, v mailbox.Viewer, threads []haven.MessageID, most int) (ids []haven.Seq, err error) {
	add := func(r db.Row) error { ids = append(ids, haven.Seq(r.Int64(0))); return nil }
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		if threads == nil {
			return tx.Query(sqlAllNotes, []any{int64(v.Account), int64(most)}, add)
		}
		return tx.QueryEach(sqlNotesOf, len(threads), func(i int) []any { return []any{int64(v.Account), int64(threads[i])} }, func(_ int, r db.Row) error { return add(r) })
	})
	return ids, err
}
