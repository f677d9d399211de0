package account

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"haven"
	"haven/platform/policy"
)

// letters that have no decomposition into an ASCII letter and marks.
var plain = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ŋ': "n",
	'ŧ': "t", 'ĸ': "k", 'ƒ': "f", 'ə': "e",
}

// Fold writes a name as it stands in an address (Rules 2): lower-case ASCII letters and hyphens; marks are
// dropped, and so are apostrophes, spaces, dots and commas. ok is false when a character is left that has no
// ASCII letter (digits, other scripts, signs): then a spelling has to be asked for.
func Fold(name string) (folded string, ok bool) {
	var b strings.Builder
	ok = true
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case 'a' <= r && r <= 'z':
			b.WriteRune(r)
		case isHyphen(r):
			if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
				b.WriteByte('-')
			}
		case isApostrophe(r), unicode.IsSpace(r), unicode.Is(unicode.Mn, r), r == '.', r == ',', r == '(', r == ')':
		case plain[r] != "":
			b.WriteString(plain[r])
		default:
			ok = false
		}
	}
	return strings.Trim(b.String(), "-"), ok
}

func isHyphen(r rune) bool {
	return r == '-' || '\u2010' <= r && r <= '\u2015' || r == '\u2212' || r == '\u00AD'
}

func isApostrophe(r rune) bool {
	return strings.ContainsRune("'`´\u2018\u2019\u201b\u02bc\u02b9\u02bb\uff07", r)
}

// PersonalLocal is the part before the @ of a person's address: first.last, or the single name where there is
// one only (Rules 2, 4). The number-th namesake gets the number at its end; the first gets none. At most octets
// long: the longer name is shortened.
func PersonalLocal(first, last string, number, octets int) (string, haven.Verdict) {
	f, ok1 := Fold(first)
	l, ok2 := Fold(last)
	if !ok1 || !ok2 {
		return "", haven.Refuse("address.letters", "Give a spelling of the name in the letters a to z for the address; the name itself stays as it is.")
	}
	if f == "" && l == "" {
		return "", haven.Refuse("address.letters", "Give at least one name.")
	}
	suffix := ""
	if number > 1 {
		suffix = fmt.Sprint(number)
	}
	dot := ""
	if f != "" && l != "" {
		dot = "."
	}
	for len(f)+len(dot)+len(l)+len(suffix) > octets {
		if len(f) > len(l) {
			f = strings.TrimRight(f[:len(f)-1], "-")
		} else {
			l = strings.TrimRight(l[:len(l)-1], "-")
		}
	}
	return f + dot + l + suffix, haven.Allow("address.personal")
}

// NextNamesake is the number of the next namesake: the smallest from 1 for which taken does not hold. It is 0
// when most are taken.
func NextNamesake(most int, taken func(number int) bool) int {
	for n := 1; n <= most; n++ {
		if !taken(n) {
			return n
		}
	}
	return 0
}

// SplitUser takes a user name apart (ARCHITECTURE §4): person@domain, or person@domain/shared@domain; authzid,
// where given, says the same as what stands after the slash. An error verdict names no account.
func SplitUser(user, authzid string) (person, target haven.Address, v haven.Verdict) {
	name, rest := user, ""
	if at := strings.IndexByte(user, '@'); at >= 0 {
		if slash := strings.IndexByte(user[at:], '/'); slash >= 0 {
			name, rest = user[:at+slash], user[at+slash+1:]
		}
	}
	person, err := haven.ParseAddress(strings.TrimSpace(name))
	if err != nil {
		return person, target, haven.Refuse("login.user-name", "The user name is your whole address, such as ann.example@haven.example.")
	}
	switch {
	case rest == "":
		rest = authzid
	case authzid != "" && !strings.EqualFold(authzid, rest) && !strings.EqualFold(authzid, user):
		return person, target, haven.Refuse("login.two-targets", "The user name and the authorisation identity name two different mailboxes.")
	}
	if rest == "" {
		return person, person, haven.Allow("login.own")
	}
	if target, err = haven.ParseAddress(strings.TrimSpace(rest)); err != nil {
		return person, target, haven.Refuse("login.user-name", "The mailbox after the / is its whole address.")
	}
	return person, target, haven.Allow("login.named")
}

// NetworkOf is what of a network address stands for the place: an IPv4 address whole, of an IPv6 address the
// first 64 bits, since one computer walks through the rest (RFC 8981). What is no address stays as it is.
func NetworkOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

// MayUse says whether a person with these rights may send from an address of the account, and whether only on
// its behalf, with Sender: naming the person (Rules 3). An address of a former name sends nothing: it would
// show the name (Rules 2).
func MayUse(rights haven.Rights, former bool) (onBehalf bool, v haven.Verdict) {
	switch {
	case former:
	case rights.Has(haven.SendAs):
		return false, haven.Allow("submission.send-as")
	case rights.Has(haven.SendOnBehalf):
		return true, haven.Allow("submission.send-on-behalf")
	}
	return false, haven.Refuse("submission.sender", "You may not send from this address. Use your own, or that of a mailbox in which you may send.")
}

