package secondfactor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// A passkey is also shown where nobody has said who is there: the device itself names the person, and the question is the same for everybody, so that it
// tells nothing of who has an account (WebAuthn Level 3 §5.1.4, an empty allowCredentials).

const anybodyAtOnce = 10_000 // questions of all browsers together that wait for an answer; the oldest go

// Passkeys reports whether there can be any: the pages' address is known.
func (s *Service) Passkeys() bool {
	_, err := s.relying()
	return err == nil
}

// KeysIn is what tells whether a person's passkeys are others than they were.
func KeysIn(tx *db.Tx, no haven.AccountNo) (text string, err error) {
	err = tx.Query(sqlListKeys, []any{int64(no)}, func(r db.Row) error { text += r.Text(0) + "\n"; return nil })
	return text, err
}

// AskAnybody begins the showing of a passkey by whoever is there; "" where the pages' address is not known. The caller bounds how often it is asked.
func (s *Service) AskAnybody(ctx context.Context) (Ceremony, error) {
	w, err := s.relying()
	if err != nil {
		return "", nil // without an address there are no passkeys
	}
	options, data, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(options.Response)
	if err != nil {
		return "", err
	}
	kept, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	now := s.o.Clock.Now()
	return Ceremony(text), s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlOldAnybody, now.UnixMicro())
		tx.Exec(sqlFewAnybody, int64(anybodyAtOnce-1))
		tx.Exec(sqlAskAnybody, data.Challenge, kept, now.Add(ceremonyFor).UnixMicro())
		return nil
	})
}

// Anybody is whose passkey it is that a browser shows, with the person verified by it. Whatever is wrong with it is Private (passkey.wrong), in one answer.
func (s *Service) Anybody(ctx context.Context, actor haven.Actor, answer string) (account.Account, error) {
	shown, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return account.Account{}, errPasskey
	}
	w, err := s.relying()
	if err != nil {
		return account.Account{}, err
	}
	h, err := s.named(ctx, shown.Response.UserHandle)
	if err != nil {
		return account.Account{}, err
	}
	good := false
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if h.who.No != 0 {
			if err := account.Lock(tx, h.who.No); err != nil {
				return err
			}
		}
		now := s.o.Clock.Now()
		data, known, err := askedAnybody(tx, shown.Response.CollectedClientData.Challenge, now)
		if err != nil {
			return err
		}
		if good, err = false, nil; known && h.who.No != 0 {
			good, err = s.good(tx, w, h, data, shown, now)
		}
		if err == nil && !good {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "passkey.refused", On: h.who.ID, Rule: "passkey.wrong"})
		}
		return err
	})
	if err == nil && !good {
		err = errPasskey
	}
	return h.who, err
}

// named finds whom a device names, with the passkeys there are; nobody where it names none of ours.
func (s *Service) named(ctx context.Context, handle []byte) (holder, error) {
	var id haven.AccountID
	if len(handle) != len(id) {
		return holder{}, nil
	}
	copy(id[:], handle)
	var who account.Account
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) { who, err = account.ByIDIn(tx, id); return err })
	if errs.Is(err, errs.NotFound) {
		return holder{}, nil
	}
	if err != nil {
		return holder{}, err
	}
	return s.holder(ctx, who)
}

// good checks a passkey that was shown, and keeps what it counts.
func (s *Service) good(tx *db.Tx, w *webauthn.WebAuthn, h holder, data webauthn.SessionData, shown *protocol.ParsedCredentialAssertionData, now time.Time) (bool, error) {
	key, err := w.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return h, nil }, data, shown)
	if err != nil || key.Authenticator.CloneWarning {
		return false, nil
	}
	text, err := json.Marshal(key)
	if err != nil {
		return false, err
	}
	n, err := tx.Change(sqlUseKey, keyID(key.ID), int64(h.who.No), text, now.UnixMicro())
	return n > 0, err
}

// askedAnybody takes what was kept for an answer, once.
func askedAnybody(tx *db.Tx, challenge string, now time.Time) (data webauthn.SessionData, known bool, err error) {
	err = tx.Query(sqlAskedAnybody, []any{challenge, now.UnixMicro()}, func(r db.Row) error {
		known = true
		return json.Unmarshal(r.Bytes(0), &data)
	})
	tx.Exec(sqlAnsweredAnybody, challenge)
	return data, known, err
}
