package main

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/people/account"
	"haven/people/helpdesk"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/db"
)

// TestLateLettersClimb: what is not done in time is told to the owners by text, or by letter without a proven mobile, then to the head office and the local team; what
// they are told names the mailbox and a number, and nothing of a letter.
func TestLateLettersClimb(t *testing.T) {
	t.Parallel()
	h, ctx, actor := benchHouse(t, "sqlite"), t.Context(), haven.Actor{Program: "test"}
	t.Cleanup(func() { _ = h.close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	person := func(first string) account.Account {
		t.Helper()
		a, err := h.accounts.CreatePersonal(ctx, actor, account.NewPersonal{First: first, Last: "Khan", State: account.Active})
		must(err)
		return a
	}
	place := func(o organisation.Organisation) organisation.Organisation {
		t.Helper()
		o, err := h.organisations.Add(ctx, actor, o)
		must(err)
		return o
	}
	aisha, ben, noor := person("Aisha"), person("Ben"), person("Noor")
	mobile, err := h.contacts.Seal(ctx, aisha.No, account.Mobile, "+447700900123")
	must(err)
	must(h.db.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, aisha.No); err != nil {
			return err
		}
		if err := h.contacts.PutIn(tx, actor, mobile); err != nil {
			return err
		}
		h.contacts.ProveIn(tx, aisha.No, account.Mobile)
		return nil
	}))
	place(organisation.Organisation{Kind: organisation.HeadOffice, Code: "P0AA", Name: "Elm Group", Place: "Leeds", Status: organisation.Active})
	team := place(organisation.Organisation{Kind: organisation.LocalTeam, Code: "QAA", Name: "Local Team", Place: "Leeds", Status: organisation.Active})
	elm := place(organisation.Organisation{Kind: organisation.Pharmacy, Code: "FAA01", Name: "ELM PHARMACY", Place: "LEEDS", Parent: "P0AA", CareBoard: "QAA", Status: organisation.Active})
	must(h.organisations.SetCentral(ctx, actor, organisation.Central{Group: "P0AA", Contact: "Jo", Email: haven.MustAddress("jo@elm-group.example")}))
	_, err = h.shared.Create(ctx, actor, sharedmailbox.Spec{Name: "Local Team", Address: haven.Address{Local: "team", Domain: h.accounts.Domain()}, Display: "Local Team", Organisation: team.ID, Owners: []haven.AccountNo{noor.No}})
	must(err)
	box, err := h.shared.Create(ctx, actor, sharedmailbox.Spec{Name: "Elm Pharmacy", Address: haven.Address{Local: "elm", Domain: h.accounts.Domain()}, Display: "Elm Pharmacy", Organisation: elm.ID,
		Owners: []haven.AccountNo{aisha.No, ben.No}})
	must(err)
	owner := map[haven.AccountNo]haven.AccountNo{box.No: aisha.No, noor.No: noor.No}
	for _, in := range []account.Account{box, box, noor} { // nobody answers for what is Noor's own but Noor
		w, err := h.mail.NewLetter(ctx)
		must(err)
		_, err = w.Write([]byte("From: lee@surgery.test\r\nSubject: Mrs Smith 943 476 5919\r\n\r\nHello.\r\n"))
		must(err)
		l, err := w.Finish(ctx)
		must(err)
		filed, err := h.mail.File(ctx, []mailbox.Filing{{Account: in.No, Letter: l}}, nil)
		must(err)
		_, err = h.work.SetDeadline(ctx, mailbox.Viewer{Person: owner[in.No], Account: in.No},
			work.Start{Thread: filed[0].Msg, Rule: "discharge-referral", Starts: h.clock.Now().Add(-10 * 24 * time.Hour), Within: time.Hour})
		must(err)
	}
	must(h.work.Climb(ctx))
	must(h.work.Climb(ctx)) // is told once
	told := map[string]string{}
	all, err := h.notify.List(ctx, time.Now().Add(time.Hour), 100)
	must(err)
	for _, n := range all {
		if !strings.HasPrefix(n.Template, "work.late") {
			continue
		}
		c, err := h.notify.Open(ctx, actor, n.ID)
		must(err)
		if told[c.To] != "" {
			t.Errorf("%s is told twice", c.To)
		}
		told[c.To] = n.Template
		if says := c.Subject + c.Body; !strings.Contains(says, "2 letters are") || strings.Contains(says, "Smith") || strings.Contains(says, "943") || !strings.Contains(says, "Elm Pharmacy") {
			t.Errorf("%s reads %q", c.To, says)
		}
	}
	want := map[string]string{"+447700900123": "work.late-text", ben.Address.String(): "work.late", "jo@elm-group.example": "work.late-further", "team@haven.test": "work.late-further"}
	for to, template := range want {
		if told[to] != template {
			t.Errorf("%s is told by %q, want %q", to, told[to], template)
		}
	}
	if len(told) != len(want) {
		t.Errorf("told are %v", told)
	}
	calls, err := h.helpdesk.Calls(ctx, 10)
	must(err)
	if len(calls) != 1 || calls[0].Kind != helpdesk.NotInTime || calls[0].Says.Code != "FAA01" {
		t.Errorf("the local team's list is %+v", calls)
	}
}
