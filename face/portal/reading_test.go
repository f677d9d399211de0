package portal

import (
	"testing"

	"haven/people/peopletest"
)

func TestWhoHasReadALetter(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		_, box := h.Premises("FX002", aisha)
		h.Member(box, ben)
		s.refresh()
		path := "/mailbox/" + box.ID.String()
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(path).want(200, path, path+"/reading")
		b.get(path+"/reading").want(200, path+"/reading", "Who counts as having read a letter?")
		b.send(path+"/reading", "reading", "nobody").want(422, path+"/reading", "Choose who counts as having read a letter")
		b.send(path+"/reading", "reading", "each").want(200, path+"/reading", "Everybody now reads for themselves.")
		if on, err := h.Shared.ReadsEach(t.Context(), box.No); err != nil || !on {
			t.Errorf("each reads: %v, %v", on, err)
		}
		b.get(path+"/reading").want(200, path+"/reading", `value="each" checked`)
		b.get(path+"/reading").send(path+"/reading", "reading", "one").want(200, path+"/reading", "now read for everybody")
		b.get(path+"/history").want(200, path+"/history", "Who counts as having read a letter was changed")
	})
}
