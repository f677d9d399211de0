package sending_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/outbox"
	"haven/mail/sending"
	"haven/mail/sending/sendingtest"
	"haven/platform/db"
	"haven/platform/errs"
)

const letter = "From: Alice <alice@pharmacy.test>\nTo: ben@pharmacy.test, bob@surgery.test\nBcc: shop@pharmacy.test\nDate: Sun, 22 Nov 2026 09:00:00 +0000\nMessage-ID: <one@pharmacy.test>\nSubject: Repeat\n\nHello.\n"

// story is what tests say of a house.
type story struct {
	*sendingtest.House
	t *testing.T
}

func each(t *testing.T, fn func(s story)) {
	t.Parallel()
	sendingtest.Each(t, func(t *testing.T, h *sendingtest.House) { fn(story{h, t}) })
}

// submit has alice send a draft of hers; hold is HOLDFOR, "" for none.
func (s story) submit(msg haven.MessageID, hold string) sending.Submission {
	s.t.Helper()
	sub, err := s.create(s.Alice, s.Alice, msg, hold)
	s.Must(err)
	return sub
}

func (s story) create(person, account haven.AccountNo, msg haven.MessageID, hold string) (sending.Submission, error) {
	s.t.Helper()
	by := s.By(person, account)
	n := sending.New{Identity: s.Identity(by), Msg: msg}
	if hold != "" {
		addr, _, err := s.Address(s.t.Context(), account)
		s.Must(err)
		n.Envelope = &sending.Envelope{From: sending.Party{Email: addr.String(), Parameters: map[string]*string{"HOLDFOR": &hold}},
			To: []sending.Party{{Email: "ben@pharmacy.test"}, {Email: "bob@surgery.test"}}}
	}
	return s.Sending.Create(s.t.Context(), by, n)
}

// pass moves the clock and has done what is due then.
func (s story) pass(d time.Duration) {
	s.t.Helper()
	s.Store.Clock.Advance(d)
	s.Must(s.Sending.Step(s.t.Context()))
}

// lies holds how many letters lie where against what is wanted.
func (s story) lies(account haven.AccountNo, role mailbox.Role, want int) {
	s.t.Helper()
	if got := len(s.Letters(account, role)); got != want {
		s.t.Errorf("%d letters lie in %s, want %d", got, role, want)
	}
}

func (s story) undo(account haven.AccountNo, id sending.ID, want sending.Undo) {
	s.t.Helper()
	if got := s.Get(account, id).Undo; got != want {
		s.t.Errorf("it is %s, want %s", got, want)
	}
}

func TestSendAfterTheMomentToCallBack(t *testing.T) {
	each(t, func(s story) {
		msg := s.Draft(s.Alice, letter)
		sub := s.submit(msg, "")
		s.pass(9 * time.Second)
		s.undo(s.Alice, sub.ID, sending.Pending)
		s.lies(s.Ben, mailbox.Inbox, 0)
		s.pass(2 * time.Second)
		s.undo(s.Alice, sub.ID, sending.Final)
		if got := s.Only(s.Ben, mailbox.Inbox); strings.Contains(got, "Bcc") || !strings.Contains(got, "Subject: Repeat\r\n") {
			s.t.Errorf("ben got %q", got)
		}
		s.lies(s.Shop, mailbox.Inbox, 1)
		s.lies(s.Alice, mailbox.Drafts, 0)
		if sent := s.Only(s.Alice, mailbox.Sent); !strings.Contains(sent, "Bcc: shop@pharmacy.test\r\n") {
			s.t.Errorf("the Sent copy reads %q", sent)
		}
		if firstOf(s, s.Folder(s.Alice, mailbox.Sent)) != msg {
			s.t.Error("what lies in Sent is not the message itself")
		}
		got := s.Get(s.Alice, sub.ID)
		want := map[string]sending.Delivered{"ben@pharmacy.test": sending.Yes, "shop@pharmacy.test": sending.Yes, "bob@surgery.test": sending.Queued}
		for email, d := range want {
			if got.Status[email].Delivered != d {
				s.t.Errorf("%s: %+v", email, got.Status[email])
			}
		}
		if q := s.Queue(); len(q) != 1 || q[0].To[0].Address.String() != "bob@surgery.test" {
			s.t.Errorf("queued: %+v", q)
		}
		s.pass(time.Hour)
		s.lies(s.Ben, mailbox.Inbox, 1)
	})
}

