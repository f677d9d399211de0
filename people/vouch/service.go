package vouch

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"slices"
	"time"

	"haven"
	"haven/people/access"
	"haven/people/account"
	"haven/people/secondfactor"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Notices tells people, in the transaction.
type Notices interface {
	// VouchedPassword sends the temporary password to the mobile that the owner named.
	VouchedPassword(tx *db.Tx, who account.Account, mobile, password string, good time.Duration) error
	// VouchedFor tells the person at the personal e-mail, with the link to confirm or to say no.
	VouchedFor(tx *db.Tx, st Standing, email string, link Link, good time.Duration) error
	// Vouched tells an owner of one of the person's mailboxes.
	Vouched(tx *db.Tx, owner account.Account, st Standing) error
	// VouchDenied tells such an owner that the person says that it was somebody else.
	VouchDenied(tx *db.Tx, owner account.Account, st Standing) error
}

// Options are what the service stands on; every field without a remark is needed.
type Options struct {
	DB        *db.DB
	Accounts  *account.Service
	Access    *access.Service
	Contacts  *account.Contacts
	Shared    *sharedmailbox.Service
	Factors   Factors
	Questions func(ctx context.Context, no haven.AccountNo) ([]int, error) // those that a person answered
	Operator  func(ctx context.Context, no haven.AccountNo) (bool, error)  // whether a person runs the service
	Temporary func() (string, error)                                       // draws a temporary password
	Notices   Notices
	Policy    policy.Policy
	Clock     clock.Clock
	Logger    *slog.Logger // nil: nothing is logged
}

// Factors tells what there is of a person's second factor; secondfactor.Service does.
type Factors interface {
	Of(ctx context.Context, no haven.AccountNo) (secondfactor.Standing, error)
}

// Service keeps vouchings. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{o}
}

// outside is what is read of both people before the transaction: what a key store or another service knows.
type outside struct {
	owner, person account.Account
	facts         Facts
	mobile        time.Time // when the mobile was set; zero: there is none
	email         string
	reach         bool
}

func (s *Service) outside(ctx context.Context, actor haven.Actor, person haven.AccountNo) (o outside, err error) {
	if o.owner, err = s.o.Accounts.ByID(ctx, actor.Person); err != nil {
		return o, err
	}
	if o.person, err = s.o.Accounts.ByNo(ctx, person); err != nil {
		return o, err
	}
	own, err := s.o.Factors.Of(ctx, o.owner.No)
	if err != nil {
		return o, err
	}
	theirs, err := s.o.Factors.Of(ctx, person)
	if err != nil {
		return o, err
	}
	contacts, err := s.o.Contacts.Of(ctx, person)
	if err != nil {
		return o, err
	}
	for _, c := range contacts {
		switch c.Kind {
		case account.Mobile:
			o.mobile = c.Made
		case account.PersonalEmail:
			o.email = c.Value
		}
	}
	questions, err := s.o.Questions(ctx, person)
	if err != nil {
		return o, err
	}
	o.facts.Factor, o.facts.Answers, o.reach = own.On, len(questions) > 0 && o.email != "", theirs.On || o.email != ""
	o.facts.Operator, err = s.o.Operator(ctx, person)
	return o, err
}

// inside completes what was read outside in the transaction, which looks at the mailbox as its owner may.
func (s *Service) inside(tx *db.Tx, o outside, mailbox haven.AccountNo) (f Facts, err error) {
	f = o.facts
	rights, _, err := s.o.Access.FreshIn(tx, o.owner.No, mailbox)
	if err != nil {
		return f, err
	}
	if rights == 0 {
		return f, access.ErrUnknown
	}
	person, err := account.ByNoIn(tx, o.person.No)
	if err != nil {
		return f, err
	}
	f.Same, f.Owner, f.Person = o.owner.No == o.person.No, rights.Has(haven.Manage), person.State
	if _, f.Member, err = s.o.Shared.MemberIn(tx, mailbox, o.person.No); err != nil {
		return f, err
	}
	last, err := get(tx, sqlLast, int64(o.person.No))
	if err != nil {
		return f, err
	}
	// The number of a vouching that was never confirmed may have been wrong: it is no way in, and another takes its place.
	f.Mobile = !o.mobile.IsZero() && !(last.confirmed.IsZero() && o.mobile.Equal(last.made))
	since := s.o.Clock.Now().Add(-24 * time.Hour).UnixMicro()
	return f, tx.Query(sqlToday, []any{int64(o.owner.No), since}, func(r db.Row) error { f.Today = int(r.Int64(0)); return nil })
}

