package sending

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// AddIdentity makes an identity with an address that the person may write with from the mailbox. It is a *Refused (ForbiddenFrom) for any other.
func (s *Service) AddIdentity(ctx context.Context, by By, email string, ch IdentityChange) (id Identity, err error) {
	ok, err := s.usable(ctx, by, email)
	if err != nil {
		return id, err
	}
	if !ok {
		return id, &Refused{Why: ForbiddenFrom, Say: "You may not write with this address from this mailbox."}
	}
	a, err := haven.ParseAddress(email)
	if err != nil {
		return id, err
	}
	k := kept{own: true, profile: profile{Email: a.String()}}
	if err := s.change(&k, ch); err != nil {
		return id, err
	}
	err = s.identityChange(ctx, by.Viewer, func(t *mailbox.Change, w *identityWriter) error {
		made := 0
		for _, other := range w.rows {
			made += int(flagOf(other.own, 1))
		}
		if made >= s.o.Policy.Identities {
			return errs.E(errs.TooMany, "You may make %d identities in this mailbox. Delete one first.", s.o.Policy.Identities)
		}
		k.id, err = w.insert(t, true, k.profile)
		return err
	})
	return k.identity(given{}), err
}

// ChangeIdentity changes an identity.
func (s *Service) ChangeIdentity(ctx context.Context, by By, id ID, ch IdentityChange) error {
	return s.identityChange(ctx, by.Viewer, func(t *mailbox.Change, w *identityWriter) error {
		i := slices.IndexFunc(w.rows, func(k kept) bool { return k.id == id })
		if i < 0 {
			return errNoIdentity
		}
		if err := s.change(&w.rows[i], ch); err != nil {
			return err
		}
		return w.set(t, w.rows[i])
	})
}

// RemoveIdentity deletes an identity that its person made.
func (s *Service) RemoveIdentity(ctx context.Context, by By, id ID) error {
	return s.identityChange(ctx, by.Viewer, func(t *mailbox.Change, w *identityWriter) error {
		i := slices.IndexFunc(w.rows, func(k kept) bool { return k.id == id })
		switch {
		case i < 0:
			return errNoIdentity
		case !w.rows[i].own:
			return errs.E(errs.Denied, "This identity comes with the mailbox, and can't be deleted.")
		}
		w.drop(t, w.rows[i], s)
		return nil
	})
}

// ForgetIn deletes the identities, in whichever mailbox, of a person whose account is deleted for good: what is sealed under a shared mailbox's key outlasts the
// person's.
func ForgetIn(tx *db.Tx, person haven.AccountNo) {
	for _, sql := range []string{sqlForgetIdentities, sqlForgetGone, sqlForgetHorizon} {
		tx.Exec(sql, int64(person))
	}
}

var errNoIdentity = errs.E(errs.NotFound, "There is no such identity.")

// change makes an identity what ch says, or refuses it.
func (s *Service) change(k *kept, ch IdentityChange) error {
	for _, c := range []struct {
		to **string
		v  *string
	}{{&k.Name, ch.Name}, {&k.Text, ch.Text}, {&k.HTML, ch.HTML}} {
		if c.v != nil {
			*c.to = c.v
		}
	}
	if ch.ReplyTo != nil {
		k.ReplyTo = *ch.ReplyTo
	}
	if ch.Bcc != nil {
		k.Bcc = *ch.Bcc
	}
	if ch.Name != nil && (strings.ContainsFunc(*ch.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) || !utf8.ValidString(*ch.Name)) {
		return errs.E(errs.Invalid, "A name is one line of text.")
	}
	for _, list := range [][]Named{k.ReplyTo, k.Bcc} {
		for _, n := range list {
			if _, err := haven.ParseAddress(n.Email); err != nil {
				return errs.E(errs.Invalid, "%s is no address: %s", n.Email, err)
			}
		}
	}
	text, err := json.Marshal(k.profile)
	if err == nil && len(text) > s.o.Policy.IdentityOctets {
		err = errs.E(errs.Invalid, "An identity says at most %d octets, its signatures included.", s.o.Policy.IdentityOctets)
	}
	return err
}