// TestOneCopyInSent has programs do with their draft what they do.
func TestOneCopyInSent(t *testing.T) {
	each(t, func(s story) {
		v := mailboxtest.Own(s.Alice)
		sent, drafts := s.Folder(s.Alice, mailbox.Sent), s.Folder(s.Alice, mailbox.Drafts)
		move := mailbox.Edit{Into: []haven.MailboxNo{sent}, OutOf: []haven.MailboxNo{drafts}, Unset: mailbox.Keywords{Flags: mailbox.Draft}}
		edit := func(msg haven.MessageID, e mailbox.Edit) {
			s.t.Helper()
			e.Msg = msg
			_, err := s.Store.EditMessages(s.t.Context(), v, []mailbox.Edit{e})
			s.Must(err)
		}
		for i, c := range []struct {
			name          string
			text          string
			before, after *mailbox.Edit
		}{
			{"moves its draft at once", letter, &move, nil},
			{"moves it later", letter, nil, &move},
			{"destroys it", letter, &mailbox.Edit{Destroy: true}, nil},
			{"leaves it", letter, nil, nil},
			{"lacks a Message-ID, and moves its draft", strings.Replace(letter, "Message-ID: <one@pharmacy.test>\n", "", 1), &move, nil},
			{"lacks a Message-ID, and leaves it", strings.Replace(letter, "Message-ID: <one@pharmacy.test>\n", "", 1), nil, nil},
		} {
			msg := s.Draft(s.Alice, strings.Replace(c.text, "one@", string(rune('a'+i))+"@", 1))
			s.submit(msg, "")
			if c.before != nil {
				edit(msg, *c.before)
			}
			s.pass(11 * time.Second)
			if c.after != nil {
				edit(msg, *c.after)
			}
			if got := len(s.Letters(s.Alice, mailbox.Sent)); got != i+1 {
				s.t.Fatalf("a program that %s: %d letters lie in Sent, want %d", c.name, got, i+1)
			}
			s.lies(s.Alice, mailbox.Drafts, 0)
		}
		// A program that sent by JMAP and stores its own copy over IMAP all the same.
		_, _, err := s.Store.Append(s.t.Context(), v, sent, []mailbox.Append{{Letter: s.Store.Letter(strings.Replace(letter, "one@", "a@", 1))}})
		s.Must(err)
		s.lies(s.Alice, mailbox.Sent, 6)
	})
}

func TestCallBack(t *testing.T) {
	each(t, func(s story) {
		ctx, by := s.t.Context(), s.By(s.Alice, s.Alice)
		msg := s.Draft(s.Alice, letter)
		sub := s.submit(msg, "")
		_, err := s.Store.EditMessages(ctx, by.Viewer, []mailbox.Edit{{Msg: msg, Refile: true, Into: []haven.MailboxNo{s.Folder(s.Alice, mailbox.Sent)}}})
		s.Must(err)
		s.Must(s.Sending.Cancel(ctx, by, sub.ID, haven.AccountID{}))
		s.lies(s.Alice, mailbox.Sent, 0) // nothing stands in Sent that was not sent
		s.lies(s.Alice, mailbox.Drafts, 1)
		s.Must(s.Sending.Cancel(ctx, by, sub.ID, haven.AccountID{}))
		s.pass(time.Hour)
		s.undo(s.Alice, sub.ID, sending.Canceled)
		s.lies(s.Ben, mailbox.Inbox, 0)

		again := s.submit(msg, "0")
		s.pass(0)
		var no *sending.Refused
		if err := s.Sending.Cancel(ctx, by, again.ID, haven.AccountID{}); !errors.As(err, &no) || no.Why != sending.CannotUnsend {
			s.t.Errorf("a letter that went is called back: %v", err)
		}
		if err := s.Sending.Cancel(ctx, s.By(s.Ben, s.Alice), again.ID, haven.AccountID{}); !errs.Is(err, errs.NotFound) {
			s.t.Errorf("a stranger calls it back: %v", err)
		}
	})
}

