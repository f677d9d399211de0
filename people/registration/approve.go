package registration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Approval is one that was given.
type Approval struct {
	Side Side
	By   account.Account
	At   time.Time
}

// Waiting is an application without proof, for those who decide about it.
type Waiting struct {
	Unproven
	Premises   Premises
	Telephone  string // of the premises, in the national list: the only one to call
	Registered string // its GPhC number; "": none is known
	Given      []Approval
}

// Open are the sides that somebody can still approve it for, as far as the approvals that were given go.
func (w Waiting) Open(by haven.AccountID) (sides []Side) {
	f := ApproveFacts{Waits: true, Entry: haven.Allow("registration.begin"), Person: true}
	for _, g := range w.Given {
		f.Given = append(f.Given, Given{g.Side, g.By.ID == by})
	}
	for _, f.Side = range Sides {
		if MayApprove(f).Allowed {
			sides = append(sides, f.Side)
		}
	}
	return sides
}

// ApprovalOf is an application that waits for approvals; NotFound where none does.
func (s *Service) ApprovalOf(ctx context.Context, ref Ref) (w Waiting, err error) {
	var sealed []byte
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		a, err := waitingIn(tx, ref)
		if err != nil {
			return err
		}
		if sealed, err = sealedIn(tx, ref); err != nil {
			return err
		}
		o, err := organisation.ByIDIn(tx, a.org)
		if err != nil {
			return err
		}
		contact, err := organisation.ContactIn(tx, a.org)
		if err != nil {
			return err
		}
		w.Premises, w.Telephone, w.Registered = shown(o, contact), o.Telephone, contact.GPhC
		w.Given, err = approvalsIn(tx, ref)
		return err
	})
	if err != nil {
		return w, err
	}
	w.Unproven, err = s.openUnproven(ref, sealed)
	return w, err
}

var errNoApproval = refusal(MayApprove(ApproveFacts{}))

// waitingIn is an application that waits for approvals.
func waitingIn(tx *db.Tx, ref Ref) (application, error) {
	a, err := appIn(tx, ref)
	if errs.Is(err, errs.NotFound) || err == nil && a.state != WaitsApproval {
		return a, errNoApproval
	}
	return a, err
}

// sealedIn is what who applied wrote; nil where it is not kept.
func sealedIn(tx *db.Tx, ref Ref) (sealed []byte, err error) {
	err = tx.Query(sqlUnproven, []any{string(ref)}, func(r db.Row) error { sealed = copyOf(r, 0); return nil })
	return sealed, err
}

func (s *Service) openUnproven(ref Ref, sealed []byte) (u Unproven, err error) {
	plain, err := s.sealer.Open(nil, sealed, boundToApproval(ref))
	if err != nil {
		return u, err
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &u); err != nil {
		return u, errs.Wrap(errs.Internal, err, "")
	}
	return u, nil
}

// applicant is who applied without proof; false where the application is of another kind, or nothing is kept of it.
func (s *Service) applicant(ctx context.Context, ref Ref) (u Unproven, is bool, err error) {
	var sealed []byte
	if err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) { sealed, err = sealedIn(tx, ref); return err }); err != nil || sealed == nil {
		return u, false, err
	}
	u, err = s.openUnproven(ref, sealed)
	return u, err == nil, err
}

func approvalsIn(tx *db.Tx, ref Ref) (all []Approval, err error) {
	var by []haven.AccountNo
	err = tx.Query(sqlApprovals, []any{string(ref)}, func(r db.Row) error {
		all = append(all, Approval{Side: Side(r.Int64(0)), At: db.Moment(r.Int64(2))})
		by = append(by, haven.AccountNo(r.Int64(1)))
		return nil
	})
	for i := range all {
		if all[i].By, err = account.ByNoIn(tx, by[i]); err != nil {
			return nil, err
		}
	}
	return all, err
}

// Approve gives one of the two approvals, by a person who speaks for a side; who may is for the caller to know, and MayApprove says whether it counts. With the second
// one, done is true: a passcode goes to who applied, and the application goes on as if it were proven. A refusal is written down.
func (s *Service) Approve(ctx context.Context, actor haven.Actor, ref Ref, side Side) (done bool, err error) {
	u, is, err := s.applicant(ctx, ref)
	if err != nil {
		return false, err
	}
	if !is {
		return false, errNoApproval
	}
	n := s.newCode(ref)
	var v haven.Verdict
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.lockApp(tx, ref)
		if errs.Is(err, errs.NotFound) {
			return errNoApproval
		}
		if err != nil {
			return err
		}
		o, err := organisation.ByIDIn(tx, a.org)
		if err != nil {
			return err
		}
		f, by, err := s.approveFacts(tx, actor, a, o, u)
		if err != nil {
			return err
		}
		f.Side = side
		now := s.now()
		if v = MayApprove(f); !v.Allowed {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "registration.approval-refused", Rule: v.Rule, Note: string(ref)})
			return nil
		}
		tx.Exec(sqlPutApproval, string(ref), int64(side), int64(by), now.UnixMicro())
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "registration.approval", Rule: v.Rule, Note: fmt.Sprintf("%s %s for the %s", ref, o.Code, side)})
		if v.Rule != "registration.approved" {
			return nil
		}
		tx.Exec(sqlApproved, string(ref), now.UnixMicro())
		tx.Exec(sqlPassed, string(ref), n.salt, n.hash, now.UnixMicro())
		tx.Exec(sqlTaskDone, string(ref), int64(TaskApproval), int64(0), now.UnixMicro())
		return s.o.Notices.Approved(tx, ApprovalNotice{To: haven.MustAddress(u.Email), Name: u.Name, Premises: o, Ref: ref, Passcode: n.code, Until: now.Add(s.o.Policy.Registration.PasscodeFor)})
	})
	if err != nil {
		return false, err
	}
	if !v.Allowed {
		return false, refusal(v)
	}
	return v.Rule == "registration.approved", nil
}