// Begin says what an owner has to say before vouching for a person. It is Denied (vouch.*) where there is nothing to vouch for, with what to do instead.
func (s *Service) Begin(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo) (n Needs, err error) {
	o, err := s.outside(ctx, actor, person)
	if err != nil {
		return n, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		f, err := s.inside(tx, o, mailbox)
		if err != nil {
			return err
		}
		if v := MayBegin(f, s.o.Policy.Reset); !v.Allowed {
			return account.Refusal(errs.Denied, v)
		}
		n = Needs{Person: o.person, Forgot: f.Answers, Reach: o.reach}
		return nil
	})
	return n, err
}

// Vouch records that an owner knows a person, and sends the person a temporary password to the mobile. From now on the account is limited; the person and
// all owners of all the person's mailboxes are told. It is Invalid for what was said wrongly, Denied where the owner may not, and each refusal is recorded.
func (s *Service) Vouch(ctx context.Context, actor haven.Actor, in Vouching) error {
	mobile, v := account.ParseMobile(in.Mobile)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	o, err := s.outside(ctx, actor, in.Person)
	if err != nil {
		return err
	}
	password, err := s.o.Temporary()
	if err != nil {
		return err
	}
	hashed, err := s.o.Accounts.HashTemporary(ctx, password)
	if err != nil {
		return err
	}
	contact, err := s.o.Contacts.Seal(ctx, in.Person, account.Mobile, mobile)
	if err != nil {
		return err
	}
	now, link := s.o.Clock.Now(), newLink()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		v = haven.Verdict{}
		if err := account.Lock(tx, in.Mailbox, o.owner.No, in.Person); err != nil {
			return err
		}
		f, err := s.inside(tx, o, in.Mailbox)
		if err != nil {
			return err
		}
		f.How, f.Forgot, f.Asked = in.How, in.Forgot, in.Asked
		holders, err := s.o.Contacts.HoldersIn(tx, account.Mobile, mobile)
		if err != nil {
			return err
		}
		f.Taken = slices.ContainsFunc(holders, func(no haven.AccountNo) bool { return no != in.Person })
		box, err := account.ByNoIn(tx, in.Mailbox)
		if err != nil {
			return err
		}
		if v = May(f, s.o.Policy, now); !v.Allowed {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vouch.refused", On: o.person.ID, Other: box.ID, Rule: v.Rule})
			return nil
		}
		st := Standing{Person: o.person, Owner: o.owner, Mailbox: box, How: in.How, Made: now, Email: o.email != ""}
		tx.Exec(sqlEnd, int64(in.Person), now.UnixMicro())
		tx.Exec(sqlPut, int64(in.Person), now.UnixMicro(), int64(o.owner.No), int64(in.Mailbox), string(in.How), hash(link))
		account.SetVouchedIn(tx, in.Person, Limit(o.owner.No, now, time.Time{}, s.o.Policy.Reset))
		if err := s.o.Contacts.PutIn(tx, actor, contact); err != nil {
			return err
		}
		if err := s.o.Accounts.SetTemporaryIn(tx, actor, o.person, hashed); err != nil {
			return err
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vouch.given", On: o.person.ID, Other: box.ID, Rule: v.Rule, Note: "identified " + in.How.String()})
		return s.tell(tx, st, o.email, mobile, password, link)
	})
	switch {
	case err != nil:
		return err
	case v.Rule == "vouch.how" || v.Rule == "vouch.answers" || v.Rule == "vouch.mobile-taken":
		return account.Refusal(errs.Invalid, v)
	case !v.Allowed:
		return account.Refusal(errs.Denied, v)
	}
	s.o.Shared.Announce(in.Person)
	s.o.Logger.LogAttrs(ctx, slog.LevelInfo, "an owner vouched for a person", slog.String("person", o.person.ID.String()), slog.String("rule", string(v.Rule)))
	_, err = s.o.Accounts.Unlock(ctx, actor, in.Person) // the temporary password opens from a place that nobody knows
	return err
}

// tell tells the person and all owners of all the person's mailboxes.
func (s *Service) tell(tx *db.Tx, st Standing, email, mobile, password string, link Link) error {
	if err := s.o.Notices.VouchedPassword(tx, st.Person, mobile, password, s.o.Policy.Activation.TempPassword); err != nil {
		return err
	}
	if email != "" {
		if err := s.o.Notices.VouchedFor(tx, st, email, link, s.o.Policy.Reset.VouchLinkFor); err != nil {
			return err
		}
	}
	return s.owners(tx, st, s.o.Notices.Vouched)
}

func (s *Service) owners(tx *db.Tx, st Standing, say func(*db.Tx, account.Account, Standing) error) error {
	owners, err := s.o.Shared.AroundIn(tx, st.Person.No)
	for _, o := range owners {
		if err := say(tx, o, st); err != nil {
			return err
		}
	}
	return err
}

func newLink() Link {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return Link(base64.RawURLEncoding.EncodeToString(b))
}

func hash(l Link) []byte {
	h := sha256.Sum256([]byte("vouch\x00" + string(l)))
	return h[:]
}
