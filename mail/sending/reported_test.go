package sending_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/mime"
	"haven/mail/sending"
	"haven/platform/db"
)

// failure is a notice of another server that bob has not got a letter; of is what comes with it, env the name of its envelope.
func failure(env, of string) string {
	var original []byte
	if of != "" {
		original = []byte(of)
	}
	var l mime.Letter
	s := mime.DeliveryStatus{ReportingMTA: "mx.surgery.test", EnvelopeID: env, Recipients: []mime.RecipientStatus{{Final: haven.MustAddress("bob@surgery.test"), Action: mime.Failed, Status: "5.1.1"}}}
	return string(l.Text("Subject", "Not delivered").Bytes(mime.NewDeliveryReport("Bob is gone.", s, original, false)))
}

func opened(id string) string {
	var l mime.Letter
	d := mime.Disposition{Final: "rfc822; bob@surgery.test", MessageID: id, Action: "manual-action", Sending: "mdn-sent-manually", Type: "displayed"}
	return string(l.Text("Subject", "Read").Bytes(mime.NewDispositionReport("It was opened.", d, nil)))
}

// What comes back for a letter is listed with its submission: notices that it did not arrive, and receipts (RFC 8621 §7).
func TestRFC8621_7_ReportsAreListed(t *testing.T) {
	each(t, func(s story) {
		sub := s.submit(s.Draft(s.Alice, letter), "")
		s.pass(11 * time.Second)
		_, st, err := s.Sending.List(s.t.Context(), mailboxtest.Own(s.Alice))
		s.Must(err)
		const head = "Message-ID: <one@pharmacy.test>\r\nSubject: Repeat\r\n\r\n"
		one := s.Store.Deliver(s.Alice, failure("", head)).Msg
		two := s.Store.Deliver(s.Alice, failure(sending.SubmissionID(sub.ID), "")).Msg
		read := s.Store.Deliver(s.Alice, opened("<one@pharmacy.test>")).Msg
		for _, other := range []string{failure("", strings.Replace(head, "one@", "two@", 1)), failure("S1", ""), opened("<two@pharmacy.test>"), letter} {
			s.Store.Deliver(s.Alice, other)
		}
		_, err = s.Store.File(s.t.Context(), []mailbox.Filing{{Account: s.Alice, Letter: s.Store.Letter(opened("<one@pharmacy.test>")), Role: mailbox.Junk}}, nil)
		s.Must(err)
		s.Store.Deliver(s.Ben, opened("<one@pharmacy.test>"))
		got := s.Get(s.Alice, sub.ID)
		if !slices.Equal(got.DSNs, []haven.MessageID{one, two}) || !slices.Equal(got.MDNs, []haven.MessageID{read}) {
			s.t.Fatalf("listed: %v and %v, want %v, %v and %v", got.DSNs, got.MDNs, one, two, read)
		}
		ch, err := s.Sending.Since(s.t.Context(), mailboxtest.Own(s.Alice), st, 0)
		s.Must(err)
		if !slices.Equal(ch.Updated, []sending.ID{sub.ID}) {
			s.t.Errorf("told: %+v", ch)
		}
		_, err = s.Store.EditMessages(s.t.Context(), mailboxtest.Own(s.Alice), []mailbox.Edit{{Msg: one, Destroy: true}})
		s.Must(err)
		if got := s.Get(s.Alice, sub.ID); !slices.Equal(got.DSNs, []haven.MessageID{two}) {
			s.t.Errorf("with one deleted: %v", got.DSNs)
		}
		s.Must(s.Sending.Destroy(s.t.Context(), s.By(s.Alice, s.Alice), sub.ID))
		s.Must(s.Store.DB.Read(s.t.Context(), func(tx *db.Tx) error {
			for _, table := range []string{"submission_ref", "submission_report"} {
				if err := tx.Query(`SELECT id FROM `+table, nil, func(db.Row) error { s.t.Errorf("%s has rows left", table); return nil }); err != nil {
					return err
				}
			}
			return nil
		}))
		s.Store.Deliver(s.Alice, opened("<one@pharmacy.test>"))
	})
}

