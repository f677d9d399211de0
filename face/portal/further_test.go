package portal

import (
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/peopletest"
)

// An owner asks for a colleague who has no account; the first come at once, for more the local team decides, here an operator.
func TestMoreAccounts(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		s.reach(aisha, "aisha@home.example", "+447700900123")
		_, box := h.Premises("FX002", aisha)
		mailbox := "/mailbox/" + box.ID.String()
		ask := mailbox + "/add/ask"
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(mailbox+"/add").want(200, mailbox+"/add", "My colleague has no account")
		b.get(ask).want(200, ask, "A premises gets 3 accounts, of which 3 accounts are left.")
		b.send(ask, "first", "<b>", "last", "Aziz", "email", "nobody", "mobile", "12").want(422, ask, "&lt;b&gt;")
		for i, name := range []string{"Ben", "Carys", "Dev"} {
			n := string(rune('1' + i))
			b.get(ask).send(ask, "first", name, "last", "Aziz", "email", name+"@home.example", "mobile", "0770090020"+n).want(200, ask, "We have written to "+name+" Aziz")
		}
		b.get(mailbox).want(200, mailbox, "Not activated yet")
		// Of one of them the mobile was wrong.
		ben := "/mailbox/" + box.ID.String() + "/member/" + s.id("ben.aziz")
		b.get(ben).want(200, ben, "Send the temporary password again")
		b.send(ben+"/invite").want(200, ben+"/invite", "on its way to Ben Aziz")
		b.send(ben+"/invite", "send", "both").want(200, ben+"/invite", "The username and a new temporary password are on their way to Ben Aziz")
		b.get(ben+"/reach").want(200, ben+"/reach", "What is wrong?")
		b.send(ben+"/reach").want(422, ben+"/reach", "Say what is wrong")
		b.send(ben+"/reach", "what", "mobile").want(200, ben+"/reach", "What is the mobile number of Ben Aziz?")
		b.send(ben+"/reach", "what", "mobile", "value", " ").want(422, ben+"/reach", "Enter the right one")
		b.send(ben+"/reach", "what", "mobile", "value", "<b>").want(422, ben+"/reach", "Write a UK mobile number")
		b.send(ben+"/reach", "what", "mobile", "value", "07700 900299").want(200, ben+"/reach", "Check your answers").want(200, ben+"/reach", "+447700900299")
		b.send(ben+"/reach", "what", "mobile", "value", "+447700900299", "sure", "yes", "back", "yes").want(200, ben+"/reach", "What is the mobile number of Ben Aziz?")
		b.send(ben+"/reach", "what", "mobile", "value", "+447700900299", "sure", "yes").want(200, ben+"/reach", "It is corrected.")
		if !slices.Equal(s.invites, []bool{false, true, true}) {
			t.Errorf("sent again: %v", s.invites)
		}
		b.get(ask).want(200, ask, "yours has had them")
		b.send(ask, "first", "Omar", "last", "Aziz", "email", "omar@home.example", "mobile", "07700900205").want(422, ask, "Say why your colleague needs an account")
		b.send(ask, "first", "Omar", "last", "Aziz", "email", "omar@home.example", "mobile", "07700900205", "reason", "A fourth dispenser.").want(200, ask, "An account for Omar Aziz")
		h.Clock.Advance(time.Second)
		b.get(ask).send(ask, "first", "Petra", "last", "Aziz", "email", "petra@home.example", "mobile", "07700900206", "reason", "A fifth.").want(200, ask, "An account for Petra Aziz")

		o := s.asOperator()
		o.get("/operator/tasks").want(200, "/operator/tasks", "More accounts")
		links := strings.Split(o.text, `<a href="/operator/tasks/4/`)
		if len(links) != 3 {
			t.Fatalf("%d tasks", len(links)-1)
		}
		at := func(i int) string { return "/operator/tasks/4/" + links[i][:strings.IndexByte(links[i], '"')] }
		o.get(at(1)).want(200, at(1), "omar@home.example")
		o.want(200, at(1), "A fourth dispenser.")
		o.send(at(1)).want(422, at(1), "Say what is to be done")
		o.send(at(1), "do", "refuse", "reason", " ").want(422, at(1), "Say why, in at most")
		o.send(at(1), "do", "grant").want(200, at(1), "Done: Make the account.")
		o.get(at(2)).send(at(2), "do", "refuse", "reason", "Five are too many.").want(200, at(2), "Done: Refuse it")
		o.get(at(2)).want(404, at(2), "There is no such task")
		b.get(mailbox).want(200, mailbox, "Omar Aziz")
		if strings.Contains(b.text, "Petra") {
			t.Error("who was refused has access")
		}
		if sent := s.options.sent(t, "registration.further-refused"); len(sent) != 1 {
			t.Errorf("%d refusals were sent", len(sent))
		}
	})
}

// id is that of whoever has an address.
func (s *stand) id(local string) string {
	s.t.Helper()
	a, err := s.Accounts.Resolve(s.t.Context(), haven.MustAddress(local+"@"+peopletest.Domain))
	if err != nil {
		s.t.Fatal(err)
	}
	return a.ID.String()
}
