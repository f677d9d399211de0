package authn

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"haven"
)

// drawer is a KeyStore in memory.
type drawer map[string][]byte

func (d drawer) NamedOr(_ context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	if b, ok := d[name]; ok {
		return b, nil
	}
	b, err := create()
	d[name] = b
	return b, err
}

const letter = "From: Bob <bob@surgery.example>\r\nTo: alice@pharmacy.example\r\nSubject: Repeat\r\n" +
	"Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@surgery.example>\r\n\r\nHello,\r\n\r\n  and goodbye. \r\n"

func zoneFor(t *testing.T, s *Signer, domain string) *Zone {
	t.Helper()
	records, err := s.DNSRecords(domain, "mx."+domain)
	if err != nil {
		t.Fatal(err)
	}
	z := &Zone{TXT: map[string][]string{}, MX: map[string][]*net.MX{}, A: map[string][]string{"mx." + domain: {"192.0.2.1"}}}
	for _, r := range records {
		switch r.Type {
		case "TXT":
			z.TXT[r.Name] = append(z.TXT[r.Name], r.Value)
		case "MX":
			z.MX[r.Name] = []*net.MX{{Host: "mx." + domain + ".", Pref: 10}}
		}
	}
	return z
}

func openSigner(t *testing.T) *Signer {
	t.Helper()
	keys := drawer{}
	if _, err := OpenSigner(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSigner(t.Context(), keys) // the second time they come out of the store
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func check(t *testing.T, c *Checker, f Facts, text string, from ...string) Verdicts {
	t.Helper()
	k := c.Begin(t.Context(), f)
	for i := 0; i < len(text); i += 7 {
		if _, err := k.Write([]byte(text[i:min(i+7, len(text))])); err != nil {
			t.Fatal(err)
		}
	}
	return k.Verdicts(from)
}

func TestSignedLetterPasses(t *testing.T) {
	t.Parallel()
	s := openSigner(t)
	fields, err := s.Sign(t.Context(), "Surgery.example", strings.NewReader(letter))
	if err != nil {
		t.Fatal(err)
	}
	c := &Checker{DNS: zoneFor(t, s, "surgery.example")}
	good := Facts{IP: netip.MustParseAddr("192.0.2.1"), Helo: "mx.surgery.example", From: haven.MustAddress("bob@surgery.example")}
	v := check(t, c, good, string(fields)+letter, "surgery.example")
	if len(v.DKIM) != 2 || v.DKIM[0].Result != Pass || v.DKIM[1].Result != Pass {
		t.Errorf("DKIM is %+v", v.DKIM)
	}
	if v.DKIM[0].Selector != SelectorEd25519 || v.DKIM[1].Selector != SelectorRSA {
		t.Errorf("selectors are %+v", v.DKIM)
	}
	if v.SPF.Result != Pass || v.DMARC.Result != Pass || v.DMARC.Policy != PolicyReject || !v.DMARC.Aligned {
		t.Errorf("SPF is %+v, DMARC is %+v", v.SPF, v.DMARC)
	}
	for name, changed := range map[string]string{
		"body":           strings.Replace(string(fields)+letter, "goodbye", "good buy", 1),
		"subject":        strings.Replace(string(fields)+letter, "Repeat", "Urgent", 1),
		"a second From":  string(fields) + "From: Eve <eve@evil.example>\r\n" + letter,
		"a second To":    string(fields) + "To: all@evil.example\r\n" + letter,
		"one octet gone": string(fields) + letter[:len(letter)-5] + "\r\n",
	} {
		v := check(t, c, Facts{IP: netip.MustParseAddr("203.0.113.9"), Helo: "x.example", From: good.From}, changed, "surgery.example")
		for _, d := range v.DKIM {
			if d.Result == Pass {
				t.Errorf("%s changed: %+v passes", name, d)
			}
		}
		if v.SPF.Result != Fail || v.DMARC.Result != Fail {
			t.Errorf("%s changed: SPF %+v, DMARC %+v", name, v.SPF, v.DMARC)
		}
	}
	v = check(t, c, good, letter, "other.example")
	if v.DMARC.Aligned || v.DMARC.Result != None {
		t.Errorf("somebody else's From: %+v", v.DMARC)
	}
}

func TestBrokenDNSIsATempError(t *testing.T) {
	t.Parallel()
	s := openSigner(t)
	fields, err := s.Sign(t.Context(), "surgery.example", strings.NewReader(letter))
	if err != nil {
		t.Fatal(err)
	}
	z := zoneFor(t, s, "surgery.example")
	z.Broken = map[string]bool{"surgery.example": true, SelectorRSA + "._domainkey.surgery.example": true,
		SelectorEd25519 + "._domainkey.surgery.example": true}
	v := check(t, &Checker{DNS: z}, Facts{IP: netip.MustParseAddr("192.0.2.1"), From: haven.MustAddress("bob@surgery.example")}, string(fields)+letter, "surgery.example")
	if v.SPF.Result != TempError || v.DKIM[0].Result != TempError || v.DMARC.Result != TempError {
		t.Errorf("found %+v", v)
	}
	if junk, _ := Junk(v, From{Fields: 1, Domains: []string{"surgery.example"}}, func(string) bool { return false }); junk {
		t.Error("a letter that can't be checked now went to Junk")
	}
}

// mute is DNS that never answers.
type mute struct{ Zone }

func (*mute) LookupTXT(ctx context.Context, name string) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestSilentDNSHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	c := &Checker{DNS: NewCached(&mute{}, time.Now), Wait: 300 * time.Millisecond}
	f := Facts{IP: netip.MustParseAddr("192.0.2.1"), Helo: "mx.surgery.example", From: haven.MustAddress("bob@surgery.example")}
	s := openSigner(t)
	fields, err := s.Sign(t.Context(), "surgery.example", strings.NewReader(letter))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	v := check(t, c, f, string(fields)+letter, "surgery.example")
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the first letter took %v", took)
	}
	if v.SPF.Result != TempError || v.DMARC.Result != TempError {
		t.Errorf("found %+v", v)
	}
}

