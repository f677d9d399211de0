package portal

import (
	"strings"
	"testing"

	"haven/people/peopletest"
)

// A person says how the own letters end, and an owner how the premises' do; each sees it as the own letters would.
func TestSignature(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		path := "/mailbox/" + box.ID.String()
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account").want(200, "/account", "/account/signature")
		b.get("/account/signature").want(200, "/account/signature", "a signature of its own in its settings")
		if strings.Contains(b.text, `id="looks"`) {
			t.Error("nothing is shown as a signature")
		}
		b.send("/account/signature", "signature", strings.Repeat("a\r\n", 10)+"a").want(422, "/account/signature", "Write at most 10 lines.")
		b.send("/account/signature", "signature", strings.Repeat("é", 1001), "show", "yes").want(422, "/account/signature", "Write at most 1000 characters.")
		b.send("/account/signature", "signature", "Aisha <b>R</b>\r\nPharmacist", "show", "yes").want(200, "/account/signature", "Aisha &lt;b&gt;R&lt;/b&gt;\nPharmacist</p>")
		b.get("/account/signature")
		if strings.Contains(b.text, "Pharmacist") {
			t.Error("what was only shown is kept")
		}
		b.send("/account/signature", "signature", "Aisha R\r\nPharmacist").want(200, "/account/signature", "The signature is saved.")
		b.get("/account/signature").want(200, "/account/signature", "Aisha R\nPharmacist</textarea>")
		b.send("/account/signature", "signature", " \r\n").want(200, "/account/signature", "Letters end without a signature now.")
		b.get("/account/history").want(200, "/account/history", "The signature was changed")

		b.get(path).want(200, path, path+"/signature")
		b.get(path+"/signature").send(path+"/signature", "signature", "{name}, {job}\r\nRowan Pharmacy").want(200, path+"/signature", ">Aisha Rahman\nRowan Pharmacy</p>")
		if !strings.Contains(b.text, "{name}, {job}\nRowan Pharmacy</textarea>") {
			t.Errorf("the form lost what was written: %s", b.text)
		}
		b.get(path+"/history").want(200, path+"/history", "The signature was changed")
		if got, err := s.options.Signatures.For(t.Context(), peopletest.As(ben), box.No); err != nil || got.Text != "Ben Whitlock\nRowan Pharmacy" {
			t.Errorf("Ben's letters end with %+v, %v", got, err)
		}
		m := s.browser().logIn(ben, peopletest.Password)
		if m.get(path); strings.Contains(m.text, path+"/signature") {
			t.Error("a member is offered to change it")
		}
	})
}
