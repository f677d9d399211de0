package portal

import (
	"strings"
	"testing"

	"haven/people/peopletest"
)

func TestTexts(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		anybody := s.browser().get("/help").want(200, "/help", "The national helpdesk is always there")
		anybody.get("/about/training").want(200, "/about/training", `<a href="/activate">Activate your account</a>`)
		anybody.get("/about/national-desk").want(404, "/about/national-desk", "There is nothing here")
		b := s.asOperator()
		b.get("/operator/texts").want(200, "/operator/texts", "As it came with the program")
		const at = "/operator/texts/help"
		b.get("/operator/texts/nothing").want(404, "/operator/texts/nothing", "There is no such text")
		b.get(at).send(at, "read", "0").want(422, at, "Write a text")
		body := "# Ring us\r\n- [here](tel:01632960001)\r\n- <script>alert(1)</script> [x](javascript:alert(1)) علي"
		b.send(at, "read", "0", "body", body).want(200, at, `<a href="tel:01632960001">here</a>`)
		for _, never := range []string{"<script>alert", `href="javascript`} {
			if strings.Contains(b.text, never) {
				t.Errorf("the page holds %s", never)
			}
		}
		check := b.text
		b.send(at, "read", "0", "body", body, "sure", "yes", "back", "yes").want(200, at, "# Ring us")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.text = check
		b.send(at, "read", "0", "body", body, "sure", "yes").want(422, at, "Give your password once more")
		b.send(at, "read", "0", "body", body, "sure", "yes", "password", peopletest.Password).want(200, at, "the new version is published")
		anybody.get("/help").want(200, "/help", `<a href="tel:01632960001">here</a>`)
		b.text = check
		b.send(at, "read", "0", "body", "Mine.", "sure", "yes").want(422, at, "Somebody wrote another version meanwhile")
		b.get(at+"/0").want(200, at+"/0", "The national helpdesk is always there")
		b.get(at+"/9").want(404, at+"/9", "There is no such text")
		b.get(at+"/x").want(404, at+"/x", "There is nothing here")
		b.get(at).want(200, at, "by Opal Orton")

		const desk = "/operator/texts/national-desk"
		b.get(desk).send(desk, "read", "0", "body", "Ring\nus", "sure", "yes").want(422, desk, "it is one line")
		b.send(desk, "read", "0", "body", "National helpdesk: 01632 960001, always.", "sure", "yes").want(200, desk, "is published")
		anybody.get("/log-in").want(200, "/log-in", "01632 960001, always.")
	})
}

// New rules of use are announced until they hold; then nobody goes on without having accepted them.
func TestNewRulesOfUse(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		b := s.browser().logIn(aisha, peopletest.Password)
		if strings.Contains(b.text, "New rules of use") {
			t.Error("rules that nobody published are announced")
		}
		const at = "/operator/texts/acceptable-use"
		o := s.asOperator()
		o.get(at).send(at, "read", "1", "body", "# Keep\nyour password to yourself.", "holds", "yesterday").want(422, at, "Write day and time like")
		o.send(at, "read", "1", "body", "# Keep\nyour password to yourself.", "holds", "1/9/2017 09:00", "sure", "yes").want(422, at, "still to come")
		o.send(at, "read", "1", "body", "# Keep\nyour password to yourself.").want(200, at, "It holds from 18 September 2017")
		o.send(at, "read", "1", "body", "# Keep\nyour password to yourself.", "sure", "yes").want(200, at, "the new version is published")
		o.get(at).send(at, "read", "2", "body", "# Keep\nyour password to yourself.", "sure", "yes").want(422, at, "published already")

		o.get(at).want(200, at, "Version 2, 4 September 2017")
		o.get(at+"/2").want(200, at+"/2", "your password to yourself")
		o.get(at+"/1").want(200, at+"/1", "As they came with the program")
		o.get(at+"/3").want(404, at+"/3", "There is nothing here")

		s.browser().get("/about/acceptable-use").want(200, "/about/acceptable-use", "They hold from 18 September 2017")
		b.get("/mailboxes").want(200, "/mailboxes", "New rules of use hold from 18 September 2017")
		h.Clock.Advance(h.Policy.Activation.AcceptPolicy)
		b = s.browser().logIn(aisha, peopletest.Password).want(200, "/activation/policy", "your password to yourself")
		b.get("/account").want(200, "/activation/policy", "Accept and continue")
		b.send("/activation/policy", "version", "1", "accept", "yes").want(422, "/activation/policy", "changed meanwhile")
		b.send("/activation/policy", "version", "2").want(422, "/activation/policy", "Tick the box")
		b.send("/activation/policy", "version", "2", "accept", "yes").want(200, "/mailboxes", "My mailboxes")
		b.get("/account").want(200, "/account", "My account")
	})
}