func TestCachedGivesUpOnSilence(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	asked := 0
	dead := &counting{err: &net.DNSError{Err: "i/o timeout", IsTimeout: true}, n: &asked}
	c := NewCached(dead, func() time.Time { return now })
	for _, name := range []string{"a.example", "b.example", "c.example", "d.example", "a.example"} {
		if _, err := c.LookupTXT(t.Context(), name); !err.(*net.DNSError).Temporary() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked != downAfter {
		t.Errorf("asked %d times, wanted %d", asked, downAfter)
	}
	now = now.Add(downFor)
	dead.err = nil
	for _, name := range []string{"a.example", "b.example", "b.example"} {
		if _, err := c.LookupTXT(t.Context(), name); err != nil {
			t.Errorf("after DNS came back, %s: %v", name, err)
		}
	}
	if asked != downAfter+2 {
		t.Errorf("asked %d times, wanted %d: a try, b, and b from memory", asked, downAfter+2)
	}
}

type counting struct {
	Zone
	err error
	n   *int
}

func (c *counting) LookupTXT(context.Context, string) ([]string, error) {
	*c.n++
	return []string{"x"}, c.err
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	z := &Zone{}
	c := NewCached(z, time.Now)
	for i := range maxAnswers + 1000 {
		_, _ = c.LookupTXT(t.Context(), "n"+string(rune('a'+i%26))+strings.Repeat("x", i/26%60)+string(rune('0'+i/1560%10))+string(rune('0'+i/15600))+".example")
	}
	if len(c.answers) > maxAnswers {
		t.Errorf("%d answers held", len(c.answers))
	}
}

func TestThisMachinesDNS(t *testing.T) {
	t.Parallel()
	c := NewCached(SystemResolver(), time.Now)
	start := time.Now()
	for _, name := range []string{"a.invalid", "b.invalid", "c.invalid", "d.invalid"} {
		_, _ = c.LookupTXT(t.Context(), name) // whatever it says, it must say it soon
	}
	if took := time.Since(start); took > (downAfter+1)*lookupWait {
		t.Errorf("four questions took %v", took)
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	v := Verdicts{
		SPF:   SPF{Result: Pass, Domain: "surgery.example"},
		DKIM:  []Signature{{Result: Fail, Domain: "surgery.example", Selector: "s1", Identifier: "@surgery.example"}, {Result: PermError, Domain: "x\r\nBcc: eve"}},
		DMARC: DMARC{Result: Fail, Domain: "surgery.example", Policy: PolicyReject},
	}
	got := v.Field("mx.pharmacy.example", haven.Address{Local: "b;ob", Domain: "surgery.example"})
	if strings.Count(got, "\r\n") != 5 || !strings.HasSuffix(got, "\r\n") || strings.Contains(got, "\nBcc") {
		t.Errorf("field is %q", got)
	}
	for _, part := range []string{"spf=pass smtp.mailfrom=\"\\\"b;ob\\\"@surgery.example\"", "dkim=fail header.d=surgery.example header.i=@surgery.example header.s=s1", "dmarc=fail header.from=surgery.example policy.published-domain-policy=reject"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in %q", part, got)
		}
	}
}

func TestIsForged(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field string
		want  bool
	}{
		{" mx.pharmacy.example; spf=pass", true},
		{"MX.Pharmacy.Example; none", true},
		{" mx.pharmacy.example 1; spf=pass", true},
		{" (a (nested) comment) mx.pharmacy.example;", true},
		{"\r\n\tmx.pharmacy.example\r\n\t; spf=pass", true},
		{` "mx.pharmacy.example"; spf=pass`, true},
		{` "mx.pharm\acy.example"; spf=pass`, true},
		{" mx.pharmacy.example.; spf=pass", true},
		{" mx.pharmacy.example(x); spf=pass", true},
		{" mx.pharmacy.example/1; spf=pass", true},
		{" mx.pharmacy.example, spf=pass", true},
		{" (never ends mx.pharmacy.example", true},
		{" \"never ends", true},
		{"", true},
		{" mx.surgery.example; spf=pass", false},
		{" (mx.pharmacy.example) relay.example; spf=pass", false},
		{" sub.mx.pharmacy.example; spf=pass", false},
	}
	for _, tt := range tests {
		if got := IsForged(tt.field, "mx.pharmacy.example"); got != tt.want {
			t.Errorf("%q: %v", tt.field, got)
		}
	}
}
