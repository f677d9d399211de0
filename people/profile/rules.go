package profile

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/policy"
)

// AskFacts are what MayAsk looks at.
type AskFacts struct {
	Kind          account.ContactKind
	Known         bool // it is the one on file, and the person showed that it is the own
	WithinTheHour int  // codes that were sent to this person's contacts
}

// MayAsk says whether a code is sent to a mobile or an e-mail that a person gives as the own.
func MayAsk(f AskFacts, p policy.Contact) haven.Verdict {
	switch {
	case f.Known && f.Kind == account.Mobile:
		return haven.Refuse("profile.same", "This is the number that we have for you. Enter the new one.")
	case f.Known:
		return haven.Refuse("profile.same", "This is the e-mail address that we have for you. Enter the new one.")
	case f.WithinTheHour >= p.PerHour:
		return haven.Refuse("profile.rate", fmt.Sprintf("We have sent you %d codes within the hour. Wait an hour, then ask for another one.", f.WithinTheHour))
	}
	return haven.Allow("profile.code-sent")
}

// CodeFacts are what CheckCode looks at.
type CodeFacts struct {
	Asked time.Time // when the code was sent; zero: there is none
	Tries int       // codes that were wrong
	Good  bool
}

// CheckCode says whether a code proves that a mobile or e-mail is the person's own.
func CheckCode(f CodeFacts, p policy.Contact, now time.Time) haven.Verdict {
	switch {
	case f.Asked.IsZero():
		return haven.Refuse("profile.code-none", "There is no code to give now. Begin again.")
	case !now.Before(f.Asked.Add(p.CodeFor)):
		return haven.Refuse("profile.code-expired", "The code has expired. Have another one sent.")
	case f.Tries >= p.Tries:
		return haven.Refuse("profile.code-tries", "The code was wrong too often. Have another one sent.")
	case !f.Good && f.Tries+1 >= p.Tries:
		return haven.Refuse("profile.code", "That is not the code, and it was the last try. Have another one sent.")
	case !f.Good:
		return haven.Refuse("profile.code", "That is not the code. Look at the newest message from us.")
	}
	return haven.Allow("profile.code")
}

// MayRemove says whether a person's mobile may be taken away, so that there is none (Rules 3).
func MayRemove(owner bool) haven.Verdict {
	if owner {
		return haven.Refuse("profile.owner-mobile", "The owner of a mailbox has a mobile number. You can change it to another one.")
	}
	return haven.Allow("profile.removed")
}

// ParseContact reads a mobile or a personal e-mail as a person types it. Ours are no personal addresses: who can't log in can't read them.
func ParseContact(k account.ContactKind, s string, ours func(domain string) bool) (string, haven.Verdict) {
	if k == account.Mobile {
		return account.ParseMobile(s)
	}
	a, v := organisation.ParseEmail(s)
	switch {
	case !v.Allowed || len(a.String()) > mostEmail:
		return "", haven.Refuse("profile.email", "Enter your own e-mail address, such as ann@home.example.")
	case ours(a.Domain):
		return "", haven.Refuse("profile.email-ours", "Enter an address outside this service: you need it when you can't log in here.")
	}
	return a.String(), haven.Allow("profile.email")
}

const (
	mostEmail     = 254 // octets (RFC 5321 §4.5.3.1.3)
	leastDigits   = 5
	mostDigits    = 15 // ITU-T E.164
	mostExtension = 6
)

// ParseTelephone reads a telephone number as people write it, with an extension behind it if there is one; "" is none.
func ParseTelephone(s string) (string, haven.Verdict) {
	s = strings.Join(strings.Fields(s), " ")
	number, extension, has := strings.Cut(strings.ToLower(s), "x")
	number = strings.TrimSuffix(strings.TrimSpace(number), "e")
	extension = strings.TrimSpace(strings.TrimPrefix(extension, "t"))
	digits := func(s, also string) int {
		n := 0
		for _, r := range s {
			switch {
			case '0' <= r && r <= '9':
				n++
			case !strings.ContainsRune(also, r):
				return -1
			}
		}
		return n
	}
	n := digits(strings.TrimPrefix(number, "+"), " ()-")
	switch {
	case s == "":
		return "", haven.Allow("profile.telephone")
	case n < leastDigits || n > mostDigits, has && (digits(extension, "") < 1 || len(extension) > mostExtension), len(s) > 2*mostDigits+mostExtension:
		return "", haven.Refuse("profile.telephone", "Enter a telephone number, like 0113 496 0123 or 0113 496 0123 ext 12.")
	}
	number = strings.TrimSpace(number)
	if has {
		number += " ext " + extension
	}
	return number, haven.Allow("profile.telephone")
}

// ParseJob reads a job title.
func ParseJob(s string, p policy.Contact) (string, haven.Verdict) {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" || utf8.RuneCountInString(s) > p.JobRunes || !utf8.ValidString(s) || strings.ContainsFunc(s, account.NotShown) || strings.ContainsAny(s, "<>") {
		return "", haven.Refuse("profile.job", fmt.Sprintf("Enter your job title, with at most %d characters, like Dispenser.", p.JobRunes))
	}
	return s, haven.Allow("profile.job")
}

// ParseLine reads a line that others find of a person; "" is none.
func ParseLine(rule haven.Rule, s string, most int) (string, haven.Verdict) {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, account.NotShown) {
		return "", haven.Refuse(rule, fmt.Sprintf("Write at most %d characters, and none that can't be printed.", most))
	}
	return s, haven.Allow(rule)
}

// JobOf is what the directory says of a person's job: the title that was approved, or the role of the first post that is held now.
func JobOf(approved string, posts []organisation.Post, now time.Time) string {
	if approved != "" {
		return approved
	}
	for _, p := range posts {
		if p.HeldAt(now) {
			return p.Role
		}
	}
	return ""
}

// shown says whether the directory shows a mobile: as the person chose, or by the policy where nobody asked yet (Rules 8).
func shown(chosen, show bool, p policy.Directory) bool {
	if chosen {
		return show
	}
	return p.MobileShown
}
