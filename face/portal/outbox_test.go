package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/notify"
	"haven/platform/notify/notifytest"
)

// gateway has notices go to a stand-in of Notify, by a key that a test may break, and opens the outbox.
func gateway(n *notifytest.Server, key *string, open bool) func(*notify.Options, *Options) {
	return func(o *notify.Options, pages *Options) {
		g := &notify.GovUK{URL: n.URL, Key: func() (string, error) { return *key, nil }, TextTemplate: notifytest.TextTemplate, EmailTemplate: notifytest.EmailTemplate, Clock: o.Clock}
		o.Texts, o.Emails, pages.OpenOutbox = g, g, open
	}
}

// write writes a notice to a mobile, or to an e-mail address.
func (s *stand) write(m notify.Message) {
	s.t.Helper()
	if err := s.DB.Write(s.t.Context(), func(tx *db.Tx) error {
		_, err := s.options.Notices.Send(tx, m)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) step(ch notify.Channel) {
	s.t.Helper()
	if _, err := s.options.Notices.Step(s.t.Context(), ch); err != nil {
		s.t.Fatal(err)
	}
}

var (
	code = notify.Message{Template: "reset.code", To: "+447700900123", Values: map[string]string{"code": "12345678", "minutes": "30"}, Until: never}
	link = notify.Message{Template: "reset.link", To: "aisha@home.example", Values: map[string]string{"link": "x", "minutes": "30"}, Until: never}
)

// tags are what browsers don't show, where a page holds what is different each time.
var tags = regexp.MustCompile(`<[^>]*>`)

// The gateway is down: the operator is told what is late, and why, and when it is up again it goes. Pages that anybody opens say the same all the time, so that
// nobody learns from them whether something waits for an address that was typed.
func TestTextsAreLate(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		n, key := notifytest.New(t, h.Clock.Now), notifytest.Key
		s := newStand(t, h, gateway(n, &key, true))
		b := s.browser()
		before := map[string]string{}
		late := func(want string) {
			t.Helper()
			nobody := func(path string) *browser {
				return b.get(path).send(path, "address", "nobody@"+peopletest.Domain)
			}
			for _, path := range []string{"/activate", "/register/passcode", "/forgotten-password", "/locked"} {
				page := b.get(path)
				if path == "/forgotten-password" || path == "/locked" {
					page = nobody(path)
				}
				got := tags.ReplaceAllString(page.text, "")
				if before[path] == "" {
					before[path] = got
				}
				if got != before[path] || !strings.Contains(got, "What is late is not lost") {
					t.Errorf("%s says other words now:\n%s", path, got)
				}
			}
			if text := b.get("/outbox").text; strings.Contains(text, "the oldest since") != (want != "") || !strings.Contains(text, want) {
				t.Errorf("the outbox does not say %q:\n%s", want, text)
			}
		}
		late("")
		b.get("/outbox").want(200, "/outbox", "Nothing was sent yet")
		n.Fail(2, 503, "Exception")
		s.write(code)
		s.step(notify.Text)
		late("1 text waits, the oldest since")
		b.get("/outbox").want(200, "/outbox", "1 text waits, the oldest since").want(200, "/outbox", "Notify is busy (503 Exception). Tried once, again at")
		s.write(link)
		s.step(notify.Email)
		late("1 e-mail waits")
		h.Clock.Advance(time.Hour)
		s.step(notify.Text)
		late("1 e-mail waits, the oldest since")
		s.step(notify.Email)
		late("")
		if len(n.Sent()) != 2 {
			t.Errorf("%d were sent", len(n.Sent()))
		}
		if b.get("/outbox"); strings.Contains(b.text, "Not everything is sent") || !strings.Contains(b.text, "Handed on") {
			t.Errorf("the outbox says %s", b.text)
		}
	})
}

func TestOutboxSaysThatTheKeyIsRefused(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		n, key := notifytest.New(t, h.Clock.Now), "none"
		s := newStand(t, h, gateway(n, &key, true))
		s.write(code)
		s.step(notify.Text)
		b := s.browser()
		b.get("/outbox").want(200, "/outbox", "GOV.UK Notify refuses our key, so 1 text waits").want(200, "/outbox", "is no key of Notify.")
	})
}

// More than a page holds is on the next one; what can't be meant is passed over, and nobody reads the outbox outside a demo.
func TestOutboxPages(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h, func(_ *notify.Options, pages *Options) { pages.OpenOutbox = true })
		for range outboxShown + 1 {
			h.Clock.Advance(time.Minute)
			s.write(code)
		}
		b := s.browser()
		b.get("/outbox").want(200, "/outbox", "Older ones")
		if strings.Contains(b.text, "There is no gateway") {
			t.Error("a demo misses its gateway")
		}
		older := between(b.text, `href="/outbox?`, `"`)
		if b.get("/outbox?"+older).want(200, "/outbox", "Back to the newest"); strings.Count(b.text, "•••123") != 1 {
			t.Errorf("the next page holds %d", strings.Count(b.text, "•••123"))
		}
		for _, before := range []string{"", "x", "-1", "<script>", "99999999999999999999", "9223372036854775807"} {
			if b.get("/outbox?before="+before).want(200, "/outbox", "Outbox"); strings.Contains(b.text, "<script>") {
				t.Errorf("before %q is shown", before)
			}
		}
		b.get("/outbox/x").want(404, "/outbox/x", "")
		b.get("/outbox/1").want(404, "/outbox/1", "")
	})
}

// between is what stands between two texts.
func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// Where nothing is sent to anybody, the pages on which somebody would wait for it say so.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		b := newStand(t, h).browser()
		b.get("/activate").want(200, "/activate", "Texts and e-mails are not sent from here at the moment")
		b.get("/register/passcode").want(200, "/register/passcode", "E-mails are not sent from here at the moment")
		open := newStand(t, h, func(_ *notify.Options, pages *Options) { pages.OpenOutbox = true }).browser()
		open.get("/activate").want(200, "/activate", "usually come within a minute")
	})
}
