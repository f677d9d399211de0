package registration

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// Ask begins an application: if the GPhC number is that of the premises, a passcode goes to its registered e-mail. A wrong
// number gets the same answer, and an application that no passcode proves, so that numbers can't be tried out; the
// registered e-mail is told either way. It is Denied by MayBegin, and TooMany after so many passcodes a day.
func (s *Service) Ask(ctx context.Context, actor haven.Actor, code, gphc string) (Pass, error) {
	c, v := organisation.ParseCode(organisation.Pharmacy, code)
	if !v.Allowed {
		return Pass{}, account.Refusal(errs.Invalid, v)
	}
	number, v := organisation.ParseGPhC(gphc)
	if !v.Allowed {
		return Pass{}, account.Refusal(errs.Invalid, v)
	}
	if err := s.busy(actor); err != nil {
		return Pass{}, err
	}
	var random [refLetters]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	n := s.newCode(makeRef(random))
	var pass Pass
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
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
		contact, err := s.mayAsk(tx, o, false)
		if err != nil {
			return err
		}
		good := subtle.ConstantTimeCompare([]byte(contact.GPhC), []byte(number)) == 1
		now := s.now().UnixMicro()
		made, err := tx.Change(sqlPutApp, string(n.ref), int64(o.ID), n.salt, n.hashIf(good), now, good)
		if err != nil {
			return err
		}
		if made == 0 {
			return errs.E(errs.Transient, "Try again.") // a reference that is there already, of a hundred thousand million
		}
		pass, err = s.sent(tx, actor, o, contact, n, good)
		return err
	})
	if err != nil {
		return Pass{}, err
	}
	return pass, nil
}

// Again asks for a new passcode for an application that was begun, which ends the one before: to go on in another browser,
// or where none came. Whoever has the reference may ask; the passcode goes to the registered e-mail, or to who applied where two
// people approved it.
func (s *Service) Again(ctx context.Context, actor haven.Actor, ref string) (Pass, error) {
	r, v := ParseRef(ref)
	if !v.Allowed {
		return Pass{}, account.Refusal(errs.Invalid, v)
	}
	if err := s.busy(actor); err != nil {
		return Pass{}, err
	}
	who, unproven, err := s.applicant(ctx, r)
	if err != nil {
		return Pass{}, err
	}
	n := s.newCode(r)
	var pass Pass
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.lockApp(tx, r)
		if err != nil {
			return err
		}
		if v := MayGoOn(a.state, a.frozen, a.changedAt(), s.now(), s.kept(a)); !v.Allowed {
			return refusal(v)
		}
		o, err := organisation.ByIDIn(tx, a.org)
		if err != nil {
			return err
		}
		contact, err := s.mayAsk(tx, o, a.approved)
		if err != nil {
			return err
		}
		if a.approved && unproven {
			registered := contact.Email
			if contact.Email = haven.MustAddress(who.Email); !registered.IsNull() {
				if err := s.o.Notices.ApprovalAttempted(tx, ApprovalNotice{To: registered, Name: who.Name, Premises: o, Ref: r, NotUs: n.notUs, Until: s.now().Add(s.o.Policy.Registration.FreezeWithin)}); err != nil {
					return err
				}
			}
		}
		tx.Exec(sqlAskAgain, string(r), n.salt, n.hashIf(a.good), s.now().UnixMicro())
		pass, err = s.sent(tx, actor, o, contact, n, a.good)
		return err
	})
	if err != nil {
		return Pass{}, err
	}
	return pass, nil
}

// mayAsk is the contact of a premises for which a passcode may be asked now. The transaction has locked the premises.
func (s *Service) mayAsk(tx *db.Tx, o organisation.Organisation, approved bool) (organisation.Contact, error) {
	e, _, contact, err := s.look(tx, o.Code)
	if err != nil {
		return contact, err
	}
	if !e.Verdict.Allowed && !(approved && passes(e.Verdict)) {
		return contact, refusal(e.Verdict)
	}
	today := 0
	since := s.now().Add(-24 * time.Hour)
	if err := tx.Query(sqlAsks, []any{int64(o.ID), since.UnixMicro()}, func(r db.Row) error { today = int(r.Int64(0)); return nil }); err != nil {
		return contact, err
	}
	if v := MayAsk(today, s.o.Policy.Registration); !v.Allowed {
		return contact, refusal(v)
	}
	return contact, nil
}

