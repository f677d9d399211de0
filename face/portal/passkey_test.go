package portal

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"haven/people/peopletest"
)

// device makes and shows passkeys as a security key does.
type device struct {
	t    *testing.T
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

var ceremonyOf = regexp.MustCompile(`data-options="([^"]*)"`)

// answers what the last page asks of a device.
func (d *device) answers(b *browser) string {
	d.t.Helper()
	found := ceremonyOf.FindStringSubmatch(b.text)
	if found == nil {
		d.t.Fatalf("the page asks for no passkey: %s", b.text)
	}
	options := `{"publicKey":` + html.UnescapeString(found[1]) + `}`
	var answer string
	if strings.Contains(b.text, `data-passkey="create"`) {
		o, err := virtualwebauthn.ParseAttestationOptions(options)
		if err != nil {
			d.t.Fatal(err)
		}
		answer = virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *o)
	} else {
		o, err := virtualwebauthn.ParseAssertionOptions(options)
		if err != nil {
			d.t.Fatal(err)
		}
		d.key.Counter++
		answer = virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *o)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(answer), &m); err != nil {
		d.t.Fatal(err)
	}
	m["authenticatorAttachment"] = "cross-platform"
	text, err := json.Marshal(m)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		d := &device{t: t, rp: virtualwebauthn.RelyingParty{ID: "portal.haven.example", Origin: "https://portal.haven.example"}, auth: virtualwebauthn.NewAuthenticator(), key: peopletest.DeviceKey(t)}
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/second-step/passkey").want(200, "/account/second-step/passkey", "This is a shared computer")
		b.send("/account/second-step/passkey").want(422, "/account/second-step/passkey", "Give the passkey a name")
		b.send("/account/second-step/passkey", "name", "Key", "credential", "<script>").want(422, "/account/second-step/passkey", "This passkey could not be checked.")
		b.send("/account/second-step/passkey", "name", "Key <1>", "credential", d.answers(b)).want(200, "/account/second-step/passkey", "Your passkey is added")
		b.get("/account/second-step").want(200, "/account/second-step", "Key &lt;1&gt;")

		h.Clock.Advance(h.Policy.Session.IdleShared)
		b.get("/account").want(200, "/account", "Unlock with your passkey")
		b.send("/unlock", "with", "passkey").want(422, "/unlock", "Your browser showed no passkey.")
		b.send("/unlock", "with", "passkey", "credential", "{}").want(422, "/unlock", "This passkey could not be checked.")
		b.send("/unlock", "next", "/account", "with", "passkey", "credential", d.answers(b)).want(200, "/account", "My account")
		b.get("/account/programs/new").want(200, "/prove", "Continue with your passkey") // a passkey alone is not the password
		b.send("/prove", "next", "/account/programs/new", "with", "passkey", "credential", d.answers(b)).want(422, "/prove", "Enter your password")
		b.send("/prove", "next", "/account/programs/new", "password", peopletest.Password, "with", "passkey", "credential", d.answers(b)).want(200, "/account/programs/new", "Which program is it for?")

		other := s.browser().logIn(aisha, peopletest.Password).want(200, "/log-in/code", "Use your passkey")
		other.send("/log-in/code", "with", "passkey").want(422, "/log-in/code", "Your browser showed no passkey.")
		answer := d.answers(other)
		other.send("/log-in/code", "with", "passkey", "credential", answer).want(200, "/mailboxes", "My mailboxes")
		third := s.browser().logIn(aisha, peopletest.Password)
		third.send("/log-in/code", "with", "passkey", "credential", answer).want(422, "/log-in/code", "This passkey could not be checked.")

		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(b.get("/account/second-step").text)
		b.send("/account/second-step/passkey/remove", "id", id[1]).want(200, "/account/second-step/passkey/remove", "The passkey is taken away.")
		s.browser().logIn(aisha, peopletest.Password).want(200, "/mailboxes", "My mailboxes")
	})
}
