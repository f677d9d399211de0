package authn

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"haven"
)

// Names of the rules that put a letter into Junk (Rules 10).
const (
	RuleJunkDMARC   haven.Rule = "junk.dmarc"
	RuleJunkForged  haven.Rule = "junk.forged"
	RuleJunkAuthors haven.Rule = "junk.authors"
	RuleJunkFrom    haven.Rule = "junk.from"
	RuleNotJunk     haven.Rule = "junk.none"
)

// From is what a letter says of whom it is from. Domains are in lower case, each once.
type From struct {
	Fields  int      // how many there are; by the book one (RFC 5322 §3.6)
	Domains []string // of the addresses
	Shown   []string // of whatever a reader may take for an address, in names too
	Long    bool     // a field is longer than is read
}

// maxShown is how many domains From may show; no honest letter has so many.
const maxShown = 50

// Junk says whether a letter from outside belongs into Junk (Rules 10): the letter shows one of our domains and nothing
// proves that it is ours; it says whom it is from in no field or in several, or in one that is not read to its end, or names
// more domains than are asked about, so that what is proven need not be what is shown; or the domain in From asks for it by
// DMARC. ours reports whether a domain is served here.
func Junk(v Verdicts, from From, ours func(domain string) bool) (bool, haven.Verdict) {
	for _, d := range slices.Concat(from.Domains, from.Shown[:min(maxShown, len(from.Shown))]) {
		if ours(d) && !(v.DMARC.Aligned && sameDomain(v.DMARC.Domain, d)) {
			return true, haven.Verdict{Rule: RuleJunkForged,
				Reason: "The letter came from outside, says that it is from " + d + ", and nothing proves it."}
		}
	}
	switch {
	case from.Fields != 1:
		return true, haven.Verdict{Rule: RuleJunkFrom, Reason: "The letter says in " + strconv.Itoa(from.Fields) + " fields whom it is from, and not in one."}
	case from.Long:
		return true, haven.Verdict{Rule: RuleJunkFrom, Reason: "The letter takes more room to say whom it is from than is read."}
	case len(from.Domains) > maxFrom || len(from.Shown) > maxShown:
		return true, haven.Verdict{Rule: RuleJunkAuthors, Reason: "The letter says that it is from people in many places at once."}
	}
	if v.DMARC.Result == Fail && (v.DMARC.Policy == PolicyQuarantine || v.DMARC.Policy == PolicyReject) {
		return true, haven.Verdict{Rule: RuleJunkDMARC,
			Reason: "The letter fails the checks that " + v.DMARC.Domain + " asks for (policy " + string(v.DMARC.Policy) + ")."}
	}
	return false, haven.Verdict{Allowed: true, Rule: RuleNotJunk, Reason: "Nothing speaks against the letter."}
}

// OrganisationalDomain is the domain that somebody registered, by the public suffix list (RFC 7489 §3.2). A public
// suffix, an address literal and a single label stand for themselves.
func OrganisationalDomain(domain string) string {
	domain = normal(domain)
	if strings.HasPrefix(domain, "[") {
		return domain
	}
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return org
}

// normal is the form in which domains are compared.
func normal(domain string) string {
	return strings.ToLower(strings.TrimSuffix(domain, "."))
}

func sameDomain(a, b string) bool { return normal(a) == normal(b) }

// aligned says whether a domain that passed a check speaks for the domain in From (RFC 7489 §3.1).
func aligned(passed, from string, strict bool) bool {
	if passed == "" || from == "" {
		return false
	}
	return sameDomain(passed, from) || !strict && OrganisationalDomain(passed) == OrganisationalDomain(from)
}

// record is what of a DMARC record matters here.
type record struct {
	policy, subdomains    Policy
	strictDKIM, strictSPF bool
	percent               int
}

// judge decides DMARC for one domain of From. found is nil when no policy is published; inherited says that it is the
// organisation's record, so that its policy for subdomains holds.
func judge(from string, spf SPF, dkim []Signature, found *record, inherited bool) DMARC {
	d := DMARC{Domain: from, Result: None}
	r := record{}
	if found != nil {
		r = *found
	}
	d.Aligned = spf.Result == Pass && aligned(spf.Domain, from, r.strictSPF)
	unsure := spf.Result == TempError && aligned(spf.Domain, from, r.strictSPF)
	for _, s := range dkim {
		if aligned(s.Domain, from, r.strictDKIM) {
			d.Aligned = d.Aligned || s.Result == Pass
			unsure = unsure || s.Result == TempError
		}
	}
	if found == nil {
		return d
	}
	d.Policy = r.policy
	if inherited && r.subdomains != NoPolicy {
		d.Policy = r.subdomains
	}
	if r.percent == 0 { // the domain is still trying its policy out (RFC 7489 §6.6.4); other percentages count in full
		d.Policy = PolicyNone
	}
	switch {
	case d.Aligned:
		d.Result = Pass
	case unsure: // what can't be checked now may be genuine; it is not held against the letter
		d.Result = TempError
	default:
		d.Result = Fail
	}
	return d
}

// worse orders verdicts on several domains in From: an attacker may add one that passes.
func worse(a, b DMARC) DMARC {
	rank := func(d DMARC) int {
		switch {
		case d.Result == Fail && d.Policy == PolicyReject:
			return 4
		case d.Result == Fail && d.Policy == PolicyQuarantine:
			return 3
		case d.Result == Fail:
			return 2
		case !d.Aligned:
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
