package sending_test

import (
	"testing"
	"time"

	"haven"
	"haven/mail/sending"
	"haven/platform/db"
)

func (s story) overdueSince(account haven.AccountNo) (since time.Time) {
	s.t.Helper()
	s.Must(s.Store.DB.Read(s.t.Context(), func(tx *db.Tx) (err error) {
		since, err = sending.OverdueSince(tx, account, s.Store.Clock.Now().Add(-time.Minute))
		return err
	}))
	return since
}

func TestOverdueSince(t *testing.T) {
	each(t, func(s story) {
		sub := s.submit(s.Draft(s.Alice, letter), "")
		if got := s.overdueSince(s.Alice); !got.IsZero() {
			s.t.Errorf("it is not even due, and late since %v", got)
		}
		s.Store.Clock.Advance(time.Hour) // and nobody hands it over
		if got := s.overdueSince(s.Alice); !got.Equal(sub.SendAt) {
			s.t.Errorf("overdue since %v, want %v", got, sub.SendAt)
		}
		if got := s.overdueSince(s.Ben); !got.IsZero() {
			s.t.Errorf("ben sent nothing, and is late since %v", got)
		}
		s.pass(0)
		if got := s.overdueSince(s.Alice); !got.IsZero() {
			s.t.Errorf("handed over, and late since %v", got)
		}
	})
}
