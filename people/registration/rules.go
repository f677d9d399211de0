package registration

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/policy"
)

// Facts are what MayBegin looks at.
type Facts struct {
	Found   bool
	Kind    organisation.Kind
	Status  organisation.Status
	Mailbox bool // it has one
	Frozen  bool // it said that a registration was not theirs
	Central bool // its group registers it, and no desk released it
	Email   bool // registered
	Number  bool // of the GPhC, known
}

// MayBegin says whether a premises can be registered by who is there (Rules 4). It names nobody.
func MayBegin(f Facts) haven.Verdict {
	switch {
	case !f.Found || f.Kind != organisation.Pharmacy:
		return haven.Refuse("registration.unknown", "There is no pharmacy with this code. Look at the code again; the helpdesk can find it for you.")
	case f.Status != organisation.Active:
		return haven.Refuse("registration.shut", "This pharmacy is closed or suspended in the national list. If it is open, tell the helpdesk.")
	case f.Mailbox:
		return haven.Refuse("registration.already", "This pharmacy is registered already. An owner of its mailbox can let you in. If you don't know who that is, the helpdesk can ask them to contact you.")
	case f.Frozen:
		return haven.Refuse("registration.frozen", "This pharmacy's registration rests, since somebody there told us that they did not ask for it. Call the helpdesk.")
	case f.Central:
		return haven.Refuse("registration.central", "This pharmacy's group registers its pharmacies centrally. Ask the contact at the head office.")
	case !f.Email || !f.Number:
		return haven.Refuse("registration.no-contact", "We don't have this pharmacy's registered e-mail address or GPhC number, so no passcode can be sent. Apply with a call: two people decide about it.")
	}
	return haven.Allow("registration.begin")
}

// MayAsk says whether another passcode may be asked for: after so many within a day for the premises, right or wrong.
func MayAsk(today int, p policy.Registration) haven.Verdict {
	if today >= p.PasscodesADay {
		return haven.Refuse("registration.passcodes", fmt.Sprintf("A passcode was asked for %d times today for this pharmacy, and no more are sent. Try again tomorrow, or call the helpdesk.", p.PasscodesADay))
	}
	return haven.Allow("registration.passcode")
}

// PasscodeFacts are what CheckPasscode looks at.
type PasscodeFacts struct {
	Asked time.Time // when the passcode was asked for; zero: there is none, or it was used
	Tries int       // with this one
	Good  bool
}

// CheckPasscode says whether a passcode proves the premises (Rules 4). It answers alike where none was sent because the GPhC
// number was wrong.
func CheckPasscode(f PasscodeFacts, now time.Time, p policy.Registration) haven.Verdict {
	switch {
	case f.Asked.IsZero():
		return haven.Refuse("registration.passcode-none", "There is no passcode to give now. Ask for a new one.")
	case !now.Before(f.Asked.Add(p.PasscodeFor)):
		return haven.Refuse("registration.passcode-expired", "The passcode has expired. Ask for a new one.")
	case f.Tries > p.PasscodeTries:
		return haven.Refuse("registration.passcode-tries", "The passcode was wrong too often. Ask for a new one.")
	case !f.Good && f.Tries == p.PasscodeTries:
		return haven.Refuse("registration.passcode", "That is not the passcode, and it was the last try. Ask for a new one.")
	case !f.Good:
		return haven.Refuse("registration.passcode", "That is not the passcode. Look at the newest e-mail: it has a passcode only if the GPhC number was right.")
	}
	return haven.Allow("registration.passcode")
}

// MayGoOn says whether an application can still be changed and sent.
func MayGoOn(s State, frozen bool, changed, now time.Time, kept time.Duration) haven.Verdict {
	switch {
	case frozen || s == Ended:
		return MayBegin(Facts{Found: true, Kind: organisation.Pharmacy, Status: organisation.Active, Frozen: true})
	case s == Submitted:
		return haven.Refuse("registration.sent", "This application was sent already.")
	case s == Lost:
		return haven.Refuse("registration.already", "Another application for this pharmacy was sent before. An owner of its mailbox can let you in.")
	case s == WaitsApproval:
		return haven.Refuse("registration.waiting", "This application waits for two approvals. A passcode comes by e-mail once both are there.")
	case s == Refused:
		return haven.Refuse("registration.refused", "This application was refused. The reason is in the e-mail to whoever applied.")
	case s == Lapsed || !now.Before(changed.Add(kept)):
		return haven.Refuse("registration.lapsed", "This application was not sent in time, and its answers are deleted. Begin again.")
	case s != Proven && s != Asked:
		return haven.Refuse("registration.state", "This application can't go on. Begin again.")
	}
	return haven.Allow("registration.go-on")
}

