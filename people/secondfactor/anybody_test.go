package secondfactor_test

import (
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/secondfactor"
)

// A device names its person; the question is the same for everybody, is answered once, and no foreign key answers it.
func TestAnybody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx := t.Context()
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		rp := virtualwebauthn.RelyingParty{ID: "portal.haven.example", Origin: "https://portal.haven.example"}
		device := func(who account.Account) (virtualwebauthn.Authenticator, virtualwebauthn.Credential) {
			return virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: who.ID[:]}), peopletest.DeviceKey(t)
		}
		auth, key := device(aisha)
		made, err := s.MakePasskey(ctx, aisha, false)
		must(t, err)
		o, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(made) + `}`)
		must(t, err)
		_, err = s.AddPasskey(ctx, peopletest.As(aisha), aisha, "Key", false, virtualwebauthn.CreateAttestationResponse(rp, auth, key, *o))
		must(t, err)

		show := func(auth virtualwebauthn.Authenticator, key *virtualwebauthn.Credential) (answer string) {
			asked, err := s.AskAnybody(ctx)
			must(t, err)
			if strings.Contains(string(asked), "allowCredentials") {
				t.Errorf("the question names passkeys: %s", asked)
			}
			o, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(asked) + `}`)
			must(t, err)
			key.Counter++
			return virtualwebauthn.CreateAssertionResponse(rp, auth, *key, *o)
		}
		answer := show(auth, &key)
		who, err := s.Anybody(ctx, haven.Actor{Place: "192.0.2.7"}, answer)
		if must(t, err); who.No != aisha.No {
			t.Errorf("it is %s's", who.Display)
		}
		_, err = s.Anybody(ctx, haven.Actor{}, answer)
		wantRule(t, err, "passkey.wrong") // once
		foreign, other := device(ben)
		_, err = s.Anybody(ctx, haven.Actor{}, show(foreign, &other))
		wantRule(t, err, "passkey.wrong")
		_, err = s.Anybody(ctx, haven.Actor{}, show(foreign, &key)) // Aisha's key in Ben's name
		wantRule(t, err, "passkey.wrong")
		nobody := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: make([]byte, 16)})
		_, err = s.Anybody(ctx, haven.Actor{}, show(nobody, &other))
		wantRule(t, err, "passkey.wrong")
		late := show(auth, &key)
		h.Clock.Advance(h.Policy.Session.MaxAge)
		_, err = s.Anybody(ctx, haven.Actor{}, late)
		wantRule(t, err, "passkey.wrong")
		_, err = s.Anybody(ctx, haven.Actor{}, "{}")
		wantRule(t, err, "passkey.wrong")
	})
}
