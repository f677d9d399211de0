package registration

import (
	"context"
	"slices"

	"haven"
	"haven/people/account"
	"haven/people/profile"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// InvitedHere reports whether MayInvite lets the owners of a mailbox through, for a member of it.
func (s *Service) InvitedHere(ctx context.Context, mailbox haven.AccountNo, who account.Account) (may bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		f, err := s.inviteFacts(tx, mailbox, who)
		may = MayInvite(f).Allowed
		return err
	})
	return may, err
}

func (s *Service) inviteFacts(tx *db.Tx, mailbox haven.AccountNo, who account.Account) (f InviteFacts, err error) {
	f.State = who.State
	org, err := sharedmailbox.OrganisationIn(tx, mailbox)
	if err != nil {
		return f, err
	}
	err = tx.Query(sqlMadeHere, []any{int64(who.No), int64(org), int64(personMade)}, func(db.Row) error { f.Here = true; return nil })
	return f, err
}

// mayInvite locks an owner's mailbox and a member of it, and asks MayInvite.
func (s *Service) mayInvite(tx *db.Tx, actor haven.Actor, mailbox, person haven.AccountNo) (who account.Account, err error) {
	if _, err := s.o.Shared.ManageIn(tx, actor, mailbox, person); err != nil {
		return who, err
	}
	members, err := sharedmailbox.MembersIn(tx, mailbox)
	if err != nil {
		return who, err
	}
	if !slices.ContainsFunc(members, func(m sharedmailbox.Membership) bool { return m.Person.No == person }) {
		return who, account.ErrUnknown
	}
	if who, err = account.ByNoIn(tx, person); err != nil {
		return who, err
	}
	f, err := s.inviteFacts(tx, mailbox, who)
	if err != nil {
		return who, err
	}
	if v := MayInvite(f); !v.Allowed {
		return who, account.Refusal(errs.Denied, v)
	}
	return who, nil
}

// Resend has the first password of a member sent again, by an owner of the mailbox: a new one, which ends the one before;
// with the username too where that is asked for. It is Denied by MayInvite, and TooMany where it was sent too often within
// the hour.
func (s *Service) Resend(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo, username bool) error {
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := s.mayInvite(tx, actor, mailbox, person)
		return err
	})
	if err != nil {
		return err
	}
	return s.o.Invite(ctx, actor, person, username)
}

// CheckReach reads a mobile or personal e-mail as an owner types it for somebody else, as it is kept.
func (s *Service) CheckReach(kind account.ContactKind, value string) (string, haven.Verdict) {
	return profile.ParseContact(kind, value, s.o.Accounts.Hosts)
}

// Correct replaces the mobile or the personal e-mail of a member who has not activated the account, by an owner of the mailbox, and sends username and a new
// password, which ends the one before. Who had the old mobile or e-mail is told. It is Denied by MayInvite, Invalid for what is no mobile or e-mail or is the same,
// and TooMany where the password was sent too often within the hour: then nothing is changed.
func (s *Service) Correct(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo, kind account.ContactKind, value string) error {
	value, v := s.CheckReach(kind, value)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	have, err := s.o.Contacts.Of(ctx, person)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(have, func(c account.Contact) bool { return c.Kind == kind })
	if i >= 0 && have[i].Value == value {
		return &errs.Error{Kind: errs.Invalid, Rule: "registration.correct-same", Say: "This is what we have. Enter the right one."}
	}
	if err := s.o.MayInviteNow(ctx, person); err != nil {
		return err
	}
	sealed, err := s.o.Contacts.Seal(ctx, person, kind, value)
	if err != nil {
		return err
	}
	unknown, err := s.unknownPassword(ctx)
	if err != nil {
		return err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := s.mayInvite(tx, actor, mailbox, person)
		if err != nil {
			return err
		}
		if err := s.o.Contacts.PutIn(tx, actor, sealed); err != nil {
			return err
		}
		if unknown != nil { // whatever becomes of the sending, who had the wrong text gets in no more
			if err := s.o.Accounts.SetTemporaryIn(tx, actor, who, *unknown); err != nil {
				return err
			}
		}
		audit.Record(tx, audit.Entry{At: s.now(), Actor: actor, What: "registration.corrected", On: who.ID, Rule: "registration.invite", Note: kind.String()})
		if i < 0 {
			return nil
		}
		return s.o.Notices.Corrected(tx, who, kind, have[i].Value)
	})
	if err != nil {
		return err
	}
	s.o.Shared.Announce(person)
	return s.o.Invite(ctx, actor, person, true)
}

// unknownPassword is a temporary password that nobody knows; nil where none are drawn here.
func (s *Service) unknownPassword(ctx context.Context) (*account.Hashed, error) {
	if s.o.Temporary == nil {
		return nil, nil
	}
	password, err := s.o.Temporary()
	if err != nil {
		return nil, err
	}
	h, err := s.o.Accounts.HashTemporary(ctx, password)
	return &h, err
}
