package portal

import (
	"net/http"
	"strings"
	"testing"

	"haven/people/peopletest"
)

// The web client locks and logs out without a form: it names its person, and no other page can.
func TestClient(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		b := s.browser().logIn(aisha, peopletest.Password)
		post := func(path, person, site string) *browser {
			r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(""))
			r.Header.Set("Haven-Person", person)
			r.Header.Set("Sec-Fetch-Site", site)
			return b.do(r, err)
		}
		own := "A" + aisha.ID.String()
		post("/lock", own, "cross-site").want(409, "/lock", "form.old")
		post("/lock", "A"+ben.ID.String(), "same-origin").want(409, "/lock", "Aisha Rahman")
		post("/account/sessions/end-others", own, "same-origin").want(409, "/account/sessions/end-others", "")
		b.get("/mailboxes").want(200, "/mailboxes", "My mailboxes")
		post("/lock", own, "same-origin")
		b.get("/log-in?next=%2Faccount%2Fsessions").want(200, "/log-in", "This page is locked")
		b.send("/unlock", "next", "/account/sessions", "password", peopletest.Password).want(200, "/account/sessions", "Firefox")
		if !strings.Contains(b.get("/log-in?next=%2Faccount%2Fsessions").text, "Firefox") {
			t.Error("somebody who is logged in does not get back to where the page was")
		}
		post("/log-out", own, "same-origin")
		b.get("/mailboxes").want(200, "/log-in", "Log in")
		post("/lock", own, "same-origin").want(403, "/lock", "not logged in")
	})
}