// TestSendLater has letters wait in Scheduled, where whoever takes one out has called it back.
func TestSendLater(t *testing.T) {
	each(t, func(s story) {
		ctx, v := s.t.Context(), mailboxtest.Own(s.Alice)
		all := []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}
		first := s.submit(s.Draft(s.Alice, letter), "7200")
		scheduled := s.Folder(s.Alice, mailbox.Scheduled)
		s.lies(s.Alice, mailbox.Scheduled, 1)
		s.lies(s.Alice, mailbox.Drafts, 0)
		if want := s.Store.Clock.Now().Add(2 * time.Hour); !first.SendAt.Equal(want) || !first.Scheduled {
			s.t.Errorf("it goes at %s, want %s", first.SendAt, want)
		}
		s.pass(time.Hour)
		s.undo(s.Alice, first.ID, sending.Pending)
		s.pass(time.Hour)
		s.undo(s.Alice, first.ID, sending.Final)
		s.lies(s.Alice, mailbox.Scheduled, 0)
		s.lies(s.Alice, mailbox.Sent, 1)
		s.lies(s.Ben, mailbox.Inbox, 1)

		for name, take := range map[string]func(haven.MessageID) error{
			"IMAP MOVE": func(haven.MessageID) error {
				_, err := s.Store.Move(ctx, v, scheduled, all, v, s.Folder(s.Alice, mailbox.Archive))
				return err
			},
			`\Deleted`: func(haven.MessageID) error {
				_, err := s.Store.Store(ctx, v, scheduled, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted})
				return err
			},
			"EXPUNGE": func(haven.MessageID) error { _, err := s.Store.Expunge(ctx, v, scheduled, nil); return err },
			"JMAP, out of it": func(msg haven.MessageID) error {
				_, err := s.Store.EditMessages(ctx, v, []mailbox.Edit{{Msg: msg, Refile: true, Into: []haven.MailboxNo{s.Folder(s.Alice, mailbox.Drafts)}}})
				return err
			},
			"JMAP, destroyed": func(msg haven.MessageID) error {
				_, err := s.Store.EditMessages(ctx, v, []mailbox.Edit{{Msg: msg, Destroy: true}})
				return err
			},
			"a move to another mailbox": func(haven.MessageID) error {
				s.Store.Grants.Set(s.Alice, s.Shop, haven.Member)
				_, err := s.Store.Move(ctx, v, scheduled, all, v.As(s.Shop), s.Folder(s.Shop, mailbox.Drafts))
				return err
			},
			"called back": func(haven.MessageID) error {
				list, _, err := s.Sending.List(ctx, v)
				s.Must(err)
				return s.Sending.Cancel(ctx, s.By(s.Alice, s.Alice), list[len(list)-1].ID, haven.AccountID{})
			},
		} {
			sub := s.submit(s.Draft(s.Alice, letter), "7200")
			if name == "EXPUNGE" {
				_, err := s.Store.Store(ctx, v, scheduled, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted})
				s.Must(err)
			}
			s.Must(take(sub.Msg))
			if got := s.Get(s.Alice, sub.ID); got.Undo != sending.Canceled || got.Changed <= sub.Changed {
				s.t.Errorf("%s: it is %s since %d", name, got.Undo, got.Changed)
			}
			_, err := s.Store.Expunge(ctx, v, scheduled, nil)
			s.Must(err)
		}
		s.pass(3 * time.Hour)
		s.lies(s.Ben, mailbox.Inbox, 1)
		s.lies(s.Alice, mailbox.Sent, 1)
		s.lies(s.Alice, mailbox.Scheduled, 0)

		// What is deleted with its folder is called back, and the next letter makes the folder anew.
		sub := s.submit(s.Draft(s.Alice, letter), "7200")
		s.Must(s.Store.DeleteFolder(ctx, v, []string{"Scheduled"}))
		s.undo(s.Alice, sub.ID, sending.Canceled)
		s.submit(s.Draft(s.Alice, letter), "7200")
		s.lies(s.Alice, mailbox.Scheduled, 1)
	})
}