// sent writes down that a passcode was asked for, and what the registered e-mail is told.
func (s *Service) sent(tx *db.Tx, actor haven.Actor, o organisation.Organisation, c organisation.Contact, n newPasscode, good bool) (Pass, error) {
	now := s.now()
	tx.Exec(sqlPutAsk, int64(o.ID), now.UnixMicro(), n.salt)
	tx.Exec(sqlPutToken, hashOf(n.notUs), int64(tokenNotUs), string(n.ref), int64(0), now.Add(s.o.Policy.Registration.FreezeWithin).UnixMicro())
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "registration.asked", Rule: "registration.passcode", Note: fmt.Sprintf("%s number right: %t", o.Code, good)})
	until := now.Add(s.o.Policy.Registration.PasscodeFor)
	a := Attempt{To: c.Email, Premises: o, Ref: n.ref, Until: until, NotUs: n.notUs}
	tell := s.o.Notices.Attempted
	if good {
		a.Passcode, tell = n.code, s.o.Notices.Passcode
	}
	if err := tell(tx, a); err != nil {
		return Pass{}, err
	}
	group, err := headOffice(tx, o)
	a.Passcode = ""
	for _, a.To = range group {
		if err := s.o.Notices.GroupAttempted(tx, a); err != nil {
			return Pass{}, err
		}
	}
	return Pass{Ref: n.ref, To: organisation.Masked(c.Email), Until: until}, err
}

// headOffice is where the head office of a premises is told of what happens: its own mailbox here, and the contact that it named for registrations.
func headOffice(tx *db.Tx, o organisation.Organisation) (to []haven.Address, err error) {
	if o.Parent == "" {
		return nil, nil
	}
	c, err := organisation.ContactOfGroupIn(tx, o.Parent)
	if err != nil {
		return nil, err
	}
	if !c.IsNull() {
		to = append(to, c)
	}
	group, err := organisation.ByCodeIn(tx, o.Parent)
	if errs.Is(err, errs.NotFound) {
		return to, nil
	}
	if err != nil {
		return nil, err
	}
	boxes, err := sharedmailbox.OfIn(tx, group.ID)
	if err != nil {
		return nil, err
	}
	for _, no := range boxes {
		a, err := account.ByNoIn(tx, no)
		if err != nil {
			return nil, err
		}
		to = append(to, a.Address)
	}
	return to, nil
}

// newPasscode is what is made before the transaction.
type newPasscode struct {
	ref   Ref
	code  string
	salt  []byte
	hash  []byte
	notUs Token
}

func (s *Service) newCode(ref Ref) newPasscode {
	p := newPasscode{ref: ref, code: secret.Digits(s.o.Policy.Registration.PasscodeDigits), salt: make([]byte, 16), notUs: newToken()}
	rand.Read(p.salt) // never fails (crypto/rand)
	p.hash = s.passcodeHash(p.salt, ref, p.code)
	return p
}

// hashIf is what is kept of the passcode: nothing where it is not sent.
func (n newPasscode) hashIf(sent bool) []byte {
	if !sent {
		return nil
	}
	return n.hash
}

// Prove gives the passcode, with spaces or without. What it returns lets one browser go on with the application; another
// that did before can't any more. It is Private by CheckPasscode, in the same words and time whether one was sent or not.
func (s *Service) Prove(ctx context.Context, actor haven.Actor, ref, passcode string) (Token, error) {
	r, v := ParseRef(ref)
	if !v.Allowed {
		return "", account.Refusal(errs.Invalid, v)
	}
	if err := s.busy(actor); err != nil {
		return "", err
	}
	passcode = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, passcode)
	token := newToken()
	var verdict haven.Verdict
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.lockApp(tx, r)
		if err != nil {
			return err
		}
		if v := MayGoOn(a.state, a.frozen, a.changedAt(), s.now(), s.kept(a)); !v.Allowed {
			return refusal(v)
		}
		tries := 0
		if err := tx.Query(sqlTried, []any{string(r)}, func(r db.Row) error { tries = int(r.Int64(0)); return nil }); err != nil {
			return err
		}
		good := subtle.ConstantTimeCompare(s.passcodeHash(a.salt, r, passcode), orZero(a.passcode)) == 1
		verdict = CheckPasscode(PasscodeFacts{Asked: a.asked, Tries: tries, Good: good}, s.now(), s.o.Policy.Registration)
		what := "registration.not-proven"
		if verdict.Allowed {
			what = "registration.proven"
			tx.Exec(sqlProven, string(r), hashOf(token), s.now().UnixMicro())
		}
		audit.Record(tx, audit.Entry{At: s.now(), Actor: actor, What: what, Rule: verdict.Rule, Note: string(r)})
		return nil
	})
	if err != nil {
		return "", err
	}
	if !verdict.Allowed {
		return "", refusal(verdict)
	}
	return token, nil
}

// orZero is what no passcode has as its hash, where there is none.
func orZero(hash []byte) []byte {
	if hash == nil {
		return make([]byte, 32)
	}
	return hash
}
