package sending_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/sending"
	"haven/platform/errs"
)

const asking = "From: Gill <gill@surgery.test>\nTo: alice@pharmacy.test\nDate: Sun, 22 Nov 2026 09:00:00 +0000\nMessage-ID: <7@surgery.test>\nSubject: Repeat\nDisposition-Notification-To: Gill <gill@surgery.test>\n\nHello.\n"

// receipt is one that a person sends by hand for a message of a mailbox that was opened.
func (s story) receipt(by sending.By, msg haven.MessageID) sending.MDN {
	return sending.MDN{Identity: s.Identity(by), Msg: msg, Disposition: mime.Disposition{Action: "manual-action", Sending: "mdn-sent-manually", Type: "displayed"}}
}

func (s story) keywords(account haven.AccountNo, msg haven.MessageID) (names []string) {
	s.t.Helper()
	s.Must(s.Store.Overview(s.t.Context(), mailbox.Viewer{Person: account, Account: account}, func(o *mailbox.Overview) error {
		b, _ := o.Find(msg)
		for i, name := range o.Keywords() {
			if b.Keywords&(1<<i) != 0 {
				names = append(names, name)
			}
		}
		return nil
	}))
	return names
}

// refusedAs holds an error against why it is to be.
func (s story) refusedAs(what string, err error, why sending.Why) {
	s.t.Helper()
	if no := (*sending.Refused)(nil); !errors.As(err, &no) || no.Why != why {
		s.t.Errorf("%s: %v, want %d", what, err, why)
	}
}

// A receipt goes from nobody to where the letter wants it, once, is recorded as every letter, and its copy lies in Sent (RFC 8098 §3).
func TestRFC8098_3_SendMDN(t *testing.T) {
	each(t, func(s story) {
		msg := s.Store.Deliver(s.Alice, asking).Msg
		by := s.By(s.Alice, s.Alice)
		sent, err := s.Sending.SendMDN(s.t.Context(), by, s.receipt(by, msg))
		s.Must(err)
		d := sent.Disposition
		if d.Final != "rfc822; alice@pharmacy.test" || d.MessageID != "<7@surgery.test>" || *sent.Subject != "Read: Repeat" || !strings.Contains(*sent.Text, "was opened") {
			s.t.Errorf("%+v, %q, %q", d, *sent.Subject, *sent.Text)
		}
		q := s.Queue()
		if len(q) != 1 || !q[0].From.IsNull() || len(q[0].To) != 1 || q[0].To[0].Address.String() != "gill@surgery.test" {
			s.t.Fatalf("queued: %+v", q)
		}
		text := s.Only(s.Alice, mailbox.Sent)
		for _, want := range []string{"From: Alice <alice@pharmacy.test>\r\n", "To: gill@surgery.test\r\n", "Auto-Submitted: auto-replied\r\n", "References: <7@surgery.test>\r\n",
			"report-type=disposition-notification", "Disposition: manual-action/mdn-sent-manually; displayed\r\n", "Original-Message-ID: <7@surgery.test>\r\n"} {
			if !strings.Contains(text, want) {
				s.t.Errorf("the letter lacks %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, "Hello.") || strings.Contains(text, "Disposition-Notification-To") || strings.Contains(text, "Reporting-UA") {
			s.t.Errorf("the letter says too much:\n%s", text)
		}
		if got := s.keywords(s.Alice, msg); !slices.Contains(got, "$mdnsent") {
			s.t.Errorf("marked %q", got)
		}
		_, err = s.Sending.SendMDN(s.t.Context(), by, s.receipt(by, msg))
		s.refusedAs("once more", err, sending.AlreadySent)
		if len(s.Queue()) != 1 {
			s.t.Errorf("%d letters are queued", len(s.Queue()))
		}
	})
}

// Of many who ask at the same moment, in several processes, one sends it.
func TestMDNIsSentOnce(t *testing.T) {
	each(t, func(s story) {
		msg := s.Store.Deliver(s.Shop, strings.Replace(asking, "gill@surgery.test>\n\n", "ben@pharmacy.test>\n\n", 1)).Msg
		by := s.By(s.Alice, s.Shop)
		m := s.receipt(by, msg)
		others := []*sending.Service{s.Sending, s.Another()}
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { _, errs[i] = others[i%2].SendMDN(s.t.Context(), by, m) })
		}
		wg.Wait()
		sent := 0
		for _, err := range errs {
			if err == nil {
				sent++
				continue
			}
			s.refusedAs("the others", err, sending.AlreadySent)
		}
		if sent != 1 || len(s.Letters(s.Ben, mailbox.Inbox)) != 1 || len(s.Letters(s.Shop, mailbox.Sent)) != 1 {
			s.t.Errorf("%d were sent, %d came", sent, len(s.Letters(s.Ben, mailbox.Inbox)))
		}
	})
}

