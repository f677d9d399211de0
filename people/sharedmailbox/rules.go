package sharedmailbox

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/policy"
)

// LocalPart is what stands before the @ of a premises' address (Rules 2): prefix.place.nameCODE, with no dot
// before the code. A long name is shortened, then the place, never the code. Where the place or the name has no
// letter that an address can hold, it is left out; with neither name nor code there is no address.
func LocalPart(k organisation.Kind, place, name string, code organisation.Code, p policy.Address) (string, haven.Verdict) {
	place, name = fold(place), fold(name)
	if name == "" && code == "" {
		return "", haven.Refuse("address.letters", "Give the premises a name that has letters or digits.")
	}
	head := prefixOf(k, p) + "."
	if place != "" {
		head += shorten(place, p.PlaceOctets) + "."
	}
	room := p.LocalOctets - len(head) - len(code)
	return head + shorten(name, room) + string(code), haven.Allow("address.premises")
}

// AliasPart is what stands before the @ of the second address of a pharmacy, pharmacy.CODE; "" for others.
func AliasPart(k organisation.Kind, code organisation.Code, p policy.Address) string {
	if k != organisation.Pharmacy || code == "" {
		return ""
	}
	return p.PharmacyAlias + "." + string(code)
}

func prefixOf(k organisation.Kind, p policy.Address) string {
	switch k {
	case organisation.Pharmacy:
		return p.PharmacyPrefix
	case organisation.HeadOffice:
		return p.HeadOfficePre
	case organisation.GPPractice:
		return p.GPPrefix
	case organisation.CareHome:
		return p.CareHomePrefix
	case organisation.Hospital:
		return p.HospitalPrefix
	case organisation.LocalTeam:
		return p.LocalTeamPrefix
	case organisation.Desk:
		return p.DeskPrefix
	}
	return p.OtherPrefix
}

// fold writes the name of a place or premises in lower-case letters, digits and single hyphens.
func fold(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&' || r == '+':
			b.WriteString("and")
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '-' || r == '\u2013' || r == '\u2010':
			if t := b.String(); t != "" && !strings.HasSuffix(t, "-") {
				b.WriteByte('-')
			}
		default:
			letter, _ := account.Fold(string(r))
			b.WriteString(letter)
		}
	}
	return strings.Trim(b.String(), "-")
}

func shorten(s string, octets int) string {
	if len(s) > octets {
		s = s[:max(octets, 0)]
	}
	return strings.TrimRight(s, "-")
}

// DisplayName is the fixed form by which a mailbox is shown: "Pharmacy FX002 (Rowan Pharmacy, Leeds)".
func DisplayName(k organisation.Kind, code organisation.Code, name, place string) string {
	inside := Capitals(name)
	if p := Capitals(place); p != "" {
		inside += ", " + p
	}
	kind := k.String()
	kind = strings.ToUpper(kind[:1]) + kind[1:]
	if code == "" {
		return inside
	}
	return fmt.Sprintf("%s %s (%s)", kind, code, inside)
}

var smallWords = words("and at by de in le of on the under upon with y")
var shortForms = words("GP ICS LLP NHS PLC UK")

func words(s string) map[string]string {
	m := make(map[string]string)
	for _, w := range strings.Fields(s) {
		m[strings.ToUpper(w)] = w
	}
	return m
}

