package secondfactor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Passkey is a key of a person's that a device holds: a phone, a security key, or the computer itself (WebAuthn Level 3).
type Passkey struct {
	ID      string // names it in lists; no secret
	Name    string // the person's own
	Created time.Time
	Used    time.Time // zero: never
}

// Ceremony is what a browser is given to make a passkey or to show one, as JSON for its own interface.
type Ceremony string

var (
	errPasskey = &errs.Error{Kind: errs.Private, Rule: "passkey.wrong", Say: "This passkey could not be checked. Try again, or use a code."}
	errHere    = &errs.Error{Kind: errs.Private, Rule: "passkey.shared", Say: "On a shared computer only a passkey on your phone or a security key is taken. Or say that the computer is yours alone when you log in."}
	errMany    = &errs.Error{Kind: errs.TooMany, Rule: "passkey.many", Say: "You have as many passkeys as one person can have. Take one away first."}
	errGone    = &errs.Error{Kind: errs.NotFound, Rule: "passkey.none", Say: "There is no such passkey."}
	errNowhere = &errs.Error{Kind: errs.Conflict, Rule: "passkey.address", Say: "Passkeys need the pages' own address, over HTTPS. Use an app with codes."}
)

const nameRunes = 64

// kinds of ceremonies.
const (
	making  = 1
	showing = 2
)

// relying is the pages as browsers know them: passkeys are good at their host alone.
func (s *Service) relying() (*webauthn.WebAuthn, error) {
	at, err := url.Parse(s.o.Portal())
	if err != nil || at.Hostname() == "" {
		return nil, errNowhere
	}
	return webauthn.New(&webauthn.Config{RPID: at.Hostname(), RPDisplayName: s.o.Issuer, RPOrigins: []string{at.Scheme + "://" + at.Host}})
}

// holder is a person with the passkeys there are, as the library asks for them.
type holder struct {
	who  account.Account
	keys []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return h.who.ID[:] }
func (h holder) WebAuthnName() string                       { return h.who.Address.String() }
func (h holder) WebAuthnDisplayName() string                { return h.who.Display }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (s *Service) holder(ctx context.Context, who account.Account) (h holder, err error) {
	h.who = who
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		h.keys = nil
		return tx.Query(sqlKeys, []any{int64(who.No)}, func(r db.Row) error {
			var c webauthn.Credential
			if err := json.Unmarshal(r.Bytes(0), &c); err != nil {
				return err
			}
			h.keys = append(h.keys, c)
			return nil
		})
	})
	return h, err
}

// keyID names a credential in a list and in its row.
func keyID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// MakePasskey begins a passkey. At a shared computer one is asked for that is held elsewhere (Rules 6).
func (s *Service) MakePasskey(ctx context.Context, who account.Account, shared bool) (Ceremony, error) {
	h, err := s.holder(ctx, who)
	if err != nil {
		return "", err
	}
	if len(h.keys) >= s.o.Policy.Session.Passkeys {
		return "", errMany
	}
	w, err := s.relying()
	if err != nil {
		return "", err
	}
	want := protocol.AuthenticatorSelection{UserVerification: protocol.VerificationRequired, ResidentKey: protocol.ResidentKeyRequirementPreferred}
	if shared {
		want.AuthenticatorAttachment = protocol.CrossPlatform
	}
	var have []protocol.CredentialDescriptor
	for _, k := range h.keys {
		have = append(have, k.Descriptor())
	}
	options, data, err := w.BeginRegistration(h, webauthn.WithAuthenticatorSelection(want), webauthn.WithExclusions(have), webauthn.WithConveyancePreference(protocol.PreferNoAttestation))
	if err != nil {
		return "", err
	}
	return s.begun(ctx, who.No, making, options.Response, data)
}