func TestRFC9007_2_1_RefusedMDN(t *testing.T) {
	each(t, func(s story) {
		ctx := s.t.Context()
		by := s.By(s.Alice, s.Alice)
		with := func(from, to string) haven.MessageID {
			return s.Store.Deliver(s.Alice, strings.Replace(asking, from, to, 1)).Msg
		}
		const field = "Disposition-Notification-To: Gill <gill@surgery.test>\n"
		for what, msg := range map[string]haven.MessageID{
			"no request":          with(field, ""),
			"two requests":        with(field, field+field),
			"nowhere":             with(field, "Disposition-Notification-To: Gill\n"),
			"what nobody knows":   with(field, field+"Disposition-Notification-Options: x-sign = required, 1\n"),
			"to very many":        with(field, "Disposition-Notification-To: "+strings.Repeat("a@x.test, b@x.test, ", 1)+"c@x.test, d@x.test, e@x.test, f@x.test, g@x.test, h@x.test, i@x.test, j@x.test, k@x.test\n"),
			"to one who is gone":  with(field, "Disposition-Notification-To: nobody@pharmacy.test\n"),
			"of a receipt itself": with(field, field+"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n"),
		} {
			if what == "of a receipt itself" {
				msg = s.Store.Deliver(s.Alice, strings.Replace(strings.Replace(asking, field, field+"Content-Type: multipart/report; boundary=b\n", 1), "Hello.", "--b\n\nx\n--b--", 1)).Msg
			}
			_, err := s.Sending.SendMDN(ctx, by, s.receipt(by, msg))
			s.refusedAs(what, err, sending.NotAsked)
			if got := s.keywords(s.Alice, msg); len(got) != 0 {
				s.t.Errorf("%s: marked %q", what, got)
			}
		}
		msg := s.Store.Deliver(s.Alice, asking).Msg
		change := func(fn func(*sending.MDN)) error {
			m := s.receipt(by, msg)
			fn(&m)
			_, err := s.Sending.SendMDN(ctx, by, m)
			return err
		}
		s.refusedAs("no message", change(func(m *sending.MDN) { m.Msg++ }), sending.NoEmail)
		s.refusedAs("no identity", change(func(m *sending.MDN) { m.Identity++ }), sending.NoIdentity)
		s.refusedAs("by a program alone", change(func(m *sending.MDN) { m.Disposition.Sending = "mdn-sent-automatically" }), sending.ForbiddenToSend)
		s.refusedAs("no type", change(func(m *sending.MDN) { m.Disposition.Type = "seen" }), sending.BadMDN)
		s.refusedAs("a field of its own", change(func(m *sending.MDN) { m.Disposition.Extension = []mime.HeaderField{{Name: "disposition", Body: "x"}} }), sending.BadMDN)
		s.refusedAs("a field that is none", change(func(m *sending.MDN) { m.Disposition.Extension = []mime.HeaderField{{Name: "X:\r\nBcc", Body: "x"}} }), sending.BadMDN)
		s.refusedAs("no address", change(func(m *sending.MDN) { m.Disposition.Final = "rfc822; nobody" }), sending.BadMDN)
		s.refusedAs("another's name", change(func(m *sending.MDN) { m.Disposition.Final = "rfc822; ben@pharmacy.test" }), sending.ForbiddenFrom)
		if q := s.Queue(); len(q) != 0 {
			s.t.Errorf("queued: %+v", q)
		}
		s.Must(change(func(m *sending.MDN) { m.Whole = true }))
		if text := s.Only(s.Alice, mailbox.Sent); !strings.Contains(text, "message/rfc822") || !strings.Contains(text, "Hello.") {
			s.t.Errorf("the letter does not come with it:\n%s", text)
		}
		large := s.Store.Deliver(s.Alice, asking+strings.Repeat("x\n", 1<<20)).Msg
		s.refusedAs("a large letter", change(func(m *sending.MDN) { m.Msg, m.Whole = large, true }), sending.TooLarge)
	})
}

// Who may not send from a mailbox has no identity there; the rights and the log in are asked as for any letter.
func TestMDNAsksAsAnyLetter(t *testing.T) {
	each(t, func(s story) {
		ctx := s.t.Context()
		msg := s.Store.Deliver(s.Shop, asking).Msg
		by := s.By(s.Ben, s.Shop)
		m := s.receipt(by, msg)
		over := by
		over.Who.Holds = func(context.Context) error { return errs.E(errs.Private, "The password was changed.") }
		if _, err := s.Sending.SendMDN(ctx, over, m); !errs.Is(err, errs.Private) {
			s.t.Errorf("after the log in ended: %v", err)
		}
		if _, err := s.Sending.SendMDN(ctx, by, m); err != nil {
			s.t.Errorf("on behalf: %v", err)
		}
		if text := s.Only(s.Shop, mailbox.Sent); !strings.Contains(text, "Sender: ben@pharmacy.test\r\n") {
			s.t.Errorf("who sent it is not told:\n%s", text)
		}
		s.Store.Grants.Set(s.Ben, s.Shop, haven.Read)
		m.Msg = s.Store.Deliver(s.Shop, asking).Msg
		_, err := s.Sending.SendMDN(ctx, by, m)
		s.refusedAs("who only reads", err, sending.NoIdentity)
	})
}
