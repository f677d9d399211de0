// Package sendingtest gives tests a sending service over a real mail store and a real delivery, in the place of deliverytest.
package sendingtest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/outbox"
	"haven/mail/sending"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

// House is a place where letters are sent that lie in mailboxes.
type House struct {
	*deliverytest.Place
	Sending *sending.Service
	Policy  policy.Sending

	t       testing.TB
	options sending.Options
	Sealer  *secret.Sealer

	mu     sync.Mutex
	closed map[haven.AccountNo]bool
	signed map[haven.AccountNo]string
}

// Each runs fn as a subtest on every engine.
func Each(t *testing.T, fn func(t *testing.T, h *House)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) { fn(t, New(t, engine, nil)) })
}

// New makes a house on one engine, whose delivery stands on what adjust makes of the usual options; nil: on those.
func New(t testing.TB, engine string, adjust func(*House, *delivery.Options)) *House {
	t.Helper()
	p, err := policy.Profile(policy.Default)
	if err != nil {
		t.Fatal(err)
	}
	h := &House{t: t, closed: map[haven.AccountNo]bool{}, signed: map[haven.AccountNo]string{}}
	h.Place = deliverytest.NewAt(t, engine, "pharmacy.test", func(place *deliverytest.Place, o *delivery.Options) {
		h.Place, h.Policy = place, p.Sending
		if err := place.Store.DB.Migrate(t.Context(), sending.Schema, outbox.Schema); err != nil {
			t.Fatal(err)
		}
		if h.Sealer, err = place.Store.Keys.Sealer(t.Context(), "sending.seal"); err != nil {
			t.Fatal(err)
		}
		place.Store.Withdrawn = func(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, seq haven.Seq) error {
			return sending.Withdrawn(tx, account, msg, seq, place.Store.Clock.Now())
		}
		place.Store.Reported = sending.Reported
		if adjust != nil {
			adjust(h, o)
		}
	})
	h.options = sending.Options{DB: h.Store.DB, Mail: h.Store.Service, Post: h.Place, People: h, Keys: h.Store.Keys, Sealer: h.Sealer,
		Postmaster: haven.MustAddress("postmaster@pharmacy.test"), Policy: h.Policy, Clock: h.Store.Clock}
	h.Sending = h.Another()
	return h
}

// Another is the service as a further process has it.
func (h *House) Another() *sending.Service { return sending.NewService(h.options) }

// Submitter is sending.People's.
func (h *House) Submitter(_ context.Context, person haven.AccountNo) (delivery.Submitter, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed[person] {
		return delivery.Submitter{}, errs.E(errs.Denied, "This account is closed.")
	}
	return h.Place.Submitter(person), nil
}

// Shut closes a person's account.
func (h *House) Shut(person haven.AccountNo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed[person] = true
}

// Address is sending.People's.
func (h *House) Address(_ context.Context, no haven.AccountNo) (haven.Address, string, error) {
	for name, account := range map[string]haven.AccountNo{"alice": h.Alice, "ben": h.Ben, "shop": h.Shop} {
		if account == no {
			return haven.MustAddress(name + "@pharmacy.test"), strings.ToUpper(name[:1]) + name[1:], nil
		}
	}
	return haven.Address{}, "", errs.E(errs.NotFound, "")
}

// Signature is sending.People's.
func (h *House) Signature(_ context.Context, person, account haven.AccountNo) (text, html string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text = h.signed[account]
	return text, text, nil
}

// Sign gives a mailbox a signature.
func (h *House) Sign(account haven.AccountNo, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.signed[account] = text
}

// By is a person who sends from a mailbox.
func (h *House) By(person, account haven.AccountNo) sending.By {
	return sending.By{Viewer: mailbox.Viewer{Person: person, Account: account, Place: "192.0.2.9", Program: "jmap test"}, Who: h.Place.Submitter(person)}
}

// Draft puts a letter into a mailbox's Drafts as somebody writes one.
func (h *House) Draft(account haven.AccountNo, text string) haven.MessageID {
	h.t.Helper()
	im, _, _, err := h.Store.Import(h.t.Context(), mailboxtest.Own(account), []haven.MailboxNo{h.Folder(account, mailbox.Drafts)},
		mailbox.Append{Letter: h.Store.Letter(text), Flags: mailbox.Draft})
	h.Must(err)
	return im.Msg
}

// Folder is the number of a folder of a role; 0: there is none.
func (h *House) Folder(account haven.AccountNo, role mailbox.Role) haven.MailboxNo {
	h.t.Helper()
	all, err := h.Store.Folders(h.t.Context(), mailboxtest.Own(account))
	h.Must(err)
	for _, f := range all {
		if f.Role == role {
			return f.No
		}
	}
	return 0
}

// Must ends the test on an error.
func (h *House) Must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// Identity is a person's own in a mailbox.
func (h *House) Identity(by sending.By) sending.ID {
	h.t.Helper()
	all, _, err := h.Sending.Identities(h.t.Context(), by)
	h.Must(err)
	if len(all) == 0 {
		h.t.Fatal("the person has no identity there")
	}
	return all[0].ID
}

// Get is a submission as it is now.
func (h *House) Get(account haven.AccountNo, id sending.ID) sending.Submission {
	h.t.Helper()
	all, err := h.Sending.Get(h.t.Context(), mailboxtest.Own(account), []sending.ID{id})
	h.Must(err)
	if len(all) != 1 {
		h.t.Fatalf("%d submissions of that id", len(all))
	}
	return all[0]
}
