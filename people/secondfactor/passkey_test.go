package secondfactor_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/secondfactor"
)

// phone is a device that makes and shows passkeys.
type phone struct {
	t     *testing.T
	rp    virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
	where string // how it is attached: "platform", "cross-platform"
}

func newPhone(t *testing.T) *phone {
	return &phone{t: t, rp: virtualwebauthn.RelyingParty{ID: "portal.haven.example", Name: "Haven", Origin: "https://portal.haven.example"},
		auth: virtualwebauthn.NewAuthenticator(), key: peopletest.DeviceKey(t), where: "cross-platform"}
}

// attached is an answer as a browser gives it, which says how the device is attached.
func (p *phone) attached(answer string) string {
	p.t.Helper()
	var m map[string]any
	must(p.t, json.Unmarshal([]byte(answer), &m))
	m["authenticatorAttachment"] = p.where
	b, err := json.Marshal(m)
	must(p.t, err)
	return string(b)
}

func (p *phone) makes(c secondfactor.Ceremony) string {
	p.t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(c) + `}`)
	must(p.t, err)
	return p.attached(virtualwebauthn.CreateAttestationResponse(p.rp, p.auth, p.key, *o))
}

func (p *phone) shows(c secondfactor.Ceremony) string {
	p.t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(c) + `}`)
	must(p.t, err)
	p.key.Counter++
	return p.attached(virtualwebauthn.CreateAssertionResponse(p.rp, p.auth, p.key, *o))
}

// add gives a person a passkey, and returns the recovery codes that come with it.
func (p *phone) add(s *secondfactor.Service, who account.Account, name string) []string {
	p.t.Helper()
	c, err := s.MakePasskey(p.t.Context(), who, false)
	must(p.t, err)
	codes, err := s.AddPasskey(p.t.Context(), haven.Actor{Person: who.ID}, who, name, false, p.makes(c))
	must(p.t, err)
	return codes
}

func TestPasskey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx, aisha, ben := t.Context(), h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		me := haven.Actor{Person: aisha.ID}
		mine, his := newPhone(t), newPhone(t)
		if c, err := s.ShowPasskey(ctx, aisha); c != "" || err != nil {
			t.Errorf("%q, %v where there is no passkey", c, err)
		}
		codes := mine.add(s, aisha, " My phone ")
		if len(codes) != 10 {
			t.Errorf("%d recovery codes", len(codes))
		}
		his.add(s, ben, "Ben's phone")
		st, err := s.Of(ctx, aisha.No)
		must(t, err)
		if !st.On || st.App || len(st.Passkeys) != 1 || st.Passkeys[0].Name != "My phone" || st.Recovery != 10 || !st.Passkeys[0].Used.IsZero() || st.Since.IsZero() {
			t.Errorf("%+v", st)
		}

		show := func() secondfactor.Ceremony {
			t.Helper()
			c, err := s.ShowPasskey(ctx, aisha)
			must(t, err)
			return c
		}
		h.Clock.Advance(time.Hour)
		answer := mine.shows(show())
		must(t, s.CheckPasskey(ctx, me, aisha, true, answer))
		wantRule(t, s.CheckPasskey(ctx, me, aisha, true, answer), "passkey.wrong") // twice
		wantRule(t, s.CheckPasskey(ctx, me, aisha, false, his.shows(show())), "passkey.wrong")
		asked := mine.shows(show())
		wantRule(t, s.CheckPasskey(ctx, haven.Actor{Person: ben.ID}, ben, false, asked), "passkey.wrong") // another person's question
		late := mine.shows(show())
		h.Clock.Advance(10 * time.Minute)
		wantRule(t, s.CheckPasskey(ctx, me, aisha, false, late), "passkey.wrong")
		for _, rubbish := range []string{"", "{}", "null", "[]", "<script>", strings.Repeat("{", 50_000), `{"id":"x","rawId":"eA","type":"public-key","response":{}}`} {
			wantRule(t, s.CheckPasskey(ctx, me, aisha, false, rubbish), "passkey.wrong")
		}
		mine.rp.Origin = "https://portal.haven.example.evil.example"
		wantRule(t, s.CheckPasskey(ctx, me, aisha, false, mine.shows(show())), "passkey.wrong")
		mine.rp.Origin = "https://portal.haven.example"
		mine.auth.Options.UserNotVerified = true
		wantRule(t, s.CheckPasskey(ctx, me, aisha, false, mine.shows(show())), "passkey.wrong")
		mine.auth.Options.UserNotVerified = false
		mine.where = "platform"
		wantRule(t, s.CheckPasskey(ctx, me, aisha, true, mine.shows(show())), "passkey.shared")
		must(t, s.CheckPasskey(ctx, me, aisha, false, mine.shows(show())))
		mine.key.Counter = 0 // a copy of the key
		wantRule(t, s.CheckPasskey(ctx, me, aisha, false, mine.shows(show())), "passkey.wrong")

		kind, err := s.Check(ctx, me, aisha, codes[0])
		if kind != secondfactor.Recovery || err != nil {
			t.Errorf("a recovery code: %d, %v", kind, err)
		}
		if kind, err := s.Check(ctx, me, aisha, "123456"); kind != secondfactor.None || err == nil {
			t.Errorf("a code without an app: %d, %v", kind, err)
		}
		wantRule(t, s.RemovePasskey(ctx, haven.Actor{Person: ben.ID}, ben, st.Passkeys[0].ID), "passkey.none")
		must(t, s.RemovePasskey(ctx, me, aisha, st.Passkeys[0].ID))
		if st, err := s.Of(ctx, aisha.No); err != nil || st.On || st.Recovery != 0 {
			t.Errorf("%+v, %v after the last passkey went", st, err)
		}
	})
}

