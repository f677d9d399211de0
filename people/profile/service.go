package profile

import (
	"context"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Keys seals what is a person's under the person's own data key.
type Keys interface {
	Seal(ctx context.Context, no haven.AccountNo, plain []byte) ([]byte, error)
	Open(ctx context.Context, no haven.AccountNo, sealed []byte) ([]byte, error)
}

// Notices tells people, in the transaction.
type Notices interface {
	// ContactCode sends the code to the new mobile or e-mail.
	ContactCode(tx *db.Tx, who account.Account, kind account.ContactKind, to, code string, good time.Duration) error
	// ContactChanged tells a person, at a contact that was there before, that a mobile or e-mail was changed or taken away.
	ContactChanged(tx *db.Tx, who account.Account, changed account.ContactKind, at account.Contact, when time.Time) error
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB       *db.DB
	Accounts *account.Service
	Contacts *account.Contacts
	Places   *organisation.Service
	Owns     func(tx *db.Tx, person haven.AccountNo) (bool, error) // whether a person owns a mailbox
	Keys     Keys
	Notices  Notices
	Policy   policy.Policy
	Clock    clock.Clock
}

// Service keeps profiles. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Of is a person's profile: the one place where it is read, for the person and, but for the e-mail, for the directory. It is NotFound for what is no
// person.
func (s *Service) Of(ctx context.Context, no haven.AccountNo) (p Profile, err error) {
	now, approved := s.o.Clock.Now(), ""
	posts, err := s.o.Places.Posts(ctx, no)
	if err != nil {
		return p, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p.Person, err = account.ByNoIn(tx, no); err != nil {
			return err
		}
		if p.First, p.Last, err = account.NameIn(tx, no); err != nil {
			return err
		}
		chosen, show, err := activation.ShownIn(tx, no)
		if err != nil {
			return err
		}
		p.MobileShown = shown(chosen, show, s.o.Policy.Directory)
		return tx.Query(sqlGet, []any{int64(no)}, func(r db.Row) error {
			approved, p.Telephone, p.Speciality, p.Note = r.Text(0), r.Text(1), r.Text(2), r.Text(3)
			return nil
		})
	})
	if err != nil {
		return p, err
	}
	p.Job = JobOf(approved, posts, now)
	p.Email, p.Mobile, err = s.contacts(ctx, no)
	return p, err
}

// Job is a person's job title, as Of has it.
func (s *Service) Job(ctx context.Context, no haven.AccountNo) (string, error) {
	posts, err := s.o.Places.Posts(ctx, no)
	if err != nil {
		return "", err
	}
	approved := ""
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlGet, []any{int64(no)}, func(r db.Row) error { approved = r.Text(0); return nil })
	})
	return JobOf(approved, posts, s.o.Clock.Now()), err
}

func (s *Service) contacts(ctx context.Context, no haven.AccountNo) (email, mobile account.Contact, err error) {
	all, err := s.o.Contacts.Of(ctx, no)
	for _, c := range all {
		switch c.Kind {
		case account.PersonalEmail:
			email = c
		case account.Mobile:
			mobile = c
		}
	}
	return email, mobile, err
}

// SetTelephone keeps a person's telephone at work; "" takes it away. It is Invalid (profile.telephone) for what is no number.
func (s *Service) SetTelephone(ctx context.Context, actor haven.Actor, no haven.AccountNo, telephone string) error {
	telephone, v := ParseTelephone(telephone)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	return s.own(ctx, actor, no, func(tx *db.Tx, who account.Account) error {
		tx.Exec(sqlSetTelephone, int64(no), telephone)
		s.record(tx, actor, who, "profile.telephone-set", "profile.telephone", "")
		return nil
	})
}

// SetAbout keeps what a person says of the own work: a speciality, and a note for colleagues; both may be empty. It is Invalid (profile.speciality,
// profile.note) for what is too long or can't be shown.
func (s *Service) SetAbout(ctx context.Context, actor haven.Actor, no haven.AccountNo, speciality, note string) error {
	speciality, v := ParseLine("profile.speciality", speciality, s.o.Policy.Contact.JobRunes)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	note, v = ParseLine("profile.note", note, s.o.Policy.Contact.NoteRunes)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	return s.own(ctx, actor, no, func(tx *db.Tx, who account.Account) error {
		tx.Exec(sqlSetAbout, int64(no), speciality, note)
		s.record(tx, actor, who, "profile.about-set", "profile.note", "")
		return nil
	})
}

// SetJobIn gives a person a job title that was approved, in the caller's transaction, which has locked the person.
func (s *Service) SetJobIn(tx *db.Tx, actor haven.Actor, who account.Account, job string) error {
	job, v := ParseJob(job, s.o.Policy.Contact)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	tx.Exec(sqlSetJob, int64(who.No), job)
	s.record(tx, actor, who, "profile.job-set", v.Rule, "")
	return nil
}

var errNotYours = &errs.Error{Kind: errs.Denied, Rule: "profile.own", Say: "Only you change this, under your own account."}

// own runs fn with a person locked who is the one that acts.
func (s *Service) own(ctx context.Context, actor haven.Actor, no haven.AccountNo, fn func(tx *db.Tx, who account.Account) error) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, no); err != nil {
			return err
		}
		who, err := account.ByNoIn(tx, no)
		if err == nil && (who.ID != actor.Person || who.Kind != haven.Personal) {
			err = errNotYours
		}
		if err == nil {
			err = account.FreeIn(tx, no, s.o.Clock.Now()) // else whoever was vouched for would confirm it from an e-mail of the own choice
		}
		if err != nil {
			return err
		}
		return fn(tx, who)
	})
}

func (s *Service) record(tx *db.Tx, actor haven.Actor, who account.Account, what string, rule haven.Rule, note string) {
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, On: who.ID, Rule: rule, Note: note})
}
