// Package push wakes browsers and phones when a person's mail changes: push subscriptions (RFC 8620 §7.2), to each of which a StateChange goes through
// somebody else's push service (platform/webpush).
//
// A subscription belongs to a person and to what the person signed in with, and ends with either. Its address gets nothing but a code until the code came back.
// What is sent then says which kinds of data have another state in which account, and no more, encrypted for the device. Wake-ups may be lost: whoever is
// woken asks what changed.
package push

import (
	"context"
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/platform/webpush"
)

// ID names a subscription. It is no secret, and opens nothing.
type ID int64

// String is an Id as JMAP writes it (RFC 8620 §1.2).
func (id ID) String() string { return "p" + strconv.FormatInt(int64(id), 36) }

// ParseID reads what String wrote.
func ParseID(s string) (ID, bool) {
	digits, ok := strings.CutPrefix(s, "p")
	n, err := strconv.ParseInt(digits, 36, 64)
	id := ID(n)
	return id, ok && err == nil && n > 0 && id.String() == s
}

// Credential is what a person signed in with, as whoever answers Credentials names it: a session of the pages, or the proof of a password. It is no secret.
type Credential string

// Holder is whose a subscription is: it is seen and changed by that person with that credential alone (RFC 8620 §7.2.1).
type Holder struct {
	Person     haven.AccountNo
	Credential Credential
}

// New is a subscription as a device asks for it.
type New struct {
	Device       string    // deviceClientId
	URL          string    // of the subscription at the push service
	P256dh, Auth string    // keys of the device; RFC 8620 lets them be left out, we don't
	Expires      time.Time // zero: as long as may be
	Types        []string  // of data; nil: all
}

// Change is what may be changed of a subscription; nil leaves it.
type Change struct {
	Code    *string    // what was pushed to prove the address
	Expires *time.Time // zero: as long as may be
	Types   *[]string  // nil within: all
}

// Subscription is what is told of one: never its address, nor its keys (RFC 8620 §7.2.1).
type Subscription struct {
	ID       ID
	Device   string
	Verified bool
	Code     string // that came back; "" before
	Expires  time.Time
	Types    []string // nil: all
}

// States are the states of data, by account and type, as JMAP names them (RFC 8620 §7.1).
type States map[string]map[string]string

// Credentials knows whether what somebody signed in with still holds. Denied, Private or NotFound: it ended, was revoked, or the person may not sign in with it
// any more. Another error: it can't be said now.
type Credentials interface {
	Holds(ctx context.Context, h Holder) error
}

// Accounts are those that a person may read now with a credential.
type Accounts interface {
	Accounts(ctx context.Context, h Holder) ([]haven.AccountNo, error)
}

// Stater tells the states of accounts as the holder sees them; the JMAP face is behind it. What is told is sent.
type Stater interface {
	States(ctx context.Context, h Holder, accounts []haven.AccountNo) (States, error)
}

// Poster hands messages to push services; webpush.Client does.
type Poster interface {
	Endpoint(text string) (webpush.Endpoint, error)
	Push(ctx context.Context, to webpush.Target, m webpush.Message) webpush.Result
}
