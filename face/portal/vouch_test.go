package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/vouch"
	"haven/platform/db"
)

func (n told) VouchedPassword(tx *db.Tx, _ account.Account, mobile, password string, _ time.Duration) error {
	return n.send(tx, "vouch.password", mobile, map[string]string{"password": password, "days": "14"})
}

func (n told) VouchedFor(tx *db.Tx, st vouch.Standing, email string, link vouch.Link, _ time.Duration) error {
	return n.send(tx, "vouch.person", email, map[string]string{"who": st.Owner.Display, "mailbox": st.Mailbox.Display, "how": st.How.String(), "time": st.Made.String(), "link": "/vouched/" + string(link)})
}

func (n told) Vouched(tx *db.Tx, owner account.Account, st vouch.Standing) error {
	return n.send(tx, "vouch.owner", owner.Address.String(), map[string]string{"who": st.Owner.Display, "person": st.Person.Display, "mailbox": st.Mailbox.Display, "how": st.How.String(),
		"time": st.Made.String(), "portal": "/mailboxes"})
}

func (n told) VouchDenied(tx *db.Tx, owner account.Account, st vouch.Standing) error {
	return n.send(tx, "vouch.denied", owner.Address.String(), map[string]string{"who": st.Owner.Display, "person": st.Person.Display, "time": st.Made.String(), "portal": "/mailboxes"})
}

func TestOwnerVouches(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box, other := h.Pharmacy("FX002", aisha), h.Pharmacy("FX003", h.Person("Cara", "Doyle"))
		h.Member(box, ben)
		h.Member(other, ben)
		s.contact(ben, account.PersonalEmail, "ben@home.example")
		member := "/mailbox/" + box.ID.String() + "/member/" + ben.ID.String()
		path := member + "/vouch"

		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(member).want(200, member, "vouch for Ben Whitlock")
		b.get(path).want(403, path, "Set up your own second step first")
		key := h.SecondStep(aisha)
		b.get(path).want(200, path, "Do this only if Ben Whitlock can't log in")
		b.send(path, "at", "").want(200, path, "How did you make sure that it is Ben Whitlock?")
		b.send(path, "at", "how").want(422, path, "Say how you made sure who it is")
		b.send(path, "at", "how", "how", "met").want(200, path, "mobile number?")
		b.send(path, "at", "mobile", "how", "met", "mobile", "0113 496 0000").want(422, path, "Write a UK mobile number")
		b.send(path, "at", "check", "mobile", "07700 900123").want(422, path, "Say how you made sure who it is") // nothing is skipped
		b.send(path, "at", "mobile", "how", "met", "mobile", "07700 900123").want(200, path, "Check your answers")
		answers := []string{"at", "check", "how", "met", "mobile", "07700 900123"}
		b.send(path, answers...).want(422, path, "Enter your password")
		b.send(path, append(answers, "password", peopletest.Password)...).want(422, path, "Enter the code that your app shows")
		h.Clock.Advance(time.Minute)
		code, err := totp.GenerateCode(key, h.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		b.send(path, append(answers, "password", peopletest.Password, "code", code)...).want(200, path, "You have vouched for Ben Whitlock")
		if !strings.Contains(s.said("vouch.owner"), "Ben Whitlock") || !strings.Contains(b.text, "07700 900123") {
			t.Errorf("told %q, %s", s.said("vouch.owner"), b.text)
		}
		b.get(path).want(200, path, "Do this only if") // the number may have been wrong

		password := regexp.MustCompile(`password for secure mail is (.+?)\. It`).FindStringSubmatch(s.said("vouch.password"))[1]
		const fresh = "quiet amber lantern"
		bens := s.browser().logIn(ben, password).want(200, "/account/password", "Choose a new password")
		bens.send("/account/password", "password", password, "new", fresh, "again", fresh).want(200, "/account/password", "Your password is changed")
		bens.get("/mailboxes").want(200, "/mailboxes", "Your account is limited")
		if !strings.Contains(bens.text, box.Address.String()) || strings.Contains(bens.text, other.Address.String()) || !strings.Contains(bens.text, "Does not open at the moment") {
			t.Errorf("Ben sees %s", bens.text)
		}
		bens.get("/mailbox/"+other.ID.String()).want(404, "/mailbox/"+other.ID.String(), "There is nothing here")
		for _, grave := range []string{"/account/email", "/account/mobile", "/account/programs/new", "/account/questions", "/account/second-step/passkey"} {
			bens.get(grave).want(403, grave, "Somebody vouched for you")
		}
		h.Clock.Advance(time.Minute)
		bens.get("/mailboxes").send("/account/vouched/again").want(200, "/account/vouched/again", "The link is on its way")

		link := regexp.MustCompile(`/vouched/\S+`).FindString(s.said("vouch.person"))
		anybody := s.browser()
		anybody.get(link).want(200, link, "Did you ask Aisha Rahman for this?")
		anybody.send(link).want(422, link, "Say whether it was you")
		anybody.send(link, "me", "yes").want(200, link, "Thank you, it is confirmed")
		anybody.get(link).want(404, link, "There is nothing left to do")
		bens.get("/mailboxes").want(200, "/mailboxes", "You have confirmed it. The limit ends at")
		h.Clock.Advance(h.Policy.Reset.VouchLimits)
		bens.logIn(ben, fresh).want(200, "/mailboxes", other.Address.String())
		if strings.Contains(bens.text, "Your account is limited") {
			t.Error("it is limited still")
		}
	})
}

// The person says that it was somebody else: the password is gone, also where it is in use.
func TestVouchedSaysNo(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		h.SecondStep(aisha)
		s.contact(ben, account.PersonalEmail, "ben@home.example")
		err := s.options.Vouch.Vouch(t.Context(), peopletest.As(aisha), vouch.Vouching{Mailbox: box.No, Person: ben.No, How: vouch.Video, Mobile: "07700 900123", Asked: h.Clock.Now()})
		if err != nil {
			t.Fatal(err)
		}
		password := regexp.MustCompile(`password for secure mail is (.+?)\. It`).FindStringSubmatch(s.said("vouch.password"))[1]
		somebody := s.browser().logIn(ben, password).want(200, "/account/password", "Choose a new password")
		link := regexp.MustCompile(`/vouched/\S+`).FindString(s.said("vouch.person"))
		s.browser().get(link).send(link, "me", "no").want(200, link, "Thank you, it is stopped")
		somebody.get("/mailboxes").want(200, "/log-in", "Log in")
		if !strings.Contains(s.said("vouch.denied"), "Ben Whitlock") {
			t.Error("the owners are not told")
		}
	})
}

func (s *stand) contact(who account.Account, kind account.ContactKind, value string) {
	s.t.Helper()
	sealed, err := s.contacts.Seal(s.t.Context(), who.No, kind, value)
	if err == nil {
		err = s.DB.Write(s.t.Context(), func(tx *db.Tx) error { return s.contacts.PutIn(tx, peopletest.Operator, sealed) })
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