// TestOnlyTheServiceFillsScheduled tries every way to put a letter there.
func TestOnlyTheServiceFillsScheduled(t *testing.T) {
	each(t, func(s story) {
		ctx, v := s.t.Context(), mailboxtest.Own(s.Alice)
		s.submit(s.Draft(s.Alice, letter), "7200")
		scheduled, inbox := s.Folder(s.Alice, mailbox.Scheduled), s.Folder(s.Alice, mailbox.Inbox)
		msg := s.Store.Deliver(s.Alice, letter).Msg
		all := []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}
		role, none := mailbox.Scheduled, mailbox.NoRole
		name := "Later"
		one := mailbox.Append{Letter: s.Store.Letter(letter)}
		for what, try := range map[string]func() error{
			"APPEND": func() error { _, _, err := s.Store.Append(ctx, v, scheduled, []mailbox.Append{one}); return err },
			"COPY":   func() error { _, err := s.Store.Copy(ctx, v, inbox, all, v, scheduled); return err },
			"MOVE":   func() error { _, err := s.Store.Move(ctx, v, inbox, all, v, scheduled); return err },
			"import": func() error {
				_, _, _, err := s.Store.Import(ctx, v, []haven.MailboxNo{scheduled}, one)
				return err
			},
			"JMAP": func() error {
				res, err := s.Store.EditMessages(ctx, v, []mailbox.Edit{{Msg: msg, Into: []haven.MailboxNo{scheduled}}})
				return errors.Join(err, res.Errors[0])
			},
			"CREATE USE": func() error { _, err := s.Store.CreateFolder(ctx, v, []string{"Later"}, mailbox.Scheduled); return err },
			"a new folder of that role": func() error {
				_, err := s.Store.AddFolder(ctx, v, mailbox.FolderChange{Name: &name, Role: &role})
				return err
			},
			"the role given": func() error { return s.Store.ChangeFolder(ctx, v, inbox, mailbox.FolderChange{Role: &role}) },
			"the role taken away": func() error {
				return s.Store.ChangeFolder(ctx, v, scheduled, mailbox.FolderChange{Role: &none})
			},
		} {
			if err := try(); !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Denied) {
				s.t.Errorf("%s: %v", what, err)
			}
		}
		s.lies(s.Alice, mailbox.Scheduled, 1)
		// What was expunged there comes back as what it is: a draft.
		_, err := s.Store.EditMessages(ctx, v, []mailbox.Edit{{Msg: firstOf(s, scheduled), Destroy: true}})
		s.Must(err)
		_, err = s.Store.Undelete(ctx, s.Alice, mailbox.Expunged{Until: s.Store.Clock.Now().Add(time.Hour)}, 0, func(*db.Tx, []mailbox.Filed) {})
		s.Must(err)
		s.lies(s.Alice, mailbox.Scheduled, 0)
		s.lies(s.Alice, mailbox.Drafts, 1)
	})
}

func firstOf(s story, mb haven.MailboxNo) (msg haven.MessageID) {
	err := s.Store.Rows(s.t.Context(), mailboxtest.Own(s.Alice), mb, []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}, 0, func(rows []mailbox.Row) error {
		msg = rows[0].Msg
		return nil
	})
	s.Must(err)
	return msg
}

// TestAccessIsAskedAgain takes access away between the wish and the moment.
func TestAccessIsAskedAgain(t *testing.T) {
	for name, take := range map[string]func(s story){
		"the right to send":    func(s story) { s.Store.Grants.Set(s.Alice, s.Shop, haven.Read|haven.Write) },
		"all access":           func(s story) { s.Store.Grants.Set(s.Alice, s.Shop, 0) },
		"the person's account": func(s story) { s.Shut(s.Alice) },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(s story) {
				text := strings.ReplaceAll(strings.Replace(letter, "Alice <alice@", "Shop <shop@", 1), "Bcc: shop@", "Bcc: store@")
				sub, err := s.create(s.Alice, s.Shop, s.Draft(s.Shop, text), "7200")
				s.Must(err)
				take(s)
				s.pass(2 * time.Hour)
				s.Must(s.Sending.Step(s.t.Context()))
				s.undo(s.Shop, sub.ID, sending.Canceled)
				s.lies(s.Ben, mailbox.Inbox, 0)
				s.lies(s.Shop, mailbox.Sent, 0)
				s.lies(s.Shop, mailbox.Scheduled, 0)
				s.lies(s.Shop, mailbox.Drafts, 1)
				for _, no := range []haven.AccountNo{s.Shop, s.Alice} {
					if notice := s.Only(no, mailbox.Inbox); !strings.Contains(notice, "was not sent") || strings.Contains(notice, "Repeat") {
						s.t.Errorf("the notice reads %q", notice)
					}
				}
				if st := s.Get(s.Shop, sub.ID).Status["ben@pharmacy.test"]; st.Delivered != sending.No || !strings.HasPrefix(st.Reply, "550 5.7.1 ") {
					s.t.Errorf("ben's status is %+v", st)
				}
			})
		})
	}
}

