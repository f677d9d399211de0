package mailbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// atOnce runs functions at the same time and returns their errors.
func atOnce(fns ...func() error) []error {
	out := make([]error, len(fns))
	start := make(chan struct{})
	var group sync.WaitGroup
	for i, fn := range fns {
		group.Go(func() {
			<-start
			out[i] = fn()
		})
	}
	close(start)
	group.Wait()
	return out
}

// kinds counts errors by kind; successes are under "ok".
func kinds(all []error) map[string]int {
	n := map[string]int{}
	for _, err := range all {
		if err == nil {
			n["ok"]++
		} else {
			n[errs.KindOf(err).String()]++
		}
	}
	return n
}

func times(n int, fn func(i int) error) []func() error {
	fns := make([]func() error, n)
	for i := range fns {
		fns[i] = func() error { return fn(i) }
	}
	return fns
}

func TestRaceToMakeAFolder(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		v := mailboxtest.Own(s.Account())
		for round := range 10 {
			root := fmt.Sprint("r", round)
			got := kinds(atOnce(times(8, func(i int) error { return create(s, v, root, "a", "b") })...))
			if got["ok"] != 1 || got["conflict"] != 7 {
				t.Fatalf("the same folder: %v", got)
			}
			// Different folders in a parent that none of them has yet.
			got = kinds(atOnce(times(8, func(i int) error { return create(s, v, root+"p", fmt.Sprint(i)) })...))
			if got["ok"] != 8 {
				t.Fatalf("folders in the same new parent: %v", got)
			}
			// Rename to one name.
			got = kinds(atOnce(times(8, func(i int) error {
				return s.RenameFolder(t.Context(), v, []string{root + "p", fmt.Sprint(i)}, []string{root + "one"})
			})...))
			if got["ok"] != 1 || got["conflict"] != 7 {
				t.Fatalf("renamed to the same name: %v", got)
			}
		}
	})
}

// Two folders moved into each other at once don't leave the tree.
func TestRaceToMoveFoldersIntoEachOther(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		v := mailboxtest.Own(s.Account())
		for round := range 20 {
			a, b := fmt.Sprint("a", round), fmt.Sprint("b", round)
			must(t, create(s, v, a))
			must(t, create(s, v, b))
			atOnce(
				func() error { return s.RenameFolder(t.Context(), v, []string{a}, []string{b, "x", a}) },
				func() error { return s.RenameFolder(t.Context(), v, []string{b}, []string{a, "x", b}) })
		}
		folders, err := s.Folders(t.Context(), v)
		must(t, err)
		for _, f := range folders {
			if f.Parent == 0 != (len(f.Path) == 1) || len(f.Path) > 20 {
				t.Errorf("folder %d at %v", f.No, f.Path)
			}
		}
	})
}

func TestRaceForRoom(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := mailboxtest.New(t, engine, func(p *policy.Policy) { p.Mailbox.Quota = 5 * int64(len(mailboxtest.CRLF(note(1)))) })
			shared, person := s.Account(), s.Account()
			s.Grants.Set(person, shared, haven.Member)
			own := mailboxtest.Own(person)
			deliver(t, s, person, 4)
			file := func(int) error {
				_, err := s.File(t.Context(), []mailbox.Filing{{Account: shared, Letter: s.Letter(note(1))}}, nil)
				return err
			}
			add := func(int) error {
				_, _, err := s.Append(t.Context(), own.As(shared), trash, []mailbox.Append{{Letter: s.Letter(note(1))}})
				return err
			}
			carry := func(i int) error {
				_, err := s.Copy(t.Context(), own, inbox, only(haven.UID(i+1)), own.As(shared), trash)
				return err
			}
			got := kinds(atOnce(slices.Concat(times(4, file), times(4, add), times(4, carry))...))
			if got["ok"] != 5 || got["over quota"] != 7 {
				t.Errorf("%v of 12 letters into room for five", got)
			}
		})
	}
}

