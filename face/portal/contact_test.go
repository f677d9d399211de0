package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/db"
)

func (n told) ContactCode(tx *db.Tx, _ account.Account, kind account.ContactKind, to, code string, _ time.Duration) error {
	return n.send(tx, map[account.ContactKind]string{account.Mobile: "mobile.prove", account.PersonalEmail: "email.prove"}[kind], to, map[string]string{"code": code, "minutes": "30"})
}

func (n told) ContactChanged(tx *db.Tx, _ account.Account, changed account.ContactKind, at account.Contact, when time.Time) error {
	template := map[account.ContactKind]string{account.Mobile: "mobile.changed", account.PersonalEmail: "email.changed"}[changed]
	if at.Kind != changed {
		template += map[account.ContactKind]string{account.Mobile: "-text", account.PersonalEmail: "-mail"}[at.Kind]
	}
	return n.send(tx, template, at.Value, map[string]string{"time": when.String()})
}

// reach sets how a person is reached outside.
func (s *stand) reach(who account.Account, email, mobile string) {
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

var digits = regexp.MustCompile(`\d{8}`)

func TestChangeOfMobile(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		s.reach(aisha, "aisha@home.example", "+447700900001")
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account").want(200, "/account", "•••001, not confirmed yet")
		if strings.Contains(b.text, "447700900001") || strings.Contains(b.text, "aisha@home") {
			t.Error("the overview shows a contact whole")
		}
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.get("/account/mobile").want(200, "/prove", "Your password, please")
		b.send("/prove", "next", "/account/mobile", "password", peopletest.Password).want(200, "/account/mobile", "Enter it once more to confirm it as it is.")
		for _, bad := range []string{"", "12", "0113 496 0123", "<script>alert(1)</script>", "\u202e07700 900002", "07700 90000😀", strings.Repeat("0", 5000)} {
			b.send("/account/mobile", "contact", bad).want(422, "/account/mobile", "Write a UK mobile number")
		}
		b.get("/account/mobile/code").want(200, "/account/mobile", "What is your new mobile number?")
		b.send("/account/mobile", "contact", " 07700 900002 ").want(200, "/account/mobile/code", "07700 900002")
		b.send("/account/mobile/code").want(422, "/account/mobile/code", "Enter the code that we sent")
		b.send("/account/mobile/code", "code", "no").want(422, "/account/mobile/code", "That is not the code")
		old := digits.FindString(s.said("mobile.prove"))
		h.Clock.Advance(time.Minute)
		b.send("/account/mobile/again").want(200, "/account/mobile/again", "Another code is on its way")
		code := digits.FindString(s.said("mobile.prove"))
		if old != code {
			b.send("/account/mobile/code", "code", old).want(422, "/account/mobile/code", "That is not the code")
		}
		stale := b.text
		b.send("/account/mobile/code", "code", code).want(200, "/account/mobile/code", "Your mobile number is saved and confirmed.")
		if !strings.Contains(b.text, "•••002") || s.said("mobile.changed") == "" || s.said("mobile.changed-mail") == "" {
			t.Error("not changed, or nobody was told")
		}
		b.text = stale
		b.send("/account/mobile/code", "code", code).want(200, "/account/mobile", "What is your new mobile number?")
	})
}

func TestChangeOfEmailAndTelephone(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		box := h.Pharmacy("FX002", aisha)
		s.reach(aisha, "aisha@home.example", "+447700900001")
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/email").send("/account/email", "contact", "aisha@"+peopletest.Domain).want(422, "/account/email", "outside this service")
		b.send("/account/email", "contact", "\"><script>@x").want(422, "/account/email", "&#34;&gt;&lt;script&gt;@x")
		b.send("/account/email", "contact", "aisha@elsewhere.example").want(200, "/account/email/code", "aisha@elsewhere.example")
		b.send("/account/email/code", "code", digits.FindString(s.said("email.prove"))).want(200, "/account/email/code", "Your personal e-mail is saved and confirmed.")
		if s.said("email.changed") == "" || s.said("email.changed-text") == "" {
			t.Error("nobody was told")
		}
		if b.get("/account/mobile"); strings.Contains(b.text, "/account/mobile/remove") {
			t.Error("an owner is offered to take the mobile away")
		}
		b.get("/account/mobile/remove").send("/account/mobile/remove").want(422, "/account/mobile/remove", "The owner of a mailbox has a mobile number")
		b.get("/account/telephone").send("/account/telephone", "telephone", "ring me").want(422, "/account/telephone", "Enter a telephone number")
		b.send("/account/telephone", "telephone", "0113 496 0123 ext 12").want(200, "/account/telephone", "0113 496 0123 ext 12")
		b.get("/account/mobile/shown").send("/account/mobile/shown").want(422, "/account/mobile/shown", "Say whether colleagues may see")
		b.send("/account/mobile/shown", "show", "yes").want(200, "/account/mobile/shown", "Shown in the directory")
		b.get("/account/mobile/shown")
		if !regexp.MustCompile(`value="yes"[^>]* checked`).MatchString(b.text) {
			t.Error("the page does not show what was chosen")
		}
		b.get("/account").want(200, "/account", box.Display)
		if !strings.Contains(b.text, "/mailbox/"+box.ID.String()+"/leave") || !strings.Contains(b.text, "becomes inactive if") {
			t.Error("the overview lacks a mailbox or a date")
		}
		ben := h.Person("Ben", "Whitlock")
		s.reach(ben, "ben@home.example", "+447700900003")
		b = s.browser().logIn(ben, peopletest.Password)
		b.get("/account/mobile/remove").send("/account/mobile/remove").want(200, "/account/mobile/remove", "is taken away")
		b.send("/account/mobile/remove").want(200, "/account/mobile/remove", "is taken away")
	})
}

func TestAboutYourWork(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		h.Pharmacy("FX002", aisha)
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account").want(200, "/account", "/account/about")
		b.get("/account/about").send("/account/about", "speciality", strings.Repeat("x", 81)).want(422, "/account/about", "at most 80 characters")
		b.send("/account/about", "speciality", "Care", "note", strings.Repeat("x", 201)).want(422, "/account/about", "at most 200 characters")
		b.send("/account/about", "speciality", "Palliative <b>care</b>", "note", "Mondays\nonly").want(200, "/account/about", "Palliative &lt;b&gt;care&lt;/b&gt;")
		s.refresh()
		card := "/directory/" + aisha.ID.String()
		s.browser().logIn(ben, peopletest.Password).get(card).want(200, card, "Mondays only")
	})
}

func TestChangeOfQuestions(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		b := s.browser().logIn(aisha, peopletest.Password)
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.get("/account/questions").want(200, "/prove", "Your password, please")
		b.send("/prove", "next", "/account/questions", "password", peopletest.Password).want(200, "/account/questions", "Security questions")
		b.send("/account/questions", "question-1", "1", "answer-1", "x").want(422, "/account/questions", "at least 3 letters")
		b.send("/account/questions", "question-1", "1", "answer-1", "Rex", "question-2", "2", "answer-2", "Elm Street", "question-3", "3", "answer-3", "Mrs Bell").
			want(200, "/account/questions", "Your security questions are changed.")
		if asked, err := h.Activation.Asked(t.Context(), aisha.No); err != nil || len(asked) != 3 {
			t.Errorf("%v, %v", asked, err)
		}
	})
}