// TestKilledWhileSending has a process die with letters in hand: the next one sends each once.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	sendingtest.Each(t, func(t *testing.T, h *sendingtest.House) {
		s := story{h, t}
		sub := s.submit(s.Draft(s.Alice, letter), "0")
		dead, stop := context.WithCancel(s.t.Context())
		stop()
		s.Must(s.Store.DB.Write(s.t.Context(), func(tx *db.Tx) error { // it took the letter and was killed
			tx.Exec(`UPDATE submission SET due = $1, tries = tries + 1`, s.Store.Clock.Now().Add(5*time.Minute).UnixMicro())
			return nil
		}))
		_ = s.Another().Step(dead)
		s.pass(time.Minute)
		s.lies(s.Ben, mailbox.Inbox, 0)
		s.Store.Clock.Advance(5 * time.Minute)
		var wg sync.WaitGroup
		for range 4 { // and many processes find it at once
			other := s.Another()
			wg.Go(func() { _ = other.Step(s.t.Context()) })
		}
		wg.Wait()
		s.undo(s.Alice, sub.ID, sending.Final)
		s.lies(s.Ben, mailbox.Inbox, 1)
		s.lies(s.Alice, mailbox.Sent, 1)
		if n := len(s.Queue()); n != 1 {
			s.t.Errorf("it was queued %d times", n)
		}
	})
}

// TestTheOnlyProcessTakesUpAtOnce what the one before it was at, where no other can be.
func TestTheOnlyProcessTakesUpAtOnce(t *testing.T) {
	each(t, func(s story) {
		s.submit(s.Draft(s.Alice, letter), "0")
		later := s.submit(s.Draft(s.Alice, letter), "7200")
		s.Must(s.Store.DB.Write(s.t.Context(), func(tx *db.Tx) error {
			tx.Exec(`UPDATE submission SET due = $1, tries = tries + 1 WHERE id <> $2`, s.Store.Clock.Now().Add(5*time.Minute).UnixMicro(), int64(later.ID))
			return nil
		}))
		s.pass(0)
		s.lies(s.Ben, mailbox.Inbox, 0)
		s.Must(s.Sending.TakeUp(s.t.Context()))
		s.pass(0)
		s.lies(s.Ben, mailbox.Inbox, 1)
		s.undo(s.Alice, later.ID, sending.Pending)
	})
}