// Two people move the same messages to different places: each message arrives once.
func TestRaceToMove(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := mailboxtest.NewSteps(t, engine, 10)
			shared, one, two := s.Account(), s.Account(), s.Account()
			var there [2]mailbox.Viewer
			for i, p := range []haven.AccountNo{one, two} {
				s.Grants.Set(p, shared, haven.Member)
				there[i] = mailboxtest.Own(p).As(shared)
			}
			deliver(t, s, shared, 200)
			var c [3]mailbox.Copied
			move := func(i int, v, to mailbox.Viewer, dst haven.MailboxNo) func() error {
				return func() (err error) {
					c[i], err = s.Move(t.Context(), v, inbox, all, to, dst)
					return err
				}
			}
			got := kinds(atOnce(move(0, there[0], there[0], trash), move(1, there[1], mailboxtest.Own(two), inbox), move(2, there[0], mailboxtest.Own(one), inbox)))
			if got["ok"] != 3 {
				t.Errorf("%v", got)
			}
			seen := map[haven.UID]int{}
			for _, c := range c {
				for _, uid := range c.From {
					seen[uid]++
				}
			}
			n := []int{len(rows(t, s, there[0], trash)), len(rows(t, s, mailboxtest.Own(two), inbox)), len(rows(t, s, mailboxtest.Own(one), inbox))}
			if len(seen) != 200 || n[0] != len(c[0].From) || n[1] != len(c[1].From) || n[2] != len(c[2].From) || n[0]+n[1]+n[2] != 200 {
				t.Errorf("%d moved, told of %d %d %d, arrived %v", len(seen), len(c[0].From), len(c[1].From), len(c[2].From), n)
			}
		})
	}
}

// A message is copied while its last place is expunged: either there is a copy, and it is whole, or there is none.
func TestRaceOfCopyAndExpunge(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an, other := s.Account(), s.Account()
		s.Grants.Set(an, other, haven.Member)
		v, ctx := mailboxtest.Own(an), t.Context()
		for n := range 30 {
			s.Deliver(an, note(n))
			flag(t, s, v, inbox, all, mailbox.Deleted)
			to := v
			if n%2 == 0 {
				to = v.As(other)
			}
			var c mailbox.Copied
			got := kinds(atOnce(
				func() (err error) { c, err = s.Copy(ctx, v, inbox, all, to, trash); return err },
				func() error { _, err := s.Expunge(ctx, v, inbox, nil); return err },
				func() error { s.Clock.Advance(day); return s.Maintain(ctx) }))
			if got["ok"] != 3 {
				t.Fatalf("%v", got)
			}
			for _, uid := range c.To {
				var row mailbox.Row
				must(t, s.Rows(ctx, to, trash, only(uid), 0, func(r []mailbox.Row) error { row = r[0]; return nil }))
				if row.Flags != 0 || s.Text(to, row.Msg) != mailboxtest.CRLF(note(n)) {
					t.Errorf("copy %d is %+v", uid, row)
				}
			}
		}
	})
}

// A folder is deleted while mail is moved into it: nothing is lost.
func TestRaceOfMoveAndDeletedFolder(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		v, ctx := mailboxtest.Own(s.Account()), t.Context()
		for n := range 20 {
			f := s.Deliver(v.Account, note(n))
			box, err := s.CreateFolder(ctx, v, []string{"x"}, mailbox.NoRole)
			must(t, err)
			var moved, deleted error
			atOnce(
				func() error { _, moved = s.Move(ctx, v, inbox, all, v, box.No); return nil },
				func() error { deleted = s.DeleteFolder(ctx, v, []string{"x"}); return nil })
			if deleted != nil || moved != nil && !errs.Is(moved, errs.NotFound) {
				t.Fatalf("moved %v, deleted %v", moved, deleted)
			}
			if left := len(rows(t, s, v, inbox)); left != 0 && moved == nil {
				t.Fatalf("%d left", left)
			}
			if s.Text(v, f.Msg) != mailboxtest.CRLF(note(n)) { // restorable at the least
				t.Fatal("lost")
			}
			expunge(t, s, v, inbox, all)
		}
	})
}

