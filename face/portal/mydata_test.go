package portal

import (
	"encoding/json"
	"strings"
	"testing"

	"haven/people/peopletest"
)

// The own record holds what the service knows of a person, nothing secret, and nothing of others.
func TestMyData(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		_, box := h.Premises("FX002", aisha)
		h.Member(box, ben)
		s.reach(aisha, "aisha@home.example", "+447700900123")
		s.reach(ben, "ben@home.example", "+447700900124")
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/signature").send("/account/signature", "signature", "{name}\r\nPharmacist").want(200, "/account/signature", "The signature is saved.")
		b.get("/account").want(200, "/account", "/account/data")
		b.get("/account/data").want(200, "/account/data", "This is a shared computer")
		b.send("/account/data").want(200, "/account/data", `"personal_email"`)
		if got := b.header.Get("Content-Disposition"); got != `attachment; filename="my-data-2017-09-04.json"` {
			t.Errorf("it is %s", got)
		}
		var r record
		if err := json.Unmarshal([]byte(b.text), &r); err != nil {
			t.Fatal(err)
		}
		if r.Name != "Aisha Rahman" || r.FirstName != "Aisha" || r.Signature != "{name}\nPharmacist" || r.Mobile.Value != "+447700900123" || r.Email.Value != "aisha@home.example" || len(r.Addresses) != 1 ||
			len(r.Posts) == 0 || len(r.Mailboxes) != 1 || r.Mailboxes[0].Address != box.Address.String() || len(r.LoggedIn) != 1 || len(r.History) == 0 || r.History[0].What == "" {
			t.Errorf("%s", b.text)
		}
		for _, foreign := range []string{"ben@home.example", "900124", "argon2", peopletest.Password} {
			if strings.Contains(b.text, foreign) {
				t.Errorf("%s is in it", foreign)
			}
		}
		b.get("/account/history").want(200, "/account/history", "Took the own record as a file")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.get("/account/data").want(200, "/prove", "Your password, please")
	})
}
