package portal

import (
	"regexp"
	"strings"
	"testing"

	"haven/people/account"
	"haven/people/peopletest"
	requests "haven/people/request"
	"haven/platform/db"
)

func (n told) RequestMade(tx *db.Tx, owner account.Account, r requests.Request) error {
	return n.send(tx, "request.made", owner.Address.String(), map[string]string{"who": r.Person.Display, "what": r.Kind.String(), "new": r.Says(), "portal": "/requests"})
}

func (n told) RequestDecided(tx *db.Tx, r requests.Request) error {
	return n.send(tx, "request."+r.State.String(), r.Person.Address.String(), map[string]string{"what": r.Kind.String(), "new": r.Says(), "reason": r.Reason, "mailbox": r.Person.Address.String(), "portal": "/account"})
}

func (n told) RequestSettled(tx *db.Tx, owner account.Account, r requests.Request, by string) error {
	return n.send(tx, "request.settled", owner.Address.String(), map[string]string{"who": r.Person.Display, "what": r.Kind.String(), "how": r.State.String(), "by": by})
}

var requestLink = regexp.MustCompile(`/requests/\d+`)

func TestRequests(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		o, box := h.Premises("FX002", aisha)
		h.Post(o, ben, "dispenser")
		h.Member(box, ben)
		b := s.browser().logIn(ben, peopletest.Password)
		b.get("/account/name").want(200, "/account/name", "What is your name?")
		b.send("/account/name").want(422, "/account/name", "Enter your name")
		b.send("/account/name", "first", "Ben", "last", "Whitlock").want(422, "/account/name", "This is what you have now")
		b.send("/account/name", "first", strings.Repeat("x", 65)).want(422, "/account/name", "at most 64 characters")
		b.send("/account/name", "first", "😀").want(422, "/account/name", "Your name in the letters a to z")
		stale := b.text
		b.send("/account/name", "first", " Ben ", "last", "<i>Marlow").want(422, "/account/name", "&lt;i&gt;Marlow")
		b.send("/account/name", "first", " Ben ", "last", "Marlow").want(200, "/account/name", "Your request waits")
		b.text = stale
		b.send("/account/name", "first", "Ben", "last", "Marlow").want(200, "/account/name", "Your request waits")
		b.get("/account").want(200, "/account", "You have asked for Ben Marlow")
		b.get("/account/job").send("/account/job", "job", "").want(422, "/account/job", "Enter your job title")
		b.send("/account/job", "job", "Pharmacist").want(200, "/account/job", "an owner of the mailbox where you work")
		b.get("/requests").want(200, "/requests", "No request waits for you.")

		owner := s.browser().logIn(aisha, peopletest.Password).want(200, "/mailboxes", "2 requests of your colleagues")
		owner.get("/requests").want(200, "/requests", "Asks for another name: Ben Marlow")
		links := requestLink.FindAllString(owner.text, -1)
		if len(links) != 2 {
			t.Fatal(links)
		}
		b.get(links[0]).want(404, links[0], "There is no such request")
		owner.get(links[0]).send(links[0]).want(422, links[0], "Say whether you accept it")
		owner.send(links[0], "answer", "no", "reason", " ").want(422, links[0], "Say why")
		stale = owner.text
		owner.send(links[0], "answer", "yes").want(200, links[0], "The request of Ben Marlow is accepted.")
		owner.text = stale
		owner.send(links[0], "answer", "yes").want(404, links[0], "somebody has decided it")
		owner.get(links[1]).send(links[1], "answer", "no", "reason", "You are not on the register yet.").want(200, links[1], "is refused.")
		if !strings.Contains(s.said("request.refused"), "not on the register") || !strings.Contains(s.said("request.accepted"), "ben.marlow@") {
			t.Errorf("told: %s, %s", s.said("request.refused"), s.said("request.accepted"))
		}
		if owner.get("/mailbox/" + box.ID.String()); strings.Contains(owner.text, "Whitlock") {
			t.Error("the old name is shown to an owner")
		}
		b.get("/account").want(200, "/account", "Former address, seen by you alone")

		owner.get("/account/job").send("/account/job", "job", "Superintendent").want(200, "/account/job", "It is decided by the helpdesk")
		olive := s.asOperator()
		olive.get("/operator").want(200, "/operator", "1 open").get("/operator/requests").want(200, "/operator/requests", `nhsuk-heading-l">Requests</h1>`).want(200, "/operator/requests", "Asks for another job title: Superintendent")
		link := "/operator" + requestLink.FindString(olive.text)
		olive.get(link).send(link, "answer", "no").want(422, link, "Say why")
		id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(owner.text)
		owner.send("/account/withdraw", "id", id[1]).want(200, "/account/withdraw", "Your request is taken back.")
		owner.send("/account/withdraw", "id", id[1]).want(404, "/account/withdraw", "There is no such request")
	})
}