// ShowPasskey begins the showing of a passkey; "" where the person has none.
func (s *Service) ShowPasskey(ctx context.Context, who account.Account) (Ceremony, error) {
	h, err := s.holder(ctx, who)
	if err != nil || len(h.keys) == 0 {
		return "", err
	}
	w, err := s.relying()
	if err != nil {
		return "", nil // without an address there are no passkeys, and a code serves
	}
	options, data, err := w.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return "", err
	}
	return s.begun(ctx, who.No, showing, options.Response, data)
}

// begun keeps what the answer is held against, for the time that a code is good and for some pages at once.
func (s *Service) begun(ctx context.Context, no haven.AccountNo, kind int64, options any, data *webauthn.SessionData) (Ceremony, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return "", err
	}
	kept, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	now := s.o.Clock.Now()
	return Ceremony(text), s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlOldAsked, int64(no), now.UnixMicro())
		tx.Exec(sqlFewAsked, int64(no), int64(ceremoniesAtOnce-1))
		tx.Exec(sqlAsk, data.Challenge, int64(no), kind, kept, now.Add(ceremonyFor).UnixMicro())
		return nil
	})
}

const (
	ceremonyFor      = 10 * time.Minute
	ceremoniesAtOnce = 20 // pages of one person that ask for a passkey
)

// asked takes what was kept for an answer, once.
func asked(tx *db.Tx, no haven.AccountNo, kind int64, challenge string, now time.Time) (data webauthn.SessionData, err error) {
	found := false
	err = tx.Query(sqlAsked, []any{challenge, int64(no), kind, now.UnixMicro()}, func(r db.Row) error {
		found = true
		return json.Unmarshal(r.Bytes(0), &data)
	})
	if err == nil && !found {
		err = errPasskey
	}
	tx.Exec(sqlAnswered, challenge, int64(no))
	return data, err
}

// AddPasskey takes a passkey that a browser has made. With the first of the second step's parts come recovery codes, which are shown this once.
func (s *Service) AddPasskey(ctx context.Context, actor haven.Actor, who account.Account, name string, shared bool, answer string) (recovery []string, err error) {
	name = strings.TrimSpace(name)
	if n := len([]rune(name)); n == 0 || n > nameRunes || strings.ContainsFunc(name, account.NotShown) {
		return nil, &errs.Error{Kind: errs.Invalid, Rule: "passkey.name", Say: "Give the passkey a name by which you know it, of at most 64 characters."}
	}
	made, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return nil, errPasskey
	}
	if shared && made.AuthenticatorAttachment == protocol.Platform {
		return nil, errHere
	}
	w, err := s.relying()
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, actor, who, "passkey.added", func(tx *db.Tx) error {
		now := s.o.Clock.Now()
		data, err := asked(tx, who.No, making, made.Response.CollectedClientData.Challenge, now)
		if err != nil {
			return err
		}
		key, err := w.CreateCredential(holder{who: who}, data, made)
		if err != nil {
			return errPasskey
		}
		recovery, err = s.keep(tx, who.No, name, key, now)
		return err
	})
	return recovery, err
}

// keep writes a new passkey, and recovery codes where there are none.
func (s *Service) keep(tx *db.Tx, no haven.AccountNo, name string, key *webauthn.Credential, now time.Time) (recovery []string, err error) {
	st, err := standing(tx, no)
	if err == nil {
		err = s.free(tx, no)
	}
	if err != nil {
		return nil, err
	}
	if len(st.Passkeys) >= s.o.Policy.Session.Passkeys {
		return nil, errMany
	}
	text, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	n, err := tx.Change(sqlPutKey, keyID(key.ID), int64(no), name, text, now.UnixMicro())
	if err != nil || n == 0 {
		return nil, errPasskey
	}
	tx.Exec(sqlPlace, int64(no), []byte{})
	if st.Recovery == 0 {
		recovery = putCodes(tx, no)
	}
	return recovery, nil
}

