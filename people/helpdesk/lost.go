package helpdesk

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
)

// Lost is what somebody says who has lost the own details, or the mailbox's, or who asks for an account for somebody (Rules 9).
type Lost struct {
	First, Last string
	Code        string // ODS code of the premises
	Mailbox     string // address, where that is known; "" where it is the mailbox that was lost
	Reason      string `json:",omitempty"` // why it is asked for, and how the person is reached
}

// Call is something that a desk or the local team has to see to.
type Call struct {
	ID   int64
	At   time.Time
	Kind Kind
	Says Lost
}

// Kind is what a call is about.
type Kind string

// The kinds of calls.
const (
	LostDetails  Kind = "lost details"
	LostMailbox  Kind = "lost mailbox"
	LocumAccount Kind = "locum without an account" // an owner asks for one
	DisputedEnd  Kind = "disputed end of a post"   // somebody says that an owner was wrong to end it
	NotInTime    Kind = "letters not done in time" // a premises was told, and its head office
)

// Sealer seals what callers say; secret.Sealer does.
type Sealer interface {
	Seal(dst, plain, ad []byte) ([]byte, error)
	Open(dst, sealed, ad []byte) ([]byte, error)
}

// Contacts tells how a person is reached.
type Contacts interface {
	Of(ctx context.Context, no haven.AccountNo) ([]account.Contact, error)
}

// Notices sends an answer to the personal e-mail on file, in the transaction.
type Notices interface {
	Details(tx *db.Tx, who account.Account, email string, mailboxes []haven.Address) error
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB       *db.DB
	Places   *organisation.Service
	Shared   *sharedmailbox.Service
	Contacts Contacts
	Notices  Notices
	Sealer   Sealer
	Clock    clock.Clock
	// Invite sends the first password again to somebody who has not activated the account.
	Invite func(ctx context.Context, actor haven.Actor, no haven.AccountNo) error
}

// Service answers those who lost something, and records calls. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Answer answers somebody who lost something: to the personal e-mail on file, where just one of the premises' people has that name; else a call is
// opened. Whoever asks is told nothing of which it was.
func (s *Service) Answer(ctx context.Context, actor haven.Actor, l Lost) (found bool, err error) {
	who, boxes, err := s.find(ctx, l)
	if err != nil {
		return false, err
	}
	if len(who) != 1 {
		return false, s.call(ctx, actor, l)
	}
	contacts, err := s.o.Contacts.Of(ctx, who[0].No)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return false, err
	}
	for _, c := range contacts {
		if c.Kind != account.PersonalEmail {
			continue
		}
		err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
			audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "helpdesk.details-sent", On: who[0].ID, Rule: "helpdesk.lost-details"})
			return s.o.Notices.Details(tx, who[0], c.Value, boxes)
		})
		if err == nil && who[0].State == account.Invited {
			if err = s.o.Invite(ctx, actor, who[0].No); errs.Is(err, errs.TooMany) || errs.Is(err, errs.Invalid) {
				err = nil // enough was sent, or there is no mobile: the page says whom to call
			}
		}
		return true, err
	}
	return false, s.call(ctx, actor, l)
}

