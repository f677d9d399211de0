package mailbox_test

import (
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// What comes back counts against the quota; what has no room stays where it was, to come back later.
func TestUndeleteWithoutRoom(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := mailboxtest.New(t, engine)
		an := s.Account()
		me := mailboxtest.Own(an)
		deliver(t, s, an, 4)
		expunge(t, s, me, 1, only(1, 2, 3, 4))
		which := mailbox.Expunged{Until: s.Clock.Now().Add(time.Second)}
		setQuota := func(octets int64) {
			must(t, s.DB.Write(t.Context(), func(tx *db.Tx) error {
				tx.Exec(`UPDATE account_seq SET quota = $2 WHERE an = $1`, int64(an), octets)
				return nil
			}))
		}
		setQuota(1)
		back, err := s.Undelete(t.Context(), an, which, 0, nobodyTold)
		if !errs.Is(err, errs.OverQuota) || len(back) != 0 {
			t.Fatalf("%d came back into a full mailbox: %v", len(back), err)
		}
		setQuota(0)
		back, err = s.Undelete(t.Context(), an, which, 0, nobodyTold)
		must(t, err)
		if len(back) != 4 || back[0].UID != 5 {
			t.Fatalf("back are %+v, want 4 from UID 5 on", back)
		}
		in, err := s.Expunged(t.Context(), an, which)
		if err != nil || len(in) != 0 {
			t.Fatalf("still to come back: %+v, %v", in, err)
		}
	})
}

// A message that went on to another account was not deleted, and isn't put back here too, unless it has to be kept here.
func TestUndeleteLeavesWhatMovedOn(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := mailboxtest.New(t, engine)
		mine, theirs := s.Account(), s.Account()
		me := mailboxtest.Own(mine)
		s.Grants.Set(mine, theirs, haven.Member)
		kept := deliver(t, s, mine, 3)[2].Msg
		must(t, s.ChangeByItself(t.Context(), mine, func(c *mailbox.Change) error {
			c.Keep(kept, s.Clock.Now().Add(1000*time.Hour))
			return nil
		}))
		_, err := s.Move(t.Context(), me, 1, only(1, 3), me.As(theirs), 1)
		must(t, err)
		expunge(t, s, me, 1, only(2))
		back, err := s.Undelete(t.Context(), mine, mailbox.Expunged{Until: s.Clock.Now().Add(time.Second)}, 0, nobodyTold)
		must(t, err)
		if len(back) != 2 || back[0].UID != 4 || back[1].Msg != kept {
			t.Fatalf("back are %+v, want the one that was deleted and the one that is kept", back)
		}
	})
}

func nobodyTold(*db.Tx, []mailbox.Filed) {}
