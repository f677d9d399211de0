package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"haven/people/peopletest"
)

var keyOnPage = regexp.MustCompile(`The key: <span class="haven-secret">([A-Z2-7 ]+)<`)

func TestSecondStep(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/second-step").send("/account/second-step/begin").want(200, "/account/second-step/confirm", "data:image/png;base64,")
		key := keyOnPage.FindStringSubmatch(b.text)
		if len(key) != 2 {
			t.Fatal(b.text)
		}
		code := func() string {
			t.Helper()
			h.Clock.Advance(30 * time.Second) // each serves once
			c, err := totp.GenerateCode(strings.ReplaceAll(key[1], " ", ""), h.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		b.send("/account/second-step/confirm").want(422, "/account/second-step/confirm", "Enter the code that your app shows")
		b.send("/account/second-step/confirm", "code", "12 34").want(422, "/account/second-step/confirm", "This code is not right")
		b.send("/account/second-step/confirm", "code", code()).want(200, "/account/second-step/confirm", "They are shown this once")
		recovery := regexp.MustCompile(`<code class="haven-secret">([a-z2-7-]+)<`).FindAllStringSubmatch(b.text, -1)
		if len(recovery) != 10 {
			t.Fatalf("%d recovery codes", len(recovery))
		}

		other := s.browser().logIn(aisha, peopletest.Password).want(200, "/log-in/code", "The second step")
		if strings.Contains(other.text, "for 30 days") {
			t.Error("a shared computer can be trusted")
		}
		for _, path := range []string{"/mailboxes", "/account", "/account/password", "/", "/account/second-step"} {
			other.get(path).want(200, "/log-in/code", "The second step")
		}
		other.send("/log-in/code", "code", "000 001").want(422, "/log-in/code", "This code is not right")
		other.send("/log-in/code", "code", code()).want(200, "/mailboxes", "My mailboxes")

		own := s.browser()
		own.get("/log-in").send("/log-in", "user", aisha.Address.String(), "password", peopletest.Password, "shared", "no", "next", "/account").want(200, "/log-in/code", "for 30 days")
		own.send("/log-in/code", "next", "/account", "code", recovery[3][1], "trust", "yes").want(200, "/account", "My account")
		own.get("/switch").send("/log-out", "next", "/log-in")
		own.send("/log-in", "user", aisha.Address.String(), "password", peopletest.Password).want(200, "/mailboxes", "My mailboxes") // trusted
		h.Clock.Advance(h.Policy.Session.AskAgain)
		own.get("/account/second-step").want(200, "/account/second-step", "You have 9 recovery codes left").send("/account/second-step/remove").want(200, "/prove", "Code that your app shows")
		own.send("/prove", "next", "/account/second-step", "password", peopletest.Password).want(422, "/prove", "Enter the code")
		own.send("/prove", "next", "/account/second-step", "password", peopletest.Password, "code", code()).want(200, "/account/second-step", "Take the app away")
		own.send("/account/second-step/codes").want(200, "/account/second-step/codes", "Your new recovery codes")
		own.send("/account/second-step/remove").want(200, "/account/second-step/remove", "The app is taken away.")
		s.browser().logIn(aisha, peopletest.Password).want(200, "/mailboxes", "My mailboxes")
	})
}
