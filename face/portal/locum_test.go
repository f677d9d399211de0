package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/locum"
	"haven/people/openinghours"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/notify"
)

func (n told) LetIn(tx *db.Tx, owner, mailbox account.Account, p locum.Pass) error {
	return n.send(tx, "locum.let-in", owner.Address.String(), map[string]string{"who": p.By.Display, "locum": p.Locum.Display, "mailbox": mailbox.Display, "until": p.Until.String(), "portal": "/"})
}

var codeShown = regexp.MustCompile(`haven-code">([0-9 ]+)<`)

func TestLocumIsLetIn(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben, lena := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Lena", "Marsh")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		path := "/mailbox/" + box.ID.String()

		owner := s.browser().logIn(aisha, peopletest.Password)
		owner.get(path+"/hours").send(path+"/hours", "day-0", "9 to 6", "day-1", "nine to five", "day-2", strings.Repeat("9-5,", 500)).want(422, path+"/hours", "Tuesday: Write hours like")
		owner.send(path+"/hours", "day-0", "9 to 6", "day-6", "<b>").want(422, path+"/hours", "&lt;b&gt;")
		owner.send(path+"/hours", "day-0", "9 to 6").want(200, path+"/hours", "The opening hours are saved.")
		for _, d := range [][3]string{{"", "", ""}, {"31", "2", "2017"}, {"x", "9", "2017"}, {"1", "9", "2017"}, {"1", "9", "99999"}, {"-1", "9", "2017"}} {
			owner.send(path+"/hours/different", "date", d[0], "date-month", d[1], "date-year", d[2]).want(422, path+"/hours/different", "Enter a day")
		}
		owner.send(path+"/hours/different", "date", "25", "date-month", "12", "date-year", "2017", "hours", "half a day").want(422, path+"/hours/different", "Write hours like")
		owner.send(path+"/hours/different", "date", "25", "date-month", "12", "date-year", "2017", "hours", "10-12").want(200, path+"/hours/different", "Monday 25 December 2017: 10:00 to 12:00.")
		owner.send(path+"/hours/usual", "date", "2017-12-25").want(200, path+"/hours", "There are none to come.")
		owner.send(path+"/hours/usual", "date", "never").want(200, path+"/hours", "There are none to come.")

		his := s.browser().logIn(ben, peopletest.Password)
		his.get(path+"/locum").want(200, path+"/locum", "The owners of this mailbox let locums in themselves.")
		his.send(path+"/locum", "code", "123456", "until", "0").want(422, path+"/locum", "The owners of this mailbox let locums in themselves.")
		owner.get(path+"/locum").send(path+"/locum/allow", "allow", "yes").want(200, path+"/locum/allow", "Colleagues who are at work let locums in from now on.")

		hers := s.browser().logIn(lena, peopletest.Password)
		hers.get("/account/locum").send("/account/locum").want(200, "/account/locum", "Read this out")
		code := codeShown.FindStringSubmatch(hers.text)[1]
		hers.get(path+"/locum").want(404, path+"/locum", "There is nothing here")

		his.get(path+"/locum").want(200, path+"/locum", "Closing time today, 18:00")
		his.send(path+"/locum").want(422, path+"/locum", "Enter the code that the locum reads out")
		his.send(path+"/locum", "code", code, "until", "for ever").want(422, path+"/locum", "Say until when")
		his.send(path+"/locum", "code", code, "until", "9999", "sure", "yes").want(422, path+"/locum", "A pass lasts 7 days at most")
		his.send(path+"/locum", "code", "999 99", "until", "closing").want(422, path+"/locum", "No locum has this code now")
		his.send(path+"/locum", "code", code, "until", "closing").want(200, path+"/locum", "Is this the locum?")
		if !strings.Contains(his.text, lena.Address.String()) || !strings.Contains(his.text, "18:00 on Monday 4 September 2017") {
			t.Errorf("asked %s", his.text)
		}
		his.send(path+"/locum", "code", code, "until", "closing", "sure", "yes").want(200, path+"/locum", "Lena Marsh reads and answers here until 18:00 on Monday 4 September 2017.")
		his.send(path+"/locum", "code", code, "until", "closing", "sure", "yes").want(422, path+"/locum", "No locum has this code now") // sent twice
		hers.get(path).want(200, path, "You read and answer")
		owner.get(path+"/locum").want(200, path+"/locum", "Let in by Ben Whitlock")
		if mail := s.options.sent(t, "locum.let-in"); len(mail) != 1 || mail[0].To != notify.Mask(aisha.Address.String()) {
			t.Errorf("told %+v", mail)
		}

		h.Clock.Advance(9 * time.Hour)
		s.browser().logIn(lena, peopletest.Password).get(path).want(404, path, "There is nothing here")
	})
}

