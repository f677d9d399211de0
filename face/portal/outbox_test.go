package portal

import (
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

// The gateway is down: whoever waits for a text is told that it is late and not lost, the operator why, and when it is up again it goes.
func TestTextsAreLate(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		n, key := notifytest.New(t, h.Clock.Now), notifytest.Key
		s := newStand(t, h, gateway(n, &key, true))
		b := s.browser()
		late := func(want string) {
			t.Helper()
			nobody := func(path string) *browser {
				return b.get(path).send(path, "address", "nobody@"+peopletest.Domain)
			}
			for path, page := range map[string]*browser{"/activate": b.get("/activate"), "/forgotten-password": nobody("/forgotten-password")} {
				if got := strings.Contains(page.text, "late at the moment"); got != (want != "") || !strings.Contains(page.text, want) {
					t.Errorf("%s does not say %q:\n%s", path, want, page.text)
				}
			}
		}
		late("")
		b.get("/outbox").want(200, "/outbox", "Nothing was sent yet")
		n.Fail(2, 503, "Exception")
		s.write(code)
		s.step(notify.Text)
		late("Texts are late at the moment")
		b.get("/outbox").want(200, "/outbox", "1 text waits, the oldest since").want(200, "/outbox", "Notify is busy (503 Exception). Tried once, again at")
		s.write(link)
		s.step(notify.Email)
		late("Texts and e-mails are late at the moment")
		h.Clock.Advance(time.Hour)
		s.step(notify.Text)
		late("E-mails are late at the moment")
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
