package portal

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/policy"
)

func (n told) Locked(tx *db.Tx, at account.Contact, l account.Lockdown) error {
	values := map[string]string{"program": AgentInWords(l.Program), "place": l.Place, "until": "10:00", "portal": "/locked"}
	if at.Kind == account.Mobile {
		return n.send(tx, "login.locked-text", at.Value, values)
	}
	values["time"] = "09:30"
	return n.send(tx, "login.locked", at.Value, values)
}

func (n told) OpenCode(tx *db.Tx, _ account.Account, mobile, code string, _ time.Duration) error {
	return n.send(tx, "login.open-code", mobile, map[string]string{"code": code, "minutes": "30"})
}

// reached gives a person a mobile and an e-mail.
func (s *stand) reached(who account.Account, email, mobile string) {
	s.t.Helper()
	for kind, value := range map[account.ContactKind]string{account.PersonalEmail: email, account.Mobile: mobile} {
		sealed, err := s.contacts.Seal(s.t.Context(), who.No, kind, value)
		if err == nil {
			err = s.DB.Write(s.t.Context(), func(tx *db.Tx) error { return s.contacts.PutIn(tx, peopletest.Operator, sealed) })
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// lockOut types wrong passwords for a person, elsewhere, until the account is locked.
func (s *stand) lockOut(who account.Account) {
	s.t.Helper()
	for i := range s.Policy.Lockout.LockAfter {
		if _, err := s.Accounts.Authenticate(s.t.Context(), account.Login{User: who.Address.String(), Password: fmt.Sprint("guess ", i), Place: "198.51.100.7", Program: "Edg Windows", Face: account.Web}); err == nil {
			s.t.Fatal("a guess was right")
		}
	}
	if _, err := s.options.Lockout.Tell(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func TestALockedAccountIsOpenedByACode(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		s.reached(aisha, "aisha@home.example", "+447700900123")
		s.lockOut(aisha)
		for _, template := range []string{"login.locked", "login.locked-text"} {
			if said := s.said(template); !strings.Contains(said, "Edge on Windows from 198.51.100.7") {
				t.Errorf("%s: %s", template, said)
			}
		}
		b := s.browser().logIn(aisha, peopletest.Password).want(422, "/log-in", `<a href="/locked">Open it for this browser</a>`)
		refused := b.text
		b.send("/log-in", "user", "nobody.here@"+peopletest.Domain, "password", peopletest.Password)
		if strings.ReplaceAll(b.text, "nobody.here@"+peopletest.Domain, "X") != strings.ReplaceAll(refused, aisha.Address.String(), "X") {
			t.Error("the refusal tells who has an account")
		}
		b.get("/locked").send("/locked").want(422, "/locked", "Enter your address")
		b.send("/locked", "address", "aisha").want(422, "/locked", "Enter the whole address")
		b.send("/locked", "address", "nobody.here@"+peopletest.Domain).want(200, "/locked", "Code from the text")
		nobody := b.text
		b.get("/locked").send("/locked", "address", aisha.Address.String()).want(200, "/locked", "Code from the text")
		same := func(text, address string) string {
			return ceremonyOf.ReplaceAllString(strings.ReplaceAll(text, address, "X"), "")
		}
		if same(nobody, "nobody.here@"+peopletest.Domain) != same(b.text, aisha.Address.String()) {
			t.Error("the page tells who has an account")
		}
		s.pages.Close() // waits for what is done after the answer
		code := regexp.MustCompile(`\d{8}`).FindString(s.said("login.open-code"))
		b.send("/locked/code", "address", aisha.Address.String()).want(422, "/locked/code", "Enter the code that we sent to your mobile")
		b.send("/locked/code", "address", aisha.Address.String(), "code", "1").want(422, "/locked/code", "This is not the code")
		b.send("/locked/code", "address", "nobody.here@"+peopletest.Domain, "code", "1").want(422, "/locked/code", "This is not the code")
		b.send("/locked/code", "address", aisha.Address.String(), "with", "passkey").want(422, "/locked/code", "Your browser showed no passkey")
		b.send("/locked/code", "address", aisha.Address.String(), "code", code).want(200, "/locked/code", "Your account is open in this browser")
		b.logIn(aisha, peopletest.Password).want(200, "/mailboxes", "Aisha Rahman")
		b.get("/account/history").want(200, "/account/history", "The locked account was opened for one browser")
		other := s.browser()
		other.agent = "Chrome/140.0"
		other.logIn(aisha, peopletest.Password).want(422, "/log-in", "wrong")
	}, func(p *policy.Policy) { p.Lockout.LockAfter = 3 })
}

func TestALockedAccountIsOpenedByAPasskey(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		d := s.passkeyOf(aisha)
		s.lockOut(aisha)
		b := s.browser()
		b.agent = "Chrome/140.0"
		b.logIn(aisha, peopletest.Password).want(422, "/log-in", "wrong")
		b.get("/locked").send("/locked", "address", aisha.Address.String()).want(200, "/locked", "Use a passkey instead")
		b.send("/locked/code", "with", "passkey", "credential", "{}").want(422, "/locked/code", "This passkey could not be checked.")
		b.send("/locked/code", "with", "passkey", "credential", d.answers(b)).want(200, "/locked/code", "Your account is open in this browser")
		b.logIn(aisha, peopletest.Password).want(200, "/log-in/code", "The second step")
	}, func(p *policy.Policy) { p.Lockout.LockAfter = 3 })
}

// passkeyOf gives a person a passkey by the pages.
func (s *stand) passkeyOf(who account.Account) *device {
	s.t.Helper()
	d := &device{t: s.t, rp: virtualwebauthn.RelyingParty{ID: "portal.haven.example", Origin: "https://portal.haven.example"},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: who.ID[:]}), key: peopletest.DeviceKey(s.t)}
	b := s.browser().logIn(who, peopletest.Password).get("/account/second-step/passkey")
	b.send("/account/second-step/passkey", "name", "Key", "credential", d.answers(b)).want(200, "/account/second-step/passkey", "Your passkey is added")
	return d
}