// Fault is what is wrong with one answer about one person.
type Fault struct {
	Person  int
	Field   string // first, last, spelled, email, mobile
	Verdict haven.Verdict
}

// CheckPeople says what is wrong with the people that an application names, and gives them as they are kept: names without
// needless spaces, mobiles in E.164. The first is the owner. There are as many as the policy has new accounts for.
func CheckPeople(people []Person, p policy.Policy) (all []Person, faults []Fault) {
	if len(people) == 0 {
		return nil, []Fault{{0, "first", haven.Refuse("registration.people", "Name at least one person, who becomes the owner of the mailbox.")}}
	}
	if most := p.Registration.NewAccounts; len(people) > most {
		return nil, []Fault{{most, "first", haven.Refuse("registration.people", fmt.Sprintf("Name at most %d people here. More accounts can be asked for afterwards.", most))}}
	}
	for i, who := range people {
		who, own := checkPerson(who, p)
		for _, f := range own {
			f.Person = i
			faults = append(faults, f)
		}
		for _, before := range all {
			if who.Email != "" && strings.EqualFold(before.Email, who.Email) {
				faults = append(faults, Fault{i, "email", haven.Refuse("registration.same-email", "Two people can't have the same e-mail address. Each person needs their own.")})
			}
			if who.Mobile != "" && before.Mobile == who.Mobile {
				faults = append(faults, Fault{i, "mobile", haven.Refuse("registration.same-mobile", "Two people can't have the same mobile number. Each person needs their own.")})
			}
		}
		all = append(all, who)
	}
	return all, faults
}

// checkPerson leaves an answer empty that can't be taken.
func checkPerson(who Person, p policy.Policy) (Person, []Fault) {
	var faults []Fault
	name := func(field string, s *string, most int) {
		*s = strings.Join(strings.Fields(*s), " ")
		if utf8.RuneCountInString(*s) > most || !utf8.ValidString(*s) || strings.ContainsFunc(*s, account.NotShown) {
			faults = append(faults, Fault{Field: field, Verdict: haven.Refuse("registration.name", fmt.Sprintf("A name has at most %d characters, all of which can be shown.", most))})
		}
	}
	name("first", &who.First, p.Account.NameRunes)
	name("last", &who.Last, p.Account.NameRunes)
	name("spelled", &who.Spelled, 2*p.Account.NameRunes)
	switch {
	case len(faults) > 0:
	case who.First == "" && who.Last == "":
		faults = append(faults, Fault{Field: "first", Verdict: haven.Refuse("registration.name", "Give the person's name. A single name is enough.")})
	default:
		if v := addressable(who, p.Address); !v.Allowed {
			faults = append(faults, Fault{Field: "spelled", Verdict: v})
		}
	}
	mail, v := organisation.ParseEmail(who.Email)
	if !v.Allowed {
		v = haven.Refuse("registration.email", "Write the person's own e-mail address, such as ann@home.example. The user name is sent there.")
		faults = append(faults, Fault{Field: "email", Verdict: v})
	}
	who.Email = mail.String()
	number, v := account.ParseMobile(who.Mobile)
	if !v.Allowed {
		faults = append(faults, Fault{Field: "mobile", Verdict: v})
	}
	who.Mobile = number
	return who, faults
}

// addressable says whether an address can be made of a person's name.
func addressable(who Person, p policy.Address) haven.Verdict {
	first, last := who.First, who.Last
	if who.Spelled != "" {
		first, last = "", who.Spelled
	}
	_, v := account.PersonalLocal(first, last, 1, p.LocalOctets)
	return v
}

// Candidate is somebody who has an account and might be who an application names.
type Candidate struct {
	First, Last string
	Address     bool // the e-mail that was given is one of the account's own
	Contact     bool // it has the same mobile or personal e-mail
	Staff       bool // it holds a post at the premises
}

