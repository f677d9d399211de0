package portal

import (
	"net/url"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/policy"
)

// setUp goes through the pages of the second step from the one that the browser is at, to the page that the recovery codes lead on to.
func (b *browser) setUp(next string) *browser {
	b.t.Helper()
	to := ""
	if next != "" {
		to = "?next=" + url.QueryEscape(next)
	}
	if !strings.Contains(b.text, `href="/account/second-step`+to+`"`) {
		b.t.Fatalf("no way leads to the set-up and back to %s:\n%s", next, b.text)
	}
	b.get("/account/second-step"+to).want(200, "/account/second-step", "Set up an app")
	b.send("/account/second-step/begin", "next", next).want(200, "/account/second-step/confirm", `name="next" value="`+next+`"`)
	code, err := totp.GenerateCode(strings.ReplaceAll(keyOnPage.FindStringSubmatch(b.text)[1], " ", ""), b.Clock.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send("/account/second-step/confirm", "next", next, "code", code).want(200, "/account/second-step/confirm", `href="`+next+`">I have kept them`)
}

// An owner without a second factor works on for a fortnight, sees the date, and is then led to set one up and back.
func TestOwnersSetUpASecondStep(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		path := "/mailbox/" + box.ID.String()

		b := s.browser().logIn(aisha, peopletest.Password).want(200, "/mailboxes", "From "+day(h.Clock.Now().Add(h.Policy.SecondFactor.Grace))+" owners of a mailbox need a second step")
		b.get("/account").want(200, "/account", "Not set up: needed from 18 September 2017")
		b.get("/account/second-step/required").want(200, "/account/second-step/required", "Until then everything works as it is.")
		b.get(path+"/add").want(200, path+"/add", "Give a colleague access")
		s.browser().logIn(ben, peopletest.Password).get("/account/second-step/required").want(200, "/mailboxes", "My mailboxes")

		h.Clock.Advance(h.Policy.SecondFactor.Grace)
		b = s.browser().logIn(aisha, peopletest.Password).want(200, "/account/second-step/required", "Reading and answering mail works as before.")
		b.get("/mailboxes").want(200, "/mailboxes", "You need a second step when you log in before you can do what owners do.")
		b.get(path).want(200, path, "Ben Whitlock")
		b.get(path+"/add").want(403, path+"/add", "factor.required")
		b.send(path+"/add", "address", ben.Address.String()).want(403, path+"/add", "Set up your second step")
		b.get(path+"/hours").want(403, path+"/hours", "factor.required")
		b.get("/account").want(200, "/account", "Not set up: needed now for what owners do")
		b.get(path + "/add").setUp(path + "/add")
		b.get(path+"/add").want(200, path+"/add", "Give a colleague access")
		b.get("/account/second-step/required").want(200, "/mailboxes", "My mailboxes")
		if strings.Contains(b.text, "second step") {
			t.Error("who has a second step is asked for one")
		}
		b.get("/account/history").want(200, "/account/history", "The second step was asked for")
		b.get(path+"/history").want(200, path+"/history", "An owner was turned back for want of the second step")
	})
}

// Where a second factor is required of everybody, nothing opens without one but what sets it up.
func TestStaffSetUpASecondStep(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		ben := h.Person("Ben", "Whitlock")
		b := s.browser().logIn(ben, peopletest.Password).want(200, "/account/second-step/required", "everybody here shows something else")
		for _, path := range []string{"/mailboxes", "/account", "/directory"} {
			b.get(path).want(403, path, "factor.required")
		}
		b.get("/account").setUp("/account")
		b.get("/account").want(200, "/account", "My account")
		other := s.browser().logIn(ben, peopletest.Password).want(200, "/log-in/code", "The second step")
		other.get("/mailboxes").want(200, "/log-in/code", "The second step")
	}, func(p *policy.Policy) { p.SecondFactor = policy.SecondFactor{Owners: true, Staff: true} })
}

// What was typed into a form before the owner was led away is there again afterwards.
func TestWhatWasTypedIsThereAfterTheSetUp(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		box := h.Pharmacy("FX002", aisha)
		path := "/mailbox/" + box.ID.String() + "/about"
		s.browser().logIn(aisha, peopletest.Password).get(path).want(200, path, "About this mailbox")
		h.Clock.Advance(h.Policy.SecondFactor.Grace)
		b := s.browserOf(aisha)
		b.send(path, "about", "Prescriptions and questions").want(403, path, "factor.required")
		b.setUp(path)
		b.get(path).want(200, path, "Prescriptions and questions")
	})
}

// browserOf is a browser in which a person has logged in.
func (s *stand) browserOf(who account.Account) *browser {
	s.t.Helper()
	return s.browser().logIn(who, peopletest.Password)
}
