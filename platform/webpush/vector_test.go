package webpush

import (
	"bytes"
	"crypto/ecdh"
	"encoding/base64"
	"testing"
)

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 8291 §5 and its Appendix A.
const (
	exampleText   = "When I grow up, I want to be a watermelon"
	exampleSender = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
	examplePoint  = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	exampleAuth   = "BTBZMqHH6r4Tts7J_aSIgg"
	exampleSalt   = "DGv6ra1nlYgDCS1FRnbzlw"
	exampleBody   = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

func TestEncryptAsTheRFCDoes(t *testing.T) {
	t.Parallel()
	k, err := ParseKeys(examplePoint, exampleAuth)
	if err != nil {
		t.Fatal(err)
	}
	own, err := ecdh.P256().NewPrivateKey(octets(t, exampleSender))
	if err != nil {
		t.Fatal(err)
	}
	body, err := seal(k, own, [saltSize]byte(octets(t, exampleSalt)), []byte(exampleText), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(body, octets(t, exampleBody)) {
		t.Errorf("the body is %s", base64.RawURLEncoding.EncodeToString(body))
	}
}

func TestPadding(t *testing.T) {
	t.Parallel()
	for payload, want := range map[int]int{0: 511, 1: 510, 511: 0, 512: 511, 3583: 0, 3584: 409, MaxPayload - 1: 1, MaxPayload: 0} {
		if got := padding(payload); got != want {
			t.Errorf("%d octets get %d more, want %d", payload, got, want)
		}
	}
}