// IsTwin says whether a person of an application is likely to be somebody who has an account, and by which rule: the folded
// name with the same mobile or e-mail, or with the organisation; or the account's own address (Rules 4).
func IsTwin(who Person, c Candidate) (haven.Rule, bool) {
	switch same := sameName(who, c); {
	case c.Address:
		return "registration.twin-address", true
	case same && c.Contact:
		return "registration.twin-contact", true
	case same && c.Staff:
		return "registration.twin-staff", true
	}
	return "registration.no-twin", false
}

// sameName compares names as addresses have them, in either order; letters that no address holds are compared as they are.
func sameName(who Person, c Candidate) bool {
	a, b := foldNames(who.First, who.Last), foldNames(c.First, c.Last)
	return a[0] == b[0] && a[1] == b[1]
}

func foldNames(first, last string) (names [2]string) {
	for i, n := range []string{first, last} {
		folded, ok := account.Fold(n)
		if !ok {
			folded = strings.ToLower(strings.Join(strings.Fields(n), " "))
		}
		names[i] = folded
	}
	slices.Sort(names[:])
	return names
}

// refAlphabet leaves out what looks or sounds like something else (0 O, 1 I L, 2 is kept and Z left out, 5 S, 8 B, U V), and the
// vowels, which make words.
const refAlphabet = "234679CDFGHJKMNPQRTVWXY8"

const refLetters = 8

// makeRef writes a reference of random octets.
func makeRef(random [refLetters]byte) Ref {
	var b [refLetters]byte
	for i, r := range random {
		b[i] = refAlphabet[int(r)%len(refAlphabet)]
	}
	return Ref("HV-" + string(b[:4]) + "-" + string(b[4:]))
}

// ParseRef reads a reference as somebody types it, with or without HV, spaces and hyphens, in any case of letters.
func ParseRef(s string) (Ref, haven.Verdict) {
	c := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u2010' || r == '\u2011' || r == '\u2013' {
			return -1
		}
		return r
	}, strings.ToUpper(s))
	if len(c) == refLetters+2 {
		c = strings.TrimPrefix(c, "HV")
	}
	if len(c) != refLetters || strings.Trim(c, refAlphabet) != "" {
		return "", haven.Refuse("registration.reference", "A reference looks like HV-7K4M-2Q9D. It is in the e-mail with the passcode.")
	}
	return Ref("HV-" + c[:4] + "-" + c[4:]), haven.Allow("registration.reference")
}

// FurtherFacts are what MayFurther looks at.
type FurtherFacts struct {
	Left   int  // accounts that the premises may still have by itself
	Open   int  // requests of the premises that wait
	Reason bool // one is given
}

// MayFurther says whether one more account is made at once (registration.further-made), waits for the local team (registration.further-asked), or can't be asked for
// (Rules 4).
func MayFurther(f FurtherFacts, most int) haven.Verdict {
	switch {
	case f.Left > 0:
		return haven.Allow("registration.further-made")
	case !f.Reason:
		return haven.Refuse("registration.further-reason", fmt.Sprintf("Say why your colleague needs an account, in at most %d characters. Your local team decides.", reasonRunes))
	case f.Open >= most:
		return haven.Refuse("registration.further-open", fmt.Sprintf("%d of your requests wait for the local team. Wait until one is decided.", f.Open))
	}
	return haven.Allow("registration.further-asked")
}

// InviteFacts are what MayInvite looks at.
type InviteFacts struct {
	State account.State
	Here  bool // the account was made by an application of the premises whose owner asks
}

// MayInvite says whether an owner may have the first password of somebody sent again, and correct how the person is reached (Rules 5): of those alone whom the
// own premises has named, so that nobody takes over an account that another premises waits for.
func MayInvite(f InviteFacts) haven.Verdict {
	switch {
	case !f.Here:
		return haven.Refuse("registration.invite-elsewhere", "This account was not made by your premises. The helpdesk sends the password again.")
	case f.State != account.Invited:
		return haven.Refuse("registration.invite-active", "This account is active. Its person changes the own mobile and e-mail.")
	}
	return haven.Allow("registration.invite")
}

// Given is an approval, as MayApprove looks at it.
type Given struct {
	Side Side
	Mine bool // by the one who gives another now
}

// ApproveFacts are what MayApprove looks at.
type ApproveFacts struct {
	Waits  bool          // the application waits for approvals
	Entry  haven.Verdict // of MayBegin, as the premises stands now
	Person bool          // who approves is a person who signed in, or was named
	Own    bool          // has a post at the premises, or is who applied
	Side   Side
	Given  []Given
}

