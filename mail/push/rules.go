package push

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"haven/platform/errs"
	"haven/platform/policy"
)

// The rules by which a subscription is refused. Property says which property of a PushSubscription each is about.
const (
	RuleURL     = "push.url"
	RuleKeys    = "push.keys"
	RuleDevice  = "push.device"
	RuleTypes   = "push.types"
	RuleExpires = "push.expires"
	RuleCode    = "push.code"
	RuleMost    = "push.most"    // the person has as many as there may be
	RuleMade    = "push.made"    // the person made as many within the hour as may be made
	RuleUnknown = "push.unknown" // there is no such subscription of this credential
)

// Property is the property of a PushSubscription that an error is about, for invalidProperties (RFC 8620 §5.3); "" for none.
func Property(err error) string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return ""
	}
	return map[string]string{RuleURL: "url", RuleKeys: "keys", RuleDevice: "deviceClientId", RuleTypes: "types", RuleExpires: "expires", RuleCode: "verificationCode"}[e.Rule]
}

func invalid(rule, say string) error { return &errs.Error{Kind: errs.Invalid, Rule: rule, Say: say} }

// checkNew says what can't be meant of a subscription that is asked for, but for its address and keys.
func checkNew(n New, p policy.Push) error {
	switch {
	case n.Device == "" || len(n.Device) > p.TextOctets || !isText(n.Device):
		return invalid(RuleDevice, "deviceClientId is missing, or too long.")
	case len(n.URL) > p.URLOctets:
		return invalid(RuleURL, "The url is too long.")
	}
	return checkTypes(n.Types, p)
}

func checkTypes(types []string, p policy.Push) error {
	if len(types) > p.Types {
		return invalid(RuleTypes, "These are more types than there are.")
	}
	for _, t := range types {
		if t == "" || len(t) > p.TextOctets || !isText(t) {
			return invalid(RuleTypes, "A type is empty, or too long.")
		}
	}
	return nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// until says when a subscription ends for which an end is asked; zero: none is. No later than the policy lets (RFC 8620 §7.2).
func until(asked time.Time, p policy.Push, now time.Time) (time.Time, error) {
	longest := now.Add(p.Longest).Truncate(time.Second)
	switch {
	case asked.IsZero() || asked.After(longest):
		return longest, nil
	case !asked.After(now):
		return time.Time{}, invalid(RuleExpires, "This moment is past.")
	}
	return asked, nil
}

// Changed is what is to be said of the states as they are to whoever knows the last ones: of the types that are wanted (nil: all), those that differ.
func Changed(last, now States, types []string) States {
	out := States{}
	for account, all := range now {
		for name, state := range all {
			if types != nil && !slices.Contains(types, name) {
				continue
			}
			if before, known := last[account][name]; known && before == state {
				continue
			}
			if out[account] == nil {
				out[account] = map[string]string{}
			}
			out[account][name] = state
		}
	}
	return out
}

// note takes over in s what was said of states.
func (s States) note(said States) {
	for account, all := range said {
		if s[account] == nil {
			s[account] = map[string]string{}
		}
		for name, state := range all {
			s[account][name] = state
		}
	}
}

// message is one of those into which a change was parted: its text, and what it says.
type message struct {
	text []byte
	says States
}

// stateChange is RFC 8620 §7.1's object.
type stateChange struct {
	Type    string `json:"@type"`
	Changed States `json:"changed"`
}

// verification is RFC 8620 §7.2.2's object.
type verification struct {
	Type         string `json:"@type"`
	Subscription string `json:"pushSubscriptionId"`
	Code         string `json:"verificationCode"`
}

// messages are a change as StateChange objects of at most so many octets each. What alone is longer is left out.
func messages(change States, most int) []message {
	type one struct{ account, name, state string }
	var all []one
	for account, states := range change {
		for name, state := range states {
			all = append(all, one{account, name, state})
		}
	}
	slices.SortFunc(all, func(a, b one) int {
		return strings.Compare(a.account+"\x00"+a.name, b.account+"\x00"+b.name)
	})
	var out []message
	var part func(all []one)
	part = func(all []one) {
		says := States{}
		for _, o := range all {
			says.note(States{o.account: {o.name: o.state}})
		}
		text, err := json.Marshal(stateChange{"StateChange", says})
		switch {
		case err == nil && len(text) <= most:
			out = append(out, message{text, says})
		case len(all) > 1:
			part(all[:len(all)/2])
			part(all[len(all)/2:])
		}
	}
	if len(all) > 0 {
		part(all)
	}
	return out
}

// retryWait is before another try after so many that failed in a row.
func retryWait(failed int, p policy.Push) time.Duration {
	wait := p.Retry
	for range min(failed-1, 30) {
		if wait *= 2; wait >= p.RetryMost {
			return p.RetryMost
		}
	}
	return min(wait, p.RetryMost)
}

// facts are what decides whether a subscription goes on.
type facts struct {
	made, expires time.Time
	verified      bool
	failing       time.Time // since when nothing was taken; zero: the last was
}

// over says by which rule a subscription has ended; "" while it goes on.
func over(f facts, p policy.Push, now time.Time) string {
	switch {
	case !now.Before(f.expires):
		return "push.expired"
	case !f.verified && now.Sub(f.made) >= p.VerifyFor:
		return "push.unverified"
	case !f.failing.IsZero() && now.Sub(f.failing) >= p.FailFor:
		return "push.failing"
	}
	return ""
}

// ended says whether an error of Credentials means that a credential is no more.
func ended(err error) bool {
	return errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) || errs.Is(err, errs.Private)
}
