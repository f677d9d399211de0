package registration

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// A premises without a registered e-mail or GPhC number, or whose registered e-mail nobody reads, is proven by a call and two approvals (Rules 4): one of the head
// office or the local team, and one of the desk. The application waits for both; then a passcode goes to whoever applied, and everything goes on as for a premises
// that proved itself.

// Side is whom an approval speaks for.
type Side uint8

const (
	HeadOffice Side = 1
	LocalTeam  Side = 2
	Desk       Side = 3
)

// Sides are all of them, as pages list them.
var Sides = []Side{HeadOffice, LocalTeam, Desk}

var sideWords = map[Side]string{HeadOffice: "head-office", LocalTeam: "local-team", Desk: "desk"}

func (s Side) String() string { return sideWords[s] }

// ParseSide reads a side as String writes it; 0 is none.
func ParseSide(text string) Side {
	for s, word := range sideWords {
		if word == text {
			return s
		}
	}
	return 0
}

// isDesk is whether a side is the desk; the two others stand for one another.
func (s Side) isDesk() bool { return s == Desk }

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

// Unproven is what somebody says who can't prove a premises.
type Unproven struct {
	Name   string
	Email  string // the own one: the passcode goes there once it is approved
	Number string // of the GPhC, as the certificate has it; "": there is none at hand
	Why    string // who it is at the premises, and why no passcode comes
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

// ApprovalNotice is what is told of an application without proof.
type ApprovalNotice struct {
	To       haven.Address
	Name     string // of who applied
	Premises organisation.Organisation
	Ref      Ref
	NotUs    Token     // for "this wasn't us"
	Passcode string    // of an approved one
	Until    time.Time // how long what is said holds
	Reason   string    // why it was refused
}

// ApprovalNotices is the part of Notices that applications without proof need.
type ApprovalNotices interface {
	// ApprovalAsked tells who applied that the application waits, with its reference.
	ApprovalAsked(tx *db.Tx, n ApprovalNotice) error
	// ApprovalAttempted tells the registered e-mail of the premises, where it has one, and its head office.
	ApprovalAttempted(tx *db.Tx, n ApprovalNotice) error
	// Approved brings who applied a passcode.
	Approved(tx *db.Tx, n ApprovalNotice) error
	// NotApproved tells who applied why not.
	NotApproved(tx *db.Tx, n ApprovalNotice) error
}

// AskApproval begins an application for a premises that can't be proven. It waits for two approvals; registered e-mail and head office are told of it (Rules 4). It is
// Invalid by CheckUnproven, and Denied or TooMany by MayAskApproval.
func (s *Service) AskApproval(ctx context.Context, actor haven.Actor, code string, u Unproven) (Pass, error) {
	c, v := organisation.ParseCode(organisation.Pharmacy, code)
	if !v.Allowed {
		return Pass{}, account.Refusal(errs.Invalid, v)
	}
	u, faults := CheckUnproven(u, s.o.Policy)
	if len(faults) > 0 {
		return Pass{}, account.Refusal(errs.Invalid, faults[0].Verdict)
	}
	if err := s.busy(actor); err != nil {
		return Pass{}, err
	}
	var random [refLetters]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	n := s.newCode(makeRef(random))
	plain, err := json.Marshal(u)
	if err != nil {
		return Pass{}, err
	}
	sealed, err := s.sealer.Seal(nil, plain, boundToApproval(n.ref))
	if err != nil {
		return Pass{}, err
	}
	until := s.now().Add(s.o.Policy.Registration.ApprovalFor)
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		o, err := organisation.ByCodeIn(tx, c)
		if errs.Is(err, errs.NotFound) {
			return refusal(MayBegin(Facts{}))
		}
		if err != nil {
			return err
		}
		if err := s.lockPremises(tx, o.ID); err != nil {
			return err
		}
		contact, err := s.mayAskApproval(tx, o)
		if err != nil {
			return err
		}
		now := s.now()
		made, err := tx.Change(sqlPutWaiting, string(n.ref), int64(o.ID), now.UnixMicro())
		if err != nil {
			return err
		}
		if made == 0 {
			return errs.E(errs.Transient, "Try again.") // as in Ask
		}
		tx.Exec(sqlPutUnproven, string(n.ref), sealed, now.UnixMicro())
		tx.Exec(sqlPutAsk, int64(o.ID), now.UnixMicro(), n.salt)
		tx.Exec(sqlPutToken, hashOf(n.notUs), int64(tokenNotUs), string(n.ref), int64(0), now.Add(s.o.Policy.Registration.FreezeWithin).UnixMicro())
		tx.Exec(sqlPutTask, string(n.ref), int64(TaskApproval), int64(0), int64(o.ID), now.UnixMicro())
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "registration.unproven", Rule: "registration.approval", Note: fmt.Sprintf("%s %s", n.ref, o.Code)})
		return s.tellAsked(tx, u, o, contact, n, until)
	})
	if err != nil {
		return Pass{}, err
	}
	return Pass{Ref: n.ref, To: organisation.Masked(haven.MustAddress(u.Email)), Until: until}, nil
}

// boundToApproval is what the answers of an application without proof are bound to.
func boundToApproval(ref Ref) []byte { return fmt.Appendf(nil, "registration_unproven %s", ref) }

// mayAskApproval is the contact of a premises for which an approval may be asked for now. The transaction has locked the premises.
func (s *Service) mayAskApproval(tx *db.Tx, o organisation.Organisation) (contact organisation.Contact, err error) {
	e, _, contact, err := s.look(tx, o.Code)
	if err != nil {
		return contact, err
	}
	today, open := 0, 0
	if err := tx.Query(sqlAsks, []any{int64(o.ID), s.now().Add(-24 * time.Hour).UnixMicro()}, func(r db.Row) error { today = int(r.Int64(0)); return nil }); err != nil {
		return contact, err
	}
	if err := tx.Query(sqlOpenFurther, []any{int64(o.ID), int64(TaskApproval)}, func(r db.Row) error { open = int(r.Int64(0)); return nil }); err != nil {
		return contact, err
	}
	if v := MayAskApproval(e.Verdict, today, open, s.o.Policy.Registration); !v.Allowed {
		return contact, refusal(v)
	}
	return contact, nil
}

// tellAsked tells who applied, the registered e-mail where there is one, and the head office.
func (s *Service) tellAsked(tx *db.Tx, u Unproven, o organisation.Organisation, contact organisation.Contact, n newPasscode, until time.Time) error {
	told := ApprovalNotice{To: haven.MustAddress(u.Email), Name: u.Name, Premises: o, Ref: n.ref, Until: until}
	if err := s.o.Notices.ApprovalAsked(tx, told); err != nil {
		return err
	}
	told.NotUs = n.notUs // never to who applied, who may be nobody's
	to, err := headOffice(tx, o)
	if err != nil {
		return err
	}
	if !contact.Email.IsNull() {
		to = append(to, contact.Email)
	}
	for _, told.To = range to {
		if err := s.o.Notices.ApprovalAttempted(tx, told); err != nil {
			return err
		}
	}
	return nil
}