// find are the people of that name at the premises' mailboxes.
func (s *Service) find(ctx context.Context, l Lost) (who []account.Account, boxes []haven.Address, err error) {
	code, v := organisation.ParseCode(organisation.Pharmacy, l.Code)
	if !v.Allowed {
		return nil, nil, nil
	}
	o, err := s.o.Places.ByCode(ctx, code)
	if errs.Is(err, errs.NotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	nos, err := s.o.Shared.Of(ctx, o.ID)
	if err != nil {
		return nil, nil, err
	}
	seen := map[haven.AccountNo]bool{}
	for _, no := range nos {
		members, err := s.o.Shared.Members(ctx, 0, no)
		if err != nil {
			return nil, nil, err
		}
		here := false
		err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
			for _, m := range members {
				first, last, err := account.NameIn(tx, m.Person.No)
				if err != nil {
					return err
				}
				if SameName(l.First, l.Last, first, last) {
					here = true
					if !seen[m.Person.No] {
						who = append(who, m.Person)
					}
					seen[m.Person.No] = true
				}
			}
			if here {
				a, err := account.ByNoIn(tx, no)
				boxes = append(boxes, a.Address)
				return err
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return who, boxes, nil
}

const reasonRunes = 1000

// Ask opens a call in which an owner of a mailbox asks for something that the local team decides. It is Invalid without a name or a reason, and
// what access says for whoever is no owner.
func (s *Service) Ask(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, kind Kind, l Lost) error {
	if l.First == "" || l.Last == "" || l.Reason == "" || len([]rune(l.Reason)) > reasonRunes || len([]rune(l.First+l.Last)) > 2*nameRunes {
		return &errs.Error{Kind: errs.Invalid, Rule: "helpdesk.ask", Say: fmt.Sprintf("Give a name, and a reason of at most %d characters.", reasonRunes)}
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.o.Shared.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		l.Mailbox = a.Address.String()
		return s.callIn(tx, actor, kind, a.ID, l)
	})
}

const nameRunes = 100

// DisputedIn opens a call in which somebody says that the end of a post was wrong, in the caller's transaction.
func (s *Service) DisputedIn(tx *db.Tx, actor haven.Actor, who account.Account, place organisation.Organisation, reason string) error {
	first, last, err := account.NameIn(tx, who.No)
	if err != nil {
		return err
	}
	return s.callIn(tx, actor, DisputedEnd, who.ID, Lost{First: first, Last: last, Code: string(place.Code), Reason: reason})
}

// LateIn opens a call that letters in a premises' mailbox were not done in time, in the caller's transaction, unless one of that mailbox is open already.
func (s *Service) LateIn(tx *db.Tx, actor haven.Actor, mailbox account.Account, place organisation.Organisation, says string) error {
	var open []sealedCall
	err := tx.Query(sqlCallsOf, []any{string(NotInTime)}, func(r db.Row) error { open = append(open, scanCall(r)); return nil })
	for _, c := range open {
		if err == nil {
			err = s.open(&c)
		}
		if err != nil || c.Says.Mailbox == mailbox.Address.String() {
			return err
		}
	}
	if err != nil {
		return err
	}
	return s.callIn(tx, actor, NotInTime, mailbox.ID, Lost{Code: string(place.Code), Mailbox: mailbox.Address.String(), Reason: says})
}

func (s *Service) call(ctx context.Context, actor haven.Actor, l Lost) error {
	kind := LostDetails
	if l.Mailbox == "" {
		kind = LostMailbox
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error { return s.callIn(tx, actor, kind, haven.AccountID{}, l) })
}

func (s *Service) callIn(tx *db.Tx, actor haven.Actor, kind Kind, on haven.AccountID, l Lost) error {
	plain, err := json.Marshal(l)
	if err != nil {
		return err
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	id := int64(binary.BigEndian.Uint64(b[:]) >> 12)
	sealed, err := s.o.Sealer.Seal(nil, plain, nameOf(id))
	if err != nil {
		return err
	}
	now := s.o.Clock.Now()
	tx.Exec(sqlPutCall, id, now.UnixMicro(), string(kind), sealed)
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "helpdesk.call-opened", On: on, Rule: "helpdesk.call", Note: string(kind)})
	return nil
}

// nameOf is what a call's content is bound to.
func nameOf(id int64) []byte { return binary.BigEndian.AppendUint64([]byte("call"), uint64(id)) }

// sealedCall is a call as it is kept.
type sealedCall struct {
	Call
	sealed []byte
}

func scanCall(r db.Row) sealedCall {
	return sealedCall{Call{ID: r.Int64(0), At: time.UnixMicro(r.Int64(1)).UTC(), Kind: Kind(r.Text(2))}, append([]byte(nil), r.Bytes(3)...)}
}

// open reads what a call says.
func (s *Service) open(c *sealedCall) error {
	plain, err := s.o.Sealer.Open(nil, c.sealed, nameOf(c.ID))
	if err == nil {
		err = json.Unmarshal(plain, &c.Says)
	}
	return err
}

// Calls lists the open calls, the oldest first.
func (s *Service) Calls(ctx context.Context, most int) (all []Call, err error) {
	var rows []sealedCall
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		rows = rows[:0]
		return tx.Query(sqlCalls, []any{int64(most)}, func(r db.Row) error {
			rows = append(rows, scanCall(r))
			return nil
		})
	})
	for _, r := range rows {
		if err := s.open(&r); err != nil {
			return all, err
		}
		all = append(all, r.Call)
	}
	return all, err
}

// Close closes a call that was seen to; NotFound where there is no such open one.
func (s *Service) Close(ctx context.Context, actor haven.Actor, id int64) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlCloseCall, id, now.UnixMicro())
		if err == nil && n == 0 {
			return errs.E(errs.NotFound, "There is no such open call.")
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "helpdesk.call-closed", Rule: "helpdesk.call"})
		return err
	})
}
