package portal

import (
	"errors"
	"strings"
	"testing"
	"time"

	"haven/mail/vacation"
	"haven/people/openinghours"
	"haven/people/peopletest"
	"haven/platform/errs"
)

func TestAway(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		box := h.Pharmacy("FX002", aisha)
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/away").want(200, "/account/away", "It is off.")
		b.send("/account/away", "from", "31", "from-month", "2", "from-year", "2017").want(422, "/account/away", "Enter a day, or leave it empty")
		for field, say := range map[string]string{"inside": "Write what colleagues are told", "strangers": "Say whether others are answered too"} {
			if !strings.Contains(b.text, `href="#`+field+`">`+say) {
				t.Errorf("%s is not said: %s", say, b.text)
			}
		}
		reply := []string{"inside", "Back <soon>.\r\nBen helps.", "strangers", "yes", "outside", "We are away.", "until", "10", "until-month", "9", "until-year", "2017"}
		b.send("/account/away", but(reply, "outside", " ")...).want(422, "/account/away", "Write what others are told")
		b.send("/account/away", but(reply, "until", "3")...).want(422, "/account/away", "The last day comes after the first, and is not past")
		b.send("/account/away", but(reply, "inside", strings.Repeat("😀", 4001))...).want(422, "/account/away", "That is too long.")
		b.send("/account/away", reply...).want(200, "/account/away", "It is on until the end of Sunday 10 September 2017.")
		got, err := s.options.Vacation.Of(t.Context(), aisha.No, aisha.No)
		want := vacation.Reply{On: true, Until: time.Date(2017, 9, 11, 0, 0, 0, 0, openinghours.London).UTC(), Inside: "Back <soon>.\nBen helps.", Outside: "We are away.", Version: 1}
		if err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
		if !strings.Contains(b.text, "Back &lt;soon&gt;.\nBen helps.</textarea>") {
			t.Errorf("the page shows %s", b.text)
		}
		h.Clock.Advance(7 * 24 * time.Hour)
		b = s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/away").want(200, "/account/away", "It ended on 10 September 2017.")
		b.send("/account/away", "inside", "Away.", "strangers", "no", "outside", "x", "from", "20", "from-month", "9", "from-year", "2017").want(200, "/account/away", "It begins on 20 September 2017.")
		b.send("/account/away/off").want(200, "/account/away/off", "The automatic reply is off.")
		if !strings.Contains(b.text, "Away.</textarea>") {
			t.Error("the text is not kept for the next time")
		}
		path := "/mailbox/" + box.ID.String()
		b.get(path+"/away").send(path+"/away", "inside", "Call us.", "strangers", "no").want(200, path+"/away", "It is on until somebody turns it off.")

		// By whatever face: the premises' reply is for owners with a second factor, but not to turn it off, and the own one is not.
		h.Clock.Advance(h.Policy.SecondFactor.Grace)
		as := peopletest.As(aisha)
		premises := vacation.Whose{Person: aisha.No, Account: box.No, ID: box.ID}
		err = s.options.Vacation.Set(t.Context(), as, premises, vacation.Reply{On: true, Inside: "Call us."})
		if e := (*errs.Error)(nil); !errors.As(err, &e) || e.Rule != "factor.required" {
			t.Errorf("an owner without a second factor turns it on: %v", err)
		}
		if err := s.options.Vacation.Set(t.Context(), as, premises, vacation.Reply{}); err != nil {
			t.Error(err)
		}
		if err := s.options.Vacation.Set(t.Context(), as, vacation.Whose{Person: aisha.No, Account: aisha.No, ID: aisha.ID}, vacation.Reply{}); err != nil {
			t.Error(err)
		}
	})
}