// An app and passkeys stand beside one another, and the recovery codes stay as long as either does.
func TestPasskeyAndApp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx, aisha := t.Context(), h.Person("Aisha", "Rahman")
		me := haven.Actor{Person: aisha.ID}
		if codes := newPhone(t).add(s, aisha, "Key"); len(codes) != 10 {
			t.Errorf("%d codes with a passkey", len(codes))
		}
		setup, _ := on(t, h, s, aisha)
		if codes := newPhone(t).add(s, aisha, "Phone"); codes != nil {
			t.Error("recovery codes are replaced by another passkey")
		}
		h.Clock.Advance(time.Minute)
		if kind, err := s.Check(ctx, me, aisha, code(t, h, setup)); kind != secondfactor.Code || err != nil {
			t.Errorf("%d, %v", kind, err)
		}
		must(t, s.Remove(ctx, me, aisha))
		h.Clock.Advance(time.Minute)
		if kind, err := s.Check(ctx, me, aisha, code(t, h, setup)); kind != secondfactor.None || err == nil {
			t.Errorf("the app that was taken away: %d, %v", kind, err)
		}
		st, err := s.Of(ctx, aisha.No)
		must(t, err)
		if !st.On || st.App || len(st.Passkeys) != 2 || st.Recovery != 10 {
			t.Errorf("%+v", st)
		}
		wantRule(t, s.Remove(ctx, me, aisha), "second-factor.none")
		if _, err := s.Begin(ctx, aisha); err != nil {
			t.Errorf("another app: %v", err)
		}
	})
}

func TestPasskeyLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx, aisha := t.Context(), h.Person("Aisha", "Rahman")
		me := haven.Actor{Person: aisha.ID}
		c, err := s.MakePasskey(ctx, aisha, true)
		must(t, err)
		if !strings.Contains(string(c), `"authenticatorAttachment":"cross-platform"`) || !strings.Contains(string(c), `"userVerification":"required"`) {
			t.Errorf("a shared computer asks for %s", c)
		}
		p := newPhone(t)
		answer := p.makes(c)
		for _, name := range []string{"", "  ", strings.Repeat("n", 65), "a\u202eb"} {
			_, err = s.AddPasskey(ctx, me, aisha, name, true, answer)
			wantRule(t, err, "passkey.name")
		}
		p.where = "platform"
		_, err = s.AddPasskey(ctx, me, aisha, "This PC", true, p.makes(c))
		wantRule(t, err, "passkey.shared")
		_, err = s.AddPasskey(ctx, me, aisha, "Key", true, answer)
		must(t, err)
		_, err = s.AddPasskey(ctx, me, aisha, "Key", true, answer)
		wantRule(t, err, "passkey.wrong")
		for range h.Policy.Session.Passkeys - 1 {
			newPhone(t).add(s, aisha, "Key")
		}
		_, err = s.MakePasskey(ctx, aisha, false)
		wantRule(t, err, "passkey.many")
		for range 50 {
			_, err := s.ShowPasskey(ctx, aisha)
			must(t, err)
		}
	})
}
