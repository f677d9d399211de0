// Package authn says who a letter is really from: SPF (RFC 7208), DKIM (RFC 6376, RFC 8463) and DMARC (RFC 7489) for
// what comes in, and signatures for what goes out.
//
// Everything here is bounded in time: a check that gets no answer from DNS ends as temperror and never holds a
// letter up for longer than Checker.Wait.
package authn

import (
	"net/netip"

	"haven"
)

// Result is the outcome of one method, in the words of RFC 8601 §2.7.
type Result string

// A check that did not run has the empty result; None means that there was nothing to check.
const (
	None      Result = "none"
	Pass      Result = "pass"
	Fail      Result = "fail"
	SoftFail  Result = "softfail"
	Neutral   Result = "neutral"
	TempError Result = "temperror"
	PermError Result = "permerror"
)

// Facts are what a connection tells of a letter.
type Facts struct {
	IP   netip.Addr    // who sent it
	Helo string        // the name given in EHLO
	From haven.Address // the envelope's sender; null for a notice
}

// Verdicts are what the checks found.
type Verdicts struct {
	SPF   SPF
	DKIM  []Signature // one for each that was checked, in the letter's order
	DMARC DMARC
}

// SPF is the verdict on the sending address.
type SPF struct {
	Result Result
	Domain string // that was checked
	Helo   bool   // the domain is that of EHLO, since the sender was null (RFC 7208 §2.4)
	Reason string // for the log
}

// Signature is the verdict on one DKIM signature.
type Signature struct {
	Result     Result
	Domain     string // d=, lower case
	Selector   string // s=
	Identifier string // i=
	Reason     string // for the log
}

// Policy is what a domain asks to be done with letters that fail (RFC 7489 §6.3).
type Policy string

// NoPolicy is the policy of a domain that publishes none.
const (
	NoPolicy         Policy = ""
	PolicyNone       Policy = "none"
	PolicyQuarantine Policy = "quarantine"
	PolicyReject     Policy = "reject"
)

// DMARC is the verdict on the domain in From.
type DMARC struct {
	Result Result
	Domain string // in From
	Policy Policy // that applies to Domain
	// Aligned reports whether SPF or DKIM passed for the domain in From, or one of its organisation; it is told also
	// where the domain publishes no policy.
	Aligned bool
}