// MayApprove says whether an approval counts: by two people, one of them for the head office or the local team and one for the desk, neither of them for themselves
// or their own premises (Rules 4, Rules 9). registration.approved is the second of them.
func MayApprove(f ApproveFacts) haven.Verdict {
	switch {
	case !f.Waits:
		return haven.Refuse("registration.approve-none", "There is no such application, or it was decided already.")
	case !f.Person:
		return haven.Refuse("registration.approve-nobody", "Say who approves it: two different people do.")
	case f.Own:
		return haven.Refuse("registration.approve-own", "You applied yourself, or work at this premises. Somebody else has to decide.")
	case !passes(f.Entry):
		return f.Entry
	case sideWords[f.Side] == "":
		return haven.Refuse("registration.approve-side", "Say whom you speak for: the head office, the local team or the desk.")
	}
	for _, g := range f.Given {
		if g.Mine {
			return haven.Refuse("registration.approve-twice", "You have approved it already. The other approval is for another person to give.")
		}
		if g.Side.isDesk() == f.Side.isDesk() {
			return haven.Refuse("registration.approve-given", "That approval was given. What lacks is the one of "+lacks(g.Side)+".")
		}
	}
	if len(f.Given) == 0 {
		return haven.Allow("registration.approve-first")
	}
	return haven.Allow("registration.approved")
}

// passes is whether a premises can be registered once it is approved: whatever stands in the way of others does here too, but for what it can't be proven by.
func passes(v haven.Verdict) bool { return v.Allowed || v.Rule == "registration.no-contact" }

// lacks is what one approval leaves to be given, in words.
func lacks(given Side) string {
	if given.isDesk() {
		return "the head office or the local team"
	}
	return "the desk"
}

// MayAskApproval says whether somebody may apply for a premises that can't be proven, where so many were asked for within a day, passcodes and approvals together,
// and so many wait.
func MayAskApproval(entry haven.Verdict, today, open int, p policy.Registration) haven.Verdict {
	switch {
	case !passes(entry):
		return entry
	case open >= p.Approvals:
		return haven.Refuse("registration.approval-open", "Somebody has applied for this pharmacy, and we look at it. Wait until it is decided, or call the helpdesk.")
	case today >= p.PasscodesADay:
		return MayAsk(today, p)
	}
	return haven.Allow("registration.approval")
}

// UnprovenFault is what is wrong with one answer of it.
type UnprovenFault struct {
	Field   string // name, email, gphc, why
	Verdict haven.Verdict
}

// CheckUnproven says what is wrong with the answers, and gives them as they are kept.
func CheckUnproven(u Unproven, p policy.Policy) (Unproven, []UnprovenFault) {
	var faults []UnprovenFault
	wrong := func(field string, rule haven.Rule, say string) {
		faults = append(faults, UnprovenFault{field, haven.Refuse(rule, say)})
	}
	u.Name, u.Why = strings.Join(strings.Fields(u.Name), " "), strings.TrimSpace(u.Why)
	switch {
	case u.Name == "":
		wrong("name", "registration.name", "Enter your name")
	case utf8.RuneCountInString(u.Name) > 2*p.Account.NameRunes || !utf8.ValidString(u.Name) || strings.ContainsFunc(u.Name, account.NotShown):
		wrong("name", "registration.name", fmt.Sprintf("A name has at most %d characters, all of which can be shown.", 2*p.Account.NameRunes))
	}
	mail, v := organisation.ParseEmail(u.Email)
	if !v.Allowed {
		wrong("email", "registration.email", "Write your own e-mail address, such as ann@home.example. The passcode is sent there.")
	}
	u.Email = mail.String()
	if u.Number = strings.TrimSpace(u.Number); u.Number != "" {
		number, v := organisation.ParseGPhC(u.Number)
		if !v.Allowed {
			wrong("gphc", v.Rule, v.Reason)
		}
		u.Number = number
	}
	if u.Why == "" || utf8.RuneCountInString(u.Why) > reasonRunes || !utf8.ValidString(u.Why) {
		wrong("why", "registration.approval-why", fmt.Sprintf("Say who you are at the pharmacy, and why no passcode reaches you, in at most %d characters.", reasonRunes))
	}
	return u, faults
}
