package portal

import (
	"strings"
	"testing"

	"haven/people/peopletest"
)

func TestLegalParticulars(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		mailbox := "/mailbox/" + box.ID.String()
		legal, form := mailbox+"/legal", mailbox+"/legal/particulars"
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(mailbox).want(200, mailbox, "Write down the legal particulars")
		b.get(legal).want(200, legal, "What sort of business is it?")
		b.get(form).want(422, form, "Say what sort of business it is")
		b.get(form+"?kind=shop").want(422, form, "Say what sort of business it is")
		b.get(form+"?kind=company").want(200, form, "Registered number")
		b.send(form, "kind", "company", "name", "Rowan Ltd", "number", "1234567", "part", "Scotland", "exempt", "yes").want(422, form, "The number is 8 digits")
		for _, want := range []string{"Enter the address of the registered office", "The name says already that it is limited", `value="1234567"`, `value="Rowan Ltd"`} {
			if !strings.Contains(b.text, want) {
				t.Errorf("%q is not on the page", want)
			}
		}
		b.send(form, "kind", "company", "name", " Rowan <b>Ltd</b> ", "number", "sc 123456", "part", "Scotland", "office", "1 High Street").
			want(200, form, "Rowan &lt;b&gt;Ltd&lt;/b&gt;. Registered in Scotland, company number SC123456.")
		b.get(mailbox)
		if strings.Contains(b.text, "Write down the legal particulars") {
			t.Error("what is complete is asked for")
		}
		b.get(form+"?kind=company").want(200, form, `value="SC123456"`)
		b.get(form+"?kind=partnership").send(form, "kind", "partnership", "name", "Rowan", "names", "Ann Example\r\nBob Example\r\n\r\n", "address", "1 High Street").
			want(200, form, "Rowan is the business of Ann Example and Bob Example.")
		b.get(form+"?kind=own-names").send(form, "kind", "own-names").want(200, form, "has nothing to say")
		b.send(form, "kind", "shop").want(422, form, "Say what sort of business it is")

		other := s.browser().logIn(ben, peopletest.Password)
		other.get(mailbox)
		if strings.Contains(other.text, "egal particulars") {
			t.Error("who can't write them down is asked for them")
		}
		other.get(legal).want(403, legal, "owner")
	})
}
