package sieve

import (
	"strings"
	"unicode/utf8"

	"haven"
	"haven/mail/sieve/lang"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Names of the rules that refuse a change. Faces translate them: RFC 5804 §1.3 has a code for each.
const (
	RuleScript  haven.Rule = "sieve.script"  // the script is wrong; the sentence names its lines
	RuleName    haven.Rule = "sieve.name"    // no name that a script can have
	RuleTaken   haven.Rule = "sieve.taken"   // another script has that name
	RuleActive  haven.Rule = "sieve.active"  // the active script is not deleted
	RuleScripts haven.Rule = "sieve.scripts" // too many
	RuleOctets  haven.Rule = "sieve.octets"  // too long
	RuleGone    haven.Rule = "sieve.gone"    // there is no such script
	RuleOwners  haven.Rule = "sieve.owners"  // only owners of a shared mailbox keep its filters
	RuleState   haven.Rule = "sieve.state"   // nobody knows any more what changed since then
)

func refuse(k errs.Kind, rule haven.Rule, say string, args ...any) error {
	e := errs.E(k, say, args...)
	e.Rule = string(rule)
	return e
}

// checkName holds a name to RFC 5804 §1.6: no control characters and line ends of any sort.
func checkName(name string, p policy.Sieve) error {
	bad := func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 }
	if name == "" || len(name) > p.NameOctets || !utf8.ValidString(name) || strings.ContainsFunc(name, bad) {
		return refuse(errs.Invalid, RuleName, "A script's name has between 1 and %d octets, without control characters.", p.NameOctets)
	}
	return nil
}

// fits says whether a script of so many octets may be put where an account has so many others.
func fits(others, octets int, p policy.Sieve) error {
	switch {
	case octets > p.ScriptOctets:
		return refuse(errs.OverQuota, RuleOctets, "A script has at most %d octets.", p.ScriptOctets)
	case others >= p.Scripts:
		return refuse(errs.TooMany, RuleScripts, "There are at most %d scripts. Delete one that is no longer needed.", p.Scripts)
	}
	return nil
}

// limits are the policy in the words of the language.
func limits(p policy.Sieve) lang.Limits {
	return lang.Limits{Octets: p.ScriptOctets, Nesting: p.Nesting, Includes: p.Includes, Actions: p.Actions, Redirects: p.Redirects, Variables: p.Variables,
		VariableText: p.VariableOctets, Edits: p.Edits, Body: p.BodyOctets, Work: int64(p.Work), VacationMin: p.TellEvery, VacationMost: p.TellMost, SeenMost: p.SeenFor}
}
