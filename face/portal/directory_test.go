package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/policy"
)

func (s *stand) refresh() {
	s.t.Helper()
	if err := s.options.Directory.Refresh(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// part asks as script does.
func (b *browser) part(text string) *browser {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.url+"/directory?q="+url.QueryEscape(text), nil)
	if err == nil {
		r.Header.Set(directoryPart, "directory")
	}
	return b.do(r, err)
}

func TestColleaguesAreFound(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		_, box := h.Premises("FX002", aisha)
		s.refresh()
		b := s.browser().logIn(ben, peopletest.Password)
		b.get("/directory").want(200, "/directory", "Who are you looking for?")
		if !strings.Contains(b.header.Get("Content-Security-Policy"), "connect-src 'self'") {
			t.Error("script may not ask for the results")
		}
		b.get("/directory?q=").want(200, "/directory", "Enter a name, a place, an organisation or a code")
		b.get("/directory?q=aisha").want(200, "/directory", "Aisha Rahman</a>")
		for _, want := range []string{"1 found.", "Pharmacist", "Rowan Pharmacy, Leeds (FX002)", aisha.Address.String(), `value="aisha"`} {
			if !strings.Contains(b.text, want) {
				t.Errorf("the list lacks %q: %s", want, b.text)
			}
		}
		card := regexp.MustCompile(`href="(/directory/[^"]+)">Aisha`).FindStringSubmatch(b.text)
		if len(card) != 2 {
			t.Fatal(b.text)
		}
		b.get(card[1]).want(200, "/directory/"+aisha.ID.String(), `href="/directory?q=aisha">Back`)
		b.get("/directory?q=leeds").want(200, "/directory", "2 found.")
		b.get("/directory?q=nobody").want(200, "/directory", "Nobody found.")
		b.get("/directory?q=*").want(422, "/directory", "Type at least 2 letters")
		b.get("/directory?q="+strings.Repeat("a+", 200)).want(422, "/directory", "Type fewer words")
		b.get("/directory?q="+url.QueryEscape(`"><script>alert(1)</script>`)).want(200, "/directory", "Nobody found.")
		if strings.Contains(b.text, "<script>alert") {
			t.Error("what was typed is part of the page")
		}
		for _, id := range []string{"x", "😀", strings.Repeat("a", 26), strings.Repeat("2", 5000)} {
			b.get("/directory/"+url.PathEscape(id)).want(404, "/directory/"+id, "Nobody is here.")
		}
		b.get("/directory/"+box.ID.String()).want(200, "/directory/"+box.ID.String(), "FX002")
		if strings.Contains(b.text, "Aisha") || strings.Contains(b.text, "Change what the directory says") {
			t.Error("a mailbox shows who belongs to it, or lets a stranger change it")
		}
		b.get("/directory/"+ben.ID.String()).want(200, "/directory/"+ben.ID.String(), "This is how your colleagues find you.")
	})
}

func TestResultsForScript(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		s.refresh()
		b := s.browser().logIn(ben, peopletest.Password)
		for _, c := range []struct {
			text, want string
			code       int
		}{{"ai", "1 found.", 200}, {"nobody", "Nobody found.", 200}, {"*", "Type at least 2 letters", 422}} {
			b.part(c.text).want(c.code, "/directory", c.want)
			if b.header.Get(directoryPart) != "directory" || strings.Contains(b.text, "<html") || !strings.Contains(b.text, `id="directory-entries"`) {
				t.Errorf("%q: %v\n%s", c.text, b.header, b.text)
			}
		}
		b.part("cat").want(429, "/directory", "You have searched 2 times today")
		b.get("/directory?q=dog").want(429, "/directory", "You can search again tomorrow.")
		h.Clock.Advance(h.Policy.Session.IdleShared)
		if b.part("aisha").want(200, "/directory", "This page is locked"); b.header.Get(directoryPart) != "" {
			t.Error("a locked page is taken for results")
		}
		if strings.Contains(b.text, aisha.Address.String()) {
			t.Error("a locked page tells who is found")
		}
	}, func(p *policy.Policy) { p.Directory.SearchesADay, p.Directory.TypedFor = 2, time.Nanosecond })
}

func TestALeaverFindsNobody(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		s.refresh()
		b := s.browser().logIn(ben, peopletest.Password)
		if err := h.Accounts.SetState(t.Context(), peopletest.Operator, ben.No, account.Leaver, "test"); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/directory", "/directory?q=aisha", "/directory/" + aisha.ID.String()} {
			if b.get(path); b.code == 200 && strings.Contains(b.text, "Aisha") || b.code != 403 && b.at != "/log-in" {
				t.Errorf("%s: %d at %s", path, b.code, b.at)
			}
		}
	})
}

func TestAboutThisMailbox(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		_, box := h.Premises("FX002", aisha)
		s.refresh()
		b, path := s.browser().logIn(aisha, peopletest.Password), "/mailbox/"+box.ID.String()
		b.get(path+"/about").want(200, path+"/about", "About this mailbox")
		b.send(path+"/about", "about", strings.Repeat("é", 1001)).want(422, path+"/about", "Write at most 1000 characters.")
		b.send(path+"/about", "about", "  Discharge notes: yes\r\n\r\nPrescriptions: <b>no</b> 👩‍⚕️ ").want(200, path+"/about", "The directory says it now.")
		b.send(path+"/about", "about", "  Discharge notes: yes\r\n\r\nPrescriptions: <b>no</b> 👩‍⚕️ ").want(200, path+"/about", "The directory says it now.")
		b.get(path+"/about").want(200, path+"/about", "Discharge notes: yes\n\nPrescriptions: &lt;b&gt;no&lt;/b&gt; 👩‍⚕️</textarea>")
		b.get("/directory/"+box.ID.String()).want(200, "/directory/"+box.ID.String(), path+"/about")
		other := s.browser().logIn(ben, peopletest.Password)
		other.get("/directory?q=fx002").want(200, "/directory", "Discharge notes: yes</p>")
		other.get("/directory/"+box.ID.String()).want(200, "/directory/"+box.ID.String(), "Prescriptions: &lt;b&gt;no&lt;/b&gt;")
		b.get(path+"/about").send(path+"/about", "about", "").want(200, path+"/about", "The directory says it now.")
		other.get("/directory?q=fx002")
		if strings.Contains(other.text, "Discharge") {
			t.Error("what was taken away is still shown")
		}
	})
}
