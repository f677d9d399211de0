package helpdesk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/helpdesk"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestSameName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, last, ofFirst, ofLast string
		want                         bool
	}{
		{"Aisha", "Rahman", "Aisha", "Rahman", true}, {" aisha ", "RAHMAN", "Aisha", "Rahman", true}, {"Rahman", "Aisha", "Aisha", "Rahman", true},
		{"Hugh", "ODowd", "Hugh", "O'Dowd", true}, {"Jose", "Perez", "José", "Pérez", true}, {"Aisha", "Rahmann", "Aisha", "Rahman", false}, {"Aisha", "", "Aisha", "Rahman", false},
		{"Суса", "", "Суса", "", true}, {"", "Madonna", "Madonna", "", true}, {"", "", "Aisha", "Rahman", false},
	} {
		if got := helpdesk.SameName(c.first, c.last, c.ofFirst, c.ofLast); got != c.want {
			t.Errorf("%q %q, %q %q: %t", c.first, c.last, c.ofFirst, c.ofLast, got)
		}
	}
}

// sent keeps what would be sent.
type sent struct {
	to      []string
	boxes   []haven.Address
	invited int
}

func (s *sent) Details(_ *db.Tx, _ account.Account, email string, boxes []haven.Address) error {
	s.to, s.boxes = append(s.to, email), boxes
	return nil
}

func TestLostDetails(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		keys := h.Keyed()
		must(h.DB.Migrate(ctx, append(peopletest.Schemas(), helpdesk.Schema)...))
		contacts, err := account.OpenContacts(ctx, h.DB, keys, h.Clock)
		must(err)
		sealer, err := keys.Sealer(ctx, "helpdesk.seal")
		must(err)
		out := &sent{}
		s := helpdesk.New(helpdesk.Options{DB: h.DB, Places: h.Places, Shared: h.Shared, Contacts: contacts, Notices: out, Sealer: sealer, Clock: h.Clock,
			Invite: func(_ context.Context, _ haven.Actor, _ haven.AccountNo) error { out.invited++; return nil }})
		line := `"FX002","ROWAN PHARMACY","Y62","QOP","1 ELM AVENUE","","LEEDS","","","LS1 1AA","20060601","","ACTIVE","1","P001","20060601","","","","","","0","","QOP","","",""` + "\n"
		_, err = h.Places.Apply(ctx, peopletest.Operator, strings.NewReader(line), organisation.Options{})
		must(err)
		o, err := h.Places.ByCode(ctx, "FX002")
		must(err)
		aisha, ben, ben2, far := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Ben", "Whitlock"), h.Person("Faye", "Away")
		carys, err := h.Accounts.CreatePersonal(ctx, peopletest.Operator, account.NewPersonal{First: "Carys", Last: "Morgan", State: account.Invited})
		must(err)
		box, err := h.Shared.Create(ctx, peopletest.Operator, sharedmailbox.Spec{ODS: "FX002", Organisation: o.ID, Name: "ROWAN PHARMACY", Place: "LEEDS",
			Owners: []haven.AccountNo{aisha.No}, Members: []haven.AccountNo{ben.No, ben2.No, carys.No}})
		must(err)
		for i, who := range []account.Account{aisha, ben, ben2, far, carys} {
			sealed, err := contacts.Seal(ctx, who.No, account.PersonalEmail, string(rune('a'+i))+"@home.example")
			must(err)
			must(h.DB.Write(ctx, func(tx *db.Tx) error { return contacts.PutIn(tx, peopletest.Operator, sealed) }))
		}
		actor := haven.Actor{Place: "192.0.2.7", Program: "portal"}
		for _, c := range []struct {
			name  string
			lost  helpdesk.Lost
			found bool
		}{
			{"an owner", helpdesk.Lost{First: "aisha", Last: "rahman", Code: "fx002", Mailbox: box.Address.String()}, true},
			{"an owner who lost the mailbox", helpdesk.Lost{First: "Aisha", Last: "Rahman", Code: "FX 002"}, true},
			{"two of one name", helpdesk.Lost{First: "Ben", Last: "Whitlock", Code: "FX002"}, false},
			{"somebody who is elsewhere", helpdesk.Lost{First: "Faye", Last: "Away", Code: "FX002"}, false},
			{"nobody", helpdesk.Lost{First: "No", Last: "Body", Code: "FX002"}, false},
			{"no such premises", helpdesk.Lost{First: "Aisha", Last: "Rahman", Code: "FX003"}, false},
			{"no code", helpdesk.Lost{First: "Aisha", Last: "Rahman", Code: "<script>"}, false},
		} {
			h.Clock.Advance(time.Minute)
			if found, err := s.Answer(ctx, actor, c.lost); found != c.found || err != nil {
				t.Errorf("%s: %t, %v", c.name, found, err)
			}
		}
		if len(out.to) != 2 || out.to[0] != "a@home.example" || len(out.boxes) != 1 || out.boxes[0] != box.Address || out.invited != 0 {
			t.Errorf("sent %+v", out)
		}
		if found, err := s.Answer(ctx, actor, helpdesk.Lost{First: "Carys", Last: "Morgan", Code: "FX002"}); !found || err != nil || out.invited != 1 {
			t.Errorf("not activated: %t, %v, invited %d times", found, err, out.invited)
		}
		calls, err := s.Calls(ctx, 10)
		if err != nil || len(calls) != 5 || calls[0].Says.First != "Ben" || calls[0].Kind != "lost mailbox" {
			t.Fatalf("%+v, %v", calls, err)
		}
		late := func(of account.Account) int {
			t.Helper()
			h.Clock.Advance(time.Minute)
			must(h.DB.Write(ctx, func(tx *db.Tx) error { return s.LateIn(tx, peopletest.Operator, of, o, "1 letter is late.") }))
			all, err := s.Calls(ctx, 10)
			must(err)
			return len(all) - len(calls)
		}
		if n := []int{late(box), late(box), late(aisha)}; n[0] != 1 || n[1] != 1 || n[2] != 2 {
			t.Errorf("of what is late there are %d calls, of the same mailbox again, and of another", n)
		}
		all, err := s.Calls(ctx, 10)
		must(err)
		for _, c := range all[len(calls):] {
			must(s.Close(ctx, peopletest.Operator, c.ID))
		}
		if n := late(box); n != 1 {
			t.Errorf("after the first was seen to there are %d", n)
		}
		all, err = s.Calls(ctx, 10)
		must(err)
		must(s.Close(ctx, peopletest.Operator, all[len(calls)].ID))
		must(s.Close(ctx, peopletest.Operator, calls[0].ID))
		if err := s.Close(ctx, peopletest.Operator, calls[0].ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("closed twice: %v", err)
		}
		if calls, err = s.Calls(ctx, 10); err != nil || len(calls) != 4 {
			t.Errorf("%d are open, %v", len(calls), err)
		}
	})
}