// Deliveries, flags, expunges and moves go on while sessions look: each session is told a story without holes.
func TestReadersAndWriters(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := mailboxtest.NewSteps(t, engine, 5)
			an := s.Account()
			v := mailboxtest.Own(an)
			deliver(t, s, an, 20)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var rounds atomic.Int64
			var sessions, writers sync.WaitGroup
			for range 3 {
				sessions.Go(func() { watchFolder(ctx, t, s, v, &rounds) })
			}
			for i, fn := range churn(s, v) {
				writers.Go(func() {
					for n := range 60 {
						if err := fn(ctx, n); err != nil {
							t.Errorf("writer %d: %v", i, err)
							return
						}
					}
				})
			}
			writers.Wait()
			cancel()
			sessions.Wait()
			if rounds.Load() < 10 {
				t.Errorf("sessions looked %d times only", rounds.Load())
			}
		})
	}
}

// churn are writers that change one mailbox.
func churn(s *mailboxtest.Store, v mailbox.Viewer) []func(context.Context, int) error {
	some := func(n int) []mailbox.Range {
		return []mailbox.Range{{Lo: haven.UID(n), Hi: haven.UID(n + 8)}, {Lo: haven.UID(n + 12), Hi: haven.UID(n + 13)}}
	}
	return []func(context.Context, int) error{
		func(ctx context.Context, n int) error {
			_, err := s.File(ctx, []mailbox.Filing{{Account: v.Account, Letter: s.Letter(note(n))}}, nil)
			return err
		},
		func(ctx context.Context, n int) error {
			op := mailbox.FlagOp(1 + n%2)
			_, err := s.Store(ctx, v, inbox, some(n), mailbox.FlagChange{Op: op, Flags: mailbox.Seen, Keywords: []string{"done"}})
			return err
		},
		func(ctx context.Context, n int) error {
			if _, err := s.Store(ctx, v, inbox, some(n)[1:], mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted}); err != nil {
				return err
			}
			_, err := s.Expunge(ctx, v, inbox, nil)
			return err
		},
		func(ctx context.Context, n int) error {
			if _, err := s.Copy(ctx, v, inbox, only(haven.UID(n+3)), v, trash); err != nil {
				return err
			}
			_, err := s.Move(ctx, v, inbox, only(haven.UID(n+5)), v, inbox)
			return err
		},
		func(ctx context.Context, n int) error {
			s.Clock.Advance(day)
			return s.Maintain(ctx)
		},
	}
}

// watchFolder is a session that follows a folder by View and Changes, and holds each against the rows of a later moment.
func watchFolder(ctx context.Context, t *testing.T, s *mailboxtest.Store, v mailbox.Viewer, rounds *atomic.Int64) {
	view, err := s.View(ctx, v, inbox)
	if err != nil {
		t.Error(err)
		return
	}
	uids, seq := view.UIDs, view.Folder.HighestModSeq
	for ctx.Err() == nil {
		ch, err := s.Changes(ctx, v, inbox, seq)
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		before := uids.Len()
		uids = uids.Remove(ch.Vanished)
		for _, r := range ch.New {
			if r.UID <= uids.Last() {
				t.Errorf("UID %d is new after %d", r.UID, uids.Last())
			}
			uids = uids.Append(r.UID)
		}
		for _, r := range ch.Changed {
			if _, ok := uids.Number(r.UID); !ok || r.Changed <= seq {
				t.Errorf("row %+v changed since %d and isn't known", r, seq)
			}
		}
		if int64(uids.Len()) != ch.Folder.Total || ch.Folder.HighestModSeq < seq {
			t.Errorf("%d messages by changes, were %d, the folder says %d; %s", uids.Len(), before, ch.Folder.Total, strings.TrimSpace(fmt.Sprint(ch.Vanished)))
			return
		}
		seq = ch.Folder.HighestModSeq
		again, err := s.View(ctx, v, inbox)
		if err == nil && (int64(again.UIDs.Len()) != again.Folder.Total || again.Folder.HighestModSeq < seq) {
			t.Errorf("a view of %d messages of %d at %d after %d", again.UIDs.Len(), again.Folder.Total, again.Folder.HighestModSeq, seq)
		}
		rounds.Add(1)
	}
}
