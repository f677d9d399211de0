package authn

import (
	"testing"

	"haven"
)

func TestJunk(t *testing.T) {
	t.Parallel()
	pass := DMARC{Result: Pass, Domain: "pharmacy.example", Policy: PolicyReject, Aligned: true}
	tests := []struct {
		why   string
		from  string
		d     DMARC
		want  haven.Rule
		shown []string
	}{
		{"our domain, proven", "pharmacy.example", pass, RuleNotJunk, nil},
		{"our domain, proven though it publishes nothing", "pharmacy.example", DMARC{Result: None, Domain: "pharmacy.example", Aligned: true}, RuleNotJunk, nil},
		{"our domain, nothing proves it", "pharmacy.example", DMARC{Result: None, Domain: "pharmacy.example"}, RuleJunkForged, nil},
		{"our domain, DNS is broken", "pharmacy.example", DMARC{Result: TempError, Domain: "pharmacy.example"}, RuleJunkForged, nil},
		{"our domain beside another one that is proven", "pharmacy.example", DMARC{Result: Pass, Domain: "evil.example", Aligned: true}, RuleJunkForged, nil},
		{"a stranger without policy", "surgery.example", DMARC{Result: None, Domain: "surgery.example"}, RuleNotJunk, nil},
		{"a stranger who only watches", "surgery.example", DMARC{Result: Fail, Domain: "surgery.example", Policy: PolicyNone}, RuleNotJunk, nil},
		{"quarantine", "surgery.example", DMARC{Result: Fail, Domain: "surgery.example", Policy: PolicyQuarantine}, RuleJunkDMARC, nil},
		{"reject", "surgery.example", DMARC{Result: Fail, Domain: "surgery.example", Policy: PolicyReject}, RuleJunkDMARC, nil},
		{"reject, but DNS is broken", "surgery.example", DMARC{Result: TempError, Domain: "surgery.example", Policy: PolicyReject}, RuleNotJunk, nil},
		{"a stranger who calls himself one of us", "surgery.example", DMARC{Result: Pass, Domain: "surgery.example", Aligned: true}, RuleJunkForged, []string{"pharmacy.example"}},
		{"one of us, by name and address", "pharmacy.example", pass, RuleNotJunk, []string{"pharmacy.example"}},
		{"more names than anybody has", "surgery.example", DMARC{Result: None, Domain: "surgery.example"}, RuleJunkAuthors, make([]string, maxShown+1)},
	}
	for _, tt := range tests {
		junk, v := Junk(Verdicts{DMARC: tt.d}, From{Fields: 1, Domains: []string{tt.from}, Shown: tt.shown}, func(d string) bool { return d == "pharmacy.example" })
		if v.Rule != tt.want || junk != (tt.want != RuleNotJunk) || v.Allowed == junk || v.Reason == "" {
			t.Errorf("%s: %v %+v", tt.why, junk, v)
		}
	}
}