// CheckPasskey takes a passkey that a browser shows, with the person verified by it, in place of a code: Private where it is not good. At a shared
// computer one that the computer itself holds is not taken (Rules 6).
func (s *Service) CheckPasskey(ctx context.Context, actor haven.Actor, who account.Account, shared bool, answer string) error {
	shown, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return errPasskey
	}
	w, err := s.relying()
	if err != nil {
		return err
	}
	h, err := s.holder(ctx, who)
	if err != nil {
		return err
	}
	var refused error
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		now := s.o.Clock.Now()
		data, err := asked(tx, who.No, showing, shown.Response.CollectedClientData.Challenge, now)
		if err == nil {
			err = s.shown(tx, w, h, data, shown, shared, now)
		}
		if refused = nil; errs.Is(err, errs.Private) {
			refused = err
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "passkey.refused", On: who.ID, Rule: "passkey.wrong"})
			return nil
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return err
}

func (s *Service) shown(tx *db.Tx, w *webauthn.WebAuthn, h holder, data webauthn.SessionData, shown *protocol.ParsedCredentialAssertionData, shared bool, now time.Time) error {
	if shared && shown.AuthenticatorAttachment != protocol.CrossPlatform {
		return errHere
	}
	key, err := w.ValidateLogin(h, data, shown)
	if err != nil || key.Authenticator.CloneWarning {
		return errPasskey
	}
	text, err := json.Marshal(key)
	if err != nil {
		return err
	}
	n, err := tx.Change(sqlUseKey, keyID(key.ID), int64(h.who.No), text, now.UnixMicro())
	if err == nil && n == 0 {
		err = errPasskey // it was taken away a moment ago
	}
	return err
}

// RemovePasskey takes a passkey away. With the last part of the second step go its recovery codes and the browsers that were trusted.
func (s *Service) RemovePasskey(ctx context.Context, actor haven.Actor, who account.Account, id string) error {
	return s.change(ctx, actor, who, "passkey.removed", func(tx *db.Tx) error {
		if err := s.free(tx, who.No); err != nil {
			return err
		}
		n, err := tx.Change(sqlDropKey, id, int64(who.No))
		if err == nil && n == 0 {
			err = errGone
		}
		if err != nil {
			return err
		}
		return tidy(tx, who.No, s.o.Clock.Now())
	})
}

// tidy drops what a second step leaves behind of which nothing is left.
func tidy(tx *db.Tx, no haven.AccountNo, now time.Time) error {
	st, err := standing(tx, no)
	if err == nil && !st.On {
		tx.Exec(sqlRemove, int64(no))
		tx.Exec(sqlNoCodes, int64(no))
		tx.Exec(sqlDistrust, int64(no))
		tx.Exec(sqlOnce, int64(no), now.UnixMicro())
	}
	return err
}

// standing is what there is of a person's second factor.
func standing(tx *db.Tx, no haven.AccountNo) (st Standing, err error) {
	f, err := read(tx, no)
	if err != nil {
		return st, err
	}
	st.App, st.Since = !f.confirmed.IsZero(), f.confirmed
	err = tx.Query(sqlListKeys, []any{int64(no)}, func(r db.Row) error {
		k := Passkey{ID: r.Text(0), Name: r.Text(1), Created: time.UnixMicro(r.Int64(2)).UTC()}
		if at := r.Int64(3); at != 0 {
			k.Used = time.UnixMicro(at).UTC()
		}
		st.Passkeys = append(st.Passkeys, k)
		return nil
	})
	if err != nil {
		return st, err
	}
	st.On = st.App || len(st.Passkeys) > 0
	if i := slices.IndexFunc(st.Passkeys, func(k Passkey) bool { return st.Since.IsZero() || k.Created.Before(st.Since) }); i >= 0 {
		st.Since = st.Passkeys[i].Created // they are sorted
	}
	return st, tx.Query(sqlCodes, []any{int64(no)}, func(r db.Row) error {
		st.Recovery = int(r.Int64(0))
		return nil
	})
}
