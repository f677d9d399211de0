package operator

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Token is a program's leave to use the admin API, without its secret.
type Token struct {
	ID    int64
	Name  string // what it is for; no two that serve have one name
	Made  time.Time
	By    haven.AccountID // zero: from the command line
	Until time.Time
	Used  time.Time // to the hour; zero: never
}

const (
	tokenPrefix = "haven_" // so that one that gets lost is known for what it is
	tokenName   = 60       // characters
	usedEvery   = time.Hour
)

// errToken is the answer to whatever opens nothing: unknown, revoked or lapsed.
var errToken = &errs.Error{Kind: errs.Private, Rule: "token.unknown", Say: "This token opens nothing. An operator makes one: haven admin token add NAME --until DAY."}

// MayMake says whether a token can be made, where so many serve.
func MayMake(name string, until time.Time, serving int, p policy.Operator, now time.Time) haven.Verdict {
	switch {
	case !strings.ContainsFunc(name, unicode.IsLetter) || len([]rune(name)) > tokenName || strings.ContainsFunc(name, account.NotShown):
		return haven.Refuse("token.name", fmt.Sprintf("Name what the token is for, in at most %d characters.", tokenName))
	case !until.After(now):
		return haven.Refuse("token.until", "Name a day that is still to come.")
	case until.After(now.Add(p.TokenFor)):
		return haven.Refuse("token.until", fmt.Sprintf("A token serves for at most %d days.", int(p.TokenFor.Hours()/24)))
	case serving >= p.Tokens:
		return haven.Refuse("token.most", fmt.Sprintf("There are %d tokens, the most there can be. Revoke one that nobody uses.", serving))
	}
	return haven.Allow("token.made")
}

func tokenHash(secret string) []byte {
	h := sha256.Sum256([]byte("admin token\x00" + secret)) // 256 random bits need no slow hash
	return h[:]
}

// MakeToken makes a token, by an operator or the service itself. The secret is returned this once. It is Invalid (token.*) where it can't be made, and
// Conflict where one of that name serves.
func (s *Service) MakeToken(ctx context.Context, actor haven.Actor, name string, until time.Time) (secret string, t Token, err error) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Change(sqlLockTokens); err != nil {
			return err
		}
		if err := s.CheckIn(tx, actor); err != nil {
			return err
		}
		serving, err := tokens(tx, now)
		if err != nil {
			return err
		}
		if v := MayMake(name, until, len(serving), s.o.Policy, now); !v.Allowed {
			return account.Refusal(errs.Invalid, v)
		}
		for _, other := range serving {
			if other.Name == name {
				return &errs.Error{Kind: errs.Conflict, Rule: "token.name", Say: "A token of this name serves already. Name this one otherwise, or revoke that one."}
			}
		}
		id := int64(0)
		if err := tx.Query(sqlNextToken, nil, func(r db.Row) error { id = r.Int64(0); return nil }); err != nil {
			return err
		}
		t = Token{ID: id, Name: name, Made: now, By: actor.Person, Until: until}
		tx.Exec(sqlPutToken, t.ID, tokenHash(secret), t.Name, now.UnixMicro(), t.By[:], until.UnixMicro())
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "operator.token-made", Rule: "token.made", Note: tokenNote(t.ID, until)})
		return nil
	})
	return secret, t, err
}

func tokenNote(id int64, until time.Time) string {
	return strconv.FormatInt(id, 10) + " until " + until.UTC().Format(time.DateOnly)
}

// Tokens lists those that serve, the oldest first.
func (s *Service) Tokens(ctx context.Context) (all []Token, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = tokens(tx, s.o.Clock.Now())
		return err
	})
	return all, err
}

func tokens(tx *db.Tx, now time.Time) (all []Token, err error) {
	err = tx.Query(sqlTokens, []any{now.UnixMicro()}, func(r db.Row) error {
		all = append(all, scanToken(r))
		return nil
	})
	return all, err
}

func scanToken(r db.Row) Token {
	t := Token{ID: r.Int64(0), Name: r.Text(1), Made: time.UnixMicro(r.Int64(2)).UTC(), Until: time.UnixMicro(r.Int64(4)).UTC()}
	copy(t.By[:], r.Bytes(3))
	if used := r.Int64(5); used > 0 {
		t.Used = time.UnixMicro(used).UTC()
	}
	return t
}

// RevokeToken ends a token at once; NotFound where none of that id serves.
func (s *Service) RevokeToken(ctx context.Context, actor haven.Actor, id int64) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.CheckIn(tx, actor); err != nil {
			return err
		}
		n, err := tx.Change(sqlRevokeToken, id, now.UnixMicro())
		if err == nil && n == 0 {
			return errs.E(errs.NotFound, "There is no such token, or it has ended.")
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "operator.token-revoked", Rule: "token.revoked", Note: strconv.FormatInt(id, 10)})
		return err
	})
}

// UseToken is the token of a secret; Private, with one answer for all, where it opens nothing.
func (s *Service) UseToken(ctx context.Context, secret string) (t Token, err error) {
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 100 {
		return t, errToken
	}
	now := s.o.Clock.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		t = Token{}
		return tx.Query(sqlFindToken, []any{tokenHash(secret), now.UnixMicro()}, func(r db.Row) error { t = scanToken(r); return nil })
	})
	if err == nil && t.ID == 0 {
		err = errToken
	}
	if err != nil || now.Sub(t.Used) < usedEvery {
		return t, err
	}
	return t, s.o.DB.Write(ctx, func(tx *db.Tx) error { tx.Exec(sqlUsedToken, t.ID, now.UnixMicro()); return nil })
}