// Capitals writes a name that is all in capitals as it is written elsewhere: "HOUGHTON-LE-SPRING" becomes
// "Houghton-le-Spring". A name with small letters stays as it is.
func Capitals(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s != strings.ToUpper(s) {
		return s
	}
	var b strings.Builder
	for first := true; s != ""; first = false {
		n := strings.IndexFunc(s, func(r rune) bool {
			return r == ' ' || r == '-' || r == '(' || r == '.' || r == '&' || r == '+' || r == ','
		})
		if n < 0 {
			n = len(s)
		}
		b.WriteString(capital(s[:n], first))
		if s = s[n:]; s != "" {
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	return b.String()
}

func capital(w string, first bool) string {
	if w == "T/A" {
		return "t/a"
	}
	if form, ok := shortForms[w]; ok {
		return form
	}
	if small, ok := smallWords[w]; ok && !first {
		return small
	}
	var b strings.Builder
	up := true
	for i, r := range w {
		if up {
			b.WriteRune(unicode.ToUpper(r))
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
		up = r == '/' || r == '\'' && i == 1 // O'Brien, and not Cornwell'S
	}
	return b.String()
}

// isLiveOwner holds for an owner who can act now and will not cease to by the clock: what "at least one owner
// always" counts.
func isLiveOwner(m Membership, now time.Time) bool {
	live := m.Person.State == account.Active || m.Person.State == account.Invited
	return live && m.Owner() && !now.Before(m.From) && m.Until.IsZero()
}

// MaySucceed holds for a member who can become the owner of a mailbox: who can act now.
func MaySucceed(m Membership, now time.Time) bool {
	return m.Person.State == account.Active && !now.Before(m.From) && isCurrent(m, now)
}

// LiveOwners counts the owners of a mailbox who can act now and will not cease to by the clock.
func LiveOwners(all []Membership, now time.Time) (n int) {
	for _, m := range all {
		if isLiveOwner(m, now) {
			n++
		}
	}
	return n
}

// isCurrent holds for a membership that has not ended.
func isCurrent(m Membership, now time.Time) bool { return m.Until.IsZero() || now.Before(m.Until) }

// rightsAt are the rights that a membership gives at a moment: none before it begins and after it ended.
func rightsAt(m Membership, now time.Time) haven.Rights {
	if now.Before(m.From) || !isCurrent(m, now) {
		return 0
	}
	return m.Rights
}

// MayChange says whether the memberships of a mailbox may become others (Rules 3): the owner who is the last is
// kept, and no more people come in than the policy has. What was wrong before and gets no worse is no obstacle.
func MayChange(before, after []Membership, p policy.SharedMailbox, now time.Time) haven.Verdict {
	if had, has := LiveOwners(before, now), LiveOwners(after, now); has < p.MinOwners && has < had {
		return haven.Refuse("sharedmailbox.last-owner", "A mailbox keeps at least one owner, without an end date, who can sign in. Name another owner first.")
	}
	membersBefore, ownersBefore := count(before, now)
	members, owners := count(after, now)
	switch {
	case members > p.Members && members > membersBefore:
		return haven.Refuse("sharedmailbox.members", fmt.Sprintf("A mailbox has at most %d members.", p.Members))
	case owners > p.Owners && owners > ownersBefore:
		return haven.Refuse("sharedmailbox.owners", fmt.Sprintf("A mailbox has at most %d owners.", p.Owners))
	}
	return haven.Allow("sharedmailbox.change")
}

// MayPass says whether a person may pass into a state in which these mailboxes would be left without an owner (Rules 3). What
// is done for safety is never refused, and death asks nobody.
func MayPass(to account.State, last []haven.Address) haven.Verdict {
	if len(last) == 0 || to == account.Blocked || to == account.Died {
		return haven.Allow("sharedmailbox.owner-state")
	}
	return haven.Refuse("sharedmailbox.last-owner", "A mailbox keeps at least one owner, without an end date, who can sign in. Name another owner first: of "+listed(last)+".")
}

// listed names mailboxes in a sentence.
func listed(all []haven.Address) string {
	var b strings.Builder
	for i, a := range all {
		switch {
		case i == mostListed:
			fmt.Fprintf(&b, " and %d more", len(all)-mostListed)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(a.String())
	}
	return b.String()
}

const mostListed = 50

func count(all []Membership, now time.Time) (members, owners int) {
	for _, m := range all {
		if !isCurrent(m, now) {
			continue
		}
		members++
		if m.Owner() {
			owners++
		}
	}
	return members, owners
}

// OwnerFacts are what decides whether somebody becomes an owner.
type OwnerFacts struct {
	Name   string
	Owns   bool // is an owner of the mailbox already
	Proven bool // has a mobile that was shown to be the own
	Self   bool // it is the person who acts
	Person bool // a person does it, and not the service itself under an operator's name, who answers for it
}

// MayOwn says whether somebody becomes an owner of a mailbox: an owner has a proven mobile (Rules 3), by which the account is found again when it is lost.
func MayOwn(f OwnerFacts) haven.Verdict {
	if f.Person && !f.Owns && !f.Proven {
		if f.Self {
			return haven.Refuse(RuleOwnerMobile, "An owner has a mobile number that is proven. Prove yours under My account first, then come back.")
		}
		return haven.Refuse(RuleOwnerMobile, "An owner has a mobile number that is proven, and "+f.Name+" has none yet. Ask "+f.Name+" to prove one under My account, then come back.")
	}
	return haven.Allow("sharedmailbox.owner")
}

// RuleOwnerMobile is the rule by which who has no proven mobile does not become an owner.
const RuleOwnerMobile = "sharedmailbox.owner-mobile"

// MayJoin says whether a grant makes sense for this account.
func MayJoin(who account.Account, g Grant, now time.Time) haven.Verdict {
	if who.Kind != haven.Personal {
		return haven.Refuse("sharedmailbox.person", "Only a person can be a member.")
	}
	switch who.State {
	case account.Invited, account.Active, account.Inactive, account.Disabled:
	default:
		return haven.Refuse("sharedmailbox.member-state", "This account can't be added as it is now.")
	}
	if g.Rights == 0 || g.Rights&^haven.Owner != 0 {
		return haven.Refuse("sharedmailbox.rights", "Give at least one of read, write, send-as, send-on-behalf and manage.")
	}
	if !g.Until.IsZero() && (!g.From.Before(g.Until) || !now.Before(g.Until)) {
		return haven.Refuse("sharedmailbox.time", "An access ends after it begins, and not in the past.")
	}
	return haven.Allow("sharedmailbox.join")
}
