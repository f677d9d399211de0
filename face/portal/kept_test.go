package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"haven/people/peopletest"
)

const typed = `Repeat prescriptions <b>"only"</b> & “discharge” 💊`

// escaped is how a page that the HTML package writes shows typed.
const escaped = `Repeat prescriptions &lt;b&gt;&#34;only&#34;&lt;/b&gt; &amp; “discharge” 💊`

// What somebody had typed when the page locked comes back to that person alone, word for word, and nothing was sent.
func TestHalfFilled(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		path := "/mailbox/" + box.ID.String()
		about := path + "/about"

		b := s.browser().logIn(aisha, peopletest.Password).get(about)
		h.Clock.Advance(h.Policy.Session.IdleShared)
		b.send(about, "about", typed, "password", "a secret").want(200, about, "This page is locked")
		if strings.Contains(b.text, "Repeat") {
			t.Error("the locked page shows what was typed")
		}
		b.send("/unlock", "next", about, "password", peopletest.Password).want(200, about, escaped+"</textarea>")
		b.want(200, about, "What you typed here on 4 September 2017, 10:10 is back. Nothing was sent.")
		if strings.Contains(b.text, "a secret") {
			t.Error("a field that is no field of the form was kept")
		}
		ended := b.text

		// Ben, at the same browser, is given nothing of it.
		b.get("/switch").send("/log-out", "next", "/log-in")
		b.logIn(ben, peopletest.Password).get(about).want(403, about, "owner")
		other := s.browser().logIn(aisha, peopletest.Password) // Aisha, elsewhere, is
		other.get(about).want(200, about, escaped)
		other.send("/forms/drop", "next", about).want(200, about, "About this mailbox")
		if strings.Contains(other.text, "Repeat") {
			t.Error("what was thrown away is back")
		}

		// A form of a session that was logged out belongs to nobody any more.
		b.get("/switch").send("/log-out", "next", "/log-in")
		b.text = ended
		b.send(about, "about", typed).want(403, about, "You are not logged in any more")
		other.get(about)
		if strings.Contains(other.text, "Repeat") {
			t.Error("a form from after the log out is back")
		}
	})
}

func TestHalfFilledWhenTheLogInEnds(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		about := "/mailbox/" + h.Pharmacy("FX002", aisha).ID.String() + "/about"
		b := s.browser().logIn(aisha, peopletest.Password).get(about)
		h.Clock.Advance(h.Policy.Session.MaxAge)
		b.send(about, "about", typed).want(200, "/log-in", "What you had typed is kept")
		b.send("/log-in", "next", about, "user", aisha.Address.String(), "password", peopletest.Password).want(200, about, escaped)
		b.send(about, "about", "Repeat prescriptions").want(200, about, "Done")
		b.get(about) // sent, and so forgotten
		if strings.Contains(b.text, "Nothing was sent") {
			t.Error("what was sent comes back")
		}

		// Whose browser says that it has a form of Aisha's, with a token of its own making, adds nothing to her pages.
		b.get(about)
		h.Clock.Advance(h.Policy.Session.MaxAge)
		b.post(about, url.Values{"whose": {aisha.ID.String()}, "form": {"made up"}, "about": {typed}}).want(403, about, "not logged in")
		b.logIn(aisha, peopletest.Password).get(about)
		if strings.Contains(b.text, "Nothing was sent") {
			t.Error("a form of nobody's was kept")
		}
	})
}

// Where the password is asked for again, the form comes back behind it.
func TestHalfFilledWhenAskedAgain(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		add := "/mailbox/" + h.Pharmacy("FX002", aisha).ID.String() + "/add"
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(add).send(add, "address", ben.Address.String(), "role", "read", "end", "week").want(200, add, "Is this the right person?")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.send(add, "address", ben.Address.String(), "role", "read", "end", "week", "sure", "yes").want(200, "/prove", "Your password, please")
		b.send("/prove", "next", add, "password", peopletest.Password).want(200, add, `value="`+ben.Address.String()+`"`)
		for _, choice := range []string{`value="read" checked=""`, `value="week" checked=""`} {
			if !strings.Contains(b.text, choice) {
				t.Errorf("%s is not chosen:\n%s", choice, b.text)
			}
		}
		if n := strings.Count(b.text, "checked"); n != 2 {
			t.Errorf("%d answers are chosen", n)
		}
	})
}

// The button locks at once, and the script of a page that nobody uses sends what was typed there.
func TestLockNow(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		about := "/mailbox/" + h.Pharmacy("FX002", aisha).ID.String() + "/about"
		b := s.browser().logIn(aisha, peopletest.Password).get("/account")
		b.send("/lock", "next", "/account").want(200, "/account", "This page is locked")
		b.send("/unlock", "next", about, "password", peopletest.Password).want(200, about, "About this mailbox")
		b.send("/lock", "kept", s.url+about, "about", typed, "next", about).want(200, about, "This page is locked")
		b.send("/unlock", "next", about, "password", peopletest.Password).want(200, about, escaped)
		b.sends = http.Header{"Haven-Part": {"lock"}}
		b.send("/lock", "kept", about, "about", "More", "next", "/mailboxes").want(200, "/lock", about)
		if b.text != about || b.header.Get("Haven-Part") != "lock" {
			t.Errorf("script is told %q, %v", b.text, b.header)
		}
		b.sends = nil
		b.get(about).want(200, about, "This page is locked")
		b.send("/unlock", "next", about, "password", peopletest.Password).want(200, about, ">More</textarea>")
		for _, wrong := range []string{"https://evil.example/", "::", "/log-in", "/account/password", "/no/such/page", "\x00"} {
			b.send("/lock", "kept", wrong, "user", "x", "password", "x", "new", "x").want(200, "/mailboxes", "This page is locked")
			b.send("/unlock", "password", peopletest.Password).want(200, "/mailboxes", "My mailboxes")
		}
		for b.code == http.StatusOK {
			b.get("/account").send("/account/telephone", "telephone", "020 7946 0000")
			h.Clock.Advance(time.Millisecond)
		}
		if b.code != http.StatusTooManyRequests {
			t.Errorf("%d:\n%s", b.code, b.text)
		}
	})
}

// What is secret on a page is never kept.
func TestNothingSecretIsKept(t *testing.T) {
	secret := []string{"password", "new", "again", "code", "credential", "answer-1", "form", "whose", "with", "passcode", "link", "ref"}
	known := map[string]bool{}
	for _, r := range routes {
		known[r.pattern] = true
	}
	for pattern, k := range keeps {
		form := url.Values{}
		for _, name := range secret {
			form.Set(name, "secret")
		}
		if kept := k.of("/x", form); len(kept) > 0 {
			t.Errorf("%s keeps %v", pattern, kept)
		}
		if !known[pattern] {
			t.Errorf("%s is no route any more", pattern)
		}
		if page := "GET " + k.pageOf(strings.TrimPrefix(pattern, "POST ")); !known[page] {
			t.Errorf("%s comes back on %s, which is no page", pattern, page)
		}
	}
}
