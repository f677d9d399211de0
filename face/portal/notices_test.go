package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"haven/people/openinghours"
	"haven/people/peopletest"
)

func TestStatusNotices(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		anybody := s.browser().get("/status").want(200, "/status", "No work is planned")
		b := s.asOperator()
		b.get("/operator/notices").want(200, "/operator/notices", "Nothing is shown")
		const at = "/operator/notices/new"
		b.get(at).send(at).want(422, at, "Say what the notice is about")
		b.send(at, "kind", "problem", "title", strings.Repeat("x", 101), "text", "We know.").want(422, at, "of at most 100 characters")
		b.send(at, "kind", "planned", "title", "Disks", "text", "No mail.", "from", "tomorrow").want(422, at, "Write day and time like")
		b.send(at, "kind", "planned", "title", "Disks", "text", "No mail.", "from", "5/9/2017 18:00").want(422, at, "Say until when the work lasts")

		fields := []string{"kind", "problem", "title", "Texts <b>late</b>", "text", "We know.\n\n<script>alert(1)</script> علي 🦊"}
		b.send(at, fields...).want(200, at, "Is this right?")
		if !strings.Contains(b.text, "&lt;script&gt;") {
			t.Error(b.text)
		}
		form := b.text
		b.send(at, append(fields, "sure", "yes", "back", "yes")...).want(200, at, "Texts &lt;b&gt;late")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.text = form
		b.send(at, append(fields, "sure", "yes")...).want(422, at, "Give your password once more")
		b.send(at, append(fields, "sure", "yes", "password", "wrong")...).want(422, at, "wrong")
		anybody.get("/").want(200, "/", "Secure mail")
		if strings.Contains(anybody.text, "haven-notice") {
			t.Error("a notice that was not posted is shown")
		}
		b.send(at, append(fields, "sure", "yes", "password", peopletest.Password)...).want(200, at, "The notice is posted")
		b.text = form
		b.send(at, append(fields, "sure", "yes")...).want(422, at, "This notice is posted already")
		anybody.get("/").want(200, "/", "Texts &lt;b&gt;late&lt;/b&gt;")
		anybody.get("/status").want(200, "/status", "علي 🦊")
		b.get("/mailboxes").want(200, "/mailboxes", "haven-notice")

		b.get("/operator/notices")
		id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(b.text)
		if len(id) != 2 {
			t.Fatal(b.text)
		}
		form = b.text
		b.send("/operator/notices/end", "id", id[1]).want(200, "/operator/notices/end", "The notice is ended")
		b.text = form
		b.send("/operator/notices/end", "id", id[1]).want(200, "/operator/notices/end", "over already")
		b.send("/operator/notices/end", "id", "x").want(404, "/operator/notices/end", "There is nothing here")
		anybody.get("/status").want(200, "/status", "Earlier")
	})
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 7, 1, 18, 0, 0, 0, openinghours.London)
	for _, text := range []string{"1/7/2026 18:00", "01/07/2026 18:00", " 1.7.2026,  18:00 ", "1 July 2026 18:00", "1 Jul 2026, 18:00", "2026-07-01 18:00", "2026-07-01T18:00"} {
		if at, ok := parseMoment(text); !ok || !at.Equal(want) {
			t.Errorf("%q: %v, %t", text, at, ok)
		}
	}
	for _, text := range []string{"tomorrow", "1/13/2026 18:00", "32/1/2026 18:00", "18:00", "1/7/2026", "1/7/2026 25:00", "🦊"} {
		if at, ok := parseMoment(text); ok {
			t.Errorf("%q: %v", text, at)
		}
	}
	if at, ok := parseMoment("  "); !ok || !at.IsZero() {
		t.Errorf("nothing: %v, %t", at, ok)
	}
}
