package portal

import (
	"net/url"
	"strings"
	"testing"

	"haven/people/peopletest"
	"haven/platform/policy"
)

func TestReviewOfAccess(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben, cara := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Cara", "Doyle")
		rowan, box := h.Premises("FX002", aisha)
		h.Post(rowan, ben, "dispenser")
		h.Member(box, ben)
		h.Member(box, cara)
		path := "/mailbox/" + box.ID.String()
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/mailboxes").want(200, "/mailboxes", "My mailboxes")
		if strings.Contains(b.text, "check who has access") {
			t.Error("it is asked for at once")
		}
		h.Clock.Advance(h.Policy.Shared.ReviewEvery + h.Policy.Shared.ReviewWithin)
		b = s.browser()
		b.logIn(aisha, s.fresh(aisha, false)).want(200, "/mailboxes", "check who has access to "+box.Display)
		b.get(path).want(200, path, "Owners look every")
		b.get(path+"/review").want(200, path+"/review", "Check who has access")
		for _, said := range []string{"Dispenser", "Rowan Pharmacy, Leeds (FX002)", "Reads and answers", "Never logged in", "Last logged in on"} {
			if !strings.Contains(b.text, said) {
				t.Errorf("no %q", said)
			}
		}
		b.send(path+"/review", "end", cara.ID.String(), "shown", "").want(200, path+"/review", "Check your answers")
		b.send(path+"/review", "end", cara.ID.String(), "shown", aisha.ID.String(), "sure", "yes").want(422, path+"/review", "Somebody was given access meanwhile")
		all := []string{aisha.ID.String(), ben.ID.String(), cara.ID.String()}
		v := url.Values{}
		for _, m := range hidden.FindAllStringSubmatch(b.text, -1) {
			v.Set(m[1], m[2])
		}
		v["end"], v["shown"], v["sure"] = []string{cara.ID.String()}, all, []string{"yes"}
		b.post(path+"/review", v).want(200, path+"/review", "2 kept, 1 ended")
		b.get("/mailboxes").want(200, "/mailboxes", "My mailboxes")
		if strings.Contains(b.text, "check who has access to") {
			t.Error("it is asked for still")
		}
		b.get(path+"/history").want(200, path+"/history", "An owner looked who has access, and confirmed it")
	}, func(p *policy.Policy) { p.SecondFactor.Owners = false }) // the review comes long after the time of grace
}

// What nobody looked at is a task of whoever runs the service, with whom to ask.
func TestOverdueReviews(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, opal := h.Person("Aisha", "Rahman"), h.Person("Opal", "Orton")
		s.operator(opal)
		box := h.Pharmacy("FX002", aisha)
		b := s.browser().logIn(opal, peopletest.Password)
		b.get("/operator/tasks").want(200, "/operator/tasks", "Nothing waits")
		h.Clock.Advance(h.Policy.Shared.ReviewEvery + h.Policy.Shared.ReviewWithin)
		b.logIn(opal, s.fresh(opal, false)).get("/operator/tasks").want(200, "/operator/tasks", "Who has access was not checked")
		if !strings.Contains(b.text, box.Display) || !strings.Contains(b.text, "Aisha Rahman, "+aisha.Address.String()) {
			t.Errorf("%s", b.text)
		}
		b.get("/operator").want(200, "/operator", "1 open")
	}, func(p *policy.Policy) { p.SecondFactor.Owners = false }) // the review comes long after the time of grace
}
