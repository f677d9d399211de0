package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/peopletest"
	"haven/people/reset"
	"haven/platform/db"
	"haven/platform/notify"
)

// told sends by a real service without a gateway, so that a test reads it.
type told struct{ s *notify.Service }

// never is after every test: without a gateway nothing lapses.
var never = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func (n told) send(tx *db.Tx, template, to string, values map[string]string) error {
	_, err := n.s.Send(tx, notify.Message{Template: template, To: to, Values: values, Until: never})
	return err
}

func (n told) ResetLink(tx *db.Tx, _ account.Account, email, link string, _ time.Duration) error {
	return n.send(tx, "reset.link", email, map[string]string{"link": "/reset/" + link, "minutes": "30"})
}

func (n told) ResetCode(tx *db.Tx, _ account.Account, mobile, code string, _ time.Duration) error {
	return n.send(tx, "reset.code", mobile, map[string]string{"code": code, "minutes": "30"})
}

func (n told) ResetDone(tx *db.Tx, _ account.Account, to account.Contact, at time.Time, place string) error {
	return n.send(tx, "reset.done", to.Value, map[string]string{"time": at.String(), "place": place})
}

// said is the newest notice of a template.
func (s *stand) said(template string) string {
	s.t.Helper()
	all, err := s.options.Notices.List(s.t.Context(), s.Clock.Now().Add(time.Second), 50)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, n := range all {
		if n.Template == template {
			c, err := s.options.Notices.Open(s.t.Context(), haven.Actor{Program: "test"}, n.ID)
			if err != nil {
				s.t.Fatal(err)
			}
			return c.Body
		}
	}
	return ""
}

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	const fresh = "quiet amber lantern"
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		for kind, value := range map[account.ContactKind]string{account.PersonalEmail: "aisha@home.example", account.Mobile: "+447700900123"} {
			sealed, err := s.contacts.Seal(t.Context(), aisha.No, kind, value)
			if err == nil {
				err = h.DB.Write(t.Context(), func(tx *db.Tx) error { return s.contacts.PutIn(tx, peopletest.Operator, sealed) })
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		h.Clock.Advance(h.Policy.Reset.SettledFor)
		b := s.browser()
		b.get("/forgotten-password").send("/forgotten-password").want(422, "/forgotten-password", "Enter your address")
		b.send("/forgotten-password", "address", "aisha").want(422, "/forgotten-password", "Enter the whole address")
		b.send("/forgotten-password", "address", "nobody@"+peopletest.Domain).want(200, "/forgotten-password", "Look at your e-mail and your phone")
		nobody := strings.ReplaceAll(b.text, "nobody@"+peopletest.Domain, "ADDRESS")
		b.get("/forgotten-password").send("/forgotten-password", "address", aisha.Address.String()).want(200, "/forgotten-password", "Look at your e-mail and your phone")
		if strings.ReplaceAll(b.text, aisha.Address.String(), "ADDRESS") != nobody {
			t.Error("the page tells who has an account")
		}
		s.pages.Close() // waits for what is done after the answer
		link := regexp.MustCompile(`/reset/\S+`).FindString(s.said("reset.link"))
		code := regexp.MustCompile(`\d{8}`).FindString(s.said("reset.code"))
		if link == "" || code == "" || strings.Contains(s.said("reset.link"), code) {
			t.Fatalf("link %q, code %q", link, code)
		}
		elsewhere := s.browser().logIn(aisha, peopletest.Password)
		b.get(link+"x").want(404, link+"x", "This link is not good any more")
		b.get(link).send(link).want(422, link, "Enter the code that we sent to your mobile")
		b.send(link, "code", "1", "new", fresh, "again", fresh).want(422, link, "This is not the code")
		b.send(link, "code", code, "new", "short", "again", "short").want(422, link, "characters")
		b.send(link, "code", code, "new", fresh, "again", fresh).want(200, link, "Your password is changed")
		b.get(link).want(404, link, "This link is not good any more")
		elsewhere.get("/mailboxes").want(200, "/log-in", "Log in")
		b.logIn(aisha, fresh).want(200, "/mailboxes", "Aisha Rahman")
	})
}

