package outbox

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"haven/mail/authn"
)

// keyMap is a key store in memory.
type keyMap struct {
	mu   sync.Mutex
	keys map[string][]byte
}

func (k *keyMap) NamedOr(_ context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys[name] == nil {
		b, err := create()
		if err != nil {
			return nil, err
		}
		k.keys[name] = b
	}
	return k.keys[name], nil
}

// TestSignaturesHold: what arrives verifies under both keys, whatever the letter's lines looked like here.
func TestSignaturesHold(t *testing.T) {
	t.Parallel()
	signer, err := authn.OpenSigner(t.Context(), &keyMap{keys: map[string][]byte{}})
	if err != nil {
		t.Fatal(err)
	}
	records, err := signer.DNSRecords("haven.test", "mail.haven.test")
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) ([]string, error) {
		for _, r := range records {
			if r.Name == name && r.Type == "TXT" {
				return []string{r.Value}, nil
			}
		}
		return nil, fmt.Errorf("no record %s", name)
	}
	s := newStranger(t, "EHLO PIPELINING\nSERVE")
	h := newHouse(t, "sqlite", func(c *Config) { via(s)(c); c.Signer = signer }).start()
	letters := []string{
		testLetter,
		"From: ann@haven.test\nSubject: bare line feeds\n\n.\n..\nno end",
		"From: ann@haven.test\r\nSubject: long\r\n\r\n" + strings.Repeat(strings.Repeat("w ", 30)+"\r\n", 5000),
	}
	for _, l := range letters {
		h.post(l, func(it *Item) { it.Trace = []byte("Received: from here\r\n") }, "bob@there.test")
		if e := h.tried(); e.Delivered != 1 {
			t.Fatalf("got %+v", e)
		}
	}
	for i, l := range s.got() {
		found, err := dkim.VerifyWithOptions(strings.NewReader(l), &dkim.VerifyOptions{LookupTXT: lookup})
		if err != nil || len(found) != 2 {
			t.Fatalf("letter %d: %d signatures, %v", i, len(found), err)
		}
		for _, v := range found {
			if v.Err != nil || v.Domain != "haven.test" {
				t.Errorf("letter %d: %s: %v", i, v.Domain, v.Err)
			}
		}
	}
}