// approveFacts are what MayApprove has to know, but for the side.
func (s *Service) approveFacts(tx *db.Tx, actor haven.Actor, a application, o organisation.Organisation, u Unproven) (f ApproveFacts, by haven.AccountNo, err error) {
	f.Waits = a.state == WaitsApproval
	e, _, _, err := s.look(tx, o.Code)
	if err != nil {
		return f, 0, err
	}
	f.Entry = e.Verdict
	if actor.Person.IsZero() {
		return f, 0, nil
	}
	person, err := account.ByIDIn(tx, actor.Person)
	if err != nil {
		return f, 0, err
	}
	f.Person = true
	given, err := approvalsIn(tx, a.ref)
	if err != nil {
		return f, 0, err
	}
	for _, g := range given {
		f.Given = append(f.Given, Given{g.Side, g.By.No == person.No})
	}
	f.Own, err = s.concerns(tx, person, a.org, u)
	return f, person.No, err
}

// concerns is whether somebody works at a premises, or is who applied for it.
func (s *Service) concerns(tx *db.Tx, person account.Account, org organisation.ID, u Unproven) (bool, error) {
	posts, err := s.o.Places.HeldIn(tx, person.No)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(posts, func(p organisation.Post) bool { return p.Organisation == org }) {
		return true, nil
	}
	own, err := s.o.Accounts.ResolveIn(tx, haven.MustAddress(u.Email))
	if err == nil && own.No == person.No {
		return true, nil
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return false, err
	}
	holders, err := s.o.Contacts.HoldersIn(tx, account.PersonalEmail, u.Email)
	return slices.Contains(holders, person.No), err
}

// RefuseApproval ends an application that waits for approvals, with a reason that who applied reads. It is Invalid without one, and NotFound where none waits.
func (s *Service) RefuseApproval(ctx context.Context, actor haven.Actor, ref Ref, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > reasonRunes {
		return &errs.Error{Kind: errs.Invalid, Rule: "registration.refuse-reason", Say: fmt.Sprintf("Say why, in at most %d characters. Whoever applied reads it.", reasonRunes)}
	}
	return s.endWaiting(ctx, actor, ref, Refused, "registration.refused", reason)
}

// endWaiting ends an application that waits for approvals, and tells who applied why.
func (s *Service) endWaiting(ctx context.Context, actor haven.Actor, ref Ref, state State, what haven.Rule, reason string) error {
	u, is, err := s.applicant(ctx, ref)
	if err != nil {
		return err
	}
	if !is {
		return errNoApproval
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := s.lockApp(tx, ref); errs.Is(err, errs.NotFound) {
			return errNoApproval
		} else if err != nil {
			return err
		}
		a, err := waitingIn(tx, ref)
		if err != nil {
			return err
		}
		o, err := organisation.ByIDIn(tx, a.org)
		if err != nil {
			return err
		}
		now := s.now()
		tx.Exec(sqlState, string(ref), int64(state))
		s.forgetUnproven(tx, ref)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: string(what), Rule: what, Note: fmt.Sprintf("%s %s", ref, o.Code)})
		return s.o.Notices.NotApproved(tx, ApprovalNotice{To: haven.MustAddress(u.Email), Name: u.Name, Premises: o, Ref: ref, Reason: reason, Until: now.Add(s.o.Policy.Registration.Kept)})
	})
}

// forgetUnproven deletes what who applied wrote, and closes the task.
func (s *Service) forgetUnproven(tx *db.Tx, ref Ref) {
	tx.Exec(sqlForgetUnproven, string(ref))
	tx.Exec(sqlTaskDone, string(ref), int64(TaskApproval), int64(0), s.now().UnixMicro())
}

// lapseWaiting ends applications that nobody decided about in time.
func (s *Service) lapseWaiting(ctx context.Context) error {
	var due []Ref
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		due, err = refs(tx, sqlUndecided, s.now().Add(-s.o.Policy.Registration.ApprovalFor))
		return err
	})
	for _, ref := range due {
		if err != nil {
			return err
		}
		err = s.endWaiting(ctx, haven.Actor{Program: "job registration"}, ref, Lapsed, "registration.lapsed",
			fmt.Sprintf("Nobody could approve it within %d days. Call the helpdesk, and begin again.", int(s.o.Policy.Registration.ApprovalFor.Hours()/24)))
		if errs.Is(err, errs.NotFound) {
			err = nil // it was decided meanwhile
		}
	}
	return err
}
