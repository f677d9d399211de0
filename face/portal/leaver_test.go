package portal

import (
	"fmt"
	"strings"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/leaver"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/platform/db"
)

func (n told) Left(tx *db.Tx, to string, l leaver.Leaving, by string) error {
	if !l.Last {
		return n.send(tx, "leaver.left", to, map[string]string{"premises": l.Place.Name, "by": by, "time": "now", "portal": "/account"})
	}
	return n.send(tx, "leaver.last", to, map[string]string{"premises": l.Place.Name, "by": by, "time": "now", "portal": "/account", "until": l.Deleted.String()})
}

func (n told) HasLeft(tx *db.Tx, owner account.Account, l leaver.Leaving) error {
	return n.send(tx, "leaver.has-left", owner.Address.String(), map[string]string{"who": l.Person.Display, "premises": l.Place.Name, "time": "now"})
}

func (n told) Disputed(tx *db.Tx, _ haven.Actor, who account.Account, place organisation.Organisation, _ string) error {
	return n.send(tx, "leaver.disputed", "desk@"+peopletest.Domain, map[string]string{"who": who.Display, "premises": string(place.Code)})
}

func (n told) SaysWrong(tx *db.Tx, owner, who account.Account, place organisation.Organisation) error {
	return n.send(tx, "leaver.disputed", owner.Address.String(), map[string]string{"who": who.Display, "premises": string(place.Code)})
}

func (n told) Succeeds(tx *db.Tx, who, mailbox account.Account, l leaver.Leaving) error {
	return n.send(tx, "leaver.succeeds", who.Address.String(), map[string]string{"who": l.Person.Display, "mailbox": mailbox.Display, "portal": "/"})
}

func TestLeaver(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben, dev := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Dev", "Anand")
		here, box := h.Premises("FX002", aisha)
		there, other := h.Premises("FX003", dev)

		owner := s.browser().logIn(aisha, peopletest.Password)
		leave := fmt.Sprintf("/account/posts/%d/leave", here.ID)
		owner.get(fmt.Sprintf("/account/posts/%d/leave", there.ID)).want(404, fmt.Sprintf("/account/posts/%d/leave", there.ID), "There is no such post")
		owner.get(leave).want(200, leave, "Give a colleague access")

		add := "/mailbox/" + box.ID.String() + "/add"
		owner.get(add).send(add, "address", ben.Address.String(), "role", "member").want(200, add, "Ben Whitlock works here")
		owner.send(add, "address", ben.Address.String(), "role", "member", "sure", "yes", "works", "yes").want(200, add, "has access to the mailbox now")
		owner.get(leave).want(200, leave, "Who becomes the owner of")
		owner.send(leave).want(422, leave, "Say who becomes the owner")
		field := "successor-" + box.ID.String()
		owner.send(leave, field, dev.ID.String(), "reason", "soon").want(422, leave, "Say who becomes the owner")
		owner.send(leave, field, ben.ID.String()).want(422, leave, "Say why the mailbox may be left")
		owner.send(leave, field, ben.ID.String(), "reason", "<script>").want(422, leave, "Say why the mailbox may be left")
		h.Mobile(ben)
		stale := owner.text
		owner.send(leave, field, ben.ID.String(), "reason", "soon").want(200, leave, "You have no post at the moment")
		if !strings.Contains(owner.text, "You have left Rowan Pharmacy, Leeds.") || !strings.Contains(owner.text, "4 October 2017") {
			t.Errorf("the page does not say what was done, and until when:\n%s", owner.text)
		}
		owner.text = stale
		owner.send(leave, field, ben.ID.String(), "reason", "soon").want(404, leave, "There is no such post")
		if s.said("leaver.last") == "" || s.said("leaver.succeeds") == "" {
			t.Error("nobody was told")
		}
		b := s.browser().logIn(ben, peopletest.Password)
		b.get("/mailbox/"+box.ID.String()).want(200, "/mailbox/"+box.ID.String(), "Give a colleague access")

		add = "/mailbox/" + other.ID.String() + "/add"
		next := s.browser().logIn(dev, peopletest.Password)
		next.get(add).send(add, "address", aisha.Address.String(), "role", "member").want(200, add, "has no post at the moment")
		next.send(add, "address", aisha.Address.String(), "role", "member", "sure", "yes").want(422, add, "can&#39;t be added as it is now")
		next.send(add, "address", aisha.Address.String(), "role", "member", "sure", "yes", "works", "yes").want(200, add, "has access to the mailbox now")
		member := "/mailbox/" + other.ID.String() + "/member/" + aisha.ID.String()
		next.get(member).want(200, member, "does not work here any more")
		next.get(member+"/left").want(200, member+"/left", "Aisha Rahman leaves Rowan Pharmacy, Leeds")
		next.send(member+"/left", "reason", "closing").want(200, member+"/left", "Aisha Rahman has left Rowan Pharmacy, Leeds.")
		if a, err := h.Accounts.ByNo(t.Context(), aisha.No); err != nil || a.State != account.Leaver {
			t.Errorf("%s, %v", a.State, err)
		}
		b.get(member+"/left").want(404, member+"/left", "There is nothing here")
	})
}

// The only owner of a mailbox leaves it to a member.
func TestLeaveToSuccessor(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben, dev := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Dev", "Anand")
		box := h.Pharmacy("FX002", aisha)
		path := "/mailbox/" + box.ID.String() + "/leave"
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(path).want(200, path, "nobody else has access").send(path).want(422, path, "A mailbox keeps at least one owner")
		h.Member(box, ben)
		b.get(path).want(200, path, "Who becomes the owner?")
		b.send(path, "successor", dev.ID.String()).want(422, path, "Say who becomes the owner")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.send(path, "successor", ben.ID.String()).want(200, "/prove", "Your password, please")
		b.send("/prove", "next", path, "password", peopletest.Password).want(200, path, "Who becomes the owner?")
		b.send(path, "successor", ben.ID.String()).want(422, path, "An owner has a mobile number that is proven")
		h.Mobile(ben)
		b.send(path, "successor", ben.ID.String()).want(200, path, "You have left")
		b.get(path).want(404, path, "There is nothing here")
		s.browser().logIn(ben, peopletest.Password).get("/mailbox/"+box.ID.String()).want(200, "/mailbox/"+box.ID.String(), "Give a colleague access")
	})
}