// TestAMailboxThatIsGone leaves nothing that is tried for ever.
func TestAMailboxThatIsGone(t *testing.T) {
	each(t, func(s story) {
		s.submit(s.Draft(s.Alice, letter), "7200")
		s.Must(s.Store.Keys.Destroy(s.t.Context(), s.Alice))
		s.pass(2 * time.Hour)
		s.lies(s.Ben, mailbox.Inbox, 0)
		left := 0
		s.Must(s.Store.DB.Read(s.t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT COUNT(*) FROM submission WHERE todo <> 0`, nil, func(r db.Row) error { left = int(r.Int64(0)); return nil })
		}))
		if left != 0 {
			s.t.Errorf("%d letters are tried for ever", left)
		}
	})
}

// TestASlowProcessSendsNothing has a process wake up with a letter that another one has taken over.
func TestASlowProcessSendsNothing(t *testing.T) {
	t.Parallel()
	sendingtest.Each(t, func(t *testing.T, h *sendingtest.House) {
		s := story{h, t}
		sub := s.submit(s.Draft(s.Alice, letter), "0")
		s.Must(s.Sending.Stale(s.t.Context(), func() { // between the two another process has it
			s.Store.Clock.Advance(10 * time.Minute)
			s.Must(s.Another().Step(s.t.Context()))
		}))
		s.undo(s.Alice, sub.ID, sending.Final)
		s.lies(s.Ben, mailbox.Inbox, 1)
		s.lies(s.Alice, mailbox.Sent, 1)
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(s story) {
		party := func(email string, params ...string) sending.Party {
			p := sending.Party{Email: email, Parameters: map[string]*string{}}
			for i := 0; i < len(params); i += 2 {
				p.Parameters[params[i]] = &params[i+1]
			}
			return p
		}
		ben := []sending.Party{party("ben@pharmacy.test")}
		good := s.Draft(s.Alice, letter)
		by := s.By(s.Alice, s.Alice)
		ident := s.Identity(by)
		many := make([]sending.Party, 501)
		for i := range many {
			many[i] = party("p" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + strings.Repeat("y", i/50) + "@surgery.test")
		}
		for _, c := range []struct {
			name string
			text string // "": the good letter
			env  *sending.Envelope
			want sending.Why
		}{
			{"nobody to get it", "From: alice@pharmacy.test\n\nx\n", nil, sending.NoRecipients},
			{"an unknown mailbox", "", &sending.Envelope{From: party("alice@pharmacy.test"), To: []sending.Party{party("nobody@pharmacy.test"), party("closed@pharmacy.test"), ben[0]}}, sending.BadRecipients},
			{"no address", "", &sending.Envelope{From: party("alice@pharmacy.test"), To: []sending.Party{party("nobody")}}, sending.BadRecipients},
			{"too many", "", &sending.Envelope{From: party("alice@pharmacy.test"), To: many}, sending.TooManyRecipients},
			{"another's envelope", "", &sending.Envelope{From: party("ben@pharmacy.test"), To: ben}, sending.ForbiddenMailFrom},
			{"another's From", strings.Replace(letter, "alice@", "ben@", 1), &sending.Envelope{From: party("alice@pharmacy.test"), To: ben}, sending.ForbiddenFrom},
			{"a From of another mailbox of hers", strings.Replace(letter, "alice@", "shop@", 1), &sending.Envelope{From: party("alice@pharmacy.test"), To: ben}, sending.ForbiddenFrom},
			{"no From", "To: ben@pharmacy.test\n\nx\n", nil, sending.BadEmail},
			{"held too long", "", &sending.Envelope{From: party("alice@pharmacy.test", "HOLDFOR", "2592001"), To: ben}, sending.BadEnvelope},
			{"held for and until", "", &sending.Envelope{From: party("alice@pharmacy.test", "HOLDFOR", "1", "HOLDUNTIL", "2027-01-01T00:00:00Z"), To: ben}, sending.BadEnvelope},
			{"an unknown parameter", "", &sending.Envelope{From: party("alice@pharmacy.test", "AUTH", "x"), To: ben}, sending.BadEnvelope},
			{"NOTIFY of nonsense", "", &sending.Envelope{From: party("alice@pharmacy.test"), To: []sending.Party{party("ben@pharmacy.test", "NOTIFY", "NEVER,DELAY")}}, sending.BadEnvelope},
		} {
			msg := good
			if c.text != "" {
				msg = s.Draft(s.Alice, c.text)
			}
			_, err := s.Sending.Create(s.t.Context(), by, sending.New{Identity: ident, Msg: msg, Envelope: c.env})
			var no *sending.Refused
			if !errors.As(err, &no) || no.Why != c.want || no.Say == "" {
				s.t.Errorf("%s: %v", c.name, err)
			}
			if c.name == "an unknown mailbox" && !slices.Equal(no.Recipients, []string{"nobody@pharmacy.test", "closed@pharmacy.test"}) {
				s.t.Errorf("%s: refused are %v", c.name, no.Recipients)
			}
		}
		var no *sending.Refused
		if _, err := s.Sending.Create(s.t.Context(), by, sending.New{Identity: ident, Msg: 12345}); !errors.As(err, &no) || no.Why != sending.NoEmail {
			s.t.Errorf("no message: %v", err)
		}
		if _, err := s.Sending.Create(s.t.Context(), by, sending.New{Identity: 7, Msg: good}); !errors.As(err, &no) || no.Why != sending.NoIdentity {
			s.t.Errorf("no identity: %v", err)
		}
		if list, _, err := s.Sending.List(s.t.Context(), by.Viewer); err != nil || len(list) != 0 {
			s.t.Errorf("something was made: %v, %v", list, err)
		}
		s.pass(time.Hour)
		s.lies(s.Ben, mailbox.Inbox, 0)
	})
}

// TestARecipientWhoWent sends to the others, and tells who wrote.
func TestARecipientWhoWent(t *testing.T) {
	each(t, func(s story) {
		hold := "7200"
		by := s.By(s.Alice, s.Alice)
		s.Box("carl")
		sub, err := s.Sending.Create(s.t.Context(), by, sending.New{Identity: s.Identity(by), Msg: s.Draft(s.Alice, letter),
			Envelope: &sending.Envelope{From: sending.Party{Email: "alice@pharmacy.test", Parameters: map[string]*string{"HOLDFOR": &hold}},
				To: []sending.Party{{Email: "ben@pharmacy.test"}, {Email: "carl@pharmacy.test"}}}})
		s.Must(err)
		s.Unbox("carl")
		s.pass(2 * time.Hour)
		s.Must(s.Sending.Step(s.t.Context()))
		s.lies(s.Ben, mailbox.Inbox, 1)
		got := s.Get(s.Alice, sub.ID)
		if got.Undo != sending.Final || got.Status["carl@pharmacy.test"].Delivered != sending.No || got.Status["ben@pharmacy.test"].Delivered != sending.Yes {
			s.t.Errorf("it is %+v", got)
		}
		if notice := s.Only(s.Alice, mailbox.Inbox); !strings.Contains(notice, "carl@pharmacy.test") || strings.Contains(notice, "ben@pharmacy.test") {
			s.t.Errorf("the notice reads %q", notice)
		}
	})
}

// TestWhatTheOutboxTells brings what becomes of a letter elsewhere into its submission.
func TestWhatTheOutboxTells(t *testing.T) {
	each(t, func(s story) {
		sub := s.submit(s.Draft(s.Alice, letter), "0")
		s.pass(0)
		before := s.Get(s.Alice, sub.ID)
		bob := haven.MustAddress("bob@surgery.test")
		for _, c := range []struct {
			told outbox.Told
			want sending.Status
		}{
			{outbox.Told{To: bob, Fate: outbox.Delayed, Result: outbox.Result{Code: 451, Status: "4.7.1", Text: "4.7.1 try\tlater"}}, sending.Status{Reply: "451 4.7.1 try later", Delivered: sending.Queued}},
			{outbox.Told{To: bob, Fate: outbox.Failed, Result: outbox.Result{Outcome: outbox.Refused, Status: "5.1.2", Text: "no such domain"}}, sending.Status{Reply: "550 5.1.2 no such domain", Delivered: sending.No}},
			{outbox.Told{To: bob, Fate: outbox.Relayed, Result: outbox.Result{Code: 250, Outcome: outbox.Accepted, Status: "2.0.0", Text: "2.0.0 ok"}}, sending.Status{Reply: "250 2.0.0 ok", Delivered: sending.Maybe}},
		} {
			s.Must(s.Store.DB.Write(s.t.Context(), func(tx *db.Tx) error { return s.Sending.Note(tx, 1, []outbox.Told{c.told}) }))
			s.Must(s.Sending.Step(s.t.Context()))
			got := s.Get(s.Alice, sub.ID)
			if got.Status["bob@surgery.test"] != c.want || got.Changed <= before.Changed {
				s.t.Errorf("it is %+v since %d", got.Status, got.Changed)
			}
			before = got
		}
		s.Must(s.Store.DB.Write(s.t.Context(), func(tx *db.Tx) error { return s.Sending.Note(tx, 99, nil) })) // of no submission
	})
}

// TestChanges replays what changed on a copy, as a program has it, and finds what is there.
func TestChanges(t *testing.T) {
	each(t, func(s story) {
		ctx, v := s.t.Context(), mailboxtest.Own(s.Alice)
		state, err := s.Sending.State(ctx, v)
		s.Must(err)
		begin := state
		known := map[sending.ID]bool{}
		sync := func(most int) {
			s.t.Helper()
			for more := true; more; {
				ch, err := s.Sending.Since(ctx, v, state, most)
				s.Must(err)
				for _, id := range ch.Created {
					if known[id] {
						s.t.Errorf("%d is new twice", id)
					}
					known[id] = true
				}
				for _, id := range ch.Updated {
					if !known[id] {
						s.t.Errorf("%d changed and was never new", id)
					}
				}
				for _, id := range ch.Destroyed {
					delete(known, id)
				}
				state, more = ch.Until, ch.More
			}
			list, _, err := s.Sending.List(ctx, v)
			s.Must(err)
			if len(list) != len(known) {
				s.t.Errorf("%d are known, %d are there", len(known), len(list))
			}
		}
		var subs []sending.Submission
		for range 5 {
			subs = append(subs, s.submit(s.Draft(s.Alice, letter), ""))
		}
		sync(2)
		s.pass(11 * time.Second)
		sync(1)
		by := s.By(s.Alice, s.Alice)
		pending := s.submit(s.Draft(s.Alice, letter), "")
		if err := s.Sending.Destroy(ctx, by, pending.ID); !errs.Is(err, errs.Denied) {
			s.t.Errorf("one that waits is destroyed: %v", err)
		}
		s.Must(s.Sending.Destroy(ctx, by, subs[0].ID))
		if err := s.Sending.Destroy(ctx, by, subs[0].ID); !errs.Is(err, errs.NotFound) {
			s.t.Errorf("one that is gone is destroyed: %v", err)
		}
		sync(0)
		s.pass(11 * time.Second)
		s.Store.Clock.Advance(31 * 24 * time.Hour)
		s.Must(s.Sending.Sweep(ctx))
		sync(3)
		if len(known) != 0 {
			s.t.Errorf("%d are kept for ever", len(known))
		}
		s.Store.Clock.Advance(31 * 24 * time.Hour)
		s.Must(s.Sending.Sweep(ctx))
		if _, err := s.Sending.Since(ctx, v, begin, 0); !errs.Is(err, errs.Invalid) {
			s.t.Errorf("what is not remembered is told: %v", err)
		}
		sync(0)
	})
}

// TestBoundAndRights holds what may wait at once, and who may send.
func TestBoundAndRights(t *testing.T) {
	each(t, func(s story) {
		text := strings.ReplaceAll(strings.Replace(letter, "Alice <alice@", "Shop <shop@", 1), "Bcc: shop@", "Bcc: store@")
		msg := s.Draft(s.Shop, text)
		s.Store.Grants.Set(s.Ben, s.Shop, haven.Read|haven.Write)
		if all, _, err := s.Sending.Identities(s.t.Context(), s.By(s.Ben, s.Shop)); err != nil || len(all) != 0 {
			s.t.Errorf("who may not send has identities: %v, %v", all, err)
		}
		s.Store.Grants.Set(s.Ben, s.Shop, haven.Read|haven.SendOnBehalf)
		sub, err := s.create(s.Ben, s.Shop, msg, "0")
		s.Must(err)
		s.pass(0)
		s.undo(s.Shop, sub.ID, sending.Final)
		if got := s.Only(s.Ben, mailbox.Inbox); !strings.Contains(got, "Sender: ben@pharmacy.test") {
			s.t.Errorf("on behalf it reads %q", got)
		}
		s.lies(s.Shop, mailbox.Sent, 1)
		s.lies(s.Shop, mailbox.Drafts, 0) // what was sent differs from the draft, and is what is kept
		s.lies(s.Ben, mailbox.Sent, 0)
	})
}

// TestAFilterFillsNothing has a filter's target be the folder of letters that are sent later: what comes lies in the Inbox.
func TestAFilterFillsNothing(t *testing.T) {
	each(t, func(s story) {
		ctx := s.t.Context()
		s.submit(s.Draft(s.Alice, letter), "7200")
		if there, makeable, err := s.Store.CanFile(ctx, s.Alice, []string{"Scheduled"}); err != nil || there || makeable {
			s.t.Errorf("it can be filed into: %t, %t, %v", there, makeable, err)
		}
		_, err := s.Store.File(ctx, []mailbox.Filing{{Account: s.Alice, Letter: s.Store.Letter(letter), Role: mailbox.Inbox, Into: []mailbox.Into{{Path: []string{"Scheduled"}, Create: true}}}}, nil)
		s.Must(err)
		s.lies(s.Alice, mailbox.Scheduled, 1)
		s.lies(s.Alice, mailbox.Inbox, 1)
	})
}
