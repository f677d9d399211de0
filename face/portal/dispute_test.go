package portal

import (
	"strconv"
	"strings"
	"testing"

	"haven"
	"haven/people/leaver"
	"haven/people/peopletest"
)

func TestDisputeAPost(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		here, box := h.Premises("FX002", aisha)
		h.Post(here, ben, "dispenser")
		h.Member(box, ben)
		b := s.browser().logIn(ben, peopletest.Password)
		path := "/account/posts/" + strconv.FormatInt(int64(here.ID), 10) + "/dispute"
		b.get(path).want(404, path, "There is nothing here")
		if _, err := s.options.Leavers.End(t.Context(), haven.Actor{Person: aisha.ID, Program: "portal"}, ben.No, here.ID, leaver.Answer{Reason: leaver.Soon}); err != nil {
			t.Fatal(err)
		}
		b.get("/account").want(200, "/account", path)
		b.get(path).want(200, path, "Why was it wrong?")
		b.send(path, "reason", " ").want(422, path, "Say why it is wrong")
		b.send(path, "reason", "I was <b>on leave</b>.").want(200, path, "know that you say so")
		b.get("/account")
		if strings.Contains(b.text, path) || !strings.Contains(b.text, "You said that it was wrong") {
			t.Error("it can be said twice")
		}
		b.get(path).want(404, path, "There is nothing here")
		if sent := s.options.sent(t, "leaver.disputed"); len(sent) != 2 {
			t.Errorf("%d were told", len(sent))
		}
	})
}