// A colleague who logged in more than an hour ago gives the password again; an owner gives a pass for a day to come; a locum without an account is
// asked for.
func TestLocumByOwner(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, lena := h.Person("Aisha", "Rahman"), h.Person("Lena", "Marsh")
		box := h.Pharmacy("FX002", aisha)
		path := "/mailbox/" + box.ID.String()
		b := s.browser()
		b.get("/log-in").send("/log-in", "user", aisha.Address.String(), "password", peopletest.Password, "shared", "no")
		b.get(path+"/locum/give").send(path+"/locum/give").want(422, path+"/locum/give", "Enter your colleague")
		b.send(path+"/locum/give", "address", "nobody@"+peopletest.Domain, "from", "32", "days", "x").want(422, path+"/locum/give", "Nobody has this address")
		for field, say := range map[string]string{"from": "Enter a day, or leave it empty", "days": "Say for how long"} {
			if !strings.Contains(b.text, `href="#`+field) || !strings.Contains(b.text, say) {
				t.Errorf("%s is not said: %s", field, b.text)
			}
		}
		give := []string{"address", lena.Address.String(), "from", "6", "from-month", "9", "from-year", "2017", "days", "2"}
		b.send(path+"/locum/give", but(give, "from-year", "2016")...).want(422, path+"/locum/give", "A pass ends after it begins, and not in the past.")
		b.send(path+"/locum/give", but(give, "from-year", "2018")...).want(422, path+"/locum/give", "A pass begins within 90 days.")
		b.send(path+"/locum/give", but(give, "days", "30")...).want(422, path+"/locum/give", "A pass lasts 7 days at most")
		b.send(path+"/locum/give", give...).want(200, path+"/locum/give", "Lena Marsh has a pass from Wednesday 6 September until the end of Thursday 7 September 2017.")
		b.send(path+"/locum/give", give...).want(422, path+"/locum/give", "This person is a member already.")
		h.Clock.Set(time.Date(2017, 9, 6, 8, 0, 0, 0, openinghours.London))
		if err := h.Access.Check(t.Context(), lena.No, box.No, haven.Member); err != nil {
			t.Error(err)
		}

		b = s.browser()
		b.get("/log-in").send("/log-in", "user", aisha.Address.String(), "password", peopletest.Password, "shared", "no")
		b.get(path + "/locum")
		for range 7 { // looking on does not make a log in younger
			h.Clock.Advance(9 * time.Minute)
			b.get(path+"/locum").want(200, path+"/locum", "Let a locum in")
		}
		b.send(path+"/locum", "code", "123456", "until", "0").want(200, "/prove", "Your password, please")

		b.send("/prove", "next", path+"/locum/ask", "password", peopletest.Password).want(200, path+"/locum/ask", "The locum has no account")
		b.send(path+"/locum/ask", "first", "Noor").want(422, path+"/locum/ask", "Enter the last name")
		b.send(path+"/locum/ask", "first", "Noor", "last", "Aziz", "reason", strings.Repeat("😀", 1001)).want(422, path+"/locum/ask", "at most 1000 characters")
		b.send(path+"/locum/ask", "first", "Noor", "last", "Aziz", "reason", "07700 900123, Friday").want(200, path+"/locum/ask", "Your local team has been asked")
		calls, err := s.options.Helpdesk.Calls(t.Context(), 10)
		if err != nil || len(calls) != 1 || calls[0].Kind != "locum without an account" || calls[0].Says.Mailbox != box.Address.String() || calls[0].Says.Reason != "07700 900123, Friday" {
			t.Errorf("%+v, %v", calls, err)
		}
	})
}

// sent are the notices of a kind.
func (o Options) sent(t *testing.T, template string) (all []notify.Notice) {
	t.Helper()
	list, err := o.Notices.List(t.Context(), time.Now().AddDate(100, 0, 0), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range list {
		if n.Template == template {
			all = append(all, n)
		}
	}
	return all
}
