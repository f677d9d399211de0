package portal

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/peopletest"
	"haven/platform/notify"
	"haven/platform/notify/notifytest"
)

// An owner sees that what was sent to a colleague did not arrive, and what to do.
func TestWhatDidNotArrive(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		n, key := notifytest.New(t, h.Clock.Now), notifytest.Key
		s := newStand(t, h, gateway(n, &key, true))
		aisha := h.Person("Aisha", "Rahman")
		s.reach(aisha, "aisha@home.example", "+447700900123")
		_, box := h.Premises("FX002", aisha)
		mailbox := "/mailbox/" + box.ID.String()
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(mailbox+"/add/ask").send(mailbox+"/add/ask", "first", "Ben", "last", "Aziz", "email", "ben@home.example", "mobile", "07700900201").want(200, mailbox+"/add/ask", "We have written to Ben Aziz")
		ben := mailbox + "/member/" + s.id("ben.aziz")
		who, err := h.Accounts.Resolve(t.Context(), haven.MustAddress("ben.aziz@"+peopletest.Domain))
		if err != nil {
			t.Fatal(err)
		}
		s.write(notify.Message{Template: "activation.password", To: "+447700900201", Values: map[string]string{"password": "three words", "days": "14"}, About: who.ID, Until: h.Clock.Now().Add(time.Hour)})
		s.write(notify.Message{Template: "activation.username", To: "ben@home.example", Values: map[string]string{"username": "u", "portal": "p"}, About: who.ID})
		if b.get(ben).want(200, ben, "Waiting"); strings.Contains(b.text, "Did not arrive") {
			t.Error("what waits is lost")
		}
		n.Fail(20, 400, "ValidationError")
		s.step(notify.Text)
		s.step(notify.Email)
		b.get(ben).want(200, ben, "Did not arrive").want(200, ben, "Send the temporary password again. If the mobile number is wrong, correct it instead.")
		b.want(200, ben, "Send the username too. If the e-mail address is wrong, correct it instead.")
	})
}

func TestNextStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    notify.Notice
		may  bool
		want string
	}{
		{notify.Notice{State: notify.Delivered, Channel: notify.Email}, true, ""},
		{notify.Notice{State: notify.Waiting, Channel: notify.Text}, true, ""},
		{notify.Notice{State: notify.Failed, Channel: notify.Text}, false, "Ask the helpdesk"},
		{notify.Notice{State: notify.Lapsed, Channel: notify.Text}, true, "Send the temporary password again"},
		{notify.Notice{State: notify.Failed, Channel: notify.Email}, true, "ask the helpdesk to send it again"},
	} {
		if got := nextStep(c.n, c.may); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
