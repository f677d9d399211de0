package managesieve

import (
	"errors"

	"haven/mail/sieve"
	"haven/platform/errs"
)

// codes is every kind of error as a response code of NO (RFC 5804 §1.3); "" where it has none. The test proves that it is total.
var codes = map[errs.Kind]string{
	errs.Internal:  "TRYLATER",
	errs.Transient: "TRYLATER",
	errs.NotFound:  "NONEXISTENT",
	errs.Denied:    "",
	errs.Private:   "",
	errs.OverQuota: "QUOTA",
	errs.Invalid:   "",
	errs.Conflict:  "TRYLATER",
	errs.TooMany:   "TRYLATER",
}

// ruleCodes are rules whose refusal has a code of its own.
var ruleCodes = map[string]string{
	string(sieve.RuleTaken):   "ALREADYEXISTS",
	string(sieve.RuleActive):  "ACTIVE",
	string(sieve.RuleScripts): "QUOTA/MAXSCRIPTS",
	string(sieve.RuleOctets):  "QUOTA/MAXSIZE",
	string(sieve.RuleGone):    "NONEXISTENT",
	ruleSize:                  "QUOTA/MAXSIZE",
	rulePlaintext:             "ENCRYPT-NEEDED",
	"password.expired":        "TRANSITION-NEEDED",
}

// Names of this face's own refusals.
const (
	ruleSize      = "managesieve.size"
	rulePlaintext = "managesieve.plaintext"
)

func codeOf(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		if code, ok := ruleCodes[e.Rule]; ok {
			return code
		}
	}
	return codes[errs.KindOf(err)]
}

// answer is a response: OK, NO or BYE with its code and sentence.
func answer(word, code, text string) string {
	s := word
	if code != "" {
		s += " (" + code + ")"
	}
	if text != "" {
		s += " " + encode(text)
	}
	return s + "\r\n"
}