// LoginFacts is what MayLogin looks at, all of it after the secret proved right.
type LoginFacts struct {
	Kind        haven.AccountKind
	State       State
	Face        Face
	AppPassword bool      // the secret was an app password
	Expires     time.Time // of the account's password; zero: never
	MustChange  bool      // temporary, or reset by a desk
	Portal      string    // address of the pages, for the sentence
}

// MayLogin says whether somebody whose secret was right may sign in (Rules 6, 7).
func MayLogin(f LoginFacts, now time.Time) haven.Verdict {
	if f.Kind == haven.Shared {
		return haven.Refuse("login.shared", "Nobody signs in to a shared mailbox. Sign in as yourself.")
	}
	if v := stateLogin(f); !v.Allowed {
		return v
	}
	if f.MustChange && !f.Expires.IsZero() && !now.Before(f.Expires) {
		return haven.Refuse("password.temporary-lapsed", atPortal(f.Portal, "Your temporary password has lapsed. Have another one sent at %s.", "Your temporary password has lapsed. Ask the helpdesk for another one."))
	}
	if f.Face == Web {
		return haven.Allow("login.web") // an expired password leads to the change page there
	}
	if f.MustChange {
		return haven.Refuse("password.temporary", atPortal(f.Portal, "Choose your own password first, at %s.", "Ask the helpdesk for a password of your own first."))
	}
	if !f.Expires.IsZero() && !now.Before(f.Expires) {
		return haven.Refuse("password.expired", "Your password expired on "+f.Expires.UTC().Format("2 January 2006")+atPortal(f.Portal, ", change it at %s.", ". Ask the helpdesk for a new one."))
	}
	return haven.Allow("login.program")
}

// atPortal says what a person does at the portal, or without one.
func atPortal(portal, there, without string) string {
	if portal == "" {
		return without
	}
	return fmt.Sprintf(there, portal)
}

func stateLogin(f LoginFacts) haven.Verdict {
	switch f.State {
	case Active:
		return haven.Allow("login.active")
	case Invited:
		if f.Face == Web {
			return haven.Allow("login.activation")
		}
		return haven.Refuse("account.not-activated", atPortal(f.Portal, "Activate your account first, at %s.", "Activate your account first. The helpdesk tells you how."))
	case Inactive:
		if f.Face == Web {
			return haven.Allow("login.reactivation")
		}
		return haven.Refuse("account.inactive", "Your account is inactive because it was not used. "+atPortal(f.Portal, "Sign in at %s to use it again.", "The helpdesk can wake it."))
	case Leaver:
		if f.Face == Web {
			return haven.Allow("login.leaver")
		}
		return haven.Refuse("account.leaver", "Your account has no post any more. "+atPortal(f.Portal, "Sign in at %s to see what happens next.", "The helpdesk can tell you what happens next."))
	case Disabled:
		return haven.Refuse("account.disabled", "Your account is resting during your leave. An owner or administrator of your post can wake it.")
	}
	return haven.Refuse("account.blocked", "This account is closed to you. The helpdesk can tell you more.")
}

// MayReceive says whether mail for an account in this state is taken (Rules 3, 7). What is not taken is unknown
// or closed to its sender.
func MayReceive(kind haven.AccountKind, s State) haven.Verdict {
	switch s {
	case Invited, Active, Inactive, Disabled, Leaver, Blocked, Died:
		return haven.Allow("account.receives")
	case Closing, Sealed:
		return haven.Refuse("mailbox.closed", "This mailbox is closed.")
	}
	return haven.Refuse("account.unknown", "There is no such mailbox.")
}

// MayAnswer says whether an account's automatic reply is sent: also while its person is away for long, and not once somebody else has closed it (Rules 7).
func MayAnswer(s State) haven.Verdict {
	switch s {
	case Active, Inactive, Disabled:
		return haven.Allow("account.answers")
	}
	return haven.Refuse("account.answers", "This account answers nothing as it is now.")
}

// StateFits says whether an account of the kind can be in a state: only a person goes on leave, and only premises close
// (Rules 3, 7).
func StateFits(kind haven.AccountKind, s State) haven.Verdict {
	if _, known := stateNames[s]; !known {
		return haven.Refuse("account.state", "There is no such state.")
	}
	switch s {
	case Active, Blocked, Deleted:
		return haven.Allow("account.state")
	case Closing, Sealed:
		if kind == haven.Shared {
			return haven.Allow("account.state")
		}
	default:
		if kind == haven.Personal {
			return haven.Allow("account.state")
		}
	}
	return haven.Refuse("account.state", fmt.Sprintf("A %s account is never %s. Active and blocked are for all accounts.", kind, s))
}

// Failures is what is known of failed log ins when another one comes (Rules 6).
type Failures struct {
	LockedUntil time.Time // of the account
	KnownPlace  bool      // the person signed in from there before
}

// Locked says whether the account is shut to this place now. A known place is never shut out.
func Locked(f Failures, now time.Time) bool {
	return !f.KnownPlace && now.Before(f.LockedUntil)
}

// AfterFailure says until when an account is locked after its count-th failure within the window; zero: not.
func AfterFailure(count int, p policy.Lockout, now time.Time) time.Time {
	if p.LockAfter <= 0 || count < p.LockAfter {
		return time.Time{}
	}
	return now.Add(p.LockFor)
}