// Whoever can't open the link shows two other things. Each answer is as for an address that nobody has.
func TestForgottenPasswordWithoutTheLink(t *testing.T) {
	t.Parallel()
	const fresh = "quiet amber lantern"
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		as := haven.Actor{Person: aisha.ID, Program: "portal"}
		answers := []activation.Answer{{Question: 2, Text: "Harbour Street"}, {Question: 5, Text: "A red Raleigh"}, {Question: 9, Text: "Pancakes"}}
		if err := h.Activation.SetAnswers(t.Context(), as, aisha.No, answers); err != nil {
			t.Fatal(err)
		}
		h.SecondStep(aisha)
		codes, err := h.SecondFactor.Renew(t.Context(), as, aisha)
		if err != nil {
			t.Fatal(err)
		}
		const ways, reset = "/forgotten-password/ways", "/forgotten-password/reset"
		b := s.browser()
		b.get("/forgotten-password").send("/forgotten-password", "address", aisha.Address.String()).want(200, "/forgotten-password", "Use something else")
		b.send(ways, "address", "rubbish").want(200, "/forgotten-password", "Send link and code")
		b.send(ways, "address", aisha.Address.String()).want(200, ways, "Which two have you got?")
		b.send(ways, "address", aisha.Address.String(), "chosen", "yes", "way", "recovery").want(422, ways, "Choose two")
		b.send(ways, "address", aisha.Address.String(), "chosen", "yes", "way", "recovery", "way", "answers").want(200, ways, "What was the first street that you lived in?")
		b.send(reset, "address", aisha.Address.String(), "way", "recovery", "way", "answers").want(422, reset, "Enter a recovery code")
		given := func(address, code string) []string {
			return []string{"address", address, "way", "recovery", "way", "answers", "recovery", code, "answer-1", "harbour  street", "answer-2", "a red raleigh.", "answer-3", "PANCAKES", "new", fresh, "again", fresh}
		}
		b.send(reset, given("nobody@"+peopletest.Domain, codes[0])...).want(422, reset, "What you gave does not show that the account is yours")
		b.send(reset, given(aisha.Address.String(), "zzzzz-zzzzz")...).want(422, reset, "What you gave does not show that the account is yours")
		b.send(reset, "address", aisha.Address.String(), "way", "passkey", "way", "recovery", "recovery", codes[0], "new", fresh, "again", fresh).want(422, reset, "passkey")
		b.send(reset, given(aisha.Address.String(), codes[0])...).want(200, reset, "Your password is changed")
		if _, err := h.Accounts.Authenticate(t.Context(), account.Login{User: aisha.Address.String(), Password: fresh, Place: "192.0.2.7", Face: account.Web}); err != nil {
			t.Error(err)
		}
		b.get("/forgotten-password")
		for range h.Policy.Reset.Tries {
			b.send(reset, given(aisha.Address.String(), codes[0])...).want(422, reset, "What you gave does not show")
		}
		b.send(reset, given(aisha.Address.String(), codes[1])...).want(422, reset, "You have tried too often")
	})
}

// resetOf wires what a forgotten password needs.
func (s *stand) resetOf(notices *notify.Service) *reset.Service {
	return reset.New(reset.Options{DB: s.DB, Accounts: s.Accounts, Contacts: s.contacts, Questions: s.Activation, Factors: s.SecondFactor, Notices: told{notices}, Key: []byte("a key"), Clock: s.Clock, Policy: s.Policy})
}

func (n told) Details(tx *db.Tx, who account.Account, email string, boxes []haven.Address) error {
	return n.send(tx, "details.found", email, map[string]string{"username": who.Address.String(), "mailboxes": boxes[0].String(), "portal": "/"})
}

func TestLostDetails(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		b := s.browser()
		b.get("/lost-details").send("/lost-details").want(422, "/lost-details", "Say what you have lost")
		b.send("/lost-details", "what", "mine", "first", "Aisha", "code", "FX002").want(422, "/lost-details", "Enter the address of the premises")
		b.send("/lost-details", "what", "mailbox", "first", strings.Repeat("x", 201), "code", "FX002").want(422, "/lost-details", "That is too long")
		b.send("/lost-details", "what", "mailbox", "first", "Aisha", "last", "<i>Rahman", "code", "FX002").want(200, "/lost-details", "Thank you")
		s.pages.Close()
		calls, err := s.options.Helpdesk.Calls(t.Context(), 9)
		if err != nil || len(calls) != 1 || calls[0].Says.Last != "<i>Rahman" {
			t.Errorf("%+v, %v", calls, err)
		}
	})
}