// A letter for which delivery made the Message-ID is known by that one; one that was called back is known by none; a name that its sender gave the envelope holds.
func TestReportsByWhatWentOut(t *testing.T) {
	each(t, func(s story) {
		bare := s.submit(s.Draft(s.Alice, strings.Replace(letter, "Message-ID: <one@pharmacy.test>\n", "", 1)), "")
		back := s.submit(s.Draft(s.Alice, strings.Replace(letter, "one@", "back@", 1)), "7200")
		s.Must(s.Sending.Cancel(s.t.Context(), s.By(s.Alice, s.Alice), back.ID, haven.AccountID{}))
		env, zero := "run+1 =", "0"
		by := s.By(s.Alice, s.Alice)
		named, err := s.Sending.Create(s.t.Context(), by, sending.New{Identity: s.Identity(by), Msg: s.Draft(s.Alice, strings.Replace(letter, "one@", "named@", 1)),
			Envelope: &sending.Envelope{From: sending.Party{Email: "alice@pharmacy.test", Parameters: map[string]*string{"ENVID": &env, "HOLDFOR": &zero}}, To: []sending.Party{{Email: "bob@surgery.test"}}}})
		s.Must(err)
		s.pass(11 * time.Second)
		sent := ""
		for _, text := range s.Letters(s.Alice, mailbox.Sent) {
			if _, rest, ok := strings.Cut(text, "\r\nMessage-ID: "); ok && strings.Contains(rest, "@mx.") {
				sent, _, _ = strings.Cut(rest, "\r\n")
			}
		}
		if sent == "" {
			s.t.Fatal("no Message-ID was made")
		}
		a, b := s.Store.Deliver(s.Alice, opened(sent)).Msg, s.Store.Deliver(s.Alice, failure(env, "")).Msg
		s.Store.Deliver(s.Alice, opened("<back@pharmacy.test>"))
		if got := s.Get(s.Alice, bare.ID); !slices.Equal(got.MDNs, []haven.MessageID{a}) {
			s.t.Errorf("by the Message-ID that was made: %v, want %v", got.MDNs, a)
		}
		if got := s.Get(s.Alice, named.ID); !slices.Equal(got.DSNs, []haven.MessageID{b}) {
			s.t.Errorf("by its sender's ENVID: %v, want %v", got.DSNs, b)
		}
		if got := s.Get(s.Alice, back.ID); len(got.MDNs) != 0 {
			s.t.Errorf("called back: %v", got.MDNs)
		}
		ids := []string{}
		for _, item := range s.Queue() {
			ids = append(ids, item.EnvID)
		}
		if want := []string{sending.SubmissionID(bare.ID), "run+2B1+20+3D"}; !sameSet(ids, want) {
			s.t.Errorf("the envelopes are called %q, want %q", ids, want)
		}
	})
}

func sameSet(a, b []string) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// A notice about a recipient here that was asked for lies in the mailbox in the commit that sends the letter, and is listed too (RFC 3461 §5.2.3).
func TestReportInTheCommitOfTheLetter(t *testing.T) {
	each(t, func(s story) {
		success, zero := "SUCCESS", "0"
		by := s.By(s.Alice, s.Alice)
		sub, err := s.Sending.Create(s.t.Context(), by, sending.New{Identity: s.Identity(by), Msg: s.Draft(s.Alice, letter), Envelope: &sending.Envelope{
			From: sending.Party{Email: "alice@pharmacy.test", Parameters: map[string]*string{"HOLDFOR": &zero}},
			To:   []sending.Party{{Email: "ben@pharmacy.test", Parameters: map[string]*string{"NOTIFY": &success}}}}})
		s.Must(err)
		s.pass(0)
		if got := s.Get(s.Alice, sub.ID); len(got.DSNs) != 1 || got.Undo != sending.Final {
			s.t.Errorf("%+v", got)
		}
		s.lies(s.Alice, mailbox.Inbox, 1)
	})
}

// A report that names the envelope is that submission's alone where one message was sent more than once; one that names the message is noted with the last ones.
func TestReportsOnOneMessageSentAgain(t *testing.T) {
	each(t, func(s story) {
		msg := s.Draft(s.Alice, letter)
		var subs []sending.Submission
		for range 22 {
			subs = append(subs, s.submit(msg, ""))
			s.pass(11 * time.Second)
		}
		first := subs[0]
		dsn := s.Store.Deliver(s.Alice, failure(sending.SubmissionID(first.ID), "Message-ID: <one@pharmacy.test>\r\n\r\n")).Msg
		read := s.Store.Deliver(s.Alice, opened("<one@pharmacy.test>")).Msg
		for i, sub := range subs {
			var dsns, mdns []haven.MessageID
			if i == 0 {
				dsns = []haven.MessageID{dsn}
			}
			if i >= 2 {
				mdns = []haven.MessageID{read}
			}
			if got := s.Get(s.Alice, sub.ID); !slices.Equal(got.DSNs, dsns) || !slices.Equal(got.MDNs, mdns) {
				s.t.Errorf("submission %d has %v and %v, want %v and %v", i, got.DSNs, got.MDNs, dsns, mdns)
			}
		}
	})
}
