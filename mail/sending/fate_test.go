package sending_test

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/outbox"
	"haven/mail/sending"
	"haven/platform/db"
)

// told has the outbox say that bob has not got the letter of a submission.
func (s story) told(sub sending.Submission) {
	s.t.Helper()
	s.Must(s.Store.DB.Write(s.t.Context(), func(tx *db.Tx) error {
		queue := int64(0)
		if err := tx.Query(`SELECT queue FROM submission WHERE id = $1`, []any{int64(sub.ID)}, func(r db.Row) error { queue = r.Int64(0); return nil }); err != nil {
			return err
		}
		return s.Sending.Note(tx, outbox.ID(queue), []outbox.Told{{To: haven.MustAddress("bob@surgery.test"), Fate: outbox.Failed,
			Result: outbox.Result{Outcome: outbox.Refused, Code: 550, Text: "5.1.1 nobody"}}})
	}))
}

// A submission that can't be read any more holds up neither what is told of others nor any letter.
func TestWhatCannotBeToldHoldsUpNothing(t *testing.T) {
	each(t, func(s story) {
		one := s.submit(s.Draft(s.Alice, letter), "")
		two := s.submit(s.Draft(s.Alice, strings.Replace(letter, "one@", "two@", 1)), "")
		s.pass(11 * time.Second)
		s.told(one)
		s.Store.Clock.Advance(time.Second)
		s.told(two)
		s.Must(s.Store.DB.Write(s.t.Context(), func(tx *db.Tx) error {
			tx.Exec(`UPDATE submission SET sealed = $1 WHERE id = $2`, []byte("damaged"), int64(one.ID))
			return nil
		}))
		three := s.submit(s.Draft(s.Alice, strings.Replace(letter, "one@", "three@", 1)), "")
		s.Store.Clock.Advance(11 * time.Second)
		if err := s.Sending.Step(s.t.Context()); err == nil || !strings.Contains(err.Error(), sending.SubmissionID(one.ID)) {
			s.t.Errorf("the damaged one is told of as %v", err)
		}
		s.undo(s.Alice, three.ID, sending.Final)
		if got := s.Get(s.Alice, two.ID).Status["bob@surgery.test"].Delivered; got != sending.No {
			s.t.Errorf("the other one says %q of bob", got)
		}
	})
}