func TestJunkWithoutOneFrom(t *testing.T) {
	t.Parallel()
	proven := Verdicts{DMARC: DMARC{Result: Pass, Domain: "surgery.example", Policy: PolicyReject, Aligned: true}}
	for fields, want := range map[int]haven.Rule{0: RuleJunkFrom, 1: RuleNotJunk, 2: RuleJunkFrom} {
		if _, v := Junk(proven, From{Fields: fields, Domains: []string{"surgery.example"}}, func(string) bool { return false }); v.Rule != want {
			t.Errorf("%d fields: %+v", fields, v)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	reject := func(mod func(*record)) *record {
		r := &record{policy: PolicyReject, percent: 100}
		if mod != nil {
			mod(r)
		}
		return r
	}
	spf := func(r Result, d string) SPF { return SPF{Result: r, Domain: d} }
	sig := func(r Result, d string) []Signature { return []Signature{{Result: r, Domain: d}} }
	tests := []struct {
		why       string
		from      string
		spf       SPF
		dkim      []Signature
		record    *record
		inherited bool
		want      DMARC
	}{
		{"SPF aligned", "a.example", spf(Pass, "a.example"), nil, reject(nil), false, DMARC{Pass, "a.example", PolicyReject, true}},
		{"SPF of a subdomain, relaxed", "a.example", spf(Pass, "mail.a.example"), nil, reject(nil), false, DMARC{Pass, "a.example", PolicyReject, true}},
		{"SPF of a subdomain, strict", "a.example", spf(Pass, "mail.a.example"), nil, reject(func(r *record) { r.strictSPF = true }), false, DMARC{Fail, "a.example", PolicyReject, false}},
		{"SPF of a stranger", "a.example", spf(Pass, "b.example"), nil, reject(nil), false, DMARC{Fail, "a.example", PolicyReject, false}},
		{"two that share a public suffix only", "a.co.uk", spf(Pass, "b.co.uk"), nil, reject(nil), false, DMARC{Fail, "a.co.uk", PolicyReject, false}},
		{"softfail is no pass", "a.example", spf(SoftFail, "a.example"), nil, reject(nil), false, DMARC{Fail, "a.example", PolicyReject, false}},
		{"DKIM aligned", "x.a.example", spf(Fail, "b.example"), sig(Pass, "a.example"), reject(nil), false, DMARC{Pass, "x.a.example", PolicyReject, true}},
		{"DKIM strict", "x.a.example", spf(None, ""), sig(Pass, "a.example"), reject(func(r *record) { r.strictDKIM = true }), false, DMARC{Fail, "x.a.example", PolicyReject, false}},
		{"DKIM temperror of the same domain", "a.example", spf(Fail, "a.example"), sig(TempError, "a.example"), reject(nil), false, DMARC{TempError, "a.example", PolicyReject, false}},
		{"DKIM temperror of a stranger", "a.example", spf(Fail, "a.example"), sig(TempError, "b.example"), reject(nil), false, DMARC{Fail, "a.example", PolicyReject, false}},
		{"subdomain policy", "x.a.example", spf(None, ""), nil, reject(func(r *record) { r.subdomains = PolicyNone }), true, DMARC{Fail, "x.a.example", PolicyNone, false}},
		{"subdomain policy does not touch the domain itself", "a.example", spf(None, ""), nil, reject(func(r *record) { r.subdomains = PolicyNone }), false, DMARC{Fail, "a.example", PolicyReject, false}},
		{"pct=0", "a.example", spf(None, ""), nil, reject(func(r *record) { r.percent = 0 }), false, DMARC{Fail, "a.example", PolicyNone, false}},
		{"no record, nothing proven", "a.example", spf(None, ""), nil, nil, false, DMARC{None, "a.example", NoPolicy, false}},
		{"no record, proven", "a.example", spf(Pass, "A.example."), nil, nil, false, DMARC{None, "a.example", NoPolicy, true}},
	}
	for _, tt := range tests {
		if got := judge(tt.from, tt.spf, tt.dkim, tt.record, tt.inherited); got != tt.want {
			t.Errorf("%s: %+v, wanted %+v", tt.why, got, tt.want)
		}
	}
}

func TestPolicyDiscovery(t *testing.T) {
	t.Parallel()
	z := &Zone{TXT: map[string][]string{
		"_dmarc.a.example":     {"v=DMARC1; p=quarantine; sp=reject"},
		"_dmarc.own.a.example": {"v=spf1 -all", "v=DMARC1; p=none"},
		"_dmarc.bad.example":   {"v=DMARC1; p=sometimes"},
	}, Broken: map[string]bool{"_dmarc.broken.example": true}}
	tests := []struct {
		domain    string
		want      Policy
		inherited bool
		failed    Result
	}{
		{"a.example", PolicyQuarantine, false, ""},
		{"A.Example", PolicyQuarantine, false, ""},
		{"deep.down.a.example", PolicyQuarantine, true, ""},
		{"own.a.example", PolicyNone, false, ""},
		{"bad.example", NoPolicy, false, ""},
		{"none.example", NoPolicy, false, ""},
		{"broken.example", NoPolicy, false, TempError},
		{"localhost", NoPolicy, false, ""},
		{"[192.0.2.1]", NoPolicy, false, ""},
	}
	c := &Checker{DNS: z}
	for _, tt := range tests {
		a := c.policyOf(t.Context(), tt.domain)
		got := NoPolicy
		if a.record != nil {
			got = a.record.policy
		}
		if got != tt.want || a.record != nil && a.inherited != tt.inherited || a.failed != tt.failed {
			t.Errorf("%s: %q %+v", tt.domain, got, a)
		}
	}
}

func TestOrganisationalDomain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"mail.surgery.nhs.uk": "surgery.nhs.uk", "Example.COM.": "example.com", "co.uk": "co.uk", "localhost": "localhost",
		"[192.0.2.1]": "[192.0.2.1]", "a.b.example.co.uk": "example.co.uk", "": "",
	} {
		if got := OrganisationalDomain(in); got != want {
			t.Errorf("%q: %q, wanted %q", in, got, want)
		}
	}
}
