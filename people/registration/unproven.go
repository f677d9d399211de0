package registration

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
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
func ParseSide(text string) Side { return keyOf(sideWords, text) }

// isDesk is whether a side is the desk; the two others stand for one another.
func (s Side) isDesk() bool { return s == Desk }

// Unproven is what somebody says who can't prove a premises.
type Unproven struct {
	Name   string
	Email  string // the own one: the passcode goes there once it is approved
	Number string // of the GPhC, as the certificate has it; "": there is none at hand
	Why    string // who it is at the premises, and why no passcode comes
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
