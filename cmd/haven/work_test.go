package main

import (
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/people/account"
	"haven/people/openinghours"
	"haven/people/sharedmailbox"
	"haven/platform/db"
)

// TestWhatALeaverHeld: whoever loses access to a mailbox, in whatever way, holds nothing there any more, and its owners are told.
func TestWhatALeaverHeld(t *testing.T) {
	t.Parallel()
	h, ctx, actor := benchHouse(t, "sqlite"), t.Context(), haven.Actor{Program: "test"}
	t.Cleanup(func() { _ = h.close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	owner, err := h.accounts.CreatePersonal(ctx, actor, account.NewPersonal{First: "Aisha", Last: "Khan", State: account.Active})
	must(err)
	ben, err := h.accounts.CreatePersonal(ctx, actor, account.NewPersonal{First: "Ben", Last: "Okafor", State: account.Active})
	must(err)
	box, err := h.shared.Create(ctx, actor, sharedmailbox.Spec{Name: "Elm Pharmacy", Address: haven.Address{Local: "elm", Domain: h.accounts.Domain()}, Display: "Elm Pharmacy",
		Owners: []haven.AccountNo{owner.No}, Members: []haven.AccountNo{ben.No}})
	must(err)
	w, err := h.mail.NewLetter(ctx)
	must(err)
	_, err = w.Write([]byte("From: lee@surgery.test\r\nSubject: Repeat\r\n\r\nHello.\r\n"))
	must(err)
	l, err := w.Finish(ctx)
	must(err)
	filed, err := h.mail.File(ctx, []mailbox.Filing{{Account: box.No, Letter: l}}, nil)
	must(err)
	thread := filed[0].Msg
	hold := func() {
		t.Helper()
		_, err := h.work.Update(ctx, mailbox.Viewer{Person: ben.No, Account: box.No}, thread, work.Wish{Move: true, Status: work.Handled, Holder: ben.No})
		must(err)
	}
	held := func() (is bool) {
		t.Helper()
		must(h.work.Step(ctx))
		must(h.work.Items(ctx, mailbox.Viewer{Person: owner.No, Account: box.No}, []haven.MessageID{thread}, func(it work.Item) { is = it.Holder != 0 }))
		return is
	}
	hold()
	if !held() {
		t.Fatal("a member does not hold what was claimed")
	}
	_, err = h.shared.SetState(ctx, actor, ben.No, account.Blocked, "test")
	must(err)
	if held() {
		t.Error("who is blocked still holds it")
	}
	_, err = h.shared.SetState(ctx, actor, ben.No, account.Active, "test")
	must(err)
	hold()
	must(h.shared.RemoveMember(ctx, actor, box.No, ben.No))
	if held() {
		t.Error("who was removed still holds it")
	}
	told := 0
	must(h.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM notice WHERE template = 'work.released'`, nil, func(r db.Row) error { told = int(r.Int64(0)); return nil })
	}))
	if told != 2 {
		t.Errorf("the owner is told %d times, want 2", told)
	}
	var week [7]openinghours.Day
	for d := time.Monday; d <= time.Friday; d++ {
		week[d] = openinghours.Day{{Opens: 9 * 60, Closes: 18 * 60}}
	}
	must(h.db.Write(ctx, func(tx *db.Tx) error {
		for d, day := range week {
			for _, s := range day {
				tx.Exec(`INSERT INTO opening_hours (an, weekday, opens, closes) VALUES ($1, $2, $3, $4)`, int64(box.No), int64(d), int64(s.Opens), int64(s.Closes))
			}
		}
		return nil
	}))
	friday := time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC)
	d, err := h.work.SetDeadline(ctx, mailbox.Viewer{Person: owner.No, Account: box.No}, work.Start{Thread: thread, Rule: "discharge-referral", Starts: friday, Within: 72 * time.Hour})
	must(err)
	if want := friday.AddDate(0, 0, 5); !d.Stages.Due.Equal(want) {
		t.Errorf("due %s, want %s: the premises is closed at weekends", d.Stages.Due, want)
	}
}
